"""The finale's part of the server: what everybody, contestants, experts and the audience may ask for; and the pages.

`routes(context)` is a room of the league's server (see server/app.py). While the server runs, play.py works beside it.
"""

import asyncio
import hashlib
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from workshop_kit.errors import LeagueProblem, require
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale import routes_director, views
from workshop_kit.league.finale.bodies import Ballot, ChoiceBody, Generate, ScoreBody
from workshop_kit.league.finale.devices import COOKIE, device_of, new_device
from workshop_kit.league.finale.pages import LETS_IN, finale_page
from workshop_kit.league.finale.play import Play
from workshop_kit.league.finale.state import Contestant, State
from workshop_kit.league.finale.store import TOPIC, FinaleStore
from workshop_kit.league.finale.streams import KEEP_ALIVE, NOTHING, stream
from workshop_kit.league.server.access import Access, address
from workshop_kit.league.server.bodies import Id
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.teams import name_key
from workshop_kit.league.store.tokens import Identity


def routes(context: Context) -> APIRouter:
    """All of the finale's routes."""
    store, access = FinaleStore(context.database, context.clock), Access(context)
    play = Play(
        store,
        context.aws,
        judge_settings=context.judge_settings,
        changed=context.changes.poke,
        accounts=context.accounts,
    )

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        play.start()
        yield
        await asyncio.to_thread(play.stop)

    def changed() -> None:
        play.wake()
        context.changes.poke()

    router = APIRouter(lifespan=lifespan)
    _pages(router, store)
    _everybody(router, context, store)
    _contestants(router, context, store, access, changed)
    _experts(router, context, store, access, changed)
    router.include_router(routes_director.routes(context, store, access, changed))
    return router


