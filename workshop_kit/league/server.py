"""The league's HTTP door: submissions in, standings out. `python -m workshop_kit.league.server` runs it.

    POST /api/submissions               {"participant", "target", "key", "provenance"} -> 202 and the submission
    POST /api/submissions/{id}/retry    queue a failed one again
    GET  /api/submissions/{id}          its state, progress and score
    GET  /api/standings                 the standings
    GET  /api/stream                    the same as server-sent events, at every change
    GET  /                              the standings page
    GET  /api/health

Every error is {"error": {"message": one sentence}}. No answer ever holds a question, an answer or a key fact.
"""

# No postponed annotations here: FastAPI reads them, and Request is imported inside build_app.

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workshop_kit.errors import KitError, LeagueProblem, require
from workshop_kit.league.judging import Judging
from workshop_kit.league.process import LeagueInfo, announce, folder, only_server
from workshop_kit.league.questions import hidden_questions
from workshop_kit.league.statistics import score
from workshop_kit.league.store import Entry, Store, as_json

PAGE = Path(__file__).with_name("standings.html")
NAME_LENGTH = 60
BODY_LENGTH = 64 * 1024
TARGET_LENGTH = 2048  # longer than any endpoint's name or ARN
SYSTEM_LENGTH = 4000
KEEP_ALIVE = 15.0
# The page brings its own style and script and nothing else may run: a team's name is only ever text.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-league'; connect-src "
    "'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class _Changes:
    """Wakes every open stream when something has changed; safe to call from the judging threads."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()
        self.closing = False

    def bind(self) -> None:
        self._loop = asyncio.get_running_loop()

    def tell(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """End every open stream; a signal handler may call this."""
        self.closing = True
        self.tell()

    def _wake(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            pass


def build_app(home: Path, domain: str, aws: Any, *, attempts: int | None = None) -> Any:
    """The ASGI application of a league; it starts judging when it starts serving.

    Raises BadInput or LeagueProblem when the domain's questions can't be read.
    """
    require("fastapi", extra="league")
    from fastapi import FastAPI, Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
    from starlette.exceptions import HTTPException

    questions = hidden_questions(domain)
    store = Store(folder(home) / "league.sqlite")
    changes = _Changes()
    judging = Judging(store, aws, questions, changed=changes.tell)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        changes.bind()
        judging.start()
        yield
        changes.close()
        await asyncio.to_thread(judging.stop)
        store.close()

    app = FastAPI(title="League", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.changes = changes

    def failure(status: int, message: str) -> JSONResponse:
        return JSONResponse({"error": {"message": message}}, status, headers=HEADERS)

    @app.exception_handler(KitError)
    async def kit_error(request: Request, error: KitError) -> JSONResponse:
        return failure(404 if "no submission" in str(error) else 400, str(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        return failure(error.status_code, f"{request.method} {request.url.path}: {error.detail}.")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return failure(400, "The request is not of the form this address takes.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        logging.getLogger(__name__).exception("%s %s", request.method, request.url.path)
        return failure(500, "The league server failed on this request; its log has the reason.")

    @app.middleware("http")
    async def headers(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def told(entry: Entry) -> dict[str, Any]:
        value = asdict(entry) | {"questions": len(questions)}
        value["score"] = asdict(score(store.verdicts(entry.id))) if entry.state == "done" else None
        return value

    def standings() -> dict[str, Any]:
        waiting = [store.entry(id) for id in store.unfinished()]
        return {
            "domain": domain,
            "questions": len(questions),
            "rows": [as_json(row) for row in store.standings()],
            "under_way": [
                {"participant": e.participant, "state": e.state, "judged": e.judged, "questions": len(questions)}
                for e in waiting
            ],
        }

    @app.post("/api/submissions", status_code=202)
    async def submit(request: Request) -> Any:
        body = _submission(await _read(request))
        entry = await asyncio.to_thread(
            store.submit, body["participant"], body["target"], domain, body["provenance"], body["key"], attempts
        )
        if entry.state == "queued":
            judging.add(entry.id)
        changes.tell()
        return told(entry)

    @app.post("/api/submissions/{id}/retry", status_code=202)
    async def retry(id: str) -> Any:
        entry = await asyncio.to_thread(store.retry, id, attempts)
        if entry.state == "queued":
            judging.add(entry.id)
        changes.tell()
        return told(entry)

    @app.get("/api/submissions/{id}")
    async def submission(id: str) -> Any:
        return await asyncio.to_thread(lambda: told(store.entry(id)))

    @app.get("/api/standings")
    async def get_standings() -> Any:
        return await asyncio.to_thread(standings)

    @app.get("/api/stream")
    async def stream() -> Any:
        async def events() -> AsyncIterator[str]:
            last = ""
            while not changes.closing:
                value = json.dumps(await asyncio.to_thread(standings))
                yield f"data: {value}\n\n" if value != last else ": still here\n\n"
                last = value
                await changes.wait(KEEP_ALIVE)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @app.get("/api/health")
    async def health() -> Any:
        return {"ok": True, "pid": os.getpid(), "domain": domain}

    page = PAGE.read_text(encoding="utf-8")

    @app.get("/", response_class=HTMLResponse)
    async def index() -> Any:
        return HTMLResponse(page)

    return app


async def _read(request: Any) -> Any:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LENGTH:
            raise LeagueProblem("A submission takes up at most 64 KiB; send less provenance.")
    try:
        # Python reads NaN, half a surrogate pair and any depth, which no browser and no SQLite takes: one such row
        # would break the standings for everybody.
        value = json.loads(body, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise LeagueProblem("A submission is a JSON object; what came is not JSON.") from None
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _submission(body: Any) -> dict[str, Any]:
    """A checked submission; raises LeagueProblem naming the field at fault."""
    if not isinstance(body, dict):
        raise LeagueProblem("A submission is a JSON object with participant, target and key.")
    participant = body.get("participant")
    if not isinstance(participant, str) or not participant.strip() or len(participant.strip()) > NAME_LENGTH:
        raise LeagueProblem(f"'participant' is a name of 1 to {NAME_LENGTH} characters.")
    if not participant.isprintable():
        raise LeagueProblem("'participant' has characters that can't be shown; use letters, digits and signs.")
    target = body.get("target")
    wanted = {"sagemaker": "endpoint", "bedrock": "model_id"}
    kind = target.get("kind") if isinstance(target, dict) else None
    name = target.get(wanted[kind]) if isinstance(kind, str) and kind in wanted else None
    if not isinstance(name, str) or not name.strip() or len(name) > TARGET_LENGTH:
        raise LeagueProblem(
            '\'target\' is {"kind": "sagemaker", "endpoint": name} or {"kind": "bedrock", "model_id": id or ARN}.'
        )
    key = body.get("key")
    if not isinstance(key, str) or not 8 <= len(key) <= 200:
        raise LeagueProblem("'key' is 8 to 200 characters that are the same when one submission is sent again.")
    provenance = body.get("provenance", {})
    if not isinstance(provenance, dict):
        raise LeagueProblem("'provenance' is a JSON object.")
    system = target.get("system") or ""
    if not isinstance(system, str) or len(system) > SYSTEM_LENGTH:
        raise LeagueProblem(f"'system' is a text of at most {SYSTEM_LENGTH} characters.")
    kept = {"kind": kind, wanted[kind]: name.strip(), "system": system}
    return {"participant": participant.strip(), "target": kept, "key": key, "provenance": provenance}


def serve(home: Path, domain: str, *, host: str = "127.0.0.1", port: int = 0, attempts: int | None = None) -> int:
    """Serve in the foreground until interrupted.

    Raises LeagueProblem when the port is taken or this workspace has a server already.
    """
    uvicorn = require("uvicorn", extra="league")
    from workshop_kit.aws import connect

    home.mkdir(parents=True, exist_ok=True)
    with only_server(home):
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as problem:
            raise LeagueProblem(
                f"Port {port} on {host} can't be used ({problem.strerror}); choose another one with --port."
            ) from None
        app = build_app(home, domain, connect(home=home), attempts=attempts)
        listener.listen(128)
        url = f"http://{host}:{listener.getsockname()[1]}"

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: Any) -> None:
                # Shutdown waits for open streams before the lifespan ends: they must hear of it here.
                app.state.changes.close()
                super().handle_exit(sig, frame)

        server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
        print(f"The league on '{domain}': {url}", flush=True)

        def tell_when_ready() -> None:
            while not server.started:
                if server.should_exit:
                    return
                threading.Event().wait(0.05)
            announce(home, LeagueInfo(url, domain, os.getpid()))

        threading.Thread(target=tell_when_ready, daemon=True).start()
        server.run(sockets=[listener])
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line of this module, used to start the server in the background."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.league.server")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        return serve(args.home, args.domain, port=args.port)
    except KitError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
