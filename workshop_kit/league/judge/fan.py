"""Several verdicts at once, a few at a time, and what they took together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from workshop_kit.errors import Cancelled
from workshop_kit.league.judge.verdict import Spent

T = TypeVar("T")
R = TypeVar("R")


class Cancel(Protocol):
    """Anything with is_set(), such as threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


def each(
    one: Callable[[T], tuple[R, Spent]],
    things: Sequence[T],
    workers: int,
    progress: Callable[[int, int], None] | None,
    cancel: Cancel | None,
    stopped: str,
) -> tuple[tuple[R, ...], Spent]:
    """What `one` makes of each thing, in the things' order, and what all took.

    No more than `workers` are ever under way, so that stopping is soon done. `progress` gets (done, of how many) in the
    calling thread. Raises what `one` raises, and Cancelled with the sentence `stopped`.
    """
    todo = list(range(len(things)))[::-1]
    waiting: dict[Future[tuple[R, Spent]], int] = {}
    found: dict[int, R] = {}
    spent = Spent()
    with ThreadPoolExecutor(workers, thread_name_prefix="judge") as pool:
        while todo or waiting:
            if cancel is not None and cancel.is_set():
                raise Cancelled(stopped)
            while todo and len(waiting) < workers:
                place = todo.pop()
                waiting[pool.submit(one, things[place])] = place
            for future in wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED).done:
                found[waiting.pop(future)], took = future.result()
                spent += took
                if progress:
                    progress(len(found), len(things))
    return tuple(found[place] for place in range(len(things))), spent
