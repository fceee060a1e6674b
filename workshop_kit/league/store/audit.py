"""Who did what, when. Rows are only added."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, insert, select

from workshop_kit.league.store.schema import audit


def note(connection: Connection, who: str, action: str, subject: str, detail: dict[str, Any] | None = None) -> None:
    """Add a line; it is there if and only if what it tells of is."""
    connection.execute(
        insert(audit).values(at=time.time(), who=who[:80], action=action, subject=subject[:120], detail=detail or {})
    )


def audit_log(connection: Connection, *, limit: int = 1000, before: int | None = None) -> list[dict[str, Any]]:
    """The newest lines first; `before` an id pages on."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [dict(row) for row in connection.execute(query).mappings()]
