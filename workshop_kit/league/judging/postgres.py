"""Judging by workers on any number of hosts. procrastinate hands the work out through PostgreSQL.

A job holds a submission's id and nothing else: what is to be done is read from the submission itself. While a worker
judges, it holds an advisory lock of the database; a worker that dies loses its connection and with it the lock. Its job
is found by its missing heartbeat and given to another, which goes on with the questions that have no verdict. While the
database is away nobody judges; when it is back they all go on by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from workshop_kit.errors import KitError, require
from workshop_kit.league.judging.basis import OtherBasis
from workshop_kit.league.judging.submission import SubmissionJudge
from workshop_kit.league.store.database import MIGRATION_LOCK, UNANSWERED, Database
from workshop_kit.league.store.submissions import unfinished

log = logging.getLogger(__name__)
QUEUE, TASK = "judging", "workshop_kit.judge_submission"
HEARTBEAT = 2.0
STALLED = 10.0  # seconds without a heartbeat after which a worker is taken for dead
RESCUE = 3.0  # how often dead workers' jobs and forgotten submissions are looked for
PAUSES = 1.0, 30.0  # before a worker that ended comes back: at first, and at most
SOUND = 60.0  # a worker that ran this long begins with the short pause again
# A host that lost its power or its network holds its locks no longer than this lets it: 10 + 3 * 5 seconds.
KEEPALIVES = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}


class PostgresQueue:
    """Hands submissions to whichever worker is free; every web process has one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._app = _app(database)
        self._open: Any = None

    def start(self) -> None:
        """Make procrastinate's tables unless they are there, and its connections."""
        _prepare(self._database, self._app)
        sync = self._app.with_connector(_sync_connector(self._database))
        sync.open()
        self._open = sync

    def add(self, id: str) -> None:
        """Queue a submission, once; it may be there already.

        The submission itself is on disk by now: what can't be queued is found by a worker that looks for such.
        """
        from procrastinate.exceptions import AlreadyEnqueued

        try:
            self._open.configure_task(TASK, queue=QUEUE, queueing_lock=id).defer(id=id)
        except AlreadyEnqueued:
            pass
        except Exception:
            log.exception("queueing %s failed; a worker will find it", id)

    def stop(self) -> None:
        """Close the connections; what is queued stays."""
        if self._open is not None:
            self._open.close()


class PostgresWorker:
    """A worker in a thread of its own: `at_once` submissions are under way together.

    One that is ended by an error, a database that went away for one, comes back after a pause; `problem` is that error
    until it has. One that would judge otherwise than the event ends for good.
    """

    def __init__(self, judge: SubmissionJudge, *, at_once: int = 4) -> None:
        self._judge, self._at_once = judge, at_once
        self._thread = threading.Thread(target=self._run, name="judging-worker", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self.problem: BaseException | None = None

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()

    def wait(self) -> None:
        """Return when the worker was stopped; raises what no coming back can help, a missing package for one."""
        while self._thread.is_alive():
            self._thread.join(0.5)
        if self.problem is not None:
            raise self.problem

    def stop(self, seconds: float = 30.0) -> None:
        """Stop after the questions under way; what is left goes to another worker, or waits."""
        self._judge.stop.set()
        try:
            if self._loop and self._main:
                self._loop.call_soon_threadsafe(self._main.cancel)
        except RuntimeError:
            pass  # it ended by itself a moment before
        self._thread.join(timeout=seconds)

    def _run(self) -> None:
        shortest, longest = PAUSES
        pause = shortest
        while not self._judge.stop.is_set():
            began = time.monotonic()
            try:
                asyncio.run(self._work())
            except asyncio.CancelledError:
                pass
            except KitError as problem:
                log.exception("the judging worker can't work")
                self.problem = problem
                return
            except Exception as problem:
                log.exception("the judging worker ended; it comes back")
                self.problem = problem
            pause = shortest if time.monotonic() - began > SOUND else min(longest, 2 * pause)
            self._judge.stop.wait(pause)

    async def _work(self) -> None:
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        if self._judge.stop.is_set():
            return
        app = _app(self._judge.database)
        app.task(name=TASK, queue=QUEUE)(self._one)
        await asyncio.to_thread(_prepare, self._judge.database, app)
        async with app.open_async():
            self.problem = None
            rescue = asyncio.create_task(self._rescue(app))
            try:
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._at_once,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                    shutdown_graceful_timeout=20.0,
                )
            finally:
                rescue.cancel()

    def _one(self, id: str) -> None:
        with _held(self._judge.database, id) as still_held:
            if still_held:
                try:
                    self._judge.run(id, mine=still_held)
                except OtherBasis as problem:
                    self._refuse(problem)

    def _refuse(self, problem: OtherBasis) -> None:
        """End for good: what waits is for workers that judge as the event does."""
        log.error("%s", problem)
        self.problem = problem
        self._judge.stop.set()
        if self._loop and self._main:
            self._loop.call_soon_threadsafe(self._main.cancel)

    async def _rescue(self, app: Any) -> None:
        """Give dead workers' jobs to the living, and queue unfinished submissions that have no job."""
        from procrastinate.exceptions import AlreadyEnqueued

        while True:
            try:
                for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED):
                    await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))
                for id in await asyncio.to_thread(self._without_a_job):
                    try:
                        await app.configure_task(TASK, queue=QUEUE, queueing_lock=id).defer_async(id=id)
                    except AlreadyEnqueued:
                        pass
            except Exception:
                log.exception("looking for forgotten submissions failed; it is tried again")
            await asyncio.sleep(RESCUE)

    def _without_a_job(self) -> list[str]:
        with self._judge.database.read() as connection:
            have = set(
                connection.execute(
                    text("SELECT args->>'id' FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
                ).scalars()
            )
            return [id for id in unfinished(connection) if id not in have]


@contextmanager
def _held(database: Database, id: str) -> Iterator[Callable[[], bool] | None]:
    """Hold a submission's lock, for as long as the connection lives: gives a function that says whether it still does.

    None when another worker has the lock.
    """
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name, value in KEEPALIVES.items():
            connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
        key = {"key": int(id, 16)}
        mine = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one()

        def still_held() -> bool:
            try:
                return connection.execute(text("SELECT 1")).scalar_one() == 1
            except DBAPIError:
                return False

        try:
            yield still_held if mine else None
        finally:
            if mine and still_held():
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


def _app(database: Database) -> Any:
    procrastinate = require("procrastinate", extra="postgres")
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=_conninfo(database)))


def _sync_connector(database: Database) -> Any:
    procrastinate = require("procrastinate", extra="postgres")
    return procrastinate.SyncPsycopgConnector(conninfo=_conninfo(database), max_size=4)


def _conninfo(database: Database) -> str:
    url = database.engine.url.set(drivername="postgresql")
    told = {name: str(value) for name, value in UNANSWERED.items() if name not in url.query}
    return url.update_query_dict(told).render_as_string(hide_password=False)


def _prepare(database: Database, app: Any) -> None:
    """Make procrastinate's tables unless they are there; the first of several processes does it."""
    with database.engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK + 1})
        if connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar_one() is None:
            # The schema holds percent signs and several statements: it goes to the driver as it is.
            connection.connection.cursor().execute(app.schema_manager.get_schema().encode())
