"""Where everybody is, who is stuck and why, and how long steps take: read from the database, drawn by others."""

from __future__ import annotations

import statistics
from typing import Any

from sqlalchemy import Connection, func, select

from workshop_kit.classroom.pacing import step_states
from workshop_kit.classroom.steps import BY_ID
from workshop_kit.classroom.stuck import StuckRule, stuck_rule
from workshop_kit.classroom.tables import extensions, help_asked, people, progress
from workshop_kit.league.store.schema import members, teams


def board(connection: Connection, now: float) -> dict[str, Any]:
    """The whole class as plain data: steps, people (those who are stuck first) and counts. Seconds since 1970."""
    rule = stuck_rule(connection)
    planned = {row["id"]: row for row in step_states(connection)}
    extra = _by_team(connection)
    took: dict[str, list[float]] = {id: [] for id in planned}
    done: dict[str, dict[str, float]] = {}
    failed: dict[tuple[str, str], int] = {}
    ended: dict[tuple[str, str], float] = {}
    started = dict.fromkeys(planned, 0)
    for row in connection.execute(select(progress)).mappings():
        if row["step"] not in planned:
            continue
        started[row["step"]] += 1
        failed[row["person"], row["step"]] = row["failed"]
        if row["done"] is not None:
            ended[row["person"], row["step"]] = row["done"]
        if row["seconds"] is not None:
            took[row["step"]].append(row["seconds"])
            done.setdefault(row["person"], {})[row["step"]] = round(row["seconds"], 1)
    medians = {id: statistics.median(values) if values else None for id, values in took.items()}
    hands = dict(
        connection.execute(select(help_asked.c.person, help_asked.c.at).where(help_asked.c.ended.is_(None))).all()
    )
    query = select(people, teams.c.name.label("team_name")).outerjoin(teams, teams.c.id == people.c.team)
    rows = []
    for person in connection.execute(query).mappings():
        id, step = person["id"], person["step"]
        mine = done.get(id, {})
        finished = ended.get((id, step), -1.0) >= person["since"]
        minutes = planned[step]["minutes"] + extra.get((person["team"], step), 0)
        usual = medians[step] if len(took[step]) >= rule.fewest else None
        limit = rule.limit(usual, 60.0 * minutes)
        why = _why(hands.get(id), failed.get((id, step), 0), 0.0 if finished else now - person["since"], limit, rule)
        rows.append(
            {
                "id": id,
                "name": person["name"] or f"Anonymous {id[1:5]}",
                "team": person["team_name"] or "",
                "team_id": person["team"],
                "step": step,
                "number": BY_ID[step].number,
                "finished": finished,
                "since": person["since"],
                "seen": person["seen"],
                "failed": failed.get((id, step), 0),
                "help": hands.get(id),
                "stuck": why,
                "done": mine,
            }
        )
    rows.sort(key=lambda row: (row["help"] is None, not row["stuck"], row["number"], row["since"], row["id"]))
    here = {id: sum(row["step"] == id and not row["finished"] for row in rows) for id in planned}
    return {
        "now": now,
        "rule": {"failed": rule.failed, "times": rule.times, "fewest": rule.fewest},
        "steps": [
            step | {"here": here[id], "started": started[id], "finished": len(took[id]), "median": medians[id]}
            for id, step in planned.items()
        ],
        "people": rows,
        "reporting": len(rows),
        "members": connection.execute(select(func.count()).select_from(members)).scalar_one(),
        "stuck": sum(bool(row["stuck"]) for row in rows),
        "hands": len(hands),
    }


def _why(hand: float | None, failed: int, seconds: float, limit: float, rule: StuckRule) -> list[str]:
    why = ["asked for help"] if hand is not None else []
    if failed >= rule.failed:
        why.append(f"failed {failed} times in a row")
    if seconds > limit:
        why.append(f"{seconds / 60:.0f} min here, over {limit / 60:.0f}")
    return why


def _by_team(connection: Connection) -> dict[tuple[str | None, str], int]:
    """Minutes that teams got for themselves."""
    query = (
        select(extensions.c.team, extensions.c.step, func.sum(extensions.c.minutes))
        .where(extensions.c.team.is_not(None))
        .group_by(extensions.c.team, extensions.c.step)
    )
    return {(team, step): int(minutes) for team, step, minutes in connection.execute(query)}
