"""How many threads are worth starting here."""

from __future__ import annotations

import math
import os
from pathlib import Path


def usable_threads(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """The processors this process may use, bounded by the cgroup's CPU quota and by OMP_NUM_THREADS.

    A container that may use one processor's time still sees all of the machine's, and two threads that share
    one processor are much slower than one alone.
    """
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    for quota in _quotas(cgroup):
        count = min(count, quota)
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        count = min(count, int(told))
    return max(1, math.floor(count + 0.25))


# Below this many parameters a second thread gains a fifth when its processor is free, and when it is not, the two wait
# for each other at every small operation: 4 to 200 times slower, measured with one busy process beside the training.
WORTH_DIVIDING = 20_000_000


def threads_for(parameters: int, usable: int) -> int:
    """How many of the usable threads a model of so many parameters should have: one, where its operations are small.

    The same for every machine where the model is small, so that a seed gives the same adapter on all of them.
    """
    return 1 if parameters < WORTH_DIVIDING else max(1, usable)


def _quotas(cgroup: Path) -> list[float]:
    """CPU quotas in processors: cgroup v2's cpu.max, or v1's cfs files; empty where there is none."""
    pairs = []
    try:
        pairs.append((cgroup / "cpu.max").read_text().split())
    except OSError:
        pass
    try:
        folder = cgroup / "cpu"
        pairs.append([(folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period")])
    except OSError:
        pass
    return [int(quota) / int(period) for quota, period in pairs if quota not in ("max", "-1")]
