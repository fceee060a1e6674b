"""The win rate there would be if both answers were equally long: a judge that likes length is corrected for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics.intervals import Z95

if TYPE_CHECKING:
    from workshop_kit.league.statistics.scores import Outcome, Verdict

# With fewer questions than this, a win rate and an effect of length can't be told apart.
FEWEST = 20
# The effects of length and difficulty are taken to lie within about twice this of zero, in log-odds. "The longer answer
# wins 68 %" (as reported for judges) is 0.75.
PRIOR = 1.5


@dataclass(frozen=True)
class LengthControlled:
    """A win rate at equal length, with its 95 % interval; fractions from 0 to 1.

    `effect` is how far the log-odds of a win rise when the answer is much longer than the reference's and not as long;
    above 0, the judge likes length. `difficulty` is the same for a question one standard deviation harder, None where
    no difficulties were given.
    """

    questions: int
    win_rate: float
    low: float
    high: float
    effect: float
    effect_low: float
    effect_high: float
    difficulty: float | None = None


def length_controlled(
    verdicts: Iterable[Verdict], difficulty: Mapping[str, float] | None = None
) -> LengthControlled | None:
    """The win rate at equal length in the manner of AlpacaEval 2, or None where the verdicts can't tell it.

    From Y. Dubois, B. Galambosi, P. Liang, T. Hashimoto, "Length-Controlled AlpacaEval" (2024): a logistic regression
    of winning on a term for the model, tanh((candidate's - reference's length) / their standard deviation) and,
    where given, the question's difficulty; then the mean prediction over the questions with the length term at 0.

    Not taken over, since here is one model with tens of verdicts and not a leaderboard with hundreds of thousands:
    - A win counts 1; a tie, a flip and a loss count 0, as in the raw win rate that this stands beside. So a model
      that always ties gets 0 here, and 50 % in AlpacaEval.
    - The difficulty is no parameter fitted over a whole leaderboard; see `difficulties`. It is left out unless given.
    - The two effects have a normal prior of standard deviation 1.5 around 0 (a ridge) where AlpacaEval uses an L1
      penalty chosen by cross-validation and adds verdicts on deliberately shortened and lengthened answers. The
      model's own term has no prior, so without any effect of length the result is the raw win rate.
    - The interval is 1.96 standard errors of the log-odds by the curvature at the maximum (Laplace). Where every
      answer is longer than its reference, equal length is a guess beyond the data, and the interval shows it.

    None with fewer than 20 questions, when all or none are won, and when all differences in length are the same.
    Raises BadInput when difficulties are given and a question has none.
    """
    found = list(verdicts)
    won = np.array([v.outcome == "win" for v in found], dtype=float)
    longer = np.array([v.candidate_length - v.reference_length for v in found], dtype=float)
    if len(found) < FEWEST or won.min() == won.max() or longer.min() == longer.max():
        return None
    columns = [np.ones(len(found)), np.tanh(longer / longer.std(ddof=1))]
    if difficulty is not None:
        if missing := [v.question_id for v in found if v.question_id not in difficulty]:
            raise BadInput(f"{len(missing)} of the questions have no difficulty, {missing[0]} first; give one to each.")
        hard = np.array([difficulty[v.question_id] for v in found], dtype=float)
        columns.append((hard - hard.mean()) / (hard.std(ddof=1) or 1.0))
    terms = np.column_stack(columns)
    weights, covariance = _fit(terms, won)

    level = terms.copy()
    level[:, 1] = 0.0
    each = _logistic(level @ weights)
    rate = each.mean()
    # The delta method, on the scale of log-odds so that the interval stays within 0 and 1.
    slope = (each * (1 - each)) @ level / len(found) / (rate * (1 - rate))
    centre, error = np.log(rate / (1 - rate)), np.sqrt(slope @ covariance @ slope)
    low, high = _logistic(centre - Z95 * error), _logistic(centre + Z95 * error)
    effect, spread = weights[1], Z95 * np.sqrt(covariance[1, 1])
    # Rounded, so that the same verdicts give the same score in any order and on any machine.
    told = (round(float(value), 6) for value in (rate, low, high, effect, effect - spread, effect + spread))
    return LengthControlled(len(found), *told, round(float(weights[2]), 6) if difficulty is not None else None)


def difficulties(outcomes: Mapping[str, Mapping[str, Outcome]], without: Collection[str] = ()) -> dict[str, float]:
    """How hard each question is, from submission -> question -> outcome: the log-odds that a submission fails to win.

    With half a win and half a failure added to each question, so that one that all won has a finite difficulty. Leave
    out (`without`) the submission under study: its own verdicts must not explain themselves.
    """
    counts: dict[str, list[int]] = {}
    for submission, told in outcomes.items():
        if submission not in without:
            for question, outcome in told.items():
                counts.setdefault(question, [0, 0])[outcome == "win"] += 1
    return {question: float(np.log((failed + 0.5) / (won + 0.5))) for question, (failed, won) in counts.items()}


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -x))


def _fit(terms: np.ndarray, won: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and their covariance by Newton's method; the first term has no prior. Both outcomes must occur."""
    penalty = np.full(terms.shape[1], PRIOR**-2)
    penalty[0] = 0.0
    weights = np.zeros(terms.shape[1])
    weights[0] = np.log(won.mean() / (1 - won.mean()))

    def loss(at: np.ndarray) -> float:
        return np.logaddexp(0, terms @ at).sum() - won @ (terms @ at) + penalty @ at**2 / 2

    for _ in range(100):
        p = _logistic(terms @ weights)
        curvature = (terms.T * (p * (1 - p))) @ terms + np.diag(penalty)
        step = np.linalg.solve(curvature, terms.T @ (won - p) - penalty * weights)
        here, share = loss(weights), 1.0
        while loss(weights + share * step) > here + 1e-9 and share > 1e-6:
            share /= 2
        weights = weights + share * step
        if np.abs(step).max() < 1e-9:
            break
    return weights, np.linalg.inv(curvature)
