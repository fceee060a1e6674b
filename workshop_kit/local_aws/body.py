"""Request bodies as streams: of a known length, chunked, and AWS's own chunked form with its trailers."""

from __future__ import annotations

import gzip
import io
from typing import BinaryIO

from workshop_kit.local_aws.awserror import AwsError

# The largest body that is read into memory: SageMaker and Bedrock take at most 25 MB in one request.
MOST_IN_MEMORY = 64 << 20
LINE = 16 << 10


class Body(io.RawIOBase):
    """A request's body, read once. Raises AwsError IncompleteBody when the client sends less than it promised."""

    def __init__(self, source: BinaryIO, length: int | None) -> None:
        self._source = source
        self.length = length
        self._left = length
        self.trailers: dict[str, str] = {}
        self.announced = ""  # the names of the trailers that will come

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, b"" at the end; all that is left for a negative size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 18), b""))
        if self._left is None:
            return _read(self._source, size)
        if not self._left:
            return b""
        data = _read(self._source, min(size, self._left))
        if not data:
            raise incomplete()
        self._left -= len(data)
        return data

    def drain(self, most: int) -> bool:
        """Read and drop up to `most` bytes; whether the end was reached."""
        try:
            while most > 0:
                data = self.read(min(most, 1 << 18))
                if not data:
                    return True
                most -= len(data)
        except (AwsError, OSError, ValueError):
            return False
        return False


class AwsChunkedBody(Body):
    """A body in aws-chunked form: `size[;chunk-signature=…]` lines, chunks, a zero chunk, then trailers.

    `length` is the decoded length that the client announced (x-amz-decoded-content-length).
    """

    def __init__(self, source: Body, length: int | None, announced: str = "") -> None:
        super().__init__(source, length)  # type: ignore[arg-type]
        self.announced = announced
        self._lines = io.BufferedReader(_Raw(source), 1 << 16)
        self._in_chunk = 0
        self._ended = False
        self._decoded = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 18), b""))
        if self._ended:
            return b""
        if not self._in_chunk:
            self._in_chunk = self._next_chunk()
            if not self._in_chunk:
                self._finish()
                return b""
        data = self._lines.read(min(size, self._in_chunk))
        if not data:
            raise incomplete()
        self._in_chunk -= len(data)
        self._decoded += len(data)
        if not self._in_chunk:
            self._line()
        return data

    def _next_chunk(self) -> int:
        try:
            return int(self._line().split(b";")[0], 16)
        except ValueError:
            raise AwsError("InvalidChunkSizeError", "A chunk of the body has no valid size.", status=400) from None

    def _line(self) -> bytes:
        line = self._lines.readline(LINE)
        if not line.endswith(b"\n"):
            raise incomplete()
        return line.strip()

    def _finish(self) -> None:
        self._ended = True
        while True:
            line = self._lines.readline(LINE).strip()
            if not line:
                break
            name, _, value = line.decode("latin-1").partition(":")
            self.trailers[name.strip().lower()] = value.strip()
        if self.length is not None and self._decoded != self.length:
            raise incomplete()


class _Raw(io.RawIOBase):
    def __init__(self, source: Body) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def, override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _read(source: BinaryIO, size: int) -> bytes:
    try:
        return source.read(size)
    except (OSError, ValueError) as problem:
        # A connection that broke, or chunked framing that is not: the client's body is not whole either way.
        raise incomplete() from problem


def incomplete() -> AwsError:
    """The error for a body that ended early."""
    return AwsError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        status=400,
    )


def read_small(body: Body, encoding: str = "") -> bytes:
    """The whole body of a call that doesn't stream; gunzipped if need be.

    Raises AwsError RequestEntityTooLargeException above MOST_IN_MEMORY.
    """
    chunks, size = [], 0
    while chunk := body.read(1 << 18):
        size += len(chunk)
        if size > MOST_IN_MEMORY:
            raise _too_large()
        chunks.append(chunk)
    data = b"".join(chunks)
    if encoding != "gzip":
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            data = file.read(MOST_IN_MEMORY + 1)
    except (OSError, EOFError) as problem:
        raise AwsError("SerializationException", "The body is not the gzip data that its headers say.") from problem
    if len(data) > MOST_IN_MEMORY:
        raise _too_large()
    return data


def _too_large() -> AwsError:
    return AwsError(
        "RequestEntityTooLargeException",
        f"The request's body is larger than {MOST_IN_MEMORY} bytes.",
        status=413,
    )
