"""An event's own hidden questions: fresh, in its database and nowhere else, and judged by."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from tests.worlds.bicycles import question
from workshop_kit.cli import main
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league import client
from workshop_kit.league.process import only_server
from workshop_kit.league.questions import fresh_questions, hidden_questions
from workshop_kit.league.server import build_app
from workshop_kit.league.store import hidden, open_database, submissions, teams, transfer
from workshop_kit.league.store.audit import audit_log
from workshop_kit.league.store.events import open_event


class Bicycles:
    """A world of sixty questions: frame n of seed s, and at first one that stands in the practice questions."""

    seeds: list[int] = []

    def hidden(self, count: int, seed: int) -> list[dict[str, Any]]:
        self.seeds.append(seed)
        rows = [question(n, "e") | {"question": f"E-SECRET-{n}: frame {n} of {seed % 1000}?"} for n in range(count)]
        return [question(1, "p"), *rows[:60]]


@pytest.fixture(autouse=True)
def worlds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bicycles have a world; gives the seeds that it was asked with."""
    Bicycles.seeds = []
    monkeypatch.setitem(sys.modules, "workshop_kit.worlds", SimpleNamespace(world=lambda id: Bicycles()))
    return Bicycles.seeds


def new(home: Path, domain: Path, *words: str) -> int:
    return main(["league", "new", "--home", str(home), "--domain", str(domain), *words])


def test_fresh_questions_are_in_the_events_database_and_in_no_file(tmp_path, domain, aws, serving, capsys) -> None:
    home = tmp_path / "home"
    assert new(home, domain, "--questions", "8", "--seed", "7") == 0
    assert "8 questions" in capsys.readouterr().out
    holding = [path.name for path in tmp_path.rglob("*") if path.is_file() and b"E-SECRET" in path.read_bytes()]
    assert holding and all(name.startswith("league.sqlite") for name in holding)
    with serving(home, domain, aws) as url:
        told = client.submit(aws, "right-50", "Ada", domain="bicycle-library", url=url)
        assert (told.questions, told.score.questions, told.score.wins) == (8, 8, 5)
        assert len(aws.asked) == 8 and all("E-SECRET" in prompt and "of 7?" in prompt for prompt in aws.asked)
        for path in ("/", "/api/standings", "/api/event", "/api/progress", f"/api/submissions/{told.id}"):
            assert "SECRET" not in requests.get(f"{url}{path}", timeout=10).text, path
        verdicts = requests.get(f"{url}/api/submissions/{told.id}/verdicts", timeout=10)
        assert verdicts.status_code == 403 and "SECRET" not in verdicts.text


def test_the_log_tells_neither_seed_nor_question(tmp_path, domain) -> None:
    new(tmp_path, domain, "--seed", "987654321")
    database = open_database(tmp_path / "league" / "league.sqlite")
    with database.read() as connection:
        log = json.dumps(audit_log(connection))
    database.close()
    assert "new questions" in log and "987654321" not in log and "SECRET" not in log


def test_without_a_seed_nobody_knows_it_and_with_one_the_questions_repeat(tmp_path, domain, worlds) -> None:
    new(tmp_path, domain), new(tmp_path, domain)
    assert worlds[0] != worlds[1] and min(worlds) > 2**20
    assert fresh_questions(domain, 5, 3) == fresh_questions(domain, 5, 3) != fresh_questions(domain, 5, 4)


def test_a_question_that_learners_can_see_is_left_out(domain) -> None:
    rows = fresh_questions(domain, 5, 3)
    assert [row["id"] for row in rows] == [f"e{n:03d}" for n in range(1, 6)]
    assert all("E-SECRET" in row["question"] for row in rows)
    # What stands in the domain's own hidden file is no secret either.
    with (domain / "hidden_questions.jsonl").open("a") as file:
        file.write(json.dumps(question(0, "h") | {"id": "h99", "question": rows[0]["question"].upper()}) + "\n")
    assert fresh_questions(domain, 5, 3)[0]["question"] == rows[1]["question"]


@pytest.mark.parametrize("count", ["0", "501", "61"])
def test_too_many_or_none_are_refused_and_nothing_is_written(tmp_path, domain, capsys, count) -> None:
    assert new(tmp_path, domain, "--questions", count) == 1
    told = capsys.readouterr().err
    assert ("it may be 1 to 500" in told or "has 60 fresh questions for you, not 61" in told) and "SECRET" not in told
    assert not (tmp_path / "league" / "league.sqlite").exists()


def test_an_event_that_has_ranked_submissions_keeps_its_questions(tmp_path, domain, capsys) -> None:
    new(tmp_path, domain)
    database = open_database(tmp_path / "league" / "league.sqlite")
    target = {"kind": "sagemaker", "endpoint": "right-80", "system": ""}
    with database.write() as connection:
        before = hidden.rows(connection)
        team = teams.named(connection, "Ada")
        submissions.submit(connection, team.id, set="ranked", target=target, provenance={}, key="k1")
    assert new(tmp_path, domain) == 1
    assert "has 1 ranked submissions" in capsys.readouterr().err
    with database.read() as connection:
        assert hidden.rows(connection) == before
    database.close()


def test_a_server_that_runs_is_not_changed_under_its_feet(tmp_path, domain, capsys) -> None:
    with only_server(tmp_path):
        assert new(tmp_path, domain) == 1
    assert "runs for" in capsys.readouterr().err


def test_an_exported_event_keeps_its_questions(tmp_path, domain, both) -> None:
    rows = fresh_questions(domain, 5, 3)
    with both.write() as connection:
        open_event(connection, "bicycle-library")
        hidden.replace(connection, rows, "Olga")
    other = open_database(tmp_path / "other.sqlite")
    transfer.import_lines(other, list(transfer.export_lines(both)))
    with other.read() as connection:
        assert hidden.rows(connection) == rows
        assert [q.id for q in hidden_questions(domain, connection)] == [row["id"] for row in rows]
    other.close()


def test_an_event_without_its_own_plays_the_domains(tmp_path, domain, aws) -> None:
    app = build_app(tmp_path / "home", str(domain), aws, judging=False)
    assert all("H-SECRET" in q.question for q in app.state.context.questions["ranked"])
    app.state.context.database.close()


def test_rows_that_cannot_be_used_are_named_without_their_text(tmp_path, domain) -> None:
    database = open_database(tmp_path / "one.sqlite")
    with database.write() as connection:
        open_event(connection, "bicycle-library")
        hidden.replace(connection, [question(1, "e") | {"topic": "E-SECRET"}, question(2, "e")], "Olga")
        with pytest.raises(LeagueProblem, match="own questions can't be used: .*row|line 1.*topic") as told:
            hidden_questions(domain, connection)
    assert "SECRET" not in str(told.value)
    database.close()


def test_a_domain_without_a_world_says_so(monkeypatch, domain) -> None:
    def none(id: str) -> Any:
        raise BadInput(f"There is no world '{id}'.")

    monkeypatch.setitem(sys.modules, "workshop_kit.worlds", SimpleNamespace(world=none))
    with pytest.raises(BadInput, match="no world 'bicycle-library'"):
        fresh_questions(domain, 5, 1)
