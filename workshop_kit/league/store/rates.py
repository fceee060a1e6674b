"""A bound on calls per second that all workers share, on one host or several.

Each call takes the next free slot; slots lie 1/rate apart and unused ones lapse, up to a small burst (the generic cell
rate algorithm, ITU-T I.371). Nobody reserves a slot that is far away: whoever would have to wait for it asks again, so
that a rate set too low by mistake, a clock put back or callers that died hold nobody up for long.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, case, func, text

from workshop_kit.league.store.schema import rates
from workshop_kit.league.store.sql import upsert

AHEAD = 5.0  # seconds


def take_slot(connection: Connection, name: str, per_second: float, *, burst: float = 1.0) -> float | None:
    """Reserve the next call to `name`; gives the seconds to wait before making it.

    None, and nothing reserved, when the next free slot is more than AHEAD seconds away. The clock is the database's on
    PostgreSQL, so that hosts whose clocks differ share one rate.
    """
    postgres = connection.dialect.name == "postgresql"
    now = (
        float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
        if postgres
        else time.time()
    )
    step, earliest = 1 / per_second, now - (burst - 1) / per_second
    larger = func.greatest if postgres else func.max
    # No slot this far away was reserved at this rate and by this clock: it is from before either was changed.
    stale = rates.c.next_at > now + AHEAD + step
    taken = connection.execute(
        upsert(connection, rates)
        .values(name=name, next_at=earliest + step)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"next_at": case((stale, earliest), else_=larger(rates.c.next_at, earliest)) + step},
            where=stale | (rates.c.next_at <= now + AHEAD),
        )
        .returning(rates.c.next_at)
    ).scalar_one_or_none()
    return None if taken is None else max(0.0, taken - step - now)
