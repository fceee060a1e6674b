"""One database per event: SQLite in a file by default, PostgreSQL by its URL; brought up to date when opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, String, bindparam, create_engine, event, func, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, OperationalError

from workshop_kit.errors import LeagueProblem, require
from workshop_kit.league.store.schema import revisions

MIGRATIONS = Path(__file__).with_name("migrations")
# Any number that no other program takes a lock on in the same database.
MIGRATION_LOCK = 5_170_815
_WRITE = "workshop_write"
BUSY, COUNTERS = ("league", "standings"), 16
IDLE = 1.0  # seconds after which a connection is tested before it is used again
# A host that does not answer any more is found out in seconds, where TCP by itself takes many minutes.
UNANSWERED = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Database:
    """A pool of connections; safe to use from several threads, and from several processes on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_postgres = engine.dialect.name == "postgresql"
        # Two trips less to the server: PostgreSQL's default isolation gives several reads no common view anyway.
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT") if self.is_postgres else engine
        # SQLite has one writer at a time: waiting here is fair and costs nothing, waiting in SQLite polls.
        self._writer, self._writing = threading.RLock(), False

    @property
    def url(self) -> str:
        """The URL without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: on disk when the block is left, or as if it had never begun."""
        if self.is_postgres:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._writer:
            if self._writing:
                raise RuntimeError("a write transaction inside another one would wait for itself")
            self._writing = True
            try:
                with self.engine.connect() as connection:
                    writing = connection.execution_options(**{_WRITE: True})
                    with writing.begin():
                        yield writing
            finally:
                self._writing = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """For reading: on SQLite one consistent view, on PostgreSQL each statement sees what is committed by then."""
        with self._reading.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_database(where: str | Path) -> Database:
    """The event's database at a file's path or a `postgresql://` URL, with its tables as this version wants them.

    Raises LeagueProblem when it can't be reached or was written by a newer version, MissingExtra without the driver.
    """
    engine = _engine(where)
    try:
        _migrate(engine)
    except OperationalError as problem:
        engine.dispose()
        reason = str(problem.orig).strip().splitlines()[0]
        raise LeagueProblem(f"The database {_shown(engine)} can't be opened ({reason}); is it running?") from None
    except DBAPIError as problem:
        engine.dispose()
        reason = str(problem.orig).strip().splitlines()[0]
        raise LeagueProblem(f"The file {_shown(engine)} is not a league's database ({reason}); name another.") from None
    return Database(engine)


def bump(connection: Connection, topic: str) -> None:
    """Count a topic's revision up, so that every process that watches it looks again once this is committed.

    On PostgreSQL a row stays locked until its transaction is on disk: the busy topics are counted in several rows, by
    connection, so that transactions do not queue behind one another. `summed` puts them together.
    """
    connection.execute(_counting(connection.dialect.name, topic in BUSY), {"topic": topic})


@lru_cache
def _counting(dialect: str, busy: bool) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    postgres = dialect == "postgresql"
    topic: Any = bindparam("topic", type_=String)
    if postgres and busy:
        topic = func.concat(topic, "#", func.pg_backend_pid() % COUNTERS)
    return (
        (postgresql if postgres else sqlite)
        .insert(revisions)
        .values(topic=topic, number=1)
        .on_conflict_do_update(index_elements=["topic"], set_={"number": revisions.c.number + 1})
    )


def summed(numbers: dict[str, int]) -> dict[str, int]:
    """Revisions by topic, from the rows that they are counted in."""
    found: dict[str, int] = {}
    for name, number in numbers.items():
        topic = name.split("#")[0]
        found[topic] = found.get(topic, 0) + number
    return found


def _engine(where: str | Path) -> Engine:
    if isinstance(where, Path) or "://" not in where:
        path = Path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30}, pool_size=20, max_overflow=40
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        url = make_url(where)
    except ArgumentError:
        raise LeagueProblem(f"{where!r} is not a database's URL; write postgresql://USER@HOST/NAME.") from None
    if url.get_backend_name() != "postgresql":
        raise LeagueProblem(
            f"A league is kept in a SQLite file or in PostgreSQL, not in {url.get_backend_name()}; write "
            "postgresql://USER@HOST/NAME."
        )
    require("psycopg", extra="postgres")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={name: value for name, value in UNANSWERED.items() if name not in url.query},
        pool_size=10,
        max_overflow=20,
        pool_timeout=30,
        pool_use_lifo=True,
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_test_idle, engine))
    return engine


def _note_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _test_idle(engine: Engine, connection: Any, record: Any, _: Any) -> None:
    """As the pool's pre-ping, so that a restart of PostgreSQL goes unnoticed, but not for what was just in use."""
    if time.monotonic() - record.info.get("used", time.monotonic()) < IDLE:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        raise DisconnectionError from None


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # SQLAlchemy begins the transactions itself (below); the driver would begin them late and never for reads.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA temp_store=MEMORY")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _shown(engine: Engine) -> str:
    return engine.url.database if engine.dialect.name == "sqlite" else engine.url.render_as_string()


def _migrate(engine: Engine) -> None:
    """Run the migrations that are missing, once, however many processes start together."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        found = _version(connection)
        if found == scripts.get_current_head():
            return
        config.attributes["connection"] = connection
        try:
            if found is None and _from_before(connection):
                command.stamp(config, "0001")
            command.upgrade(config, "head")
        except CommandError:
            raise LeagueProblem(
                f"The database {_shown(engine)} was written by a newer version of the kit ({found}); update the kit."
            ) from None


def _version(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _from_before(connection: Connection) -> bool:
    """Whether the tables are those of the kit's first leagues, which kept no version."""
    from sqlalchemy import inspect

    return inspect(connection).has_table("submissions")
