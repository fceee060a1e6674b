"""Who is asking, and whether they may."""

import asyncio
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.tokens import Identity, identify

COOKIE = "league_token"
_bearer = HTTPBearer(auto_error=False, description="A token from /api/join, or from the organizer.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Access:
    """Dependencies for the routes of one server; each gives the Identity or answers 401 or 403.

    Those that wait for nothing are async, which spares a change of threads.
    """

    def __init__(self, context: Context) -> None:
        database = context.database

        def optional(request: Request, bearer: Bearer = None) -> Identity | None:
            token = bearer.credentials if bearer else request.cookies.get(COOKIE)
            if not token:
                return None
            with database.read() as connection:
                found = identify(connection, token)
            if found is None:
                raise LeagueProblem("This token is not valid any more; join again with your code.", status=401)
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

        self.optional, self.known, self.attendee = optional, known, attendee
        self.organizer, self.judge, self.player = organizer, judge, player


def address(request: Request) -> str:
    """Where a request came from, for counting."""
    return request.client.host if request.client else ""
