"""When somebody counts as stuck: a rule that the instructor may change, kept in the database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from workshop_kit.classroom import pacing
from workshop_kit.classroom.tables import rule as rules
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.sql import upsert


@dataclass(frozen=True)
class StuckRule:
    """When somebody counts as stuck, besides asking for help: failed checkpoints in a row, or too long on a step.

    Too long is `times` the class's median time for the step, and never less than the planned minutes. The median counts
    once `fewest` people have finished the step; until then it is `times` the planned minutes.
    """

    failed: int = 3
    times: float = 2.0
    fewest: int = 5

    def limit(self, median: float | None, planned: float) -> float:
        """The seconds after which somebody is too long on a step."""
        return self.times * planned if median is None else max(self.times * median, planned)


def stuck_rule(connection: Connection) -> StuckRule:
    """The class's rule, the usual one until it was changed."""
    row = connection.execute(select(rules.c.failed, rules.c.times).where(rules.c.id == 1)).first()
    return StuckRule(*row) if row else StuckRule()


def change_stuck_rule(connection: Connection, failed: int, times: float, who: str) -> None:
    """Change it for the class, on whichever server and after any restart."""
    values = {"failed": failed, "times": times}
    statement = upsert(connection, rules).values(id=1, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    note(connection, who, "stuck rule", "class", values)
    pacing.tell(connection)
