"""The league's application: rooms of routes over one context, one shape of errors.

    /api/...             see the routes_*.py, or /api/openapi.json
    /                    the standings page
    /static/...          its files

Every error is {"error": {"message": one sentence}}. No answer to an attendee ever holds a hidden question, its key
facts, or another team's answers.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from workshop_kit.domains import load_domain
from workshop_kit.errors import KitError, LeagueProblem, require
from workshop_kit.league.accounts import TeamAccounts, file_of
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.judging.basis import Basis, judge_by
from workshop_kit.league.judging.here import JudgingHere
from workshop_kit.league.judging.submission import SubmissionJudge
from workshop_kit.league.process import folder
from workshop_kit.league.questions import hidden_questions, practice_questions
from workshop_kit.league.server.changes import Changes
from workshop_kit.league.server.context import Context
from workshop_kit.league.server.limits import Limits
from workshop_kit.league.server.middleware import HEADERS, Headers, StrictJson
from workshop_kit.league.store.database import Database, open_database
from workshop_kit.league.store.events import open_event
from workshop_kit.league.store.schema import revisions
from workshop_kit.league.store.scoring import rescore, unscored
from workshop_kit.retrieval import open_book

log = logging.getLogger(__name__)
STATIC = Path(__file__).with_name("static")
PAGES = Path(__file__).with_name("pages")
Room = Callable[[Context], Any]


def build_app(
    home: Path,
    domain: str,
    aws: Any,
    *,
    attempts: int | None = None,
    database: str | Path | None = None,
    settings: EventSettings | None = None,
    judging: bool = True,
    rooms: tuple[Room, ...] = (),
    limits: dict[str, str] | None = None,
) -> Any:
    """The ASGI application of a league; it starts judging when it starts serving, unless `judging` is off.

    `database` is a PostgreSQL URL or a file, by default the workspace's own. `settings` (or `attempts`, the ranked
    quota) hold for a new event; one that is there keeps its own. `rooms` are functions of the context that give
    further routes. Raises BadInput or LeagueProblem when the domain's questions can't be read.
    """
    require("fastapi", extra="league")
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse
    from fastapi.staticfiles import StaticFiles

    from workshop_kit.league.server import (
        routes_organizer,
        routes_organizer_page,
        routes_public,
        routes_team,
        routes_trust,
    )
    from workshop_kit.league.server.access import Access
    from workshop_kit.league.server.snapshots import Snapshots

    found = load_domain(domain)
    name = found.id
    book = open_book(found)
    where = database or folder(home) / "league.sqlite"
    prompts = _prompts(home)
    judge_settings = JudgeSettings.load(prompts)
    store = open_database(where)
    with store.read() as connection:
        questions = {"ranked": hidden_questions(domain, connection), "practice": practice_questions(domain)}
    with store.write() as connection:
        open_event(connection, name, settings or EventSettings(ranked_quota=attempts))
        basis = Basis.of(judge_settings, questions, book.id)
        judge_by(connection, basis, own=prompts is not None, alone=not store.is_postgres)
        rescore(connection, unscored(connection))

    def read_revisions() -> dict[str, int]:
        with store.read() as connection:
            return dict(connection.execute(select(revisions.c.topic, revisions.c.number)).all())

    changes = Changes(read_revisions)
    accounts = TeamAccounts(aws, file_of(home))
    judge = SubmissionJudge(
        store, aws, questions, judge_settings=judge_settings, changed=changes.poke, accounts=accounts, book=book
    )
    dispatch, workers = _dispatch(store, judge, judging)
    context = Context(
        store, aws, accounts, home, name, questions, changes, dispatch, Limits(**(limits or {})), judge_settings
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await changes.start()
        for worker in workers:
            await asyncio.to_thread(worker.start)
        yield
        changes.close()
        for worker in workers:
            await asyncio.to_thread(worker.stop)
        store.close()

    app = FastAPI(title="League", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=lifespan)
    app.state.changes, app.state.context = changes, context
    app.add_middleware(StrictJson)
    app.add_middleware(Headers)
    _errors(app)
    access, snapshots = Access(context), Snapshots(context)
    app.include_router(routes_public.routes(context, snapshots))
    app.include_router(routes_team.routes(context, snapshots, access))
    app.include_router(routes_organizer.routes(context, access))
    app.include_router(routes_trust.routes(context, access, found))
    app.include_router(routes_organizer_page.routes())
    for room in rooms:
        app.include_router(room(context))

    @app.get("/api/health")
    async def health() -> dict[str, Any]:
        return {"ok": True, "pid": os.getpid(), "domain": name}

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index() -> HTMLResponse:
        return HTMLResponse((PAGES / "standings.html").read_text(encoding="utf-8"))

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _prompts(home: Path) -> Path | None:
    """The organizer's own prompts in the workspace, if there are any."""
    mine = home / "league" / "judge"
    return mine if mine.is_dir() else None


def _dispatch(store: Database, judge: SubmissionJudge, judging: bool) -> tuple[Any, list[Any]]:
    """Who hands submissions out, and what is to be started and stopped with the server."""
    if not store.is_postgres:
        here = JudgingHere(judge)
        return here, [here] if judging else []
    from workshop_kit.league.judging.postgres import PostgresQueue, PostgresWorker

    queue = PostgresQueue(store)
    return queue, [queue, PostgresWorker(judge)] if judging else [queue]


def _errors(app: Any) -> None:
    from fastapi import Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse
    from starlette.exceptions import HTTPException

    def failure(status: int, message: str, headers: Any = None) -> JSONResponse:
        return JSONResponse({"error": {"message": message}}, status, headers)

    def shown(request: Request) -> str:
        # What somebody else wrote goes to a terminal and a log: no control character, and not at any length.
        return f"{request.method} {request.url.path[:200]!a}"

    @app.exception_handler(KitError)
    async def kit_error(request: Request, error: KitError) -> JSONResponse:
        return failure(error.status if isinstance(error, LeagueProblem) else 400, str(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        return failure(error.status_code, f"{shown(request)}: {error.detail}.", error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return failure(400, _sentence(error.errors()[0]))

    @app.exception_handler(DBAPIError)
    @app.exception_handler(NoConnection)
    async def database_error(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s", shown(request), exc_info=error)
        return failure(503, "The league's database is busy or away; send this again in a moment.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s", shown(request), exc_info=error)
        # This one alone is answered outside of the middleware.
        return failure(500, "The league server failed on this request; its log has the reason.", HEADERS)


def _sentence(error: dict[str, Any]) -> str:
    """One sentence about a request's first fault, naming the field; never what was in it."""
    place = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header", "cookie")]
    field = f"'{'.'.join(place)}'" if place else "The request's body"
    told = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    told = told[:1].lower() + told[1:]
    return f"{field} is not as this address takes it: {json.dumps(told, ensure_ascii=False)[1:-1]}."
