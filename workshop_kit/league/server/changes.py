"""Waking whoever watches when something has changed, in this process or another one.

A change counts up its topic's revision in the database (store.bump). One task looks at the revisions while somebody
waits; a change made in this process is looked for at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK_EVERY = 0.25


class Changes:
    """`read` gives every topic's revision; it is called in a thread."""

    def __init__(self, read: Callable[[], dict[str, int]]) -> None:
        self._read = read
        self._numbers: dict[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._poked = asyncio.Event()
        self._waiters = 0
        self._task: asyncio.Task[None] | None = None
        self.closing = False

    @property
    def watchers(self) -> int:
        """How many wait for a change now."""
        return self._waiters

    async def start(self) -> None:
        """Begin to look."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._look())

    def poke(self) -> None:
        """Look at once; safe to call from any thread."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._poked.set)

    def close(self) -> None:
        """End every wait; a signal handler may call this."""
        self.closing = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    async def wait(self, topic: str, revision: int, seconds: float) -> int:
        """The topic's revision as soon as it is another than `revision`, or after `seconds`, or when closing."""
        until = asyncio.get_running_loop().time() + seconds
        self._waiters += 1
        try:
            while not self.closing:
                number = self._numbers.get(topic, 0)
                left = until - asyncio.get_running_loop().time()
                if number != revision or left <= 0:
                    return number
                try:
                    await asyncio.wait_for(self._changed.wait(), left)
                except TimeoutError:
                    pass
        finally:
            self._waiters -= 1
        return self._numbers.get(topic, 0)

    def _end(self) -> None:
        self._wake()
        if self._task:
            self._task.cancel()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _look(self) -> None:
        while not self.closing:
            try:
                await asyncio.wait_for(self._poked.wait(), LOOK_EVERY)
            except TimeoutError:
                pass
            self._poked.clear()
            try:
                numbers = await asyncio.to_thread(self._read)
            except Exception:
                continue
            if numbers != self._numbers:
                self._numbers = numbers
                self._wake()
