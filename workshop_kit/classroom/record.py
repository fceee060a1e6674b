"""The classroom's whole record, for the instructor's own files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from workshop_kit.classroom import pacing, tables
from workshop_kit.classroom.stuck import stuck_rule
from workshop_kit.league.store.schema import teams


def record(connection: Connection) -> dict[str, Any]:
    """Steps, rule, people, progress, reports, help, hints, extensions, what was running, as plain data."""
    kept = {
        "people": person_table(connection),
        "progress": _rows(connection, tables.progress, tables.progress.c.person),
        "reports": _rows(connection, tables.reports, tables.reports.c.at, without=("key",)),
        "help": _rows(connection, tables.help_asked, tables.help_asked.c.at),
        "extensions": _rows(connection, tables.extensions, tables.extensions.c.at),
        "resources": _rows(connection, tables.resources, tables.resources.c.started),
    }
    return (
        {
            "format": "workshop-kit classroom 1",
            "steps": pacing.step_states(connection),
            "rule": asdict(stuck_rule(connection)),
        }
        | kept
        | {"hints": pacing.all_hints(connection)}
    )


def person_table(connection: Connection) -> list[dict[str, Any]]:
    """Who reported, with their team's name; people without a name have neither."""
    query = select(tables.people, teams.c.name.label("team_name")).outerjoin(teams, teams.c.id == tables.people.c.team)
    return [dict(row) for row in connection.execute(query.order_by(tables.people.c.id)).mappings()]


def person_rows(connection: Connection) -> list[dict[str, Any]]:
    """A row for each person and step: person, name, team, step, started, tries, done, seconds."""
    who = {row["id"]: row for row in person_table(connection)}
    order = (tables.progress.c.person, tables.progress.c.started)
    found = []
    for row in connection.execute(select(tables.progress).order_by(*order)).mappings():
        person = who[row["person"]]
        found.append(
            {
                "person": row["person"],
                "name": person["name"],
                "team": person["team_name"] or "",
                "step": row["step"],
                "started": row["started"],
                "tries": row["tries"],
                "done": row["done"],
                "seconds": row["seconds"],
            }
        )
    return found


def _rows(connection: Connection, table: Any, order: Any, without: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    columns = [column for column in table.columns if column.name not in without]
    return [dict(row) for row in connection.execute(select(*columns).order_by(order)).mappings()]
