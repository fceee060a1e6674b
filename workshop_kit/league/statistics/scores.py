"""From a submission's verdicts to its score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workshop_kit.league.statistics.intervals import standard_error, wilson_interval

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
    """A submission's result. Rates and interval bounds are fractions from 0 to 1.

    The length-controlled win rate is that of `length.length_controlled`, None where the verdicts can't tell it; a score
    kept by an earlier version has none.
    """

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
    length_controlled_win_rate: float | None = None
    length_controlled_low: float | None = None
    length_controlled_high: float | None = None


def outcome(first: str, second: str) -> Outcome:
    """One outcome from the winners ("candidate", "reference", "tie") told in the two orders.

    Only a win in both orders is a win: a judge that changes its mind with the order has told nothing.
    """
    if first != second:
        return "flip"
    if first == "candidate":
        return "win"
    return "loss" if first == "reference" else "tie"


def score(verdicts: Iterable[Verdict]) -> Score:
    """Add up verdicts; the win rate is wins over all questions, so ties and flips are not wins."""
    from workshop_kit.league.statistics.length import length_controlled  # late: it brings numpy

    found = list(verdicts)
    count = {name: sum(v.outcome == name for v in found) for name in ("win", "tie", "loss", "flip")}
    n = len(found)
    rate = count["win"] / n if n else 0.0
    low, high = wilson_interval(count["win"], n)
    similar = [v for v in found if _similar(v)]
    reference = sum(v.reference_length for v in found)
    controlled = length_controlled(found)
    return Score(
        questions=n,
        wins=count["win"],
        ties=count["tie"],
        losses=count["loss"],
        flips=count["flip"],
        win_rate=rate,
        low=low,
        high=high,
        standard_error=standard_error(rate, n) if n else 0.0,
        length_ratio=sum(v.candidate_length for v in found) / reference if reference else 0.0,
        similar_length_questions=len(similar),
        similar_length_win_rate=sum(v.outcome == "win" for v in similar) / len(similar) if similar else None,
        length_controlled_win_rate=controlled.win_rate if controlled else None,
        length_controlled_low=controlled.low if controlled else None,
        length_controlled_high=controlled.high if controlled else None,
    )


def _similar(verdict: Verdict) -> bool:
    short, long = sorted((verdict.candidate_length, verdict.reference_length))
    return long <= SIMILAR * short
