"""What notebooks tell, kept once each: a step was begun, a checkpoint was ok or not yet. Times are the server's."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from workshop_kit.classroom.tables import help_asked, people, progress, reports
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.sql import insert_once
from workshop_kit.league.store.tokens import Identity

TOPIC = "progress"
MOST_PEOPLE = 20_000
MOST_REPORTS = 2_000  # of one person; what comes after is counted nowhere
LONGEST = 24 * 3600.0  # seconds that one step can have taken


@dataclass(frozen=True)
class Report:
    """One report; `key` is the sender's own, so that sending it again counts once."""

    key: str
    step: str
    kind: str  # begin or check
    ok: bool | None = None
    seconds: float | None = None


def person_of(who: Identity, anonymous: str | None) -> tuple[str, str | None, str]:
    """(id, team, name) under which a report is kept. Without a name, nothing kept leads back to the token."""
    if anonymous is None:
        return who.token_id, who.team, who.name
    return "n" + hashlib.sha256(f"classroom {anonymous}".encode()).hexdigest()[:11], None, ""


def take(connection: Connection, who: Identity, anonymous: str | None, told: Sequence[Report], now: float) -> int:
    """Keep reports in their order; gives how many were new. Raises LeagueProblem when the class is full."""
    id, count = _present(connection, who, anonymous, told[0].step, now)
    new = 0
    for report in told:
        if count + new >= MOST_REPORTS:
            break
        kept = insert_once(
            connection, reports, key=f"{id}{report.key}"[:40], person=id, step=report.step, kind=report.kind,
            ok=report.ok, seconds=report.seconds, at=now,
        )  # fmt: skip
        if kept:
            new += 1
            _count(connection, id, report, now)
    if new:
        connection.execute(update(people).where(people.c.id == id).values(reports=count + new, seen=now))
        bump(connection, TOPIC)
    return new


def ask_help(connection: Connection, who: Identity, anonymous: str | None, step: str, now: float) -> str:
    """Note that somebody is stuck; asking again while the hand is up changes nothing. Gives the request's id."""
    id, _ = _present(connection, who, anonymous, step, now)
    open_one = select(help_asked.c.id).where(help_asked.c.person == id, help_asked.c.ended.is_(None))
    if found := connection.execute(open_one).scalars().first():
        return found
    new = uuid.uuid4().hex[:12]
    connection.execute(insert(help_asked).values(id=new, person=id, step=step, at=now))
    bump(connection, TOPIC)
    return new


def end_help(connection: Connection, person: str, now: float) -> bool:
    """Take somebody's hand down; whether it was up."""
    hands = update(help_asked).where(help_asked.c.person == person, help_asked.c.ended.is_(None))
    ended = connection.execute(hands.values(ended=now)).rowcount > 0
    if ended:
        bump(connection, TOPIC)
    return ended


def forget(connection: Connection, who: Identity, anonymous: str | None) -> bool:
    """Delete all that somebody has told; whether there was anything."""
    id, _, _ = person_of(who, anonymous)
    for table in (help_asked, reports, progress):
        connection.execute(delete(table).where(table.c.person == id))
    gone = connection.execute(delete(people).where(people.c.id == id)).rowcount > 0
    if gone:
        bump(connection, TOPIC)
    return gone


def _present(connection: Connection, who: Identity, anonymous: str | None, step: str, now: float) -> tuple[str, int]:
    id, team, name = person_of(who, anonymous)
    count = connection.execute(select(people.c.reports).where(people.c.id == id)).scalar_one_or_none()
    if count is not None:
        return id, count
    if connection.execute(select(func.count()).select_from(people)).scalar_one() >= MOST_PEOPLE:
        raise LeagueProblem(f"This class is full: {MOST_PEOPLE} people report already.", status=403)
    insert_once(connection, people, id=id, team=team, name=name, step=step, since=now, seen=now, reports=0)
    return id, 0


def _count(connection: Connection, id: str, report: Report, now: float) -> None:
    """Bring one person's state up to date with one new report."""
    took = report.seconds if report.seconds is not None and math.isfinite(report.seconds) else 0.0
    begun = now - min(max(took, 0.0), LONGEST)
    here = (progress.c.person == id) & (progress.c.step == report.step)
    insert_once(connection, progress, person=id, step=report.step, started=begun, tries=0, failed=0)
    state = connection.execute(select(progress).where(here)).mappings().one()
    if state["done"] is None or report.kind == "begin":
        # Somebody who goes back to an earlier step is there again.
        since = state["started"] if state["done"] is None else now
        connection.execute(update(people).where(people.c.id == id).values(step=report.step, since=since))
    if report.kind == "begin":
        return
    changes: dict[str, float | int] = {"tries": state["tries"] + 1, "failed": 0 if report.ok else state["failed"] + 1}
    if report.ok:
        end_help(connection, id, now)
        changes["done"] = now
        if state["seconds"] is None:  # the first ok counts
            changes["seconds"] = min(max(now - state["started"], 0.0), LONGEST)
    connection.execute(update(progress).where(here).values(**changes))
