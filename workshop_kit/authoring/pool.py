"""Many independent calls at once: in a few threads, within a budget and a pace, each result confirmed as it comes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from workshop_kit.authoring.budget import Meter, Pace
from workshop_kit.authoring.converse import UnusableReply, Usage
from workshop_kit.errors import Cancelled

T = TypeVar("T")
# How long a run that is stopped waits for the calls under way: they are paid for.
GRACE_SECONDS = 5.0


class Cancel(Protocol):
    """Anything with is_set(), such as threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


def each(
    tasks: deque[T],
    call: Callable[[T], tuple[Any, Usage]],
    confirm: Callable[[list[tuple[T, Any, Usage]]], None],
    *,
    prompts: Callable[[T], Sequence[str]],
    kind: Callable[[T], str],
    meter: Meter,
    pace: Pace,
    workers: int = 4,
    cancel: Cancel | None = None,
) -> None:
    """Make `call` for every task from the left; `confirm` gets (task, result, usage) in batches, in the calling thread.

    `confirm` may add tasks. `kind` gives a key of budget.MOST_OUTPUT. A result may be an UnusableReply. Calls that are
    over are confirmed before anything else happens, and a run that is stopped gives those under way a few seconds, so
    that what was paid for is kept. Raises what `call` raises, BudgetReached, and Cancelled.
    """
    waiting: dict[Future[Any], tuple[T, int]] = {}
    pool = ThreadPoolExecutor(workers, thread_name_prefix="caller")
    try:
        while tasks or waiting:
            full = False
            while tasks and len(waiting) < workers:
                ticket = meter.reserve(prompts(tasks[0]), kind(tasks[0]))
                if ticket is None:
                    full = True
                    break
                if not pace.ready():
                    meter.settle(ticket, Usage())
                    break
                task = tasks.popleft()
                waiting[pool.submit(call, task)] = (task, ticket)
            if full and not waiting:
                raise meter.reached()
            if not waiting:
                time.sleep(0.05)  # the pace allows no call yet
            finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            _confirm([(future, *waiting.pop(future)) for future in finished], confirm, meter)
            if cancel is not None and cancel.is_set():
                raise Cancelled("The run was cancelled.")
    except Exception:
        finished, _ = wait(waiting, timeout=GRACE_SECONDS)
        with suppress(Exception):  # the first problem is the one to tell
            _confirm([(future, *waiting.pop(future)) for future in finished], confirm, meter)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _confirm(
    finished: list[tuple[Future[Any], T, int]], confirm: Callable[[list[tuple[T, Any, Usage]]], None], meter: Meter
) -> None:
    done: list[tuple[T, Any, Usage]] = []
    failure: Exception | None = None
    for future, task, ticket in finished:
        try:
            result, usage = future.result()
        except UnusableReply as problem:
            result, usage = problem, problem.usage
        except Exception as problem:
            failure = problem
            continue
        meter.settle(ticket, usage)
        done.append((task, result, usage))
    if done:
        confirm(done)
    if failure:
        raise failure
