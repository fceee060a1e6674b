"""What goes wrong in an event, and what may not come of it."""

import io
import json
import threading
import time
from pathlib import Path

import pytest
import requests
from sqlalchemy import event as sql_event
from sqlalchemy.exc import OperationalError

from workshop_kit.errors import AwsProblem, BadInput, LeagueProblem
from workshop_kit.league import client
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.judging import JudgingHere, SubmissionJudge, here, pace
from workshop_kit.league.judging import submission as work
from workshop_kit.league.questions import hidden_questions, practice_questions
from workshop_kit.league.store import open_database, scoring, standings, submissions, teams, transfer
from workshop_kit.league.store import rates as rate_store
from workshop_kit.league.store.events import change_settings, open_event
from workshop_kit.league.store.rates import AHEAD, take_slot
from workshop_kit.league.store.submissions import verdicts_of


@pytest.fixture(params=["sqlite", "postgres"])
def both(request, tmp_path: Path):
    """A store of each kind."""
    where = tmp_path / "league.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres")
    database = open_database(where)
    yield database
    database.close()


@pytest.fixture
def prepare(tmp_path: Path, domain: Path, aws):
    """A submission in a store, by default a file, and who judges it."""

    def make(settings: EventSettings | None = None, *, store=None, endpoint: str = "right-80"):
        store = store or open_database(tmp_path / "league.sqlite")
        target = {"kind": "sagemaker", "endpoint": endpoint, "system": ""}
        with store.write() as connection:
            open_event(connection, "bicycle-library", settings)
            team = teams.named(connection, "Ada")
            entry = submissions.submit(connection, team.id, set="ranked", target=target, provenance={}, key="k1")
        questions = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
        return store, entry, SubmissionJudge(store, aws, questions, judge_settings=JudgeSettings.load())

    return make


@pytest.fixture
def no_pauses(monkeypatch) -> None:
    monkeypatch.setattr("workshop_kit.league.asking.random.uniform", lambda a, b: 0.0)


def entry_of(store, id):
    with store.read() as connection:
        return submissions.entry(connection, id)


def until(found, seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(found())


def failing(call, times: int, code: str):
    """`call`, but the first `times` of it are refused."""
    left = [times]

    def tried(**more):
        if left[0] > 0:
            left[0] -= 1
            raise AwsProblem("Not now.", code)
        return call(**more)

    return tried


# --- AWS at fault


@pytest.mark.parametrize("code", ["NoConnection", "ThrottlingException", "ModelNotReadyException", "ExpiredToken"])
def test_an_outage_of_aws_costs_no_submission(prepare, aws, no_pauses, code: str) -> None:
    aws.invoke_endpoint = failing(aws.invoke_endpoint, 60, code)
    aws.converse = failing(aws.converse, 60, code)
    choose = failing(lambda role: f"toy.{role}", 9, code)
    aws.choose_model = lambda role: choose(role=role)
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done"


def test_a_judge_that_throttles_every_third_call_for_ever_judges_all(prepare, aws, no_pauses) -> None:
    honest, calls = aws.converse, []

    def converse(**more):
        calls.append(1)
        if len(calls) % 3 == 0:
            raise AwsProblem("Slow down.", "ThrottlingException")
        return honest(**more)

    aws.converse = converse
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).score.questions == 10


def test_a_judge_that_was_not_allowed_yet_is_waited_for_and_a_team_that_is_not_is_told(prepare, aws, no_pauses) -> None:
    aws.converse = failing(aws.converse, 20, "AccessDeniedException")
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done"
    aws.invoke_endpoint = failing(aws.invoke_endpoint, 10**9, "AccessDeniedException")
    target = {"kind": "sagemaker", "endpoint": "right-50", "system": ""}
    with store.write() as connection:
        other = submissions.submit(connection, entry.team, set="ranked", target=target, provenance={}, key="k2")
    judge.run(other.id)
    assert entry_of(store, other.id).state == "failed"


def test_an_outage_that_does_not_end_is_told(prepare, aws, no_pauses, monkeypatch) -> None:
    monkeypatch.setattr(work, "LASTING", 0.3)
    aws.converse = failing(aws.converse, 10**9, "NoConnection")
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "failed"


