"""How other threads reach widgets: they post a call, and the kernel's loop makes it.

Only the thread that made the pump sets traits. In a notebook that is the kernel's main thread, whose loop is asked to
make the calls as soon as it is free; without a loop the calls wait for drain().
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any


class Pump:
    """A queue of calls from any thread to the thread that made this."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = queue.SimpleQueue()
        self._home = threading.get_ident()
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def post(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Make `call` at home: at once when already there, else in turn."""
        self._calls.put((call, arguments))
        if threading.get_ident() == self._home:
            self.drain()
        elif self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.drain)

    def drain(self) -> None:
        """Make the calls that are waiting, in order."""
        while True:
            try:
                call, arguments = self._calls.get_nowait()
            except queue.Empty:
                return
            call(*arguments)
