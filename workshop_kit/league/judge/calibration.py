"""How often a judge finds the better answer where it is known: `known.py` makes the pairs, this asks the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workshop_kit.aws import Aws
from workshop_kit.domains import Domain, load_domain
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.judge.fan import Cancel, each
from workshop_kit.league.judge.known import KINDS, Pair, known_pairs
from workshop_kit.league.judge.pairwise import Judgement, judge
from workshop_kit.league.judge.settings import JudgeSettings
from workshop_kit.league.judge.verdict import Spent
from workshop_kit.league.statistics import wilson_interval
from workshop_kit.records import html_table


@dataclass(frozen=True)
class CalibrationRow:
    """One pair: what a good judge tells and what this one told ("" when its verdict could not be used)."""

    id: str
    kind: str
    question_id: str
    expected: str
    outcome: str
    flipped: bool
    candidate_score: float
    reference_score: float
    reason: str

    @property
    def right(self) -> bool:
        """Whether the judge told what was expected."""
        return self.outcome == self.expected


@dataclass(frozen=True)
class CalibrationResult:
    """A judge's verdicts on pairs with a known outcome, in the order of the pairs."""

    judge: str
    settings: str
    domain: str
    rows: tuple[CalibrationRow, ...]
    spent: Spent = Spent()

    @property
    def accuracy(self) -> float:
        """The share of pairs on which the judge told the known outcome; a flip or an unusable verdict is none."""
        return sum(row.right for row in self.rows) / len(self.rows)

    @property
    def flip_rate(self) -> float:
        """The share of pairs on which the two orders told different winners."""
        return sum(row.flipped for row in self.rows) / len(self.rows)

    def by_kind(self) -> tuple[tuple[str, int, int], ...]:
        """(kind, right, all) for each kind of pair there was, in the order of KINDS."""
        found = {kind: [row.right for row in self.rows if row.kind == kind] for kind in KINDS}
        return tuple((kind, sum(right), len(right)) for kind, right in found.items() if right)

    def _repr_html_(self) -> str:
        rows: list[list[object]] = []
        for kind, right, n in (*self.by_kind(), ("all", sum(row.right for row in self.rows), len(self.rows))):
            low, high = wilson_interval(right, n)
            rows.append([kind, f"{right} of {n}", f"{right / n:.0%}", f"{low:.0%} to {high:.0%}"])
        caption = f"{self.judge} on pairs with a known outcome ({self.domain}), {self.flip_rate:.0%} flipped."
        return html_table(["kind of pair", "right", "share", "95 % interval"], rows, caption)


def calibrate(
    aws: Aws,
    model_id: str,
    domain: str | Path | Domain,
    *,
    settings: JudgeSettings | None = None,
    limit: int | None = None,
    seed: int = 0,
    workers: int = 4,
    progress: Callable[[int, int], None] | None = None,
    cancel: Cancel | None = None,
) -> CalibrationResult:
    """Have a judge decide up to `limit` known pairs, each in both orders, `workers` pairs at a time.

    `progress` gets (done, of how many) in the calling thread. A verdict that can't be used counts as wrong. Raises
    BadInput when the domain gives no pair, AwsProblem when a call can't be made, and Cancelled.
    """
    settings = settings or JudgeSettings.load()
    found = domain if isinstance(domain, Domain) else load_domain(domain)
    if limit is not None and limit < 1:
        raise BadInput(f"A calibration of {limit} pairs tells nothing; ask for at least one, or leave the limit out.")
    pairs = known_pairs(found, seed=seed)[:limit]
    if not pairs:
        raise BadInput(f"The domain {found.id} has no practice questions to make pairs of; add some.")

    def one(pair: Pair) -> tuple[CalibrationRow, Spent]:
        try:
            told = judge(aws, model_id, pair.question, pair.candidate, pair.reference, settings=settings)
        except LeagueProblem as problem:
            return _row(pair, None, str(problem)), Spent()
        return _row(pair, told, told.reason), told.spent

    rows, spent = each(one, pairs, workers, progress, cancel, "The calibration was stopped.")
    return CalibrationResult(model_id, settings.id, found.id, rows, spent)


def _row(pair: Pair, told: Judgement | None, reason: str) -> CalibrationRow:
    said = (told.outcome, told.flipped, told.candidate_score, told.reference_score) if told else ("", False, 0.0, 0.0)
    return CalibrationRow(pair.id, pair.kind, pair.question.id, pair.expected, *said, reason)
