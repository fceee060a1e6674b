"""The bytes of objects: one file per blob, written once under a name nobody knows until a row in the Store names it.

A blob is complete and synced before its row is committed, so a reader sees a whole object or none, whatever is killed
and when. What a killed process leaves is a file without a row: `sweep` removes it later.
"""

from __future__ import annotations

import errno
import io
import os
import time
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from workshop_kit.local_aws.awserror import AwsError

CHUNK = 1 << 18
# A file younger than this may belong to a writer that has not committed its row yet.
SWEEP_AGE_SECONDS = 600
# Parts of one object that a reader opens at once: an open file outlives its deletion, later ones are opened in turn.
OPEN_AT_ONCE = 64
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Segment = tuple[str, int]  # (blob id, bytes)


class BlobStore:
    """Blob files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def path(self, blob: str) -> Path:
        """Where a blob lies."""
        return self.root / blob[:2] / blob

    def write(self, source: BinaryIO, observe: Callable[[bytes], object] = lambda chunk: None) -> Segment:
        """Copy a stream into a new blob and sync it; `observe` sees each chunk (for checksums).

        Whatever goes wrong, `source` failing included, leaves no file. Raises AwsError InsufficientStorage when the
        disk is full.
        """
        blob = uuid.uuid4().hex
        path = self.path(blob)
        size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb", buffering=0) as file:
                while chunk := source.read(CHUNK):
                    observe(chunk)
                    size += len(chunk)
                    view = memoryview(chunk)
                    while view:
                        view = view[file.write(view) :]
                os.fsync(file.fileno())
        except BaseException as problem:
            path.unlink(missing_ok=True)
            if isinstance(problem, OSError) and problem.errno in DISK_FULL:
                raise disk_full(self.root) from problem
            raise
        return blob, size

    def link(self, segment: Segment) -> Segment:
        """A second blob of the same bytes, without copying them."""
        blob = uuid.uuid4().hex
        path = self.path(blob)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self.path(segment[0]), path)
        except FileNotFoundError:
            raise AwsError("NoSuchKey", "The object was deleted while it was copied.", status=404) from None
        except OSError:
            # A file system without hard links.
            with open(self.path(segment[0]), "rb") as source:
                return self.write(source)
        # The file keeps its old time, by which a sweep would take it for lost before its row is there.
        os.utime(path)
        return blob, segment[1]

    def delete(self, blobs: Iterable[str]) -> None:
        """Remove blobs; those already gone are no error."""
        for blob in blobs:
            self.path(blob).unlink(missing_ok=True)

    def open(self, segments: Sequence[Segment]) -> BinaryIO:
        """One readable, seekable stream over the segments."""
        try:
            if len(segments) == 1:
                return open(self.path(segments[0][0]), "rb")
            return io.BufferedReader(_Joined(self, segments), CHUNK)  # type: ignore[return-value]
        except FileNotFoundError:
            raise AwsError("NoSuchKey", "The object was deleted while it was being opened.", status=404) from None

    def sweep(self, known: Callable[[], set[str]]) -> int:
        """Remove files that no row names and that nobody can still be writing; returns how many."""
        limit = time.time() - SWEEP_AGE_SECONDS
        old = [path for path in self.root.glob("*/*") if _modified(path) < limit]
        if not old:
            return 0
        # The rows are read after the files were listed: a blob committed in between counts as known.
        rows = known()
        lost = [path.name for path in old if path.name not in rows]
        self.delete(lost)
        return len(lost)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def disk_full(where: Path) -> AwsError:
    """The error for a write that found no room. 507 is not retried by the SDKs: trying again would not help."""
    return AwsError(
        "InsufficientStorage",
        f"The disk that holds local AWS's state ({where}) is full; nothing was stored. Free some space and try again.",
        status=507,
    )


class _Joined(io.RawIOBase):
    """A raw stream over several files, the first OPEN_AT_ONCE of them opened at once."""

    def __init__(self, blobs: BlobStore, segments: Sequence[Segment]) -> None:
        self._paths = [blobs.path(blob) for blob, _ in segments]
        self._starts = [0]
        for _, size in segments:
            self._starts.append(self._starts[-1] + size)
        self._files: dict[int, BinaryIO] = {}
        self._position = 0
        for index in range(min(len(segments), OPEN_AT_ONCE)):
            self._file(index)

    def _file(self, index: int) -> BinaryIO:
        if index not in self._files:
            if len(self._files) >= OPEN_AT_ONCE:
                self._files.pop(min(self._files)).close()
            self._files[index] = open(self._paths[index], "rb", buffering=0)  # type: ignore[assignment]
        return self._files[index]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def, override]
        if self._position >= self._starts[-1]:
            return 0
        index = bisect_right(self._starts, self._position) - 1
        file = self._file(index)
        file.seek(self._position - self._starts[index])
        count = file.readinto(memoryview(buffer)[: self._starts[index + 1] - self._position])  # type: ignore[attr-defined]
        self._position += count
        return count

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        super().close()