def test_an_endpoint_at_fault_itself_does_not_hold_the_others_up(prepare, aws, no_pauses) -> None:
    asked = []

    def invoke(**more):
        asked.append(1)
        raise AwsProblem("The model failed.", "ServiceUnavailable")

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare(EventSettings(questions_at_once=1))
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "failed" and len(asked) == 4


def test_a_retry_goes_to_the_judge_that_the_organizer_has_put_right(prepare, aws) -> None:
    honest = aws.converse

    def converse(modelId, **more):
        if modelId == "no-such.judge":
            raise AwsProblem("There is no such model in this region.", "ModelNotFound")
        return honest(modelId=modelId, **more)

    aws.converse = converse
    store, entry, judge = prepare(EventSettings(judges=("a.judge", "no-such.judge"), questions_at_once=1))
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "failed"
    with store.write() as connection:
        change_settings(connection, EventSettings(judges=("b.judge",)), "organizer Eve")
        submissions.retry(connection, entry.id)
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.judges, found.score.questions, found.score.wins) == ("done", ("b.judge",), 10, 8)
    assert len(aws.asked) == 10, "the candidate was asked again"


@pytest.mark.parametrize(("refused", "state"), [(1, "done"), (2, "failed")])
def test_a_judge_that_refuses_a_pair_costs_that_question_and_no_more(prepare, aws, refused: int, state: str) -> None:
    honest = aws.converse

    def converse(modelId, messages, **more):
        if "judge" in modelId and any(f"SECRET-{n}:" in str(messages) for n in range(refused)):
            return {"output": {"message": {"content": [{"text": "I can't help with that."}]}}}
        return honest(modelId=modelId, messages=messages, **more)

    aws.converse = converse
    store, entry, judge = prepare()
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == state
    if state == "failed":
        assert "no usable verdict" in found.problem, "a judge that is at fault itself gave everybody flips"
        return
    assert (found.score.questions, found.score.wins, found.score.flips) == (10, 7, 1)
    with store.write() as connection:
        told = next(v for v in verdicts_of(connection, entry.id) if v.flags)
        assert (told.question, told.flags) == ("h00", ["no verdict"])
        after = scoring.override(connection, entry.id, "h00", "win", "it is right", "organizer Eve")
    assert after.score.wins == 8


def test_an_endless_answer_is_cut(prepare, aws) -> None:
    def invoke(**more):
        return {"Body": io.BytesIO(json.dumps({"generated_text": "bicycle " * 100_000}).encode())}

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare()
    judge.run(entry.id)
    with store.read() as connection:
        assert {len(answer.text) for answer in submissions.answers_of(connection, entry.id).values()} == {100_000}


# --- questions withdrawn and restored while submissions are judged


def test_a_question_restored_after_it_was_skipped_is_asked_after_all(prepare, aws, both) -> None:
    store, entry, judge = prepare(store=both)
    with store.write() as connection:
        scoring.withdraw(connection, "h00", "it was wrong", "organizer Eve")
    judge.run(entry.id)
    before = entry_of(store, entry.id)
    assert (before.score.questions, before.score.wins) == (9, 7)
    with store.write() as connection:
        scoring.restore(connection, "h00", "organizer Eve")
    found = entry_of(store, entry.id)
    assert found.state == "queued" and found.score == before.score
    with store.read() as connection:
        assert teams.team(connection, entry.team).best == entry.id, "it lost its place while it waits"
        among = standings.places(connection)
        assert [len(steps) for steps in standings.progress(connection, among).values()] == [1]
    with store.write() as connection:
        assert teams.choose(connection, entry.team, entry.id, "Ada").plays == entry.id
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.score.questions, found.score.wins, len(aws.asked)) == ("done", 10, 8, 10)


def test_a_model_that_is_gone_when_a_question_is_restored_keeps_its_score(prepare, aws) -> None:
    store, entry, judge = prepare()
    with store.write() as connection:
        scoring.withdraw(connection, "h00", "it was wrong", "organizer Eve")
    judge.run(entry.id)
    aws.gone.set()
    with store.write() as connection:
        scoring.restore(connection, "h00", "organizer Eve")
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.score.questions) == ("done", 9) and "not found" in found.problem
    with store.read() as connection:
        assert teams.team(connection, entry.team).best == entry.id and submissions.unfinished(connection) == []