def _pages(router: APIRouter, store: FinaleStore) -> None:
    pages = {name: finale_page(name) for name in LETS_IN}

    @router.get("/finale", include_in_schema=False)
    def entrance() -> RedirectResponse:
        return RedirectResponse("finale/vote", status_code=307)

    @router.get("/finale/qr.svg", response_class=Response)
    def qr(request: Request) -> Response:
        """The audience page's address as a QR code."""
        segno = require("segno", extra="league")
        out = io.BytesIO()
        segno.make(audience_url(store, request), error="m", micro=False).save(
            out, kind="svg", scale=8, border=2, dark="#000000", light="#ffffff", xmldecl=False
        )
        return Response(out.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    @router.get("/finale/address")
    def where(request: Request) -> dict[str, str]:
        """The audience page's address."""
        return {"url": audience_url(store, request)}

    @router.get("/finale/{name}", response_class=HTMLResponse, include_in_schema=False)
    def page(name: str) -> HTMLResponse:
        if name not in pages:
            raise LeagueProblem(f"The finale has no page of this name; it has {', '.join(pages)}.", status=404)
        return HTMLResponse(pages[name])


def audience_url(store: FinaleStore, request: Request) -> str:
    """Where phones vote: the configured address, else the one this request was made to."""
    told = ""
    try:
        told = store.current().settings.public_url
    except LeagueProblem as problem:
        if problem.status != 404:
            raise
    return f"{(told or str(request.base_url)).rstrip('/')}/finale/vote"[:1000]


def _everybody(router: APIRouter, context: Context, store: FinaleStore) -> None:
    shared = _Shared(store)
    Device = Annotated[str | None, Cookie(alias=COOKIE)]

    @router.get("/api/finale")
    def get_finale() -> Response:
        """The finale as everybody may see it; {"finale": null} before there is one."""
        return Response(shared.made(), media_type="application/json")

    @router.get("/api/finale/clock")
    def clock() -> dict[str, float]:
        """The server's time, by which every countdown runs, in seconds since 1970."""
        return {"now": store.now()}

    @router.get("/api/finale/stream", response_class=StreamingResponse)
    async def watch() -> StreamingResponse:
        """What /api/finale gives, whenever it changes."""

        async def events() -> AsyncIterator[bytes]:
            revision, last = -1, b""
            while not context.changes.closing:
                found = await context.changes.wait(TOPIC, revision, KEEP_ALIVE)
                value = await shared.message(found)
                if value is not last:
                    yield value
                elif found == revision:
                    yield b": still here\n\n"
                revision, last = found, value

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.post("/api/finale/device")
    def device(request: Request, finale_device: Device = None) -> Response:
        """Make this browser a device of the audience; one that is one already stays it, whichever finale is played."""
        secret = store.secret(store.current().id)
        reply = Response("{}", media_type="application/json")
        if device_of(secret, finale_device) is None:
            known = next((name for s in store.all_secrets() if (name := device_of(s, finale_device))), "")
            if not known:
                context.limits.spend("new devices", address(request))
            secure = request.url.scheme == "https"
            reply.set_cookie(
                COOKIE, new_device(secret, known), max_age=7 * 86400, httponly=True, samesite="strict", secure=secure
            )
        return reply

    @router.get("/api/finale/ballot")
    def my_vote(finale_device: Device = None) -> dict[str, Any]:
        """What this device votes for in the round that is shown."""
        state = store.current()
        found, shown = device_of(store.secret(state.id), finale_device), state.shown
        if found is None or shown is None:
            return {"round": shown.number if shown else None, "letter": None}
        return {"round": shown.number, "letter": store.vote_of(found, state.id, shown.number, shown.opening)}

    @router.put("/api/finale/ballot")
    def vote(body: Ballot, finale_device: Device = None) -> dict[str, Any]:
        """Vote; a later vote of the same device replaces it until the vote is closed."""
        found = device_of(store.secret(store.current().id), finale_device)
        if found is None:
            raise LeagueProblem("This browser is not known yet; open the audience page again, then vote.", status=403)
        context.limits.spend("writes", f"device {found}")
        store.vote(found, body.round, body.letter)
        return {"round": body.round, "letter": body.letter}


def _contestants(
    router: APIRouter, context: Context, store: FinaleStore, access: Access, changed: Callable[[], None]
) -> None:
    Attendee = Annotated[Identity, Depends(access.attendee)]

    def seat(state: State, who: Identity) -> Contestant:
        found = next((c for c in state.contestants if c.team == who.team), None)
        if found is None:
            raise LeagueProblem("Your team does not play in this finale.", status=403)
        return found

    def view(who: Identity) -> dict[str, Any]:
        state = store.current()
        return views.contestant(state, seat(state, who).id, store.now())

    @router.get("/api/finale/contestant")
    def get_view(who: Attendee) -> dict[str, Any]:
        """The finale as a contestant sees it, with its own answers of this round."""
        return view(who)

    @router.get("/api/finale/contestant/stream", response_class=StreamingResponse)
    async def watch(who: Attendee) -> StreamingResponse:
        """What /api/finale/contestant gives, whenever it changes."""
        return stream(context, who, lambda: view(who))

    @router.post("/api/finale/contestant/generations", status_code=202)
    def generate(body: Generate, who: Attendee) -> dict[str, Any]:
        """Ask your model; the answer comes with your view. What was sent before under this key acts once."""
        context.limits.spend("writes", who.token_id)
        state = store.current()
        mine = seat(state, who)
        id = hashlib.sha256(f"{state.id}/{mine.id}/{body.key}".encode()).hexdigest()[:12]
        command = do.Ask(body.round, mine.id, id, body.system, body.temperature, body.top_p)
        after = store.act(command, str(who), id=state.id)
        changed()
        return _generation(after, mine.id, id)

    @router.get("/api/finale/contestant/generations/{id}")
    def generation(id: Id, who: Attendee) -> dict[str, Any]:
        """One of your own answers."""
        state = store.current()
        return _generation(state, seat(state, who).id, id)

    @router.put("/api/finale/contestant/choice")
    def choose(body: ChoiceBody, who: Attendee) -> dict[str, Any]:
        """Pick the answer that counts, until time is up; without a pick the last one counts."""
        context.limits.spend("writes", who.token_id)
        state = store.current()
        store.act(do.Pick(body.round, seat(state, who).id, body.generation), str(who), id=state.id)
        changed()
        return view(who)


def _generation(state: State, contestant: str, id: str) -> dict[str, Any]:
    for played in state.rounds:
        found = played.generation(id)
        if found and found.contestant == contestant:
            return views.generation(found) | {"round": played.number}
    raise LeagueProblem("There is no answer of yours with this id.", status=404)


def _experts(
    router: APIRouter, context: Context, store: FinaleStore, access: Access, changed: Callable[[], None]
) -> None:
    Expert = Annotated[Identity, Depends(access.judge)]

    def sheet_of(who: Identity) -> str:
        """An expert's own sheet goes by their name: a new link, after one was lost, makes nobody a second expert."""
        return f"{who.role} {name_key(who.name)}" if who.name else who.token_id

    def view(who: Identity) -> dict[str, Any]:
        return views.expert(store.current(), sheet_of(who), store.now()) | {"me": who.name or who.role}

    @router.get("/api/finale/judge")
    def get_view(who: Expert) -> dict[str, Any]:
        """The finale as an expert sees it, with their own scores of this round."""
        return view(who)

    @router.get("/api/finale/judge/stream", response_class=StreamingResponse)
    async def watch(who: Expert) -> StreamingResponse:
        """What /api/finale/judge gives, whenever it changes."""
        return stream(context, who, lambda: view(who))

    @router.put("/api/finale/judge/score")
    def score(body: ScoreBody, who: Expert) -> dict[str, Any]:
        """Score an answer from 0 to 10; a later score of the same expert replaces it until the vote is closed."""
        context.limits.spend("writes", who.token_id)
        name = who.name or who.role
        store.act(do.ScoreAnswer(body.round, sheet_of(who), name, body.letter, body.score, body.note), str(who))
        changed()
        return view(who)


class _Shared:
    """The public view as bytes, made once for everybody while it stays the same."""

    def __init__(self, store: FinaleStore) -> None:
        self._store = store
        self._kept: tuple[Any, bytes] = (None, b"")
        self._lock = asyncio.Lock()
        self._message: tuple[int, bytes] = (-1, b"")
        self._made = 0.0

    def made(self) -> bytes:
        """The view as JSON."""
        try:
            state, now = self._store.current(), self._store.now()
        except LeagueProblem as problem:
            if problem.status != 404:
                raise
            return json.dumps(NOTHING).encode()
        signature, kept = views.signature(state, now), self._kept
        if kept[0] == signature:
            return kept[1]
        value = json.dumps(views.public(state, now), ensure_ascii=False, allow_nan=False).encode()
        self._kept = (signature, value)
        return value

    async def message(self, revision: int) -> bytes:
        """The view as a message of the stream; the same object while it says the same.

        Most steps of a finale (a contestant asking its model, say) change nothing that everybody may see. Now and then
        it is made anew though nothing was said to have changed, for time changes it too.
        """
        async with self._lock:
            if self._message[0] != revision or time.monotonic() - self._made > KEEP_ALIVE / 2:
                self._made = time.monotonic()
                value = b"data: " + await asyncio.to_thread(self.made) + b"\n\n"
                self._message = (revision, self._message[1] if value == self._message[1] else value)
            return self._message[1]
