"""The pace that the instructor sets: steps open or closed, minutes, hints, solutions. All of it is audited."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from workshop_kit.classroom.steps import STEPS, step_of
from workshop_kit.classroom.tables import extensions, hints, steps
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import teams
from workshop_kit.league.store.sql import insert_once

TOPIC = "class"
HINT_LENGTH = 2_000
MOST_HINTS = 500
SHOWN_HINTS = 20


def pace(connection: Connection, team: str | None) -> dict[str, Any]:
    """What a team's notebooks show: each step with its state and minutes, and the newest hints that are for them."""
    return {"steps": step_states(connection, team), "hints": _hints(connection, team)}


def step_states(connection: Connection, team: str | None = None) -> list[dict[str, Any]]:
    """Every step as it is for a team, in order; `minutes` with what was added."""
    told = {row["step"]: row for row in connection.execute(select(steps)).mappings()}
    more = select(extensions.c.step, func.sum(extensions.c.minutes)).group_by(extensions.c.step)
    mine = extensions.c.team.is_(None) if team is None else or_(extensions.c.team.is_(None), extensions.c.team == team)
    added = dict(connection.execute(more.where(mine)).all())
    found = []
    for step in STEPS:
        row = told.get(step.id)
        planned = row["minutes"] if row and row["minutes"] else step.minutes
        found.append(
            {
                "id": step.id,
                "number": step.number,
                "title": step.title,
                "minutes": planned + int(added.get(step.id) or 0),
                "extended": int(added.get(step.id) or 0),
                "open": not (row and row["closed"]),
                "released": bool(row and row["released"]),
            }
        )
    return found


def change_step(
    connection: Connection,
    step: str,
    who: str,
    *,
    open: bool | None = None,
    released: bool | None = None,
    minutes: int | None = None,
) -> None:
    """Open or close a step, release its solution, plan other minutes; what is None stays."""
    id = step_of(step).id
    insert_once(connection, steps, step=id, closed=False, released=False)
    told = {
        "closed": None if open is None else not open,
        "released": released,
        "minutes": minutes,
    }
    changes = {name: value for name, value in told.items() if value is not None}
    if not changes:
        return
    connection.execute(update(steps).where(steps.c.step == id).values(**changes))
    note(connection, who, "pace", id, changes)
    tell(connection)


def extend(connection: Connection, step: str, minutes: int, team: str | None, who: str, now: float) -> None:
    """Give minutes more (or, below 0, fewer) for a step, to all or to a team."""
    id = step_of(step).id
    _known_team(connection, team)
    connection.execute(insert(extensions).values(id=uuid.uuid4().hex[:12], step=id, team=team, minutes=minutes, at=now))
    note(connection, who, "extend", id, {"minutes": minutes, "team": team})
    tell(connection)


def add_hint(connection: Connection, text: str, step: str, team: str | None, who: str, now: float) -> str:
    """Say something into the notebooks: to all, to those at a step, or to a team; gives the hint's id."""
    _known_team(connection, team)
    if connection.execute(select(func.count()).select_from(hints)).scalar_one() >= MOST_HINTS:
        raise LeagueProblem(f"This class has had {MOST_HINTS} hints, more than anybody reads.", status=403)
    id = uuid.uuid4().hex[:12]
    step = step_of(step).id if step else ""
    connection.execute(insert(hints).values(id=id, text=text, step=step, team=team, at=now, withdrawn=False))
    note(connection, who, "hint", id, {"step": step, "team": team})
    tell(connection)
    return id


def withdraw_hint(connection: Connection, id: str, who: str) -> None:
    """Take a hint out of the notebooks; raises LeagueProblem when there is none with this id."""
    if not connection.execute(update(hints).where(hints.c.id == id).values(withdrawn=True)).rowcount:
        raise LeagueProblem("There is no hint with this id.", status=404)
    note(connection, who, "withdraw hint", id)
    tell(connection)


def all_hints(connection: Connection) -> list[dict[str, Any]]:
    """Every hint for the instructor, newest first, with the team's name."""
    query = (
        select(hints, teams.c.name.label("team_name"))
        .outerjoin(teams, teams.c.id == hints.c.team)
        .order_by(hints.c.at.desc(), hints.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def tell(connection: Connection) -> None:
    """Wake whoever watches the pace or the board."""
    for topic in (TOPIC, "progress"):  # the instructor's board shows the pace too
        bump(connection, topic)


def _hints(connection: Connection, team: str | None) -> list[dict[str, Any]]:
    mine = hints.c.team.is_(None) if team is None else or_(hints.c.team.is_(None), hints.c.team == team)
    query = (
        select(hints.c.id, hints.c.text, hints.c.step, hints.c.at, (hints.c.team.is_not(None)).label("for_team"))
        .where(hints.c.withdrawn.is_(False), mine)
        .order_by(hints.c.at.desc(), hints.c.id)
        .limit(SHOWN_HINTS)
    )
    return [dict(row) | {"for_team": bool(row["for_team"])} for row in connection.execute(query).mappings()]


def _known_team(connection: Connection, team: str | None) -> None:
    if team is not None and not connection.execute(select(teams.c.id).where(teams.c.id == team)).first():
        raise LeagueProblem("There is no team with this id.", status=404)
