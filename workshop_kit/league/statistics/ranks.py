"""Who is ahead of whom: the place in a list, and the rank that is shared where chance could explain the order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def shared_ranks(lows: Sequence[float], highs: Sequence[float]) -> list[int]:
    """A rank for every row, from the lower and upper bounds of its interval: 1 + the number of rows that are clearly
    better, which are those whose lower bound lies above this row's upper bound.

    So rows whose intervals reach up to the best lower bound share rank 1, and two rows whose intervals overlap may
    still differ in rank when a third is clear of only one of them. This is the rank of Chatbot Arena's leaderboard
    (Chiang et al., "Chatbot Arena: An Open Platform for Evaluating LLMs by Human Preference", 2024). Intervals that
    merely touch overlap. It allows for no multiple comparisons: among many equal rows some will stand apart by chance.
    Raises ValueError when the bounds are not as many, not numbers, or the wrong way round.
    """
    low, high = np.asarray(lows, dtype=float), np.asarray(highs, dtype=float)
    if low.shape != high.shape:
        raise ValueError(f"{low.size} lower and {high.size} upper bounds can't be paired")
    if not (low <= high).all():
        raise ValueError("an interval's lower bound is above its upper one, or no number")
    better = low.size - np.searchsorted(np.sort(low), high, side="right")
    return (1 + better).tolist()


def places(rates: Sequence[float], times: Sequence[float]) -> list[int]:
    """A place for every row, 1 the best: by rate, of equal rates the earlier time, of equal times the earlier row.

    No place is given twice. Raises ValueError when there are not as many times as rates.
    """
    if len(rates) != len(times):
        raise ValueError(f"{len(rates)} rates and {len(times)} times can't be paired")
    order = np.lexsort((np.asarray(times, dtype=float), -np.asarray(rates, dtype=float)))
    found = np.empty(len(rates), dtype=int)
    found[order] = np.arange(1, len(rates) + 1)
    return found.tolist()
