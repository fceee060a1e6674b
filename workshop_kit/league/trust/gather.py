"""The trust panel of an event, from what the league has stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, and_, select

from workshop_kit.league.store.schema import human_votes, verdicts, withdrawn
from workshop_kit.league.store.votes import all_votes
from workshop_kit.league.trust.measures import HumanVote, JudgedPair
from workshop_kit.league.trust.panel import Known, TrustPanel, trust_panel

NEWEST = 50_000  # verdicts that are measured: a second or two, whatever the size of the event
_COLUMNS = (
    verdicts.c.judge,
    verdicts.c.submission,
    verdicts.c.question,
    verdicts.c.outcome,
    verdicts.c.first,
    verdicts.c.second,
    verdicts.c.candidate_length,
    verdicts.c.reference_length,
)
# Leagues of the kit's first versions kept no opinion of each order, so nothing is known of flips and places there.
_MEASURED = select(*_COLUMNS).where(verdicts.c.first != "", verdicts.c.question.not_in(select(withdrawn.c.question)))
_VOTED = select(human_votes.c.submission, human_votes.c.question).distinct().subquery()
_VOTED_ON = _MEASURED.join(
    _VOTED, and_(verdicts.c.submission == _VOTED.c.submission, verdicts.c.question == _VOTED.c.question)
)


def event_panel(connection: Connection, calibration_results: Iterable[Known] = ()) -> TrustPanel:
    """Measure the judges of an event by their verdicts, practice too, but those on withdrawn questions.

    In a large event these are the NEWEST and those that people voted on, and the panel says so. A human override leaves
    the judge's own verdict as it was, so it is measured as it judged.
    """
    newest = _MEASURED.order_by(verdicts.c.created.desc(), verdicts.c.submission, verdicts.c.question)
    found = connection.execute(newest.limit(NEWEST + 1)).all()
    note = ""
    if len(found) > NEWEST:
        note = f"Only the newest {NEWEST:,} verdicts and those that people voted on are measured; there are more."
        found = list({*found[:NEWEST], *connection.execute(_VOTED_ON).all()})
    by_judge: dict[str, list[JudgedPair]] = defaultdict(list)
    for judge, submission, question, *told in sorted(found):
        by_judge[judge].append(JudgedPair(pair_id(submission, question), *told))
    votes = [
        HumanVote(pair_id(vote["submission"], vote["question"]), vote["voter"], vote["outcome"])
        for vote in all_votes(connection)
    ]
    return trust_panel(by_judge, votes, calibration_results, note=note)


def pair_id(submission: str, question: str) -> str:
    """The name of a pair of answers: one submission's and the reference's to one question."""
    return f"{submission}/{question}"
