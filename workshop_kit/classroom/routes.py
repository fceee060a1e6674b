"""The classroom's room of the league's server: notebooks report and read the pace, the instructor sees and sets it.

POST   /api/class/reports, …/help, …/forget     a member of a team, for itself alone
GET    /api/class/pace, /api/class/solutions/…  a member of a team
everything else below /api/class                the organizer
GET    /classroom                               the instructor's page
"""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse, HTMLResponse, Response
from pydantic import AfterValidator, Field

from workshop_kit.classroom import pacing, progress
from workshop_kit.classroom.routes_instructor import instructor_routes
from workshop_kit.classroom.shared import Paces
from workshop_kit.classroom.solutions import solution_of
from workshop_kit.classroom.steps import BY_ID, step_of
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.server.access import Access
from workshop_kit.league.server.bodies import Body
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.tokens import Identity

HERE = Path(__file__).parent
STATIC = {path.name: path for path in sorted((HERE / "static").glob("*.*")) if path.suffix in (".css", ".js")}
LONGEST_WAIT = 25.0
MOST_NAMELESS = 5  # people without a name behind one token


def _step(value: str) -> str:
    if value not in BY_ID:
        raise ValueError(f"must be one of {', '.join(BY_ID)}")
    return value


StepId = Annotated[str, Field(max_length=20), AfterValidator(_step)]
Anonymous = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class OneReport(Body):
    """A step was begun, or its checkpoint was tried; `key` is the sender's own, `seconds` since the step was begun."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{8,24}$")]
    step: StepId
    kind: Literal["begin", "check"]
    ok: bool | None = None
    seconds: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)] | None = None


class Reports(Body):
    """Some reports, oldest first; `anonymous` is a random word of the sender's that stands for no name."""

    reports: Annotated[list[OneReport], Field(min_length=1, max_length=50)]
    anonymous: Anonymous | None = None


class Help(Body):
    """At which step somebody is stuck, or is not any more."""

    step: StepId
    stuck: bool = True
    anonymous: Anonymous | None = None


class Forget(Body):
    """Whose reports to delete: one's own under one's name, or under the word that stands for none."""

    anonymous: Anonymous | None = None


def routes(context: Context) -> APIRouter:
    """The room."""
    router, access = APIRouter(), Access(context)
    paces = Paces(context)
    nameless: dict[str, set[str]] = {}
    Attendee = Annotated[Identity, Depends(access.attendee)]

    def bounded(who: Identity, anonymous: str | None) -> None:
        context.limits.spend("writes", who.token_id)
        if anonymous is not None:
            mine = nameless.setdefault(who.token_id, set())
            if anonymous not in mine and len(mine) >= MOST_NAMELESS:
                raise LeagueProblem(f"One place in a team reports for at most {MOST_NAMELESS} people without a name.")
            mine.add(anonymous)

    @router.post("/api/class/reports")
    def report(body: Reports, who: Attendee) -> dict[str, int]:
        """Keep reports; one whose key is known already is passed over."""
        bounded(who, body.anonymous)
        told = [progress.Report(**one.model_dump()) for one in body.reports]
        with context.database.write() as connection:
            new = progress.take(connection, who, body.anonymous, told, context.clock())
        context.changes.poke()
        return {"new": new}

    @router.post("/api/class/help")
    def ask_for_help(body: Help, who: Attendee) -> dict[str, bool]:
        """Raise a hand, or take it down."""
        bounded(who, body.anonymous)
        with context.database.write() as connection:
            if body.stuck:
                progress.ask_help(connection, who, body.anonymous, body.step, context.clock())
            else:
                progress.end_help(connection, progress.person_of(who, body.anonymous)[0], context.clock())
        context.changes.poke()
        return {"stuck": body.stuck}

    @router.post("/api/class/forget")
    def forget(body: Forget, who: Attendee) -> dict[str, bool]:
        """Delete everything that the asker has told."""
        bounded(who, body.anonymous)
        with context.database.write() as connection:
            gone = progress.forget(connection, who, body.anonymous)
        context.changes.poke()
        return {"forgotten": gone}

    @router.get("/api/class/pace")
    async def pace(
        who: Attendee,
        after: Annotated[int, Query(ge=-1, le=2**53)] = -1,
        wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, allow_inf_nan=False)] = 0.0,
    ) -> Response:
        """Steps and hints as they are for the asker's team; with `wait`, as soon as they are not those of `after`."""
        waits = after >= 0 and wait > 0
        revision = await context.changes.wait(pacing.TOPIC, after, wait) if waits else None
        found = await asyncio.to_thread(paces.of, who.team, revision)
        return Response(found, media_type="application/json", headers={"Cache-Control": "no-store"})

    @router.get("/api/class/solutions/{step}")
    def solution(step: str, who: Attendee) -> dict[str, Any]:
        """The masters' cells of a step, once the instructor has released them."""
        if not re.fullmatch(r"[a-z0-9]{1,20}", step):
            raise LeagueProblem("There is no such step.", status=404)
        wanted = step_of(step)
        with context.database.read() as connection:
            states = {state["id"]: state for state in pacing.step_states(connection)}
        if not states[wanted.id]["released"]:
            raise LeagueProblem(f"The solution of step {wanted} is not released yet; ask your instructor.", status=403)
        return {"step": wanted.id, "title": str(wanted), "cells": solution_of(wanted)}

    page = (HERE / "pages" / "classroom.html").read_text(encoding="utf-8")

    @router.get("/classroom", response_class=HTMLResponse, include_in_schema=False)
    def classroom() -> HTMLResponse:
        return HTMLResponse(page)

    @router.get("/classroom/static/{name}", response_class=FileResponse, include_in_schema=False)
    def static(name: str) -> FileResponse:
        if name not in STATIC:
            raise LeagueProblem("There is no such file.", status=404)
        return FileResponse(STATIC[name])

    router.include_router(instructor_routes(context, access))
    return router
