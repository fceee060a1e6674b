"""A whole event as JSON Lines, out of one database and into another, SQLite or PostgreSQL.

The first line says what the file is; each further line is one row. Tokens and join codes are left behind: a file that
goes from hand to hand must open no door.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import insert, select

from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.store.database import Database, bump
from workshop_kit.league.store.schema import event, metadata

FORMAT = "workshop-kit league 1"
LEFT_BEHIND = {"tokens", "join_codes", "revisions", "rates"}
BATCH = 500


def _tables() -> list[Any]:
    return [table for table in metadata.sorted_tables if table.name not in LEFT_BEHIND]


def export_lines(database: Database) -> Iterator[str]:
    """The event, a line at a time; the rows are those of one moment."""
    yield json.dumps({"format": FORMAT})
    with database.read() as connection:
        if database.is_postgres:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", stream_results=True)
        for table in _tables():
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings():
                yield json.dumps({"table": table.name, "row": dict(row)}, ensure_ascii=False)


def import_lines(database: Database, lines: Iterable[str]) -> dict[str, int]:
    """Read an event into a database that holds none, whole or not at all; gives the rows by table.

    Raises LeagueProblem when there is an event already, BadInput naming the line at fault.
    """
    tables = {table.name: table for table in _tables()}
    count: dict[str, int] = {}
    with database.write() as connection:
        if connection.execute(select(event.c.id)).first():
            raise LeagueProblem(f"{database.url} holds an event already; import into an empty database.")
        name, batch = "", []

        def flush() -> None:
            if batch:
                connection.execute(insert(tables[name]), batch)
                count[name] = count.get(name, 0) + len(batch)
                batch.clear()

        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                if number == 1:
                    if value["format"] != FORMAT:
                        raise BadInput(f"Line 1 says {value['format']!r}; this kit reads '{FORMAT}'.")
                    continue
                table, row = tables[value["table"]], value["row"]
                if set(row) != {column.name for column in table.columns}:
                    raise KeyError("row")
            except (ValueError, KeyError, TypeError, RecursionError):
                raise BadInput(
                    f"Line {number} is not a row of an exported league; nothing was imported. Export it again."
                ) from None
            if table.name != name or len(batch) >= BATCH:
                flush()
                name = table.name
            batch.append(row)
        flush()
        if not count.get("event"):
            raise BadInput("The file holds no event; nothing was imported.")
        for topic in ("league", "standings"):
            bump(connection, topic)
    return count
