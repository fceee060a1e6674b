"""How far judges agree, beyond what their habits alone would give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workshop_kit.league.statistics.bootstrap import DRAWS, SEED


class Said(Protocol):
    """What one judge (or person) said of one thing, as `judge.panel.AgreementRow` does."""

    question_id: str
    judge: str
    outcome: str


@dataclass(frozen=True)
class JudgeAgreement:
    """How far several judges agree on the things that at least two of them judged.

    `percent` is the share of pairs of judgements that are the same (a fraction); `alpha` Krippendorff's and, for
    exactly two judges, `kappa` Cohen's: 1 is full agreement, 0 no better than chance. None where not defined. The
    bounds are 95 % intervals over the things judged; those of kappa are of the things that both judged.
    """

    judges: tuple[str, ...]
    things: int
    percent: float | None
    percent_low: float | None
    percent_high: float | None
    alpha: float | None
    alpha_low: float | None
    alpha_high: float | None
    kappa: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None

    def __str__(self) -> str:
        if self.percent is None:
            return "No two judges judged the same thing yet."
        told = f"{len(self.judges)} judges say the same in {self.percent:.0%} of cases over {self.things} things"
        name, value = ("Cohen's kappa", self.kappa) if len(self.judges) == 2 else ("Krippendorff's alpha", self.alpha)
        low, high = (self.kappa_low, self.kappa_high) if len(self.judges) == 2 else (self.alpha_low, self.alpha_high)
        if value is None or low is None or high is None:
            return f"{told}; {name} is not defined on so little variety."
        return f"{told}; {name} {value:.2f} (95 % interval {low:.2f} to {high:.2f})."


def percent_agreement(ratings: Sequence[Sequence[str | None]]) -> float | None:
    """The share of pairs of judgements on one thing that are the same; one row a judge, one column a thing.

    None stands for "not judged". Gives None when no two judges judged the same thing.
    """
    counts, often = _patterns(_counts(ratings))
    return _percent(counts, often)[0]


def cohens_kappa(first: Sequence[str | None], second: Sequence[str | None]) -> float | None:
    """Cohen's kappa of two judges over the things that both judged, None standing for "not judged".

    (observed - expected) / (1 - expected) agreement; J. Cohen, "A coefficient of agreement for nominal scales",
    Educational and Psychological Measurement 20 (1960). Gives None when it is not defined: fewer than two things, or
    both always gave one same answer. Raises ValueError when the lengths differ.
    """
    table, often = _patterns(_crossed(first, second))
    return _kappas(table, often)[0]


def krippendorffs_alpha(ratings: Sequence[Sequence[str | None]]) -> float | None:
    """Krippendorff's alpha for nominal data; one row a judge, one column a thing, None for "not judged".

    1 - observed / expected disagreement, for any number of judges and with gaps; K. Krippendorff, "Computing
    Krippendorff's Alpha-Reliability" (2011). Gives None when it is not defined: no two judgements on one thing, or
    only one answer throughout. Raises ValueError when the rows differ in length.
    """
    counts, often = _patterns(_counts(ratings))
    return _alphas(counts, often)[0]


def agreement(rows: Iterable[Said], *, draws: int = DRAWS // 5, seed: int = SEED) -> JudgeAgreement:
    """Agreement of all judges among the rows, with intervals by resampling the things judged.

    When one judge has two rows for a thing, the later counts. The order of the rows does not matter otherwise.
    """
    told = {(row.judge, row.question_id): row.outcome for row in rows}
    judges = tuple(sorted({judge for judge, _ in told}))
    things = sorted({thing for _, thing in told})
    ratings = [[told.get((judge, thing)) for thing in things] for judge in judges]
    counts, often = _patterns(_counts(ratings))
    drawn = _drawn(often, draws, seed)
    parts = [*_bounded(_percent(counts, often), _percent(counts, drawn))]
    parts += _bounded(_alphas(counts, often), _alphas(counts, drawn))
    if len(judges) == 2:
        table, pairs = _patterns(_crossed(*ratings))
        parts += _bounded(_kappas(table, pairs), _kappas(table, _drawn(pairs, draws, seed)))
    return JudgeAgreement(judges, int(often.sum()), *parts)


def _patterns(things: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows and, in shape (1, rows), how often each occurs: there are few of them however many things."""
    if not things.size:
        return np.zeros((0, *things.shape[1:])), np.zeros((1, 0))
    distinct, often = np.unique(things, axis=0, return_counts=True)
    return distinct, often[None].astype(float)


