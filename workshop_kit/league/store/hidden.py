"""The hidden questions that are an event's own: in its database and nowhere else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.schema import own_questions, submissions


def rows(connection: Connection) -> list[dict[str, Any]]:
    """The event's own questions, in order; empty when it plays those of its domain's folder."""
    query = select(own_questions.c.row).order_by(own_questions.c.number)
    return list(connection.execute(query).scalars())


def replace(connection: Connection, questions: list[dict[str, Any]], who: str) -> None:
    """Have the event play these questions from now on.

    Raises LeagueProblem once somebody has sent a ranked model in: scores by two sets can't be compared.
    """
    query = select(func.count()).select_from(submissions).where(submissions.c.set == "ranked")
    if count := connection.execute(query).scalar_one():
        raise LeagueProblem(
            f"This event has {count} ranked submissions by the questions that it has; give a new event a database of "
            "its own (--database)."
        )
    connection.execute(delete(own_questions))
    connection.execute(insert(own_questions), [{"number": n, "row": row} for n, row in enumerate(questions)])
    # The log says that it was done, never what: it is exported, and read by more people.
    note(connection, who, "new questions", "event", {"count": len(questions)})
