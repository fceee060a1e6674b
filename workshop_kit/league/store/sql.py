"""What SQLite and PostgreSQL both say, each in its own dialect."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, for the database at hand."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def insert_once(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one with the same key is there; whether it was inserted."""
    statement = upsert(connection, table).values(**values).on_conflict_do_nothing()
    # An INSERT's row count is not kept unless it is asked for.
    return connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1
