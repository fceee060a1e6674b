"""A lock file that tells whether the worker lives: the kernel frees it however the process ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType


class WorkerLock:
    """Held by the one worker of a workspace for as long as it lives; the file holds its process id."""

    def __init__(self, home: Path) -> None:
        self.path = home / "aws" / "worker.lock"
        self._handle: int | None = None

    def acquire(self, patience: float = 3.0) -> bool:
        """Take the lock. It is tried for `patience` seconds, since `holder` holds it for an instant too."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(handle)
                    return False
                time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._handle = handle
        return True

    def holder(self) -> int | None:
        """The process id of the living worker, or None. 0 means: alive, but it has not written its id yet."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(handle, 32, 0)
            return int(text) if text.isdigit() else 0
        else:
            # The id of a worker that is gone must not be taken for that of the next one, which may be
            # starting now.
            os.ftruncate(handle, 0)
            return None
        finally:
            os.close(handle)

    def release(self) -> None:
        """Give the lock back (leaving the process does so too)."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> WorkerLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