def _drawn(often: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """How often each pattern occurs in resamples of the things; shape (draws, patterns)."""
    total = int(often.sum())
    return np.random.default_rng(seed).multinomial(total, often[0] / total, size=draws) if total else np.zeros((0, 0))


def _counts(ratings: Sequence[Sequence[str | None]]) -> np.ndarray:
    """How many judges gave each answer to each thing that two or more judged; shape (things, answers)."""
    if len({len(row) for row in ratings}) > 1:
        raise ValueError("the judges' rows differ in length, so their things can't be told apart")
    answers = {
        answer: place for place, answer in enumerate(sorted({a for row in ratings for a in row if a is not None}))
    }
    if not answers:
        return np.zeros((0, 0))
    given = np.array([[-1 if answer is None else answers[answer] for answer in row] for row in ratings])
    counts = (given[:, :, None] == np.arange(len(answers))).sum(axis=0)
    return counts[counts.sum(axis=1) > 1].astype(float)


def _crossed(first: Sequence[str | None], second: Sequence[str | None]) -> np.ndarray:
    """For each thing that both judged, a table with a single 1; shape (things, answers, answers)."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} judgements can't be paired")
    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    at = {answer: place for place, answer in enumerate(sorted({answer for pair in both for answer in pair}))}
    table = np.zeros((len(both), len(at), len(at)))
    for thing, (a, b) in enumerate(both):
        table[thing, at[a], at[b]] = 1.0
    return table


# Each of these takes patterns and how often each occurs, shape (resamples, patterns), and gives one value a resample,
# None where it is not defined.


def _percent(counts: np.ndarray, weights: np.ndarray) -> list[float | None]:
    judged = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1)
    return _quotients(weights @ same, weights @ (judged * (judged - 1)))


def _alphas(counts: np.ndarray, weights: np.ndarray) -> list[float | None]:
    judged = counts.sum(axis=1)
    differ = (judged**2 - (counts**2).sum(axis=1)) / np.maximum(judged - 1, 1)
    answers = weights @ counts
    total = answers.sum(axis=1)
    expected = total**2 - (answers**2).sum(axis=1)
    return [None if q is None else 1 - q for q in _quotients((total - 1) * (weights @ differ), expected)]


def _kappas(table: np.ndarray, weights: np.ndarray) -> list[float | None]:
    things = weights.sum(axis=1)
    if not len(things) or things[0] < 2:
        return [None] * len(weights)
    answers = table.shape[1]
    crossed = (weights @ table.reshape(len(table), -1)).reshape(-1, answers, answers) / things[0]
    observed = np.trace(crossed, axis1=1, axis2=2)
    expected = (crossed.sum(axis=1) * crossed.sum(axis=2)).sum(axis=1)
    return _quotients(observed - expected, 1 - expected)


def _quotients(over: np.ndarray, under: np.ndarray) -> list[float | None]:
    return [float(a / b) if b > 1e-12 else None for a, b in zip(over, under, strict=True)]


def _bounded(whole: list[float | None], drawn: list[float | None]) -> tuple[float | None, float | None, float | None]:
    """A measure and its 95 % interval over the resamples in which it is defined; none when that is less than half.

    The interval is widened to hold the measure where the resamples lie to one side of it, as they can for few things.
    """
    value, found = whole[0], [one for one in drawn if one is not None]
    if value is None or not found or 2 * len(found) < len(drawn):
        return value, None, None
    low, high = np.quantile(found, [0.025, 0.975])
    return value, min(float(low), value), max(float(high), value)
