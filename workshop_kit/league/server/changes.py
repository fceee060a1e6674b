"""Waking whoever watches when something has changed, in this process or another one.

A change counts up its topic's revision in the database (store.bump). The revisions are looked at several times a
second; a change made in this process is looked for at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from workshop_kit.league.store.database import summed

LOOK_EVERY = 0.25
# Under load one look serves many: between two of them there is a pause of PAUSE times what the last one took, and of
# BETWEEN_LOOKS at most.
BETWEEN_LOOKS, PAUSE = 0.02, 8.0


class Changes:
    """`read` gives the rows in which the topics' revisions are counted; it is called in a thread."""

    def __init__(self, read: Callable[[], dict[str, int]]) -> None:
        self._read = read
        self._numbers: dict[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._poked = asyncio.Event()
        self._closed = asyncio.Event()
        self._looking = asyncio.Lock()
        self._coming: asyncio.Task[dict[str, int]] | None = None
        self._next = 0.0
        self._waiters = 0
        self._task: asyncio.Task[None] | None = None
        self.closing = False

    @property
    def watchers(self) -> int:
        """How many wait for a change, or pause before they do."""
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
                await _within(left, self._changed)
        finally:
            self._waiters -= 1
        return self._numbers.get(topic, 0)

    async def pause(self, seconds: float) -> None:
        """Let `seconds` go by, whatever changes meanwhile; closing ends it."""
        self._waiters += 1
        try:
            await _within(seconds, self._closed)
        finally:
            self._waiters -= 1

    async def fresh(self) -> dict[str, int]:
        """Every topic's revision, read after this was called. One look serves all who asked before it began."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._look_once())
        return await asyncio.shield(self._coming)

    def _end(self) -> None:
        self._closed.set()
        self._wake()
        if self._task:
            self._task.cancel()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _look(self) -> None:
        while not self.closing:
            await _within(LOOK_EVERY, self._poked)
            self._poked.clear()
            try:
                await self.fresh()
            except Exception:
                continue

    async def _look_once(self) -> dict[str, int]:
        async with self._looking:
            clock = asyncio.get_running_loop().time
            if (early := self._next - clock()) > 0:
                await asyncio.sleep(early)
            began = clock()
            self._coming = None  # whoever asks from here on might be told what was so before
            numbers = summed(await asyncio.to_thread(self._read))
            self._next = began + min(BETWEEN_LOOKS, PAUSE * (clock() - began))
            if numbers != self._numbers:
                self._numbers = numbers
                self._wake()
            return numbers


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
