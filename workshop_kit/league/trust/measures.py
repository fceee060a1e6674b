"""How far a judge can be trusted, one number at a time, each with its interval and what it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import Literal, Protocol

from workshop_kit.league.statistics import Outcome, agreement, wilson_interval
from workshop_kit.league.statistics.intervals import Z95

# Below this many cases a measure says little, and the panel says so.
FEW = 30
# What others found; shown beside a judge's own numbers as "reported by", never as a bar to pass.
REPORTED_BY = "FastChat issue 3911"
REPORTED_FLIPS = 0.129
REPORTED_LONGER_WINS = 0.68


@dataclass(frozen=True)
class JudgedPair:
    """One judge's verdict on one pair of answers, in both orders; lengths in characters.

    `pair` names the two answers (submission and question); `first` and `second` are who won when the candidate stood
    first and when it stood second: "candidate", "reference" or "tie".
    """

    pair: str
    outcome: Outcome
    first: str
    second: str
    candidate_length: int
    reference_length: int


@dataclass(frozen=True)
class HumanVote:
    """A person's verdict on a pair of answers, seen from the candidate."""

    pair: str
    voter: str
    outcome: Literal["win", "tie", "loss"]


@dataclass(frozen=True)
class Told:
    """What a judge or a person said of a pair, in the form that `statistics.agreement` reads."""

    question_id: str
    judge: str
    outcome: str


class KnownRow(Protocol):
    """A pair with a known outcome and what the judge told, as `judge.calibration.CalibrationRow`."""

    expected: str
    outcome: str


@dataclass(frozen=True)
class Measure:
    """One number about a judge over `cases`; `value` and its 95 % bounds are None where there is nothing to measure.

    A "share" is a fraction from 0 to 1, a "coefficient" lies between -1 and 1. `meaning` is a sentence for people,
    `caution` another one where the number should not be relied on, else empty.
    """

    name: str
    kind: Literal["share", "coefficient"]
    value: float | None
    low: float | None
    high: float | None
    cases: int
    meaning: str
    caution: str = ""

    def shown(self) -> str:
        """The value for people."""
        return "–" if self.value is None else self._show(self.value)

    def interval(self) -> str:
        """The interval for people."""
        return "–" if self.low is None or self.high is None else f"{self._show(self.low)} to {self._show(self.high)}"

    def _show(self, number: float) -> str:
        return f"{number:.0%}" if self.kind == "share" else f"{number:.2f}"


def flip_rate(pairs: Sequence[JudgedPair]) -> Measure:
    """How often the two orders told different winners."""
    flips = sum(p.first != p.second for p in pairs)
    meaning = (
        f"Shown the same two answers in the other order, the judge told another winner in {flips} of {len(pairs)} "
        f"pairs; {REPORTED_FLIPS:.1%} is reported by {REPORTED_BY}."
    )
    return _share("flips", flips, len(pairs), meaning)


def position_bias(pairs: Sequence[JudgedPair]) -> Measure:
    """How often the answer that stood first won, of all opinions that named a winner; without bias one half.

    The interval is Wilson's over the pairs, not over the two opinions that each of them holds: a judge that always
    takes the first answer has told the same thing twice.
    """
    firsts = sum((p.first == "candidate") + (p.second == "reference") for p in pairs)
    decided = sum((p.first != "tie") + (p.second != "tie") for p in pairs)
    cases = sum(p.first != "tie" or p.second != "tie" for p in pairs)
    share = firsts / decided if decided else 0.0
    low, high = wilson_interval(share * cases, cases)
    if low > 0.5 or high < 0.5:
        finding = f"this judge prefers the {'first' if low > 0.5 else 'second'} place beyond chance."
    else:
        finding = "a preference for a place can't be told from chance here."
    meaning = f"Of {decided} opinions that named a winner, {firsts} named the answer that stood first; {finding}"
    return _share("first place wins", share * cases, cases, meaning)


def tie_rate(pairs: Sequence[JudgedPair]) -> Measure:
    """How often neither answer was better."""
    ties = sum(p.outcome == "tie" for p in pairs)
    meaning = f"{ties} of {len(pairs)} pairs ended in a tie; a judge that ties often tells models apart poorly."
    return _share("ties", ties, len(pairs), meaning)


def longer_wins(pairs: Sequence[JudgedPair]) -> Measure:
    """How often the longer answer won, of the pairs that one answer won and whose answers differ in length."""
    decided = [p for p in pairs if p.outcome in ("win", "loss") and p.candidate_length != p.reference_length]
    longer = sum((p.outcome == "win") == (p.candidate_length > p.reference_length) for p in decided)
    meaning = (
        f"The longer answer won {longer} of {len(decided)} decided pairs; it may have been better, so compare with "
        f"what people say. {REPORTED_LONGER_WINS:.0%} is reported by {REPORTED_BY}."
    )
    return _share("longer answer wins", longer, len(decided), meaning)


