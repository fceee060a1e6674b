"""Appeals: a team asks a human to look again."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, func, insert, select, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import appeals, submissions

OPEN_AT_ONCE = 3


@dataclass(frozen=True)
class Appeal:
    """An appeal; `answer` is the organizer's, with the decision."""

    id: str
    submission: str
    team: str
    text: str
    state: str  # open, upheld or dismissed
    answer: str
    created: float
    decided: float | None


def appeal(connection: Connection, team: str, submission: str, text: str) -> Appeal:
    """Ask for another look. Raises LeagueProblem for another team's submission, or with too many appeals open."""
    owner = connection.execute(select(submissions.c.team).where(submissions.c.id == submission)).scalar_one_or_none()
    if owner != team:
        raise LeagueProblem("That is not a submission of your team.", status=404)
    mine = connection.execute(
        select(appeals.c.id, appeals.c.submission, appeals.c.text).where(
            appeals.c.team == team, appeals.c.state == "open"
        )
    ).all()
    for row in mine:
        if (row.submission, row.text) == (submission, text):
            return get(connection, row.id)
    if len(mine) >= OPEN_AT_ONCE:
        raise LeagueProblem(f"{OPEN_AT_ONCE} appeals of your team are open; wait until one is decided.", status=409)
    id = uuid.uuid4().hex[:12]
    values = {"submission": submission, "team": team, "text": text, "state": "open", "answer": ""}
    connection.execute(insert(appeals).values(id=id, **values, created=time.time()))
    note(connection, team, "appeal", submission, {"appeal": id})
    bump(connection, "league")
    return get(connection, id)


def get(connection: Connection, id: str) -> Appeal:
    """An appeal; raises LeagueProblem when there is none with this id."""
    row = connection.execute(select(appeals).where(appeals.c.id == id)).mappings().one_or_none()
    if row is None:
        raise LeagueProblem("There is no appeal with this id.", status=404)
    return Appeal(**row)


def decide(connection: Connection, id: str, decision: Literal["upheld", "dismissed"], answer: str, who: str) -> Appeal:
    """Decide an open appeal, with an answer to the team; a decided one stays as it is."""
    done = connection.execute(
        update(appeals)
        .where(appeals.c.id == id, appeals.c.state == "open")
        .values(state=decision, answer=answer, decided=time.time())
    )
    if done.rowcount:
        note(connection, who, f"appeal {decision}", id, {"answer": answer})
        bump(connection, "league")
    return get(connection, id)


def all_appeals(connection: Connection, team: str | None = None) -> list[Appeal]:
    """Appeals, open ones first, then the newest."""
    query = select(appeals).order_by((appeals.c.state != "open"), appeals.c.created.desc())
    if team is not None:
        query = query.where(appeals.c.team == team)
    return [Appeal(**row) for row in connection.execute(query).mappings()]


def open_appeals(connection: Connection) -> int:
    """How many wait for a decision."""
    return connection.execute(select(func.count()).where(appeals.c.state == "open")).scalar_one()
