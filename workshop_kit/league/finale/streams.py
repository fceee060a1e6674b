"""Server-sent events for whoever is let in to more than everybody sees."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi.responses import StreamingResponse
from sqlalchemy import select

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.store import TOPIC
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.schema import teams, tokens
from workshop_kit.league.store.tokens import Identity

KEEP_ALIVE = 15.0
NOTHING = {"finale": None}
OUT = NOTHING | {"out": True, "problem": "You were signed out; ask the director for a new link."}


def stream(
    context: Context, who: Identity, make: Callable[[], dict[str, Any]], *, look: float = KEEP_ALIVE
) -> StreamingResponse:
    """What `make` gives (in a thread), whenever that is something else than before, as long as `who` is let in.

    `look` is how often it is made, in seconds, though nothing was said to have changed.
    """

    async def events() -> AsyncIterator[bytes]:
        revision, last, inside = -1, b"", True
        while inside and not context.changes.closing:
            revision = await context.changes.wait(TOPIC, revision, look)
            inside, told = await asyncio.to_thread(_told, context.database, who, make)
            value = b"data: " + told + b"\n\n"
            yield value if value != last else b": still here\n\n"
            last = value

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _told(database: Database, who: Identity, make: Callable[[], dict[str, Any]]) -> tuple[bool, bytes]:
    """Whether somebody is still let in, and what they are told."""
    if not _let_in(database, who):
        return False, json.dumps(OUT).encode()
    try:
        value = make()
    except LeagueProblem as problem:
        value = NOTHING | {"problem": str(problem)}
    return True, json.dumps(value).encode()


def _let_in(database: Database, who: Identity) -> bool:
    """Whether the token that somebody came with is still good."""
    query = (
        select(tokens.c.revoked, teams.c.disabled)
        .outerjoin(teams, teams.c.id == tokens.c.team)
        .where(tokens.c.id == who.token_id)
    )
    with database.read() as connection:
        row = connection.execute(query).one_or_none()
    return row is not None and not row.revoked and not row.disabled