def test_a_question_restored_while_a_submission_is_judged_is_asked_too(prepare, aws) -> None:
    store, entry, judge = prepare(EventSettings(questions_at_once=1))
    with store.write() as connection:
        scoring.withdraw(connection, "h00", "it was wrong", "organizer Eve")
    aws.hold.clear()
    thread = threading.Thread(target=judge.run, args=(entry.id,))
    thread.start()
    assert until(lambda: entry_of(store, entry.id).state == "judging")
    with store.write() as connection:
        scoring.restore(connection, "h00", "organizer Eve")
    aws.hold.set()
    thread.join(20)
    assert entry_of(store, entry.id).score.questions == 10


@pytest.mark.parametrize("change", ["withdraw", "restore", "override"])
def test_what_changes_in_the_moment_a_submission_ends_counts(prepare, both, change: str) -> None:
    """One transaction ends the submission and is not committed yet when another changes what scores rest on."""
    store, entry, judge = prepare(store=both)
    names = [question.id for question in judge.questions["ranked"]]
    with store.write() as connection:
        submissions.begin(connection, entry.id, ["j"], "r", "s")
        for name in names:
            verdict = submissions.StoredVerdict(name, "j", "loss", "", "", 9, 9, 1.0, 9.0, {}, [], "")
            submissions.add_verdict(connection, entry.id, verdict)
        if change == "restore":
            scoring.withdraw(connection, names[0], "wrong", "organizer Eve")

    def meddle() -> None:
        with store.write() as connection:
            if change == "withdraw":
                scoring.withdraw(connection, names[0], "wrong", "organizer Eve")
            elif change == "restore":
                scoring.restore(connection, names[0], "organizer Eve")
            else:
                scoring.override(connection, entry.id, names[0], "win", "the judge miscounted", "organizer Eve")

    other = threading.Thread(target=meddle)
    with store.write() as connection:
        scoring.end(connection, entry.id, None, names)
        other.start()
        time.sleep(0.5)
    other.join(20)
    found = entry_of(store, entry.id).score
    assert (found.questions, found.wins) == {"withdraw": (9, 0), "restore": (10, 0), "override": (10, 1)}[change]


def test_counting_anew_takes_the_revisions_last(prepare, tmp_path: Path) -> None:
    """Whoever holds a revision's row while it waits for a team's row, which another holds, would wait for ever."""
    store, entry, judge = prepare()
    judge.run(entry.id)
    target = {"kind": "sagemaker", "endpoint": "right-80", "system": ""}
    with store.write() as connection:
        bob = teams.named(connection, "Bob")
        other = submissions.submit(connection, bob.id, set="ranked", target=target, provenance={}, key="k2")
    judge.run(other.id)
    said: list[str] = []
    sql_event.listen(store.engine, "before_cursor_execute", lambda c, cursor, statement, *_: said.append(statement))
    with store.write() as connection:
        assert scoring.withdraw(connection, "h00", "wrong", "organizer Eve") == 2
    teams_told = [n for n, statement in enumerate(said) if statement.startswith("UPDATE teams")]
    assert len(teams_told) == 2 and max(teams_told) < min(n for n, s in enumerate(said) if "INTO revisions" in s)


# --- workers


def test_a_submission_that_ended_meanwhile_is_not_begun_again(prepare, both) -> None:
    store, entry, judge = prepare(store=both)
    judge.run(entry.id)
    with store.write() as connection:
        found = submissions.begin(connection, entry.id, ["another.judge"], "another", "")
    assert found.state == "done" and entry_of(store, entry.id).judges == ("toy.judge-v1:0",)


def test_the_failure_of_a_worker_that_lost_its_submission_is_not_the_submissions(prepare, aws) -> None:
    store, entry, judge = prepare()
    aws.gone.set()
    judge.run(entry.id, mine=lambda: False)
    assert entry_of(store, entry.id).state == "judging"


def test_a_database_that_goes_away_fails_no_submission_and_ends_no_thread(prepare, aws, monkeypatch) -> None:
    monkeypatch.setattr(work, "DATABASE_PAUSE", 0.0)
    monkeypatch.setattr(here, "LOOK", 0.1)
    store, entry, judge = prepare()
    honest, left = submissions.add_verdict, [5]

    def away(*told):
        left[0] -= 1
        if left[0] > 0:
            raise OperationalError("INSERT", {}, Exception("disk I/O error"))
        return honest(*told)

    monkeypatch.setattr(submissions, "add_verdict", away)
    judging = JudgingHere(judge)
    judging.start()
    assert until(lambda: entry_of(store, entry.id).state == "done")
    judging.stop()


