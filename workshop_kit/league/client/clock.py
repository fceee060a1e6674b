"""Progress of a judging, with the time left; and what cancels the waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from workshop_kit.league.client.values import Judged


class Cancel(Protocol):
    """Anything with is_set(), a threading.Event say."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class Clock:
    """Makes Judged events, with the time left from the pace so far."""

    def __init__(self, progress: Callable[[Judged], None] | None) -> None:
        self._progress, self._first = progress, None

    def __call__(self, done: int, total: int) -> None:
        if not self._progress:
            return
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        began, before = self._first
        pace = (now - began) / (done - before) if done > before else None
        self._progress(Judged(done, total, pace * (total - done) if pace is not None else None))
