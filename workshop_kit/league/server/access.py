"""Who is asking, and whether they may."""

import asyncio
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.tokens import Identity, hashed, identify

COOKIE = "league_token"
KNOWN = 20_000  # tokens that a server remembers
_bearer = HTTPBearer(auto_error=False, description="A token from /api/join, or from the organizer.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class _Known:
    """Whose tokens are, as long as no token was made useless: `revision` is that of the topic "access", read after the
    request came."""

    def __init__(self) -> None:
        self._revision = -1
        self._found: dict[str, Identity] = {}

    def get(self, token: str, revision: int) -> Identity | None:
        if revision != self._revision:
            self._revision, self._found = revision, {}
        return self._found.get(hashed(token))

    def keep(self, token: str, revision: int, who: Identity) -> None:
        if revision == self._revision and len(self._found) < KNOWN:
            self._found[hashed(token)] = who


class Access:
    """Dependencies for the routes of one server; each gives the Identity or answers 401 or 403.

    They are async: a change of threads costs as much as a statement.
    """

    def __init__(self, context: Context) -> None:
        database, known_tokens = context.database, _Known()

        def look_up(token: str) -> Identity | None:
            with database.read() as connection:
                return identify(connection, token)

        async def revisions() -> dict[str, int]:
            """Every topic's revision, read after the request came; once for all of a request that want it."""
            return await context.changes.fresh()

        Revisions = Annotated[dict[str, int], Depends(revisions)]

        async def optional(request: Request, numbers: Revisions, bearer: Bearer = None) -> Identity | None:
            token = bearer.credentials if bearer else request.cookies.get(COOKIE)
            if not token:
                return None
            revision = numbers.get("access", 0)
            found = known_tokens.get(token, revision)
            if found is None:
                found = await asyncio.to_thread(look_up, token)
                if found is None:
                    raise LeagueProblem("This token is not valid any more; join again with your code.", status=401)
                known_tokens.keep(token, revision, found)
            return found

        Asking = Annotated[Identity | None, Depends(optional)]

        async def known(who: Asking) -> Identity:
            if who is None:
                raise LeagueProblem("This needs a token; join with your code first.", status=401)
            return who

        Known = Annotated[Identity, Depends(known)]

        async def attendee(who: Known) -> Identity:
            if who.role != "attendee" or who.team is None:
                raise LeagueProblem("This is for members of a team; join with your team's code.", status=403)
            return who

        async def organizer(who: Known) -> Identity:
            if who.role != "organizer":
                raise LeagueProblem("This is for the organizer.", status=403)
            return who

        async def judge(who: Known) -> Identity:
            if who.role not in ("judge", "organizer"):
                raise LeagueProblem("This is for the judges of the finale.", status=403)
            return who

        def is_open() -> bool:
            with database.read() as connection:
                return settings_of(connection).access == "open"

        async def player(who: Asking) -> Identity | None:
            """A member of a team; in an open league also whoever has no token."""
            if who is not None:
                return await attendee(who)
            if await asyncio.to_thread(is_open):
                return None
            raise LeagueProblem("This league needs a token; join with your code first.", status=401)

        self.revisions, self.optional, self.known, self.attendee = revisions, optional, known, attendee
        self.organizer, self.judge, self.player = organizer, judge, player


def address(request: Request) -> str:
    """Where a request came from, for counting."""
    return request.client.host if request.client else ""
