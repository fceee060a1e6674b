"""Bradley-Terry: one strength a model, from who beat whom; and how bouts are made of verdicts against one reference."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics.bootstrap import SEED, resamples
from workshop_kit.league.statistics.ranks import places, shared_ranks
from workshop_kit.records import html_table

if TYPE_CHECKING:
    from workshop_kit.league.statistics.scores import Outcome

POINTS: dict[str, float] = {"win": 1.0, "tie": 0.5, "flip": 0.5, "loss": 0.0}
RIDGE = 0.1
MOST = 200
COLUMNS = ("rank", "model", "strength", "95 % interval", "Elo", "group")
ELO = 400 / log(10)
# Numbers held at once while resampling; bounds the memory to a few tens of megabytes.
_AT_ONCE = 1 << 19


@dataclass(frozen=True, eq=False)
class Bouts:
    """Who got what against whom on each question: points[q, i, j] is 1 where i won against j, 1/2 for a tie, else 0.

    Shape (questions, models, models); points[q, i, j] + points[q, j, i] is 1 where the two met on q, and 0 where not.
    """

    names: tuple[str, ...]
    questions: tuple[str, ...]
    points: np.ndarray


@dataclass(frozen=True)
class Strength:
    """A model's strength in log-odds: one that is ln(3) stronger wins three of four. The mean of a group is 0.

    `low` and `high` bound it with 95 % over the questions, None where the bouts don't tell their questions. Strengths
    compare only within one `group` (numbered from 0).
    """

    name: str
    value: float
    low: float | None
    high: float | None
    group: int = 0

    def elo(self, base: float = 1000.0) -> float:
        """The strength on Elo's scale, where 400 points are odds of ten to one."""
        return base + ELO * self.value


@dataclass(frozen=True)
class Ratings:
    """Strengths, the strongest of each group first; `note` is a sentence when not all can be compared, else empty."""

    rows: tuple[Strength, ...]
    note: str = ""

    @property
    def ranks(self) -> tuple[int, ...]:
        """The rank of each row within its group, shared where intervals overlap; in order where there are none."""
        found: list[int] = []
        for group in sorted({row.group for row in self.rows}):
            rows = [row for row in self.rows if row.group == group]
            bounds = [(row.low, row.high) for row in rows if row.low is not None and row.high is not None]
            if len(bounds) == len(rows):
                found += shared_ranks([low for low, _ in bounds], [high for _, high in bounds])
            else:
                found += places([row.value for row in rows], [0.0] * len(rows))
        return tuple(found)

    def to_rows(self) -> list[list[str]]:
        """The table as text, in the order of COLUMNS."""
        return [
            [
                str(rank),
                row.name,
                f"{row.value:+.2f}",
                "–" if row.low is None or row.high is None else f"{row.low:+.2f} to {row.high:+.2f}",
                f"{row.elo():.0f}",
                str(row.group + 1),
            ]
            for rank, row in zip(self.ranks, self.rows, strict=True)
        ]

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [list(row) for row in self.to_rows()]
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return html_table(list(COLUMNS), rows, "Strengths by Bradley-Terry") + note

    def probability(self, first: str, second: str) -> float:
        """How likely the first wins a bout against the second, by the model.

        Raises BadInput when one is not rated, or no chain of bouts joins them.
        """
        by_name = {row.name: row for row in self.rows}
        for name in (first, second):
            if name not in by_name:
                raise BadInput(f"There is no model '{name}' among the rated; there are {_list(by_name)}.")
        one, two = by_name[first], by_name[second]
        if one.group != two.group:
            raise BadInput(f"No chain of bouts joins {first} and {second}; they can't be compared.")
        return 1 / (1 + exp(two.value - one.value))


def bouts(
    submissions: Mapping[str, Mapping[str, Outcome]],
    *,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    reference: str = "reference",
    indirect: bool = True,
) -> Bouts:
    """Bouts of submissions that were each judged against the same reference; from name -> question -> outcome.

    Every verdict is a direct bout with the reference (a tie or a flip half a point each). With `indirect`, any two
    submissions also meet on each question that both have: the one with the better outcome against the reference wins,
    equal outcomes are a tie; where `scores` (name -> question -> number, more is better) are given, those decide
    instead. That is an indirect comparison: no judge saw the two answers side by side, and two losses may differ
    greatly. The ties draw submissions closer to each other than each is to the reference. Since one verdict then
    serves in many bouts, only resampling whole questions gives honest intervals, as `bradley_terry` does. Raises
    BadInput for no submission, more than 200, or one that is called like the reference.
    """
    if not submissions:
        raise BadInput("There is no submission to compare; judge one first.")
    if len(submissions) > MOST:
        raise BadInput(f"{len(submissions)} submissions are too many to compare pair by pair; take at most {MOST}.")
    if reference in submissions:
        raise BadInput(
            f"A submission is called '{reference}' like the reference model; give the reference another name."
        )
    names = (reference, *submissions)
    questions = tuple(dict.fromkeys(q for told in submissions.values() for q in told))
    against = np.array([[POINTS.get(told.get(q, ""), np.nan) for q in questions] for told in submissions.values()])
    points = np.zeros((len(questions), len(names), len(names)))
    points[:, 1:, 0] = np.nan_to_num(against, nan=0.0).T
    points[:, 0, 1:] = np.nan_to_num(1 - against, nan=0.0).T
    if indirect:
        worth = against
        if scores is not None:
            worth = np.array([[scores.get(name, {}).get(q, np.nan) for q in questions] for name in submissions])
        mine, theirs = worth.T[:, :, None], worth.T[:, None, :]
        met = (mine > theirs) + 0.5 * (mine == theirs)  # a comparison with a missing verdict is neither
        met[:, np.arange(len(submissions)), np.arange(len(submissions))] = 0.0
        points[:, 1:, 1:] = met
    return Bouts(names, questions, points)


