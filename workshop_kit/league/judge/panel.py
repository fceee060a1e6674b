"""Several judges on one question: what most of them say, and the rows from which their agreement is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.judge.pairwise import Judgement
from workshop_kit.league.statistics import Outcome


@dataclass(frozen=True)
class AgreementRow:
    """What one judge said of one question; the difference is candidate minus reference, -10 to 10."""

    question_id: str
    judge: str
    outcome: Outcome
    flipped: bool
    difference: float


def panel_verdict(judgements: Sequence[Judgement]) -> Outcome:
    """The outcome that more than half of the judges told; a tie where no outcome has that many.

    Raises LeagueProblem when there is no judgement, they are of several questions, or one judge stands twice.
    """
    if not judgements:
        raise LeagueProblem("A panel without a judgement tells nothing; ask at least one judge.")
    if len({told.question_id for told in judgements}) > 1:
        raise LeagueProblem("A panel judges one question at a time; these judgements are of several.")
    if len({told.judge for told in judgements}) < len(judgements):
        raise LeagueProblem("A judge stands twice in the panel; its vote would count twice.")
    ((told, votes),) = Counter(one.outcome for one in judgements).most_common(1)
    return told if 2 * votes > len(judgements) else "tie"


def agreement_rows(judgements: Iterable[Judgement]) -> tuple[AgreementRow, ...]:
    """One row a judgement, by question and judge, for the measures of agreement in `statistics`."""
    rows = [
        AgreementRow(j.question_id, j.judge, j.outcome, j.flipped, j.candidate_score - j.reference_score)
        for j in judgements
    ]
    return tuple(sorted(rows, key=lambda row: (row.question_id, row.judge)))
