"""Processes that judge are killed at random while teams submit: nothing is lost and nothing judged twice."""

from dataclasses import replace

from sqlalchemy import delete

from workshop_kit.bench.league.killed import Killed, _found, play
from workshop_kit.bench.league.stage import stage
from workshop_kit.league.store.schema import submissions, verdicts

QUESTIONS = 3


def check(found: Killed, teams: int) -> None:
    assert found.kills >= 2, "nobody was killed while there was work"
    assert found.whole, found
    assert found.confirmed == found.done == teams
    # Each kill may cost the calls that were under way, never a verdict that was kept.
    assert found.needed < found.judge_calls < 2 * found.needed, "no kill came between a call and its verdict"
    assert found.candidate_needed <= found.candidate_calls < 2 * found.candidate_needed


def test_workers_on_postgres_are_killed_and_every_submission_is_judged_once(postgres_server: str) -> None:
    with stage(postgres_server, questions=QUESTIONS, latency=0.25) as made:
        sizes = {"team_count": 16, "questions": QUESTIONS, "arriving": 2.0}
        found = play(made, **sizes, workers=2, kill_every=0.7, kills=2, stalled=1.5, within=60)
    check(found, 16)


def test_a_server_on_sqlite_is_killed_and_every_submission_is_judged_once() -> None:
    with stage(None, questions=QUESTIONS, latency=0.15) as made:
        sizes = {"team_count": 8, "questions": QUESTIONS, "arriving": 2.0}
        found = play(made, **sizes, workers=0, kill_every=0.7, kills=2, within=60)
        check(found, 8)
        # What the check rests on sees a loss: of a verdict, and of a submission.
        with made.database.read() as connection:
            ids = list(connection.execute(submissions.select().with_only_columns(submissions.c.id)).scalars())
        with made.database.write() as connection:
            connection.execute(delete(verdicts).where(verdicts.c.submission == ids[0], verdicts.c.question == "h000"))
        again = _found(made, ids, QUESTIONS, found.kills, found.seconds)
        assert again.missing == 2 and not again.whole
        assert not replace(found, lost=1).whole and not replace(found, done=found.done - 1).whole
        assert _found(made, [*ids, "0" * 12], QUESTIONS, 0, 1.0).lost == 1
