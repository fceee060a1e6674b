"""Teams whose models stand in AWS accounts of their own; the judge and the reference stay in the league's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.models import ToyAws, refusal
from tests.worlds.own_aws import own_aws
from tests.worlds.tiny_model import build_tiny_model
from workshop_kit.aws.account_list import Account
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.league import accounts as subject
from workshop_kit.league.accounts import TeamAccounts, file_of
from workshop_kit.league.asking import answer_of
from workshop_kit.league.finale import finalists as finale
from workshop_kit.league.store import submissions
from workshop_kit.local_aws import find_or_start, stop
from workshop_kit.playground import deploy_base


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """Connections that stand for real ones: each is the account it was made of, with a number."""
    made: list[Account] = []

    def connect(self: Account) -> Any:
        if self.profile == "gone":
            raise AwsProblem("The profile gone could not be found.", "ProfileNotFound")
        made.append(self)
        return f"{self.profile}-{len(made)}"

    monkeypatch.setattr(Account, "connect", connect)
    return made


def test_each_team_has_its_own_line_or_the_shared_one_or_the_leagues(tmp_path: Path, opened: list[Account]) -> None:
    path = tmp_path / "accounts.csv"
    found = TeamAccounts("the league's", path)
    assert found.of("Otters") == "the league's", "there is no file"
    path.write_text("team,profile\nOtters,otters\nOtters,second\nNewts,\n")
    assert found.of("Otters") == found.of("  oTTers ") == "otters-1", "entered once; names as people take them"
    assert found.of("Newts") == found.of("Voles") == "the league's"
    path.write_text("team,profile\nOtters,otters\n,shared\n")
    assert found.of("Voles") == found.of("Newts") == "shared-2" and found.of("Otters") == "otters-1"
    assert TeamAccounts("the league's").of("Otters") == "the league's"


def test_a_connection_is_made_anew_before_its_role_lapses(
    tmp_path: Path, opened: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("team,role_arn\nOtters,arn:aws:iam::123456789012:role/League\n")
    clock = [1000.0]
    monkeypatch.setattr(subject.time, "monotonic", lambda: clock[0])
    found = TeamAccounts("the league's", path)
    first = found.of("Otters")
    clock[0] += 44 * 60
    assert found.of("Otters") == first
    clock[0] += 2 * 60
    assert found.of("Otters") != first and len(opened) == 2


def test_a_file_with_faults_is_waited_for_and_an_account_that_refuses_is_told(
    tmp_path: Path, opened: list[Account], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("team,role_arn\nOtters,nonsense\n")
    found = TeamAccounts("the league's", path)
    for _ in range(2):
        with pytest.raises(AwsProblem, match="tell the organizer") as caught:
            found.of("Voles")
    assert caught.value.code == "NoCredentials" and str(tmp_path) not in str(caught.value)
    assert caplog.text.count("line 2, field 'role_arn'") == 1, "the log has the reason, once"
    path.write_text("team,profile\nOtters,gone\nVoles,voles\n")
    assert found.of("Voles") == "voles-1"
    with pytest.raises(AwsProblem, match="account of Otters; tell the organizer") as caught:
        found.of("Otters")
    assert caught.value.code == "ProfileNotFound" and "The profile gone could not" in caplog.text
    path.write_text("team,role_arn\nVoles,nonsense\n")
    assert found.of("Voles") == "voles-1", "a fault in mid-event takes nobody's account away"
    assert "stay in use" in caplog.text
    path.unlink()
    assert found.of("Voles") == "the league's"


class Elsewhere(ToyAws):
    """Another account, without a judge or a reference model."""

    def converse(self, modelId: str, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        raise refusal("AccessDeniedException", "No model is open here.", "Converse")


def test_the_teams_model_is_asked_in_its_account_and_the_judge_in_the_leagues(
    tmp_path: Path, prepare: Any, aws: ToyAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Elsewhere()
    monkeypatch.setattr(Account, "connect", lambda self: there)
    path = tmp_path / "accounts.csv"
    path.write_text("team,profile\nAda,adas\n")
    store, entry, judge = prepare()
    judge.accounts = TeamAccounts(aws, path)
    judge.run(entry.id)
    with store.read() as connection:
        told = submissions.entry(connection, entry.id)
    assert told.state == "done" and told.score.win_rate == 0.8, told.problem
    assert len(there.asked) == told.judged and aws.asked == []


def test_a_submission_waits_while_the_file_is_at_fault_and_goes_on_when_it_is_mended(
    tmp_path: Path, prepare: Any, aws: ToyAws, no_pauses: None
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("nonsense\n")
    store, entry, judge = prepare()
    judge.accounts = TeamAccounts(aws, path)
    asked: list[str] = []
    of = judge.accounts.of

    def mended_at_the_third(team: str) -> Any:
        asked.append(team)
        if len(asked) == 3:
            path.write_text("team,profile\nGrace,graces\n")
        return of(team)

    judge.accounts.of = mended_at_the_third
    judge.run(entry.id)
    with store.read() as connection:
        assert submissions.entry(connection, entry.id).state == "done"
    assert len(asked) > 3


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path, Path]]:
    """The league's local AWS, and a list of accounts with a profile that leads to a second one."""
    model = build_tiny_model(tmp_path_factory.mktemp("model"))
    home, other = tmp_path_factory.mktemp("league"), tmp_path_factory.mktemp("otters")
    with own_aws(home, model) as aws, pytest.MonkeyPatch.context() as patch:
        config = home / "config"
        config.write_text(
            f"[profile otters]\nregion = us-west-2\nendpoint_url = {find_or_start(other).url}\n"
            "aws_access_key_id = otters\naws_secret_access_key = otters\n"
        )
        patch.setenv("AWS_CONFIG_FILE", str(config))
        (home / "league").mkdir()
        file_of(home).write_text("team,profile\nOtters,otters\n")
        try:
            yield aws, home, other
        finally:
            stop(other)


