"""Documents and log lines on disk: one SQLite file, read and written by several processes at once.

A write is on disk when the call returns. Documents are JSON objects under (kind, key); keys sort by their UTF-8 bytes.
"""

from __future__ import annotations

import builtins
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_lines (
    grp TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, ms INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (grp, stream, seq)) WITHOUT ROWID;
"""
BUSY_SECONDS = 30


class Exists(KeyError):
    """`create` found a document under that kind and key."""


class LogStream(NamedTuple):
    """One log stream: the times of its first and last line in milliseconds, and the number of lines."""

    name: str
    first_ms: int
    last_ms: int
    lines: int


class Store:
    """See the module's docstring. Each thread of each process has its own connection."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._local = threading.local()
        self.execute_script(SCHEMA)

    # --- documents

    def put(self, kind: str, key: str, doc: Document) -> None:
        """Write a document, replacing any that was there."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(doc)))

    def create(self, kind: str, key: str, doc: Document) -> None:
        """Write a new document; raises Exists when there is one under that key."""
        try:
            with self.transaction() as db:
                db.execute("INSERT INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(doc)))
        except sqlite3.IntegrityError:
            raise Exists(f"{kind} {key}") from None

    def get(self, kind: str, key: str) -> Document | None:
        """The document, or None."""
        row = self.connection.execute("SELECT doc FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def delete(self, kind: str, key: str) -> bool:
        """Delete a document; False when there was none."""
        with self.transaction() as db:
            return db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0

    def list(self, kind: str, prefix: str = "") -> builtins.list[tuple[str, Document]]:
        """All (key, document) pairs of a kind whose key starts with `prefix`, in the order of their keys."""
        sql, args = "SELECT key, doc FROM documents WHERE kind = ? AND key >= ?", [kind, prefix]
        end = after_prefix(prefix)
        if end is not None:
            sql, args = sql + " AND key < ?", [*args, end]
        return [(key, json.loads(doc)) for key, doc in self.connection.execute(sql + " ORDER BY key", args)]

    def update(self, kind: str, key: str, change: Callable[[Document], Document]) -> Document | None:
        """Replace a document by `change(document)` with nobody writing in between; None when there is none."""
        with self.transaction() as db:
            row = db.execute("SELECT doc FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
            if row is None:
                return None
            doc = change(json.loads(row[0]))
            db.execute("UPDATE documents SET doc = ? WHERE kind = ? AND key = ?", (json.dumps(doc), kind, key))
            return doc

    # --- log lines

    def append_log(self, group: str, stream: str, lines: Iterable[tuple[int, str]]) -> None:
        """Append (milliseconds since 1970, message) lines to a stream; they are numbered 0, 1, 2, … within it."""
        lines = list(lines)
        with self.transaction() as db:
            (first,) = db.execute(
                "SELECT COALESCE(MAX(seq) + 1, 0) FROM log_lines WHERE grp = ? AND stream = ?",
                (group, stream),
            ).fetchone()
            db.executemany(
                "INSERT INTO log_lines VALUES (?, ?, ?, ?, ?)",
                [(group, stream, first + i, int(ms), message) for i, (ms, message) in enumerate(lines)],
            )

    def read_log(
        self, group: str, stream: str, start: int = 0, limit: int = 10_000
    ) -> builtins.list[tuple[int, int, str]]:
        """Up to `limit` lines (number, milliseconds, message) from line number `start` on, `start` included."""
        return self.connection.execute(
            "SELECT seq, ms, message FROM log_lines WHERE grp = ? AND stream = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (group, stream, start, limit),
        ).fetchall()

    def log_streams(self, group: str, prefix: str = "") -> builtins.list[LogStream]:
        """The streams of a group whose name starts with `prefix`, in the order of their names."""
        rows = self.connection.execute(
            "SELECT stream, MIN(ms), MAX(ms), COUNT(*) FROM log_lines WHERE grp = ? AND stream >= ? "
            "GROUP BY stream ORDER BY stream",
            (group, prefix),
        )
        return [LogStream(*row) for row in rows if row[0].startswith(prefix)]

    # --- for the object store, which keeps its own tables in the same file

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit; opened anew in a forked child."""
        if getattr(self._local, "pid", None) != os.getpid():
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA journal_mode = WAL")
            # FULL syncs the log at each commit, so that what was confirmed outlives a power cut as well as a kill.
            db.execute("PRAGMA synchronous = FULL")
            self._local.db, self._local.pid = db, os.getpid()
        return self._local.db

    def execute_script(self, sql: str) -> None:
        """Make tables; waits for other processes that do the same."""
        with self.transaction() as db:
            for statement in filter(None, (part.strip() for part in sql.split(";"))):
                db.execute(statement)

    def writable(self) -> bool:
        """Whether a write could begin within a second; False while another process holds the lock."""
        db = self.connection
        db.execute("PRAGMA busy_timeout = 1000")
        try:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
            return True
        except sqlite3.OperationalError:
            return False
        finally:
            db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: commits on leaving, rolls back on any exception. Joins one that is already open."""
        db = self.connection
        if db.in_transaction:
            yield db
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def after_prefix(prefix: str) -> str | None:
    """The least string above all strings that start with `prefix`; None when there is no bound."""
    while prefix:
        last = ord(prefix[-1]) + 1
        if last == 0xD800:
            last = 0xE000  # the surrogates are not characters and have no place in UTF-8
        if last <= 0x10FFFF:
            return prefix[:-1] + chr(last)
        prefix = prefix[:-1]
    return None
