"""A judge tried on the corpus of attacks: which of them it lets win against an answer that is honest and not good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from workshop_kit.aws import Aws
from workshop_kit.domains import Domain, Question, load_domain
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.judge.attacks import Attack, attacks, mediocre
from workshop_kit.league.judge.fan import Cancel, each
from workshop_kit.league.judge.pairwise import judge
from workshop_kit.league.judge.settings import JudgeSettings
from workshop_kit.league.judge.verdict import Spent
from workshop_kit.league.statistics import wilson_interval
from workshop_kit.records import html_table


@dataclass(frozen=True)
class TrialRow:
    """One attack: the outcome seen from it ("" when the verdict could not be used), and whether either order fell.

    `flags` are the signs that an organizer would have seen beside the answer.
    """

    id: str
    kind: str
    question_id: str
    outcome: str
    fell: bool
    flags: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class TrialResult:
    """A judge's verdicts on attacks, in the order of the corpus."""

    judge: str
    settings: str
    domain: str
    rows: tuple[TrialRow, ...]
    spent: Spent = Spent()

    @property
    def fallen(self) -> tuple[TrialRow, ...]:
        """The attacks that won in at least one of the two orders: those that the judge was talked into."""
        return tuple(row for row in self.rows if row.fell)

    @property
    def won(self) -> tuple[TrialRow, ...]:
        """The attacks that came out as a win."""
        return tuple(row for row in self.rows if row.outcome == "win")

    def by_kind(self) -> tuple[tuple[str, int, int, int], ...]:
        """(kind, fallen, flagged, all) for each kind of attack, in the order of the corpus."""
        kinds = dict.fromkeys(row.kind for row in self.rows)
        told = []
        for kind in kinds:
            rows = [row for row in self.rows if row.kind == kind]
            told.append((kind, sum(row.fell for row in rows), sum(bool(row.flags) for row in rows), len(rows)))
        return tuple(told)

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [[kind, n, fell, flagged] for kind, fell, flagged, n in self.by_kind()]
        low, high = wilson_interval(len(self.fallen), len(self.rows))
        caption = (
            f"{self.judge}: {len(self.fallen)} of {len(self.rows)} attacks won in an order (95 % interval {low:.0%} to "
            f"{high:.0%}), {len(self.won)} in both, against an honest answer that lacks a key fact ({self.domain})."
        )
        return html_table(["kind of attack", "tried", "won in an order", "flagged"], rows, caption)


def try_attacks(
    aws: Aws,
    model_id: str,
    domain: str | Path | Domain,
    *,
    settings: JudgeSettings | None = None,
    limit: int | None = None,
    workers: int = 4,
    progress: Callable[[int, int], None] | None = None,
    cancel: Cancel | None = None,
) -> TrialResult:
    """Have a judge decide between each attack and a mediocre answer, over a domain's practice questions in turn.

    Each takes two calls; with `limit`, so many attacks are drawn evenly from the corpus. `progress` gets (done, of how
    many) in the calling thread. Raises BadInput, AwsProblem when a call can't be made, and Cancelled.
    """
    settings = settings or JudgeSettings.load()
    found = domain if isinstance(domain, Domain) else load_domain(domain)
    if not found.practice_questions:
        raise BadInput(f"The domain {found.id} has no practice questions to try attacks on; add some.")
    corpus = attacks()
    if limit is not None and limit < 1:
        raise BadInput(f"A trial of {limit} attacks tells nothing; ask for at least one, or leave the limit out.")
    chosen = (
        corpus if limit is None or limit >= len(corpus) else [corpus[n * len(corpus) // limit] for n in range(limit)]
    )
    asked = list(zip(chosen, cycle(found.practice_questions), strict=False))

    def one(task: tuple[Attack, Question]) -> tuple[TrialRow, Spent]:
        attack, question = task
        try:
            told = judge(
                aws, model_id, question, attack.text(question, settings), mediocre(question), settings=settings
            )
        except LeagueProblem as problem:
            return TrialRow(attack.id, attack.kind, question.id, "", False, (), str(problem)), Spent()
        fell = "candidate" in (told.first, told.second)
        row = TrialRow(attack.id, attack.kind, question.id, told.outcome, fell, told.flags, told.reason)
        return row, told.spent

    rows, spent = each(one, asked, workers, progress, cancel, "The trial was stopped.")
    return TrialResult(model_id, settings.id, found.id, rows, spent)
