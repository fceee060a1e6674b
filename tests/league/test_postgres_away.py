"""PostgreSQL that goes away in the middle of an event and comes back."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from workshop_kit.bench.league.processes import postgres, postgres_binaries
from workshop_kit.league import client
from workshop_kit.league.judging import postgres as workers
from workshop_kit.league.judging.postgres import PostgresQueue

pytestmark = pytest.mark.slow


@pytest.fixture
def own_postgres(tmp_path_factory) -> Iterator[tuple[str, Callable[[str], None]]]:
    """A PostgreSQL of one test: its URL, and a function that stops it (as a power cut would) and starts it again."""
    if postgres_binaries() is None:
        pytest.skip("needs Debian's postgresql: apt-get install postgresql")
    with postgres() as server:
        url = f"{server}/postgres"
        with psycopg.connect(url) as connection:
            folder = Path(connection.execute("SHOW data_directory").fetchone()[0])
        user = {"user": folder.owner(), "group": folder.group(), "extra_groups": []} if os.geteuid() == 0 else {}
        told = (folder / "postmaster.opts").read_text().strip().split(maxsplit=1)[1]  # how it was started

        def control(action: str) -> None:
            command = [postgres_binaries() / "pg_ctl", "-D", "data", "-w", "-l", "log", "-m", "immediate", "-o", told]
            subprocess.run([*command, action], check=True, capture_output=True, cwd=folder.parent, **user)

        yield url, control
        if not (folder / "postmaster.pid").exists():
            control("start")


def test_after_an_outage_of_the_database_the_league_goes_on(
    tmp_path: Path, domain: Path, aws, serving, own_postgres, monkeypatch, caplog
) -> None:
    """The outage is longer than the worker's connections wait: the worker ends, and comes back."""
    url_of_database, control = own_postgres

    def impatient(database):
        import procrastinate

        pool = {"conninfo": workers._conninfo(database), "timeout": 1.0, "reconnect_timeout": 1.0}
        return procrastinate.App(connector=procrastinate.PsycopgConnector(**pool))

    monkeypatch.setattr(workers, "_app", impatient)
    with serving(tmp_path / "home", domain, aws, database=url_of_database) as url:
        client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url)
        aws.hold.clear()
        under_way = client.submit(aws, "right-70", "Bob", domain="bicycle-library", url=url, wait=False)
        time.sleep(1.0)
        control("stop")
        aws.hold.set()
        assert requests.get(f"{url}/api/standings", timeout=10).status_code == 503
        until = time.monotonic() + 30
        while "the judging worker ended" not in caplog.text and time.monotonic() < until:
            time.sleep(0.2)
        assert "the judging worker ended" in caplog.text
        control("start")
        assert client.submit(aws, "right-60", "Cy", domain="bicycle-library", url=url).score.wins == 6
        until = time.monotonic() + 30
        while len(rows := client.standings(url=url).rows) < 3 and time.monotonic() < until:
            time.sleep(0.2)
        assert [row["participant"] for row in rows] == ["Ada", "Bob", "Cy"]
        assert {row["submission"] for row in rows} >= {under_way.id}


def test_a_submission_that_could_not_be_queued_is_taken_and_judged(
    tmp_path: Path, domain: Path, aws, serving, postgres, monkeypatch
) -> None:
    from procrastinate.exceptions import ConnectorException

    def broken(*told, **more):
        raise ConnectorException

    monkeypatch.setattr("procrastinate.App.configure_task", broken)
    add = PostgresQueue.add
    with serving(tmp_path / "home", domain, aws, database=postgres) as url:

        def failing(self, id: str) -> None:
            add(self, id)
            monkeypatch.undo()  # the worker looks by the same way

        monkeypatch.setattr(PostgresQueue, "add", failing)
        assert client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url).score.wins == 8
