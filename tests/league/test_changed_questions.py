"""Questions withdrawn and restored, and verdicts overridden, while submissions are judged."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event as sql_event

from tests.league.conftest import RIGHT_80, entry_of
from tests.worlds.serving import until
from workshop_kit.league.event import EventSettings
from workshop_kit.league.store import scoring, standings, submissions, teams


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
    with store.write() as connection:
        bob = teams.named(connection, "Bob")
        other = submissions.submit(connection, bob.id, set="ranked", target=RIGHT_80, provenance={}, key="k2")
    judge.run(other.id)
    said: list[str] = []
    sql_event.listen(store.engine, "before_cursor_execute", lambda c, cursor, statement, *_: said.append(statement))
    with store.write() as connection:
        assert scoring.withdraw(connection, "h00", "wrong", "organizer Eve") == 2
    teams_told = [n for n, statement in enumerate(said) if statement.startswith("UPDATE teams")]
    assert len(teams_told) == 2 and max(teams_told) < min(n for n, s in enumerate(said) if "INTO revisions" in s)
