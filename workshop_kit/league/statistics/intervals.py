"""How sure one can be of a rate: intervals and errors that need no more than arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, comb, sqrt

Z95 = 1.959964


def wilson_interval(successes: float, trials: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval for a proportion; z = 1.96 gives 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). It stays
    within 0 and 1 and holds for the small numbers and extreme rates of a league, where the textbook interval fails.
    With no trials nothing is known: (0, 1).
    """
    if trials == 0:
        return 0.0, 1.0
    p = successes / trials
    centre = p + z * z / (2 * trials)
    spread = z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def standard_error(rate: float, questions: int) -> float:
    """How far a win rate (0 to 1) typically lies from the true one when it rests on so many questions.

    sqrt(rate (1 - rate) / questions), the binomial's. At rates of 0 and 1 it is 0, which says only that the formula
    ends there: look at Wilson's interval. Raises ValueError for a rate outside 0 to 1 or no questions.
    """
    _check(rate)
    if questions < 1:
        raise ValueError(f"{questions} questions have no standard error")
    return sqrt(rate * (1 - rate) / questions)


def questions_needed(margin: float, rate: float = 0.5, z: float = Z95) -> int:
    """How many questions bring the margin of a win rate, z standard errors to each side, down to `margin`.

    Both are fractions: questions_needed(0.05, 0.9) is for plus or minus five points around 90 %. A rate of 0.5 needs
    the most. Raises ValueError for a margin that is not above 0 or a rate outside 0 to 1.
    """
    _check(rate)
    if not margin > 0:
        raise ValueError(f"a margin of {margin} can't be reached")
    needed = z * z * rate * (1 - rate) / (margin * margin)
    return max(1, ceil(needed - 1e-9))


def noise(rate: float, questions: int) -> str:
    """The noise of a win rate in one sentence, for people.

    The smallest gap worth a second look is 1.96 standard errors of the difference of two such rates, taken as if their
    questions differed; on the same questions it is often smaller: see `compare`.
    """
    error = standard_error(rate, questions)
    if not error:
        low, high = wilson_interval(rate * questions, questions)
        bound = f"above {low:.0%}" if rate else f"below {high:.0%}"
        return f"A win rate of {rate:.0%} at {questions} questions says only that the true one is likely {bound}."
    return (
        f"At {questions} questions a win rate of {rate:.0%} has a standard error of {100 * error:.1f} points; two "
        f"models less than {100 * Z95 * sqrt(2) * error:.0f} points apart may well be equally good."
    )


def sign_test(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Two-sided exact p-value that two submissions, judged on the same questions, are equally good.

    McNemar's test in its exact form: only questions that one won and the other did not count, and under equality
    each is a coin toss (Q. McNemar, Psychometrika 12, 1947). Raises ValueError when the lengths differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} outcomes can't be paired")
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    n, k = only_first + only_second, min(only_first, only_second)
    return min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n) if n else 1.0


def _check(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate of {rate} is not between 0 and 1")
