"""One event is judged by one set of prompts and questions, whichever host judges."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.league.conftest import RIGHT_80, entry_of
from tests.worlds.bicycles import price, question, write_domain
from tests.worlds.serving import until
from workshop_kit.errors import AwsProblem
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge import JudgeSettings, write_prompts
from workshop_kit.league.judging import SubmissionJudge
from workshop_kit.league.judging.basis import ACTION, Basis, OtherBasis, check_basis, judge_by
from workshop_kit.league.judging.postgres import PostgresWorker
from workshop_kit.league.questions import hidden_questions, practice_questions
from workshop_kit.league.server import build_app, work
from workshop_kit.league.store import open_database, scoring, submissions, teams
from workshop_kit.league.store.audit import audit_log
from workshop_kit.league.store.events import open_event

SHIPPED = Basis("prompts", "questions")
OWN, OTHER = replace(SHIPPED, prompts="own"), replace(SHIPPED, prompts="other")


def own_prompts(home: Path) -> None:
    """An organizer's prompts in a workspace."""
    write_prompts(home / "league" / "judge")
    system = home / "league" / "judge" / "prompts" / "system.md"
    system.write_text(system.read_text() + "\nBe strict.\n")


def test_the_server_that_started_last_says_what_holds(prepare) -> None:
    store, _, _ = prepare()

    def holding(mine: Basis, own: bool, alone: bool = False) -> Basis:
        with store.write() as connection:
            judge_by(connection, mine, own=own, alone=alone)
        with store.read() as connection:
            for basis in (SHIPPED, OWN, OTHER, replace(OWN, questions="new")):
                try:
                    check_basis(connection, basis)
                except OtherBasis:
                    continue
                return basis
        raise AssertionError

    assert holding(SHIPPED, False) == SHIPPED
    assert holding(OWN, True) == OWN == holding(OWN, True)
    assert holding(OTHER, True) == OTHER
    assert holding(SHIPPED, False) == OTHER, "a host without the organizer's folder put the shipped prompts in force"
    assert holding(SHIPPED, False, alone=True) == SHIPPED
    assert holding(OWN, True) == OWN and holding(replace(OWN, questions="new"), False) == replace(OWN, questions="new")
    with store.read() as connection:
        lines = [line for line in audit_log(connection) if line["action"] == ACTION]
    assert len(lines) == 6, "a server that changes nothing says nothing"


def test_hosts_with_equal_files_are_equal_and_any_difference_shows(tmp_path: Path, domain: Path) -> None:
    def basis(domain: Path, **changed) -> Basis:
        found = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
        return Basis.of(replace(JudgeSettings.load(), **changed), found)

    def harder(n: int, kind: str) -> dict:
        told = question(n, kind)
        return told | ({"reference_answer": f"{price(n)} Ask the desk."} if (n, kind) == (3, "h") else {})

    for name in ("same", "harder"):
        (tmp_path / name).mkdir()
    same, other = write_domain(tmp_path / "same"), write_domain(tmp_path / "harder", harder)
    assert basis(domain) == basis(same)
    different = [basis(other), basis(domain, system="Be kind."), basis(domain, judges=("a.judge",)), basis(domain)]
    assert len(set(different)) == 4


@pytest.mark.parametrize("missing", ["prompts", "questions"])
def test_a_worker_without_the_servers_files_does_not_begin(
    tmp_path: Path, domain: Path, aws, postgres, monkeypatch, missing
) -> None:
    server, other = tmp_path / "server", tmp_path / "other"
    if missing == "prompts":
        own_prompts(server)
    build_app(server, str(domain), aws, database=postgres)
    monkeypatch.setattr("workshop_kit.aws.connect", lambda home: aws)
    if missing == "questions":
        (tmp_path / "less").mkdir()
        domain = write_domain(tmp_path / "less", count=9)
    with pytest.raises(OtherBasis, match=f"other {missing} than the server on .*; copy .* and start this one again"):
        work(other, str(domain), postgres)


def test_a_worker_ends_when_the_event_is_judged_otherwise_and_another_goes_on(
    tmp_path: Path, domain: Path, aws, postgres
) -> None:
    questions = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
    old, new = JudgeSettings.load(), replace(JudgeSettings.load(), system="Be strict.")
    store = open_database(postgres)
    with store.write() as connection:
        open_event(connection, "bicycle-library")
        judge_by(connection, Basis.of(old, questions), own=False, alone=False)
    behind = PostgresWorker(SubmissionJudge(store, aws, questions, judge_settings=old))
    behind.start()
    with store.write() as connection:
        judge_by(connection, Basis.of(new, questions), own=True, alone=False)
        team = teams.named(connection, "Ada").id
        sent = submissions.submit(connection, team, set="ranked", target=RIGHT_80, provenance={}, key="k1")
    with pytest.raises(OtherBasis, match="other prompts"):
        behind.wait()
    assert entry_of(store, sent.id).state == "queued" and aws.asked == []
    right = PostgresWorker(SubmissionJudge(store, aws, questions, judge_settings=new))
    right.start()
    assert until(lambda: entry_of(store, sent.id).state == "done", 30)
    right.stop()
    assert entry_of(store, sent.id).judge_settings == new.id
    store.close()


def test_a_submission_judged_half_when_the_prompts_change_is_judged_anew_by_the_new_ones(prepare, aws, both) -> None:
    store, entry, judge = prepare(EventSettings(questions_at_once=1), store=both)
    honest, said = aws.converse, []

    def converse(modelId, messages, system=(), **more):
        if "judge" in modelId:
            if len(said) == 12:
                raise AwsProblem("There is no such model.", "ModelNotFound")
            said.append(system[0]["text"])
        return honest(modelId=modelId, messages=messages, **more)

    aws.converse = converse
    judge.run(entry.id)
    assert (entry_of(store, entry.id).state, entry_of(store, entry.id).judged) == ("failed", 6)
    said.clear()
    strict = replace(judge.judge_settings, system="Be strict.")
    with store.write() as connection:
        submissions.retry(connection, entry.id)
        begun = submissions.begin(connection, entry.id, entry.judges, entry.reference, strict.id)
    assert (begun.judged, begun.judge_settings) == (0, strict.id)
    aws.converse = lambda system=(), **more: said.append(str(system)) or honest(system=system, **more)
    SubmissionJudge(store, aws, judge.questions, judge_settings=strict).run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.score.questions, found.score.wins) == ("done", 10, 8)
    assert sum("Be strict." in text for text in said) == 20, "a verdict of the old prompts was kept"
    assert len(aws.asked) == 10, "the candidate was asked again"


def test_a_score_that_is_there_keeps_the_prompts_it_rests_on(prepare, aws) -> None:
    store, entry, judge = prepare()
    with store.write() as connection:
        scoring.withdraw(connection, "h00", "it was wrong", "organizer Eve")
    judge.run(entry.id)
    with store.write() as connection:
        scoring.restore(connection, "h00", "organizer Eve")
    strict = replace(judge.judge_settings, system="Be strict.")
    SubmissionJudge(store, aws, judge.questions, judge_settings=strict).run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.score.questions, found.judge_settings, len(aws.asked)) == (10, judge.judge_settings.id, 10)
