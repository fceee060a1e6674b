"""A bound on calls per second that all workers share, on one host or several.

Each call takes the next free slot; slots lie 1/rate apart and unused ones lapse, up to a small burst (the generic cell
rate algorithm, ITU-T I.371).
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, select

from workshop_kit.league.store.schema import rates
from workshop_kit.league.store.sql import upsert


def take_slot(connection: Connection, name: str, per_second: float, *, burst: float = 1.0) -> float:
    """Reserve the next call to `name`; gives the seconds to wait before making it.

    The clock is the database's on PostgreSQL, so that hosts whose clocks differ share one rate.
    """
    from sqlalchemy import func, text

    postgres = connection.dialect.name == "postgresql"
    now = (
        float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
        if postgres
        else time.time()
    )
    step, earliest = 1 / per_second, now - (burst - 1) / per_second
    larger = func.greatest if postgres else func.max
    connection.execute(
        upsert(connection, rates)
        .values(name=name, next_at=earliest + step)
        .on_conflict_do_update(index_elements=["name"], set_={"next_at": larger(rates.c.next_at, earliest) + step})
    )
    taken = connection.execute(select(rates.c.next_at).where(rates.c.name == name)).scalar_one()
    return max(0.0, taken - step - now)
