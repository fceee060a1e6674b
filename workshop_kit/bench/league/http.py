"""A small HTTP/1.1 client on asyncio: a load generator must cost less than what it loads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Connection(asyncio.Protocol):
    """One kept-alive connection, one request at a time, answers with a Content-Length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._buffer = bytearray()

    @property
    def open(self) -> bool:
        """Whether it can be used."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, port: int, request: bytes) -> tuple[int, bytes]:
        """The status and body that a whole request is answered with; connects first if need be.

        Raises OSError when there is no server or it goes away.
        """
        loop = asyncio.get_running_loop()
        if not self.open:
            await loop.create_connection(lambda: self, "127.0.0.1", port)
        self._buffer.clear()
        self._waiting = loop.create_future()
        self._transport.write(request)  # type: ignore[union-attr]
        return await self._waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._buffer) >= end + 4 + length and self._waiting and not self._waiting.done():
            self._waiting.set_result((int(head[9:12]), bytes(self._buffer[end + 4 : end + 4 + length])))


class Stream(asyncio.Protocol):
    """One viewer of a stream of events: `heard` gets the data of each message, whole."""

    def __init__(self, path: str, heard: Callable[[bytes], None]) -> None:
        self._path, self._heard = path, heard
        self._buffer = bytearray()
        self._begun = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(request("GET", self._path))  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._begun:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._begun = True
        # Chunked transfer: a length in hexadecimal, the bytes, an empty line. The server sends a message as one chunk.
        while (line := self._buffer.find(b"\r\n")) >= 0:
            length = int(self._buffer[:line], 16)
            if len(self._buffer) < line + length + 4:
                return
            chunk = bytes(self._buffer[line + 2 : line + 2 + length])
            del self._buffer[: line + length + 4]
            if chunk.startswith(b"data:"):
                self._heard(chunk)


def request(method: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
