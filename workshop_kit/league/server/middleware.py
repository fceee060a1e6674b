"""What holds for every request: strict JSON of a bounded size in, and headers that let no foreign script run out."""

from __future__ import annotations

import json
from typing import Any

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.server.bodies import DEEPEST, depth

BODY_LENGTH = 64 * 1024
# The pages bring their own files and nothing else may run: a team's name is only ever text.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src "
    "'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Headers:
    """Adds HEADERS to every answer, and has what is answered kept nowhere and pages looked for anew, unless told."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        keeping = b"no-store" if "/api/" in scope["path"] else b"no-cache"

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *self._headers]
                if not any(name.lower() == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", keeping))
                message = message | {"headers": headers}
            await send(message)

        await self.app(scope, receive, sending)


class StrictJson:
    """Reads a body whole before anybody else does, and refuses what no browser and no database takes.

    Python reads NaN, half a surrogate pair and any depth: one such row would break the standings for everybody.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        body = b""
        headers = dict(scope["headers"])
        if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
            kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
            if kind != b"application/json":
                # A form of a foreign page can send anything but this.
                problem = LeagueProblem("Send the body as JSON, with Content-Type: application/json.", status=415)
                await _refuse(send, problem, close=True)
                return
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > BODY_LENGTH or not message.get("more_body"):
                break
        try:
            _check(body)
        except LeagueProblem as problem:
            # The rest of a body that is too long is not read; the connection can't be used again.
            await _refuse(send, problem, close=len(body) > BODY_LENGTH)
            return
        replayed = False

        async def again() -> Any:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)


def _check(body: bytes) -> None:
    if len(body) > BODY_LENGTH:
        raise LeagueProblem("A request takes up at most 64 KiB; send less provenance.", status=413)
    if not body:
        return
    try:
        value = json.loads(body, parse_constant=_no_constant)
        # A number too large for a float (1e999) is read as infinity, which no JSON holds.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise LeagueProblem("A request's body is a JSON object; what came is not JSON.") from None
    if depth(value) > DEEPEST:
        raise LeagueProblem(f"What came is not JSON that is kept: it is nested deeper than {DEEPEST}.")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


async def _refuse(send: Any, problem: LeagueProblem, *, close: bool) -> None:
    body = json.dumps({"error": {"message": str(problem)}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
