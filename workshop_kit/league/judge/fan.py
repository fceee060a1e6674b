"""Several verdicts at once, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from workshop_kit.errors import Cancelled

T = TypeVar("T")
R = TypeVar("R")


class Cancel(Protocol):
    """Anything with is_set(), such as threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


def each(one: Callable[[T], R], things: Sequence[T], workers: int, cancel: Cancel | None, stopped: str) -> Iterator[R]:
    """The results of `one`, as they come; no more than `workers` are ever under way, so that stopping is soon done.

    Raises what `one` raises, and Cancelled with the sentence `stopped`.
    """
    todo = list(reversed(things))
    waiting: set[Future[R]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="judge") as pool:
        while todo or waiting:
            if cancel is not None and cancel.is_set():
                raise Cancelled(stopped)
            while todo and len(waiting) < workers:
                waiting.add(pool.submit(one, todo.pop()))
            done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
