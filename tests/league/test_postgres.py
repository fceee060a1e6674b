"""An event on a real PostgreSQL: several web servers and judging workers over one database."""

import time
from pathlib import Path

import pytest
import requests

from tests.league.conftest import RIGHT_80
from workshop_kit.league import client
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.judging.postgres import PostgresWorker
from workshop_kit.league.judging.submission import SubmissionJudge
from workshop_kit.league.questions import hidden_questions, practice_questions
from workshop_kit.league.store import open_database, submissions
from workshop_kit.league.store.schema import verdicts
from workshop_kit.retrieval import open_book


def test_two_servers_and_two_workers_share_one_event(tmp_path: Path, domain: Path, aws, postgres: str, serving) -> None:
    """What is sent in at one server is judged by workers of their own and seen at the other."""
    questions = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
    with (
        serving(tmp_path / "one", domain, aws, database=postgres, judging=False) as one,
        serving(tmp_path / "two", domain, aws, database=postgres, judging=False) as two,
    ):
        workers = []
        for _ in range(2):
            judge = SubmissionJudge(
                open_database(postgres), aws, questions, judge_settings=JudgeSettings.load(), book=open_book(domain)
            )
            workers.append(PostgresWorker(judge))
            workers[-1].start()
        names = [f"Team {n}" for n in range(6)]
        for n, name in enumerate(names):
            url = (one, two)[n % 2]
            client.submit(aws, f"right-{10 * n}", name, domain="bicycle-library", url=url, wait=False)
        until = time.monotonic() + 30
        while len(rows := client.standings(url=two).rows) < 6 and time.monotonic() < until:
            time.sleep(0.1)
        assert sorted(row["participant"] for row in rows) == names
        assert client.standings(url=one).rows == rows
        for worker in workers:
            worker.stop()
            assert worker.problem is None
    store = open_database(postgres)
    with store.read() as connection:
        assert submissions.unfinished(connection) == []
        assert len(connection.execute(verdicts.select()).all()) == 60
    assert len(aws.asked) == 60, "a question was asked twice"
    store.close()


def test_what_no_job_was_made_for_is_judged_too(tmp_path: Path, domain: Path, aws, postgres: str, serving) -> None:
    """A web server that dies between the answer and the queue leaves a submission without a job."""
    store = open_database(postgres)
    with serving(tmp_path / "one", domain, aws, database=postgres, judging=False) as url:
        from workshop_kit.league.store import teams

        with store.write() as connection:
            team = teams.named(connection, "Ada")
            entry = submissions.submit(connection, team.id, set="ranked", target=RIGHT_80, provenance={}, key="k1")
        questions = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
        worker = PostgresWorker(
            SubmissionJudge(store, aws, questions, judge_settings=JudgeSettings.load(), book=open_book(domain))
        )
        worker.start()
        until = time.monotonic() + 20
        while not client.standings(url=url).rows and time.monotonic() < until:
            time.sleep(0.1)
        worker.stop()
        assert client.standings(url=url).rows[0]["submission"] == entry.id
    store.close()


def test_a_worker_that_lost_its_lock_harms_nothing(tmp_path: Path, domain: Path, aws, postgres: str, serving) -> None:
    """The connection that holds the lock is cut in mid-judging; another worker takes the submission up meanwhile."""
    from sqlalchemy import text

    from workshop_kit.league.judging.postgres import _held

    questions = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
    store = open_database(postgres)
    with serving(tmp_path / "one", domain, aws, database=postgres) as url:
        aws.hold.clear()
        sent = client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url, wait=False)
        told, until = f"{url}/api/submissions/{sent.id}", time.monotonic() + 20
        while requests.get(told, timeout=5).json()["state"] == "queued" and time.monotonic() < until:
            time.sleep(0.05)
        with _held(store, sent.id) as mine:
            assert mine is None, "two hold one lock"
        with store.write() as connection:
            holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            assert connection.execute(text(holders)).all()
        with _held(store, sent.id) as mine:
            assert mine is not None and mine()
            judge = SubmissionJudge(store, aws, questions, judge_settings=JudgeSettings.load(), book=open_book(domain))
            aws.hold.set()
            judge.run(sent.id, mine)
        found = client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url)
        assert (found.id, found.score.wins, found.score.questions) == (sent.id, 8, 10)
        assert client.submit(aws, "right-60", "Bob", domain="bicycle-library", url=url).score.wins == 6
    with store.read() as connection:
        assert len(connection.execute(verdicts.select()).all()) == 20
    store.close()


def test_a_worker_of_its_own_needs_postgres(tmp_path: Path, domain: Path) -> None:
    from workshop_kit.errors import LeagueProblem
    from workshop_kit.league.server import work

    with pytest.raises(LeagueProblem, match="need PostgreSQL"):
        work(tmp_path, str(domain), str(tmp_path / "league.sqlite"))
