"""What the instructor sees and sets: the board, the pace, hints, teams from a list, the record. For organizers only."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from workshop_kit.classroom import pacing, progress
from workshop_kit.classroom.event_figures import event_statistics
from workshop_kit.classroom.joining import place_teams
from workshop_kit.classroom.record import person_rows, record
from workshop_kit.classroom.roster import Attendee
from workshop_kit.classroom.shared import Board, Looks
from workshop_kit.classroom.steps import BY_ID
from workshop_kit.classroom.stuck import change_stuck_rule
from workshop_kit.errors import LeagueProblem
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.league.server.access import Access
from workshop_kit.league.server.bodies import Body, Id, Line, Text
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.teams import all_teams
from workshop_kit.league.store.tokens import Identity

KEEP_ALIVE, PAUSE = 15.0, 2.0  # seconds; a board is sent at most every two
TeamId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,12}$")]


class StepChange(Body):
    """What to change about a step; what is left out stays."""

    open: bool | None = None
    released: bool | None = None
    minutes: Annotated[int, Field(ge=1, le=600)] | None = None


class Extension(Body):
    """Minutes more for a step, for all or for a team; below 0 takes some back."""

    step: Annotated[str, Field(max_length=20)]
    minutes: Annotated[int, Field(ge=-120, le=120)]
    team: TeamId | None = None


class Hint(Body):
    """What to say, to all, to those at a step, or to a team."""

    text: Text(1, pacing.HINT_LENGTH)
    step: Annotated[str, Field(max_length=20)] = ""
    team: TeamId | None = None


class Member(Body):
    """Somebody of a team."""

    name: Line(1, 60)
    email: Text(0, 254) = ""


class OneTeam(Body):
    """A team, its members, and the code it has if the sheet knows one."""

    name: Line(1, 60)
    members: Annotated[list[Member], Field(max_length=50)] = []
    code: Text(0, 40) = ""


class Teams(Body):
    """Some teams, all of them or none."""

    teams: Annotated[list[OneTeam], Field(min_length=1, max_length=100)]


class Rule(Body):
    """When somebody counts as stuck."""

    failed: Annotated[int, Field(ge=1, le=100)] = 3
    times: Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)] = 2.0


def instructor_routes(context: Context, access: Access) -> APIRouter:
    """The instructor's part of the room."""
    router = APIRouter(prefix="/api/class")
    database, changes = context.database, context.changes
    boards, looks = Board(context), Looks(context)
    Organizer = Annotated[Identity, Depends(access.organizer)]
    Fresh = Annotated[bool, Query()]

    def known(step: str) -> str:
        if step not in BY_ID:
            raise LeagueProblem(f"There is no such step; the steps are {', '.join(BY_ID)}.", status=404)
        return step

    @router.get("/board")
    def get_board(who: Organizer) -> Response:
        """Where everybody is."""
        return Response(boards.now(), media_type="application/json", headers={"Cache-Control": "no-store"})

    @router.get("/board/stream", response_class=StreamingResponse)
    async def stream(who: Organizer) -> StreamingResponse:
        """The board whenever it has changed, as server-sent events."""

        async def events() -> AsyncIterator[bytes]:
            revision = -1
            while not changes.closing:
                revision = await changes.wait(progress.TOPIC, revision, KEEP_ALIVE)
                yield b"data: " + await asyncio.to_thread(boards.now) + b"\n\n"
                await changes.wait("closing", 0, PAUSE)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.get("/money")
    def get_money(who: Organizer, fresh: Fresh = False) -> dict[str, Any]:
        """What runs in the server's account and what it costs by team; `fresh` asks AWS now."""
        if fresh:
            context.limits.spend("writes", who.token_id)
        return looks.money(fresh=fresh)

    @router.put("/rule")
    def set_rule(body: Rule, who: Organizer) -> dict[str, float]:
        """Change when somebody counts as stuck."""
        with database.write() as connection:
            change_stuck_rule(connection, body.failed, body.times, str(who))
        changes.poke()
        return body.model_dump()

    @router.put("/steps/{step}")
    def change_step(step: str, body: StepChange, who: Organizer) -> dict[str, Any]:
        """Open or close a step, release its solution, plan other minutes."""
        known(step)
        with database.write() as connection:
            pacing.change_step(connection, step, str(who), open=body.open, released=body.released, minutes=body.minutes)
            states = pacing.step_states(connection)
        changes.poke()
        return {"steps": states}

    @router.post("/extensions", status_code=201)
    def extend(body: Extension, who: Organizer) -> dict[str, Any]:
        """Give more time."""
        known(body.step)
        with database.write() as connection:
            pacing.extend(connection, body.step, body.minutes, body.team, str(who), context.clock())
            states = pacing.step_states(connection, body.team)
        changes.poke()
        return {"steps": states}

    @router.get("/hints")
    def get_hints(who: Organizer) -> dict[str, Any]:
        """Every hint, newest first."""
        with database.read() as connection:
            return {"hints": pacing.all_hints(connection)}

    @router.post("/hints", status_code=201)
    def add_hint(body: Hint, who: Organizer) -> dict[str, str]:
        """Say something into the notebooks."""
        step = known(body.step) if body.step else ""
        with database.write() as connection:
            id = pacing.add_hint(connection, body.text, step, body.team, str(who), context.clock())
        changes.poke()
        return {"id": id}

    @router.delete("/hints/{id}")
    def withdraw_hint(id: Id, who: Organizer) -> dict[str, str]:
        """Take a hint out of the notebooks."""
        with database.write() as connection:
            pacing.withdraw_hint(connection, id, str(who))
        changes.poke()
        return {"id": id}

    @router.post("/people/{id}/helped")
    def helped(id: Id, who: Organizer) -> dict[str, bool]:
        """Take somebody's hand down: they were helped."""
        with database.write() as connection:
            ended = progress.end_help(connection, id, context.clock())
        changes.poke()
        return {"ended": ended}

    @router.get("/teams")
    def get_teams(who: Organizer) -> dict[str, Any]:
        """The teams, to choose from."""
        with database.read() as connection:
            return {"teams": [{"id": team.id, "name": team.name} for team in all_teams(connection)]}

    @router.post("/teams", status_code=201)
    def add_teams(body: Teams, who: Organizer) -> dict[str, Any]:
        """Make teams with members and join codes, which are told this once; a code that is sent along is kept."""
        wanted = {team.name: [Attendee(m.name, team.name, m.email) for m in team.members] for team in body.teams}
        codes = {team.name: team.code for team in body.teams if team.code}
        with database.write() as connection:
            places = place_teams(connection, wanted, codes, str(who))
        changes.poke()
        return {"places": [{"team": p.team, "code": p.code, "members": p.members, "new": p.new} for p in places]}

    @router.get("/record")
    def get_record(who: Organizer) -> dict[str, Any]:
        """Everything that the classroom has kept."""
        with database.read() as connection:
            return record(connection)

    @router.get("/record.csv")
    def get_record_csv(who: Organizer) -> Response:
        """A line for each person and step."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        with database.read() as connection:
            rows = person_rows(connection)
        columns = ["person", "name", "team", "step", "started", "tries", "done", "seconds"]
        writer.writerow(columns)
        writer.writerows(
            [spreadsheet_cell(row[c]) if isinstance(row[c], str) else row[c] for c in columns] for row in rows
        )
        return Response(out.getvalue(), media_type="text/csv; charset=utf-8")

    @router.get("/statistics")
    def get_statistics(who: Organizer) -> dict[str, Any]:
        """The event without names; groups under five are left out."""
        with database.read() as connection:
            return event_statistics(connection).to_dict()

    return router
