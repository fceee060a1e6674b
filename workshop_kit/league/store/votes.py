"""People's own verdicts on pairs of answers. They change no score; the trust panel holds the judge against them."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, func, select

from workshop_kit.league.store.schema import human_votes
from workshop_kit.league.store.sql import upsert


def vote(connection: Connection, submission: str, question: str, voter: str, outcome: str) -> None:
    """Keep a person's verdict; a later one of the same person replaces it."""
    row = {"outcome": outcome, "at": time.time()}
    connection.execute(
        upsert(connection, human_votes)
        .values(submission=submission, question=question, voter=voter[:80], **row)
        .on_conflict_do_update(index_elements=["submission", "question", "voter"], set_=row)
    )


def count(connection: Connection) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(human_votes)).scalar_one()


def all_votes(connection: Connection) -> list[dict[str, Any]]:
    """Every vote: submission, question, voter, outcome."""
    names = ("submission", "question", "voter", "outcome")
    query = select(*(human_votes.c[name] for name in names)).order_by(*(human_votes.c[name] for name in names[:3]))
    return [dict(row) for row in connection.execute(query).mappings()]
