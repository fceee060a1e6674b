"""The trust panel of an event, from what the league has stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, select

from workshop_kit.league.store.schema import verdicts, withdrawn
from workshop_kit.league.store.votes import all_votes
from workshop_kit.league.trust.measures import HumanVote, JudgedPair
from workshop_kit.league.trust.panel import Known, TrustPanel, trust_panel


def event_panel(connection: Connection, calibration_results: Iterable[Known] = ()) -> TrustPanel:
    """Measure the judges of an event by all their verdicts, practice too, but those on withdrawn questions.

    A human override leaves the judge's own verdict as it was, so it is measured as it judged.
    """
    columns = (
        verdicts.c.judge,
        verdicts.c.submission,
        verdicts.c.question,
        verdicts.c.outcome,
        verdicts.c.first,
        verdicts.c.second,
        verdicts.c.candidate_length,
        verdicts.c.reference_length,
    )
    query = select(*columns).where(verdicts.c.question.not_in(select(withdrawn.c.question)))
    by_judge: dict[str, list[JudgedPair]] = defaultdict(list)
    order = (verdicts.c.judge, verdicts.c.submission, verdicts.c.question)
    for judge, submission, question, *told in connection.execute(query.order_by(*order)):
        by_judge[judge].append(JudgedPair(pair_id(submission, question), *told))
    votes = [
        HumanVote(pair_id(vote["submission"], vote["question"]), vote["voter"], vote["outcome"])
        for vote in all_votes(connection)
    ]
    return trust_panel(by_judge, votes, calibration_results)


def pair_id(submission: str, question: str) -> str:
    """The name of a pair of answers: one submission's and the reference's to one question."""
    return f"{submission}/{question}"
