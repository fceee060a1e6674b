"""A whole event as JSON Lines, out of one database and into another, SQLite or PostgreSQL.

The first line says what the file is; each further line is one row, of the league's tables and of every other room's in
the same database. Tokens, join codes and signing secrets are left behind: a file that goes from hand to hand must open
no door.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Float, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.event import settings_from
from workshop_kit.league.statistics import Score
from workshop_kit.league.store.database import Database, bump
from workshop_kit.league.store.schema import event

FORMAT = "workshop-kit league 1"
LEFT_BEHIND = {"tokens", "join_codes", "revisions", "rates", "finale_leases", "alembic_version"}
SECRET = "secret"  # a column of this name is made anew by whoever imports
BATCH = 500
DEEPEST = 30  # levels of nested JSON


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
                        f"The rows of '{name}' don't fit together and nothing was imported: export the event again."
                    ) from None
                count[name] = count.get(name, 0) + len(batch)
                batch.clear()

        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line, parse_constant=_no_constant)
                if number == 1:
                    if value["format"] != FORMAT:
                        raise BadInput(f"Line 1 says {value['format']!r}; this kit reads '{FORMAT}'.")
                    continue
                table, row = tables[value["table"]], value["row"]
                _check(table, row)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise BadInput(
                    f"Line {number} is not a row of an exported league and nothing was imported: export it again."
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


def _check(table: Table, row: Any) -> None:
    """Raise ValueError, KeyError or TypeError for a row that the league could not have written: SQLite keeps anything,
    and one such row would later break the standings for everybody."""
    if not isinstance(row, dict) or not set(row) <= {column.name for column in table.columns}:
        raise KeyError("row")
    # A league of an earlier version has no value for what may be left out.
    row |= {column.name: None for column in table.columns if column.nullable and column.name not in row}
    json.dumps(row, allow_nan=False, ensure_ascii=False).encode("utf-8")
    for column in table.columns:
        if row[column.name] is not None and not _fits(column, row[column.name]):
            raise ValueError(column.name)
    if table.name == "event":
        try:
            settings_from(row["settings"])
        except BadInput as problem:
            raise ValueError(str(problem)) from None
    if table.name == "submissions" and row["score"] is not None:
        told = Score(**row["score"])
        if not all(value is None or _number(value) for value in vars(told).values()):
            raise ValueError("score")


def _fits(column: Column[Any], value: Any) -> bool:
    kind = column.type
    if isinstance(kind, JSON):
        return not _deeper(value, DEEPEST)
    if isinstance(kind, Boolean):
        return isinstance(value, bool)
    if isinstance(kind, Integer):
        return isinstance(value, int) and _number(value)
    if isinstance(kind, Float):
        return _number(value)
    return not isinstance(kind, String) or (isinstance(value, str) and "\x00" not in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(inner) and (levels == 0 or any(_deeper(item, levels - 1) for item in inner))


def _no_constant(name: str) -> Any:
    raise ValueError(name)


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