def test_a_submission_nobody_was_told_of_is_found(prepare, aws, monkeypatch) -> None:
    monkeypatch.setattr(here, "LOOK", 0.1)
    store, entry, judge = prepare()
    judge.run(entry.id)
    judging = JudgingHere(judge)
    judging.start()
    target = {"kind": "sagemaker", "endpoint": "right-50", "system": ""}
    with store.write() as connection:
        other = submissions.submit(connection, entry.team, set="ranked", target=target, provenance={}, key="k2")
    assert until(lambda: entry_of(store, other.id).state == "done")
    judging.stop()


def test_two_threads_told_of_one_submission_many_times_judge_it_once(prepare, aws) -> None:
    store, entry, judge = prepare()
    judging = JudgingHere(judge, at_once=3)
    judging.start()
    for _ in range(50):
        judging.add(entry.id)
    assert until(lambda: entry_of(store, entry.id).state == "done")
    judging.stop()
    with store.read() as connection:
        assert len(aws.asked) == 10 == len(verdicts_of(connection, entry.id))


def test_a_database_host_that_takes_calls_and_never_answers_is_told_soon(monkeypatch) -> None:
    import socket

    from workshop_kit.league.store import database

    monkeypatch.setitem(database.UNANSWERED, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(LeagueProblem, match="can't be opened"):
            open_database(f"postgresql://league@127.0.0.1:{silent.getsockname()[1]}/league")
        assert time.monotonic() - began < 10


# --- the rate


def test_nobody_waits_behind_a_rate_that_was_set_too_low_by_mistake(both) -> None:
    def take(rate: float) -> float | None:
        with both.write() as connection:
            return take_slot(connection, "judge", rate)

    assert take(0.001) == 0.0
    assert [take(0.001) for _ in range(20)] == [None] * 20, "slots hours away were reserved"
    assert take(10.0) == 0.0
    assert take(10.0) == pytest.approx(0.1, abs=0.09)


def test_a_clock_put_back_holds_nobody_up(tmp_path: Path, monkeypatch) -> None:
    store = open_database(tmp_path / "league.sqlite")
    now = [10_000.0]
    monkeypatch.setattr(rate_store.time, "time", lambda: now[0])
    waits = []
    for at in (10_000.0, 10_000.0, 5_000.0, 5_000.0):
        now[0] = at
        with store.write() as connection:
            waits.append(take_slot(connection, "judge", 1.0))
    assert waits == [0.0, 1.0, 0.0, 1.0]
    store.close()


def test_slots_reserved_by_callers_that_died_are_few(both) -> None:
    taken = []
    for _ in range(300):
        with both.write() as connection:
            taken.append(take_slot(connection, "judge", 20.0))
    assert max(wait for wait in taken if wait is not None) <= AHEAD + 0.1
    assert sum(wait is not None for wait in taken) < 300


def test_a_new_rate_holds_for_a_submission_that_is_being_judged(prepare, aws, monkeypatch) -> None:
    monkeypatch.setattr(pace, "AHEAD", 0.2)
    store, entry, judge = prepare(EventSettings(calls_per_second=0.001))
    thread = threading.Thread(target=judge.run, args=(entry.id,))
    thread.start()
    time.sleep(0.5)
    assert entry_of(store, entry.id).state == "judging"
    with store.write() as connection:
        change_settings(connection, EventSettings(), "organizer Eve")
    thread.join(15)
    assert entry_of(store, entry.id).state == "done"


# --- trying again


def test_a_failed_submission_is_no_place_kept_for_later(tmp_path: Path, domain: Path, aws, serving) -> None:
    """An endpoint that is not there yet is sent in before the freeze, to be judged after it or to win ties."""
    aws.gone.set()
    with serving(tmp_path / "home", domain, aws) as url:
        with pytest.raises(LeagueProblem, match="could not be judged"):
            client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url)
        aws.gone.clear()
        early = client.submit(aws, "right-80", "Bob", domain="bicycle-library", url=url)
        client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url)
        assert [row["participant"] for row in client.standings(url=url).rows] == ["Bob", "Ada"]
        aws.gone.set()
        with pytest.raises(LeagueProblem, match="could not be judged"):
            client.submit(aws, "right-90", "Cy", domain="bicycle-library", url=url)
        aws.gone.clear()
        store = open_database(tmp_path / "home" / "league" / "league.sqlite")
        with store.write() as connection:
            change_settings(connection, EventSettings(phase="freeze"), "organizer Eve")
            failed = next(e for e in submissions.entries(connection) if e.state == "failed")
        store.close()
        reply = requests.post(f"{url}/api/submissions/{failed.id}/retry", timeout=10)
        assert reply.status_code == 409 and "Freeze" in reply.json()["error"]["message"]
        assert client.submit(aws, "right-80", "Bob", domain="bicycle-library", url=url).id == early.id
        with pytest.raises(LeagueProblem, match="In the phase 'Freeze'"):
            client.submit(aws, "right-70", "Bob", domain="bicycle-library", url=url)
        again = requests.post(f"{url}/api/submissions/{early.id}/retry", timeout=10)
        assert again.status_code == 202 and again.json()["state"] == "done", "a judged one is only told"


