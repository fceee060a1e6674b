"""A whole event as JSON Lines, out of one database and into another, SQLite or PostgreSQL.

The first line says what the file is; each further line is one row, of the league's tables and of every other room's in
the same database. Tokens, join codes and signing secrets are left behind: a file that goes from hand to hand must open
no door.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, MetaData, Table, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.store.database import Database, bump
from workshop_kit.league.store.schema import event

FORMAT = "workshop-kit league 1"
LEFT_BEHIND = {"tokens", "join_codes", "revisions", "rates", "finale_leases", "alembic_version"}
SECRET = "secret"  # a column of this name is made anew by whoever imports
BATCH = 500


def _tables(connection: Connection) -> list[Table]:
    """The tables of every room, parents first; those of the work queue are its own."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name not in LEFT_BEHIND and not name.startswith("procrastinate"))
    return [table for table in found.sorted_tables if table.name not in LEFT_BEHIND]


def export_lines(database: Database) -> Iterator[str]:
    """The event, a line at a time; the rows are those of one moment."""
    yield json.dumps({"format": FORMAT})
    with database.read() as connection:
        if database.is_postgres:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", stream_results=True)
        for table in _tables(connection):
            for found in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings():
                row = {name: None if name == SECRET else value for name, value in found.items()}
                yield json.dumps({"table": table.name, "row": row}, ensure_ascii=False)


def import_lines(database: Database, lines: Iterable[str]) -> dict[str, int]:
    """Read an event into a database that holds none, whole or not at all; gives the rows by table.

    Raises LeagueProblem when there is an event already, BadInput naming the line at fault.
    """
    count: dict[str, int] = {}
    with database.write() as connection:
        tables = {table.name: table for table in _tables(connection)}
        if connection.execute(select(event.c.id)).first():
            raise LeagueProblem(f"{database.url} holds an event already; import into an empty database.")
        name, batch = "", []

        def flush() -> None:
            if batch:
                try:
                    connection.execute(insert(tables[name]), batch)
                except (IntegrityError, DataError, StatementError):
                    raise BadInput(
                        f"The rows of '{name}' don't fit together; nothing was imported. Export the event again."
                    ) from None
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
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise BadInput(
                    f"Line {number} is not a row of an exported league; nothing was imported. Export it again."
                ) from None
            if table.name != name or len(batch) >= BATCH:
                flush()
                name = table.name
            if SECRET in row:
                row[SECRET] = secrets.token_hex(32)
            batch.append(row)
        flush()
        if not count.get("event"):
            raise BadInput("The file holds no event; nothing was imported.")
        _count_on(connection, tables)
        for topic in ("league", "standings", "finale", "class"):
            bump(connection, topic)
    return count


def _count_on(connection: Connection, tables: dict[str, Table]) -> None:
    """Have PostgreSQL's own counters go on after the numbers that were imported."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables.values():
        for column in table.primary_key.columns:
            query = select(func.pg_get_serial_sequence(table.name, column.name))
            sequence = connection.execute(query).scalar_one()
            if sequence:
                highest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
                connection.execute(select(func.setval(sequence, highest, False)))
