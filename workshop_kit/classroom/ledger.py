"""What was seen running, kept: an endpoint that is deleted has still cost what it cost."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import Connection, select, update

from workshop_kit.classroom.running import Money, Running
from workshop_kit.classroom.tables import resources
from workshop_kit.league.store.sql import upsert

_NAMES = [field.name for field in fields(Running)]


def keep(connection: Connection, found: list[Running], looked: set[tuple[str, str]]) -> None:
    """Note what a look found; what ran before in one of the (region, account) that were `looked` into has ended."""
    seen = {one.arn for one in found}
    before = connection.execute(select(resources.c.arn).where(resources.c.running.is_(True))).scalars()
    gone = [arn for arn in before if arn not in seen and place_of(arn) in looked]
    for start in range(0, len(gone), 200):
        some = resources.c.arn.in_(gone[start : start + 200])
        connection.execute(update(resources).where(some).values(running=False))
    for one in found:
        row = asdict(one) | {"name": one.name[:200], "team": one.team[:60], "arn": one.arn[:400]}
        changes = {name: row[name] for name in ("seen", "running", "usd_per_hour", "usd")}
        connection.execute(
            upsert(connection, resources).values(**row).on_conflict_do_update(index_elements=["arn"], set_=changes)
        )


def place_of(arn: str) -> tuple[str, str]:
    """(region, account id) in an ARN."""
    parts = [*arn.split(":"), "", "", "", "", ""]
    return parts[3], parts[4]


def kept(connection: Connection) -> Money:
    """Everything that was ever seen."""
    rows = connection.execute(select(resources).order_by(resources.c.started, resources.c.arn)).mappings()
    return Money(tuple(Running(**{name: row[name] for name in _NAMES}) for row in rows))
