"""What SQLite and PostgreSQL both say, each in its own dialect.

Building a statement costs SQLAlchemy more than executing it: those of every request are built once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, for the database at hand."""
    return _insert(connection.dialect.name, table)


def insert_once(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one with the same key is there; whether it was inserted."""
    return connection.execute(_once(connection.dialect.name, table), values).rowcount == 1


def _insert(dialect: str, table: Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


@lru_cache
def _once(dialect: str, table: Table) -> Any:
    # An INSERT's row count is not kept unless it is asked for.
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
