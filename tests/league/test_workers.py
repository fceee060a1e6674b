"""Those who judge: a submission is judged once, whoever finds it, and no outage of the database fails it."""

import time

import pytest
from sqlalchemy.exc import OperationalError

from tests.league.conftest import RIGHT_50, entry_of
from tests.worlds.serving import until
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.judging import JudgingHere, here
from workshop_kit.league.judging import submission as work
from workshop_kit.league.store import open_database, submissions
from workshop_kit.league.store.submissions import verdicts_of


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
    with store.write() as connection:
        other = submissions.submit(connection, entry.team, set="ranked", target=RIGHT_50, provenance={}, key="k2")
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