def test_an_endpoint_of_another_account_is_really_asked(two: tuple[Any, Path, Path]) -> None:
    aws, home, _ = two
    found = TeamAccounts(aws, file_of(home))
    theirs = found.of("Otters")
    assert theirs.client("sts").meta.endpoint_url != aws.client("sts").meta.endpoint_url
    endpoint = deploy_base(theirs)
    target = {"kind": "sagemaker", "endpoint": endpoint.name, "system": ""}
    assert isinstance(answer_of(theirs, target, "What is a frame?").text, str)
    with pytest.raises(AwsProblem, match="not found"):
        answer_of(found.of("Newts"), target, "What is a frame?")
    assert endpoint.delete() == ()


def test_finalists_are_put_up_where_their_jobs_are(
    two: tuple[Any, Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    aws, home, _ = two
    told = {
        "/api/organizer/settings": {"finalists": 2},
        "/api/standings?limit=2": {"rows": [{"participant": "Otters", "submission": "1"},
                                            {"participant": "Newts", "submission": "2"}]},
        "/api/organizer/teams": {"teams": [{"name": "Otters", "plays": None}, {"name": "Newts", "plays": None}]},
        "/api/submissions/1": {"target": {"kind": "artefact", "training_job": "one"}},
        "/api/submissions/2": {"target": {"kind": "artefact", "training_job": "two"}},
    }  # fmt: skip
    put: list[tuple[str, str]] = []
    monkeypatch.setattr(finale, "call", lambda method, url, token: told[url.removeprefix("http://league")])
    monkeypatch.setattr(
        finale, "deploy", lambda where, job, progress: put.append((where.client("sts").meta.endpoint_url, job))
    )
    finale.finalists(aws, "http://league", "token", accounts=file_of(home))
    (first, one), (second, another) = put
    assert (one, another) == ("one", "two") and first != second == aws.client("sts").meta.endpoint_url
    with pytest.raises(BadInput, match="can't be read"):
        finale.finalists(aws, "http://league", "token", accounts=tmp_path / "none.csv")


def test_an_account_that_closes_at_the_end_costs_the_price_and_no_score(
    tmp_path: Path, prepare: Any, aws: ToyAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, entry, judge = prepare()
    of, last = judge.accounts.of, 1 + len(judge.questions["ranked"])  # its model is traced, then asked
    asked: list[str] = []

    def closes(team: str) -> Any:
        asked.append(team)
        if len(asked) > last:
            raise AwsProblem("The league can't enter it.", "AccessDenied")
        return of(team)

    monkeypatch.setattr(judge.accounts, "of", closes)
    judge.run(entry.id)
    with store.read() as connection:
        assert submissions.entry(connection, entry.id).state == "done"
    assert len(asked) == last + 1