def length_correlation(pairs: Sequence[JudgedPair]) -> Measure:
    """Spearman's rank correlation of the difference in length with the outcome (win 1, tie and flip 0, loss -1).

    The interval is that of D. Bonett and T. Wright, "Sample size requirements for estimating Pearson, Kendall and
    Spearman correlations", Psychometrika 65 (2000).
    """
    worth = {"win": 1, "loss": -1}
    gaps = [p.candidate_length - p.reference_length for p in pairs]
    outcomes = [worth.get(p.outcome, 0) for p in pairs]
    meaning = (
        "From -1 to 1: above 0, an answer does better the longer it is than the other; by itself no fault of the judge."
    )
    if len(pairs) < 4 or len(set(gaps)) < 2 or len(set(outcomes)) < 2:
        return _coefficient("length and outcome", None, None, None, len(pairs), meaning)
    from scipy.stats import spearmanr  # late: it is slow to import

    value = float(spearmanr(gaps, outcomes).statistic)
    middle = atanh(max(-0.999999, min(0.999999, value)))
    error = sqrt((1 + value * value / 2) / (len(pairs) - 3))
    low, high = tanh(middle - Z95 * error), tanh(middle + Z95 * error)
    return _coefficient("length and outcome", value, min(low, value), max(high, value), len(pairs), meaning)


def majority(votes: Iterable[HumanVote]) -> dict[str, str]:
    """What more than half of the people say of each pair, else "tie"; a person's later vote replaces the earlier."""
    last = {(vote.pair, vote.voter): vote.outcome for vote in votes}
    by_pair: dict[str, Counter[str]] = {}
    for (pair, _), outcome in last.items():
        by_pair.setdefault(pair, Counter())[outcome] += 1
    found = {}
    for pair, count in by_pair.items():
        outcome, most = count.most_common(1)[0]
        found[pair] = outcome if 2 * most > count.total() else "tie"
    return found


def people_agreement(pairs: Sequence[JudgedPair], votes: Iterable[HumanVote]) -> tuple[Measure, Measure]:
    """How far the judge says what most people say: the share of pairs, and Cohen's kappa.

    A flip counts as a tie here, since a person who looks once can't flip.
    """
    people = majority(votes)
    said = {p.pair: "tie" if p.outcome == "flip" else p.outcome for p in pairs if p.pair in people}
    rows = [Told(pair, "judge", outcome) for pair, outcome in said.items()]
    rows += [Told(pair, "people", people[pair]) for pair in said]
    same = sum(said[pair] == people[pair] for pair in said)
    found = agreement(rows)
    share = _share(
        "same as people", same, len(said), f"The judge says what most people say of {same} of {len(said)} pairs."
    )
    meaning = "Agreement with people beyond what habits alone would give: 0 is chance, 1 is full agreement"
    if found.kappa_low is None or found.kappa is None:
        meaning += "; not defined on so little variety."
    else:
        meaning += "; chance is not ruled out here." if found.kappa_low <= 0 else "; more than chance here."
    kappa = _coefficient("kappa with people", found.kappa, found.kappa_low, found.kappa_high, len(said), meaning)
    return share, kappa


def among_people(votes: Iterable[HumanVote]) -> Measure:
    """Krippendorff's alpha of the people among themselves: no judge can agree with them better than they do."""
    last = {(vote.pair, vote.voter): vote.outcome for vote in votes}
    found = agreement(Told(pair, voter, outcome) for (pair, voter), outcome in last.items())
    meaning = "How far people agree with each other (Krippendorff's alpha); a judge can hardly agree with them better."
    return _coefficient(
        "people among themselves", found.alpha, found.alpha_low, found.alpha_high, found.things, meaning
    )


def calibration_accuracy(rows: Sequence[KnownRow]) -> Measure:
    """How often the judge told the outcome that is known; a flip or an unusable verdict is wrong."""
    right = sum(row.outcome == row.expected for row in rows)
    meaning = f"On pairs whose better answer is known, the judge found it in {right} of {len(rows)}."
    return _share("known answers found", right, len(rows), meaning)


def _share(name: str, number: float, cases: int, meaning: str) -> Measure:
    if not cases:
        return Measure(name, "share", None, None, None, 0, "Nothing to measure yet.")
    value = number / cases
    low, high = wilson_interval(number, cases)
    return Measure(name, "share", value, min(low, value), max(high, value), cases, meaning, _caution(cases))


def _coefficient(
    name: str, value: float | None, low: float | None, high: float | None, cases: int, meaning: str
) -> Measure:
    if not cases:
        return Measure(name, "coefficient", None, None, None, 0, "Nothing to measure yet.")
    return Measure(name, "coefficient", value, low, high, cases, meaning, _caution(cases))


def _caution(cases: int) -> str:
    if cases >= FEW:
        return ""
    return f"Only {cases} case{'s' if cases > 1 else ''}: too few to rely on, as the width of the interval shows."
