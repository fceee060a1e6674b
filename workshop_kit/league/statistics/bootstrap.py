"""Intervals by resampling the questions, and the difference of two submissions that answered the same ones.

The percentile bootstrap of B. Efron ("Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979).
Drawn with a fixed seed: the same values always give the same interval, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics.intervals import sign_test

if TYPE_CHECKING:
    from workshop_kit.league.statistics.scores import Verdict

DRAWS = 10_000
SEED = 20_241


@dataclass(frozen=True)
class Estimate:
    """A mean over questions with its interval and standard error, all in the units of the values."""

    value: float
    low: float
    high: float
    standard_error: float
    questions: int


@dataclass(frozen=True)
class Comparison:
    """Two submissions on the same questions: the first's win rate minus the second's, and how sure that is.

    `only_first` and `only_second` count questions that one won and the other did not; `p_value` is the sign test's.
    """

    questions: int
    difference: float
    low: float
    high: float
    standard_error: float
    only_first: int
    only_second: int
    p_value: float

    def __str__(self) -> str:
        if self.low > 0 or self.high < 0:
            which = "first" if self.difference > 0 else "second"
            end = f"the {which} is better beyond chance."
        else:
            end = "which of them is better can't be told from these questions."
        return (
            f"{100 * self.difference:+.0f} points (95 % interval {100 * self.low:+.0f} to {100 * self.high:+.0f}) on "
            f"{self.questions} questions: {end}"
        )


def bootstrap_mean(values: Sequence[float], *, level: float = 0.95, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """The mean of one value a question and its interval; for a win rate, pass whether each was won.

    A win rate of 0 or 1 gives an interval without width, since no resample holds anything else: take Wilson's there.
    Raises ValueError without values, or for one that is not a finite number.
    """
    found = _numbers(values)
    means = _means(found, draws, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(found.mean()), float(low), float(high), float(means.std()), found.size)


def paired_difference(
    first: Sequence[float], second: Sequence[float], *, level: float = 0.95, draws: int = DRAWS, seed: int = SEED
) -> Estimate:
    """The mean of first - second over the same questions, and its interval; the other way round it is its mirror image.

    Resampling questions with both their values keeps what the two have in common (a question hard for one is mostly
    hard for the other), so the interval is narrower than that of two separate win rates. Raises ValueError when the
    lengths differ, without values, or for one that is not a finite number.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} outcomes can't be paired")
    gaps = _numbers(first) - _numbers(second)
    # Drawn in both directions, so that exchanging the two exchanges the ends of the interval and nothing else.
    ahead, behind = (bootstrap_mean(side, level=level, draws=draws, seed=seed) for side in (gaps, -gaps))
    low, high = (ahead.low - behind.high) / 2, (ahead.high - behind.low) / 2
    error = (ahead.standard_error + behind.standard_error) / 2
    return Estimate(ahead.value, low, high, error, gaps.size)


def compare(first: Iterable[Verdict], second: Iterable[Verdict], *, draws: int = DRAWS, seed: int = SEED) -> Comparison:
    """Compare two submissions by which questions each won.

    Raises BadInput when they were not judged on the same questions, or on none.
    """
    one = {v.question_id: v.outcome == "win" for v in first}
    two = {v.question_id: v.outcome == "win" for v in second}
    if set(one) != set(two):
        apart = len(set(one) ^ set(two))
        raise BadInput(
            f"The two submissions differ in {apart} of their questions; compare ones that were judged on the same set."
        )
    if not one:
        raise BadInput("Neither submission has a verdict yet; compare them once they are judged.")
    mine, theirs = [one[q] for q in one], [two[q] for q in one]
    gap = paired_difference(mine, theirs, draws=draws, seed=seed)
    only_first = sum(a and not b for a, b in zip(mine, theirs, strict=True))
    only_second = sum(b and not a for a, b in zip(mine, theirs, strict=True))
    p_value = sign_test(mine, theirs)
    return Comparison(len(mine), gap.value, gap.low, gap.high, gap.standard_error, only_first, only_second, p_value)


def resamples(size: int, draws: int, seed: int) -> np.ndarray:
    """How often each of `size` questions is drawn in each of `draws` resamples; shape (draws, size)."""
    return np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), size=draws)


def _numbers(values: Sequence[float]) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if not found.size or not np.isfinite(found).all():
        raise ValueError("there are no values to resample" if not found.size else "a value is not a finite number")
    return found


def _means(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    # Resampling the distinct values by how often they occur is resampling the questions, and knows no order.
    distinct, counts = np.unique(values, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(values.size, counts / values.size, size=draws)
    return drawn @ distinct / values.size
