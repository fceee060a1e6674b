"""What anybody may read: the standings as a page, as data, as a stream; and joining with a code."""

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.exc import SQLAlchemyError

from workshop_kit.errors import LeagueProblem
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.league.server.access import COOKIE, address
from workshop_kit.league.server.bodies import Body, Line
from workshop_kit.league.server.context import Context
from workshop_kit.league.server.snapshots import LONGEST_PAGE, PAGE, Snapshots
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.teams import add_member, new_team, team
from workshop_kit.league.store.tokens import identify, issue, new_code, team_of_code

KEEP_ALIVE = 15.0
AWAY = 2.0  # seconds until a stream looks again while the database is away
# A viewer gets at most one message a second, and less often the more viewers there are.
PAUSE, PAUSE_PER_VIEWER = 0.5, 0.001
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Find = Annotated[str, Query(max_length=60)]


class Join(Body):
    """A code, the name of whoever joins, and for founding a team its name."""

    code: Line(4, 40)
    name: Line(1, 60)
    team: Line(1, 60) | None = None


class Session(Body):
    """A token for the pages of this browser."""

    token: Line(1, 200)


def routes(context: Context, snapshots: Snapshots) -> APIRouter:
    """The public part of the API."""
    router = APIRouter()
    database, changes = context.database, context.changes
    shared = _Shared(snapshots)

    @router.get("/api/standings")
    async def get_standings(limit: Limit = PAGE, offset: Offset = 0, find: Find = "") -> Response:
        return Response(await snapshots.standings(limit, offset, find), media_type="application/json")

    @router.get("/api/standings.csv")
    def get_csv() -> Response:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["place", "rank", "participant", "win rate", "low", "high", "submissions"])
        with database.read() as connection:
            found = snapshots.places(connection)
        for place in found:
            cells = [place.place, place.rank, spreadsheet_cell(place.participant), place.win_rate, place.low]
            writer.writerow([*cells, place.high, place.submissions])
        return Response(out.getvalue(), media_type="text/csv; charset=utf-8")

    @router.get("/api/progress")
    async def get_progress() -> Response:
        return Response(await snapshots.progress(), media_type="application/json")

    @router.get("/api/stream", response_class=StreamingResponse)
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[bytes]:
            league, standings = -1, -1
            while not changes.closing:
                found = await changes.wait("league", league, KEEP_ALIVE)
                # When nothing was judged the clock may still have brought the next phase.
                whole = standings if found == league else await changes.wait("standings", -1, 0)
                try:
                    message = await (shared.moving(found) if whole == standings else shared.all(found))
                except SQLAlchemyError:
                    # While the database is away nobody is sent away: they would all come back at once.
                    yield b": the league's database is away\n\n"
                    await changes.pause(AWAY)
                    continue
                yield message
                if found == league:
                    continue
                league, standings = found, whole
                await changes.pause(PAUSE + PAUSE_PER_VIEWER * changes.watchers)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.post("/api/join", status_code=201)
    def join(request: Request, body: Join) -> dict[str, Any]:
        """Take a place in a team, or found one. The token, and a new team's code for its others, are told this once."""
        context.limits.check("wrong codes", address(request))
        with database.write() as connection:
            good, id = team_of_code(connection, body.code)
            if good and id is None and body.team is None:
                raise LeagueProblem("This code founds teams: say the name of yours.")
            if good:
                mine = team(connection, id) if id else new_team(connection, body.team or "", body.name)
                if mine.disabled:
                    raise LeagueProblem(f"The team {mine.name} was shut out of this league.", status=403)
                add_member(connection, mine.id, body.name)
                token = issue(connection, "attendee", mine.id, body.name)
                note(connection, f"attendee {body.name}", "join", mine.id)
                own = {} if id else {"code": new_code(connection, mine.id)}
                return {"token": token, "team": mine.name, "team_id": mine.id} | own
        context.limits.spend("wrong codes", address(request))
        raise LeagueProblem("This code opens no team; check it with your instructor.", status=403)

    @router.post("/api/session")
    def session(request: Request, body: Session) -> Response:
        """Let this browser's pages act with a token, until the browser is closed."""
        context.limits.check("wrong codes", address(request))
        with database.read() as connection:
            who = identify(connection, body.token)
        if who is None:
            context.limits.spend("wrong codes", address(request))
            raise LeagueProblem("This token is not valid; ask for a new one.", status=401)
        told = {"role": who.role, "name": who.name, "team": who.team}
        reply = Response(json.dumps(told), media_type="application/json")
        secure = request.url.scheme == "https"
        reply.set_cookie(COOKIE, body.token, httponly=True, samesite="strict", secure=secure)
        return reply

    @router.delete("/api/session")
    def end_session() -> Response:
        """Forget this browser's token."""
        reply = Response("{}", media_type="application/json")
        reply.delete_cookie(COOKIE)
        return reply

    @router.get("/api/event")
    async def get_event() -> dict[str, Any]:
        """The event: its phases with their dates, and what may be done now."""
        told, settings = await snapshots.event()
        return told | {
            "now": context.clock(),
            "phases": [{"name": phase.name, "starts": phase.starts} for phase in settings.phases],
        }

    return router


class _Shared:
    """A stream's messages, made once for all viewers."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._lock = asyncio.Lock()
        self._made: dict[str, tuple[tuple[int, int], bytes]] = {}

    async def all(self, revision: int) -> bytes:
        return await self._message("all", revision, self._snapshots.standings)

    async def moving(self, revision: int) -> bytes:
        return await self._message("moving", revision, self._snapshots.moving)

    async def _message(self, kind: str, revision: int, make: Any) -> bytes:
        async with self._lock:
            found, now = self._made.get(kind), (revision, int(time.monotonic() / KEEP_ALIVE))
            if found is None or found[0] != now:
                found = (now, b"data: " + await make() + b"\n\n")
                self._made[kind] = found
            return found[1]