def test_failed_submissions_sent_again_dont_fill_the_queue(both) -> None:
    with both.write() as connection:
        open_event(connection, "bicycle-library")
        team = teams.named(connection, "Ada").id
        target = {"kind": "sagemaker", "endpoint": "right-80", "system": ""}
        ids = []
        for n in range(2 * submissions.WAITING_AT_ONCE):
            made = submissions.submit(connection, team, set="ranked", target=target, provenance={}, key=f"key-{n}")
            submissions.fail(connection, made.id, "gone")
            ids.append(made.id)
        for id in ids[: submissions.WAITING_AT_ONCE]:
            submissions.retry(connection, id, sent_again=True)
    with both.write() as connection, pytest.raises(LeagueProblem, match="wait to be judged"):
        submissions.retry(connection, ids[-1], sent_again=True)
    with both.write() as connection:
        assert submissions.retry(connection, ids[-1]).state == "queued", "the organizer may"


# --- exports from strangers


TAMPERED = [
    ("submissions", {"created": "yesterday"}),
    ("submissions", {"created": float("nan")}),
    ("submissions", {"created": 10**400}),
    ("submissions", {"judged": True}),
    ("submissions", {"state": ["done"]}),
    ("submissions", {"problem": "\x00"}),
    ("submissions", {"problem": "\ud800"}),
    ("submissions", {"score": {"wins": 3}}),
    ("submissions", {"provenance": {"a": json.loads(40 * "[" + 40 * "]")}}),
    ("submissions", None),
    ("teams", {"disabled": "no"}),
    ("teams", {"best_rate": 1e999}),
    ("teams", {"judged": 2**80}),
    ("event", {"settings": {"phase": "no such"}}),
    ("event", {"settings": {"phases": [1]}}),
    ("event", {"settings": {"phases": [{"name": "virtual", "starts": "soon"}]}}),
    ("event", {"settings": {"calls_per_second": "fast"}}),
    ("event", {"settings": {"title": ["x"]}}),
    ("event", {"settings": []}),
]


def test_an_export_that_was_tampered_with_is_told_and_leaves_nothing(prepare, tmp_path) -> None:
    store, entry, judge = prepare()
    judge.run(entry.id)
    lines = list(transfer.export_lines(store))
    other = open_database(tmp_path / "other.sqlite")
    for table, change in TAMPERED:
        number = next(n for n, line in enumerate(lines) if line.startswith(f'{{"table": "{table}"'))
        value = json.loads(lines[number])
        if change is None:
            value["row"] = list(value["row"])
        else:
            value["row"] |= change
        with pytest.raises(BadInput, match=f"Line {number + 1} "):
            transfer.import_lines(other, [*lines[:number], json.dumps(value), *lines[number + 1 :]])
            pytest.fail(f"{table} {change} went in")
        with other.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM teams").scalar_one() == 0
    transfer.import_lines(other, lines)
    other.close()


def test_a_line_nested_without_end_is_told(prepare, tmp_path) -> None:
    store, *_ = prepare()
    lines = [*transfer.export_lines(store), '{"table": "teams", "row": ' + "[" * 200_000]
    other = open_database(tmp_path / "other.sqlite")
    with pytest.raises(BadInput, match=f"Line {len(lines)} "):
        transfer.import_lines(other, lines)
    other.close()