def bradley_terry(
    results: Bouts | Mapping[tuple[str, str], float], *, ridge: float = RIDGE, draws: int = 1000, seed: int = SEED
) -> Ratings:
    """Strengths by maximum likelihood: i beats j with probability 1 / (1 + exp(strength of j - strength of i)).

    R. Bradley and M. Terry, "Rank analysis of incomplete block designs", Biometrika 39 (1952); a tie is half a win for
    each. `results` are bouts, or (winner, loser) -> number of wins. A small `ridge` (half of it times the sum of
    squares is taken from the log-likelihood) keeps the strength of a model finite that won or lost everything. The
    intervals come from `draws` resamples of the questions; they are too narrow for a
    model that won or lost everything. Twenty models take about a tenth of a second, two hundred some five.

    Where no chain of bouts joins all models, each group is rated by itself and `note` says so. Raises BadInput for
    fewer than two models, or when there is no finite maximum, which can be only without a ridge.
    """
    names, wins = (results.names, results.points.sum(axis=0)) if isinstance(results, Bouts) else _table(results)
    if len(names) < 2:
        raise BadInput(f"A comparison needs at least two models; there are results of {len(names)}.")
    groups = _groups(wins)
    if ridge <= 0:
        _check_maximum(names, wins, groups)
    values = _fit(wins[None], ridge)[0]
    lows, highs = [None] * len(names), [None] * len(names)
    if isinstance(results, Bouts) and results.questions:
        drawn = _resampled(results.points, ridge, values, draws, seed)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        lows, highs = low.tolist(), high.tolist()
    rows = [Strength(*row) for row in zip(names, values.tolist(), lows, highs, groups, strict=True)]
    return Ratings(
        tuple(sorted(rows, key=lambda row: (row.group, -round(row.value, 9), row.name))), _note(names, groups)
    )


def _table(results: Mapping[tuple[str, str], float]) -> tuple[tuple[str, ...], np.ndarray]:
    names = tuple(dict.fromkeys(name for pair in results for name in pair))
    at = {name: place for place, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for (winner, loser), number in results.items():
        if winner == loser or not 0 <= number < float("inf"):
            raise BadInput(f"'{winner}' against '{loser}': {number} wins is no result of two models.")
        wins[at[winner], at[loser]] += number
    return names, wins


def _groups(wins: np.ndarray) -> list[int]:
    from scipy.sparse.csgraph import connected_components

    return connected_components(wins + wins.T > 0, directed=False)[1].tolist()


def _check_maximum(names: tuple[str, ...], wins: np.ndarray, groups: list[int]) -> None:
    """L. R. Ford, "Solution of a ranking problem from binary comparisons" (1957): nobody may stand apart."""
    from scipy.sparse.csgraph import connected_components

    count, parts = connected_components(wins > 0, directed=True, connection="strong")
    if count > 1:
        apart = [name for name, part in zip(names, parts, strict=True) if part == parts[0]]
        why = "met" if max(groups) else "both won and lost against"
        raise BadInput(f"{_list(apart)} never {why} the others; without a ridge there is no finite strength.")


def _fit(wins: np.ndarray, ridge: float, start: float | np.ndarray = 0.0, close: float = 1e-9) -> np.ndarray:
    """Strengths for many tables at once, shape (tables, models, models), by Newton's method with bounded steps."""
    tables, models, _ = wins.shape
    met = wins + wins.transpose(0, 2, 1)
    # With no ridge the strengths are fixed only up to a constant: this keeps their mean at 0.
    penalty = ridge * np.eye(models) if ridge > 0 else np.full((models, models), 1 / models)
    values = np.zeros((tables, models)) + start
    for _ in range(200):
        beats = 1 / (1 + np.exp(values[:, None, :] - values[:, :, None]))
        slope = wins.sum(axis=2) - (met * beats).sum(axis=2) - max(ridge, 0.0) * values
        shared = met * beats * beats.transpose(0, 2, 1)
        curvature = np.einsum("tij->ti", shared)[:, :, None] * np.eye(models) - shared + penalty
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        values += step * np.minimum(1.0, 1.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
        if np.abs(step).max() < close:
            break
    return values


def _resampled(points: np.ndarray, ridge: float, values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    questions, models, _ = points.shape
    counts = resamples(questions, draws, seed).astype(float)
    share = max(1, _AT_ONCE // (models * models))
    flat = points.reshape(questions, -1)
    # A resample may join fewer models than the whole: a trace of a ridge keeps it solvable.
    small = max(ridge, 1e-6)
    # On many small systems, threads of the linear algebra wait for each other for most of the time.
    with threadpool_limits(1):
        fitted = [
            _fit((part @ flat).reshape(len(part), models, models), small, values, 1e-5)
            for part in (counts[at : at + share] for at in range(0, draws, share))
        ]
    return np.concatenate(fitted)


def _note(names: tuple[str, ...], groups: list[int]) -> str:
    if not max(groups):
        return ""
    parts = [
        _list([name for name, group in zip(names, groups, strict=True) if group == g]) for g in sorted(set(groups))
    ]
    return (
        f"No chain of bouts joins {' with '.join(parts)}; strengths compare only within each of these "
        f"{len(parts)} groups."
    )


def _list(names: Iterable[str]) -> str:
    found = list(names)
    shown = ", ".join(found[:5])
    return shown + (f" and {len(found) - 5} more" if len(found) > 5 else "")
