"""What the verdicts add up to, with how sure one can be of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from typing import Literal

Outcome = Literal["win", "tie", "loss", "flip"]
# Two answers are of similar length when the longer one has at most a quarter more characters.
SIMILAR = 1.25


@dataclass(frozen=True)
class Verdict:
    """The outcome for one question, after both orders; lengths in characters."""

    question_id: str
    outcome: Outcome
    candidate_length: int
    reference_length: int


@dataclass(frozen=True)
class Score:
    """A submission's result. Rates and interval bounds are fractions from 0 to 1."""

    questions: int
    wins: int
    ties: int
    losses: int
    flips: int
    win_rate: float
    low: float
    high: float
    standard_error: float
    length_ratio: float
    similar_length_questions: int
    similar_length_win_rate: float | None


def outcome(first: str, second: str) -> Outcome:
    """One outcome from the winners ("candidate", "reference", "tie") told in the two orders.

    Only a win in both orders is a win: a judge that changes its mind with the order has told nothing.
    """
    if first != second:
        return "flip"
    if first == "candidate":
        return "win"
    return "loss" if first == "reference" else "tie"


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
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


def score(verdicts: Iterable[Verdict]) -> Score:
    """Add up verdicts; the win rate is wins over all questions, so ties and flips are not wins."""
    found = list(verdicts)
    count = {name: sum(v.outcome == name for v in found) for name in ("win", "tie", "loss", "flip")}
    n = len(found)
    rate = count["win"] / n if n else 0.0
    low, high = wilson_interval(count["win"], n)
    similar = [v for v in found if _similar(v)]
    reference = sum(v.reference_length for v in found)
    return Score(
        questions=n,
        wins=count["win"],
        ties=count["tie"],
        losses=count["loss"],
        flips=count["flip"],
        win_rate=rate,
        low=low,
        high=high,
        standard_error=sqrt(rate * (1 - rate) / n) if n else 0.0,
        length_ratio=sum(v.candidate_length for v in found) / reference if reference else 0.0,
        similar_length_questions=len(similar),
        similar_length_win_rate=sum(v.outcome == "win" for v in similar) / len(similar) if similar else None,
    )


def _similar(verdict: Verdict) -> bool:
    short, long = sorted((verdict.candidate_length, verdict.reference_length))
    return long <= SIMILAR * short


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
