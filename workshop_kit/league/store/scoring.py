"""From verdicts to a score, and from scores to a team's place: counted anew whenever something they rest on changes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, select, text, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.statistics import Outcome, Verdict, score
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import overrides, submissions, teams, verdicts, withdrawn
from workshop_kit.league.store.sql import insert_once, upsert
from workshop_kit.league.store.submissions import UNFINISHED, Entry, entry, verdicts_of

# Any number that no other program takes a lock on in the same database.
RULES_LOCK = 5_170_817
AT_ONCE = 200  # submissions whose verdicts are read together


def panel_outcome(outcomes: list[str]) -> Outcome:
    """What several judges say together: the outcome that more than half of them name, else a tie."""
    if len(outcomes) == 1:
        return outcomes[0]  # type: ignore[return-value]
    name, count = Counter(outcomes).most_common(1)[0]
    return name if 2 * count > len(outcomes) else "tie"  # type: ignore[return-value]


def counted(connection: Connection, id: str) -> list[Verdict]:
    """The verdicts that count: the judges' together, a human's override in their place, no withdrawn question."""
    return _counted(connection, [id])[id]


def _counted(connection: Connection, ids: list[str]) -> dict[str, list[Verdict]]:
    """The same of several submissions, by id."""
    query = select(submissions.c.id, submissions.c.judges).where(submissions.c.id.in_(ids))
    named = dict(connection.execute(query).all())
    out = set(connection.execute(select(withdrawn.c.question)).scalars())
    by_human = select(overrides.c.submission, overrides.c.question, overrides.c.outcome)
    by_human = by_human.where(overrides.c.submission.in_(ids))
    human = {(id, question): said for id, question, said in connection.execute(by_human)}
    told = select(
        verdicts.c.submission,
        verdicts.c.question,
        verdicts.c.judge,
        verdicts.c.outcome,
        verdicts.c.candidate_length,
        verdicts.c.reference_length,
    ).where(verdicts.c.submission.in_(ids))
    order = (verdicts.c.submission, verdicts.c.question, verdicts.c.judge)
    grouped: dict[str, dict[str, list[Any]]] = {id: defaultdict(list) for id in ids}
    for id, question, judge, *verdict in connection.execute(told.order_by(*order)):
        if question not in out and (not named[id] or judge in named[id]):
            grouped[id][question].append(verdict)
    return {
        id: [
            Verdict(
                question, human.get((id, question)) or panel_outcome([outcome for outcome, *_ in found]), *found[0][1:]
            )
            for question, found in by_question.items()
        ]
        for id, by_question in grouped.items()
    }


def end(
    connection: Connection, id: str, service: dict[str, Any] | None = None, questions: Collection[str] = ()
) -> Entry:
    """Score a submission whose questions are all judged, and give its team the place that follows.

    It stays unfinished when a verdict on one of `questions` that count is missing.
    """
    _hold_rules(connection, shared=True)
    found = entry(connection, id)
    if found.state in UNFINISHED and not _missing(connection, found, questions):
        result = score(counted(connection, id))
        connection.execute(
            update(submissions)
            .where(submissions.c.id == id)
            .values(
                state="done",
                problem="",
                ended=time.time(),
                score=asdict(result),
                win_rate=result.win_rate,
                service=service,
            )
        )
        place(connection, found.team)
    return entry(connection, id)


def _missing(connection: Connection, found: Entry, questions: Collection[str]) -> bool:
    if not questions:
        return False
    have = {(verdict.question, verdict.judge) for verdict in verdicts_of(connection, found.id)}
    out = withdrawn_questions(connection)
    return any((q, judge) not in have for q in questions if q not in out for judge in found.judges)


def _hold_rules(connection: Connection, *, shared: bool = False) -> None:
    """Keep what scores rest on as it is to the end of the transaction; on SQLite a writer is alone anyway.

    Without it a submission that ends while a question is withdrawn, or overridden, would be overlooked.
    """
    if connection.dialect.name == "postgresql":
        lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.execute(text(f"SELECT {lock}(:key)"), {"key": RULES_LOCK})


def place(connection: Connection, team: str) -> None:
    """Find a team's best ranked submission; of equal ones the earliest counts."""
    _place(connection, team)
    bump(connection, "standings")
    bump(connection, "league")


def _place(connection: Connection, team: str) -> None:
    if connection.dialect.name == "postgresql":
        # Two submissions of a team that end together must not each overlook the other.
        connection.execute(select(teams.c.id).where(teams.c.id == team).with_for_update())
    # One that is judged once more, on a question that was restored, counts with the score it has.
    judged = (
        submissions.c.team == team,
        submissions.c.set == "ranked",
        submissions.c.state != "failed",
        submissions.c.win_rate.is_not(None),
    )
    count = connection.execute(select(func.count()).where(*judged)).scalar_one()
    best = connection.execute(
        select(submissions.c.id, submissions.c.created, submissions.c.score)
        .where(*judged)
        .order_by(submissions.c.win_rate.desc(), submissions.c.created, submissions.c.id)
        .limit(1)
    ).one_or_none()
    connection.execute(
        update(teams)
        .where(teams.c.id == team)
        .values(
            judged=count,
            best=best.id if best else None,
            best_rate=best.score["win_rate"] if best else None,
            best_low=best.score["low"] if best else None,
            best_high=best.score["high"] if best else None,
            best_created=best.created if best else None,
        )
    )


def rescore(connection: Connection, ids: list[str] | None = None, *, question: str | None = None) -> int:
    """Count judged submissions anew, all of them, or some, or those with a verdict on `question`.

    Gives how many scores changed. It costs some milliseconds a submission, most of them for the even-length win rate.
    """
    _hold_rules(connection)
    query = select(submissions.c.id, submissions.c.team, submissions.c.score).where(
        (submissions.c.state == "done") | submissions.c.win_rate.is_not(None)
    )
    if ids is not None:
        query = query.where(submissions.c.id.in_(ids))
    if question is not None:
        query = query.where(exists().where(verdicts.c.submission == submissions.c.id, verdicts.c.question == question))
    rows, changed, touched = connection.execute(query).all(), [], set()
    for some in (rows[n : n + AT_ONCE] for n in range(0, len(rows), AT_ONCE)):
        found = _counted(connection, [row.id for row in some])
        for row in some:
            result = asdict(score(found[row.id]))
            if result != row.score:
                changed.append({"of": row.id, "score": result, "win_rate": result["win_rate"]})
                touched.add(row.team)
    if changed:
        connection.execute(update(submissions).where(submissions.c.id == bindparam("of")), changed)
    # In one order, and the revisions last: whoever holds one of these rows may be waiting for another.
    for team in sorted(touched):
        _place(connection, team)
    if touched:
        bump(connection, "standings")
        bump(connection, "league")
    return len(changed)


def unscored(connection: Connection) -> list[str]:
    """Judged submissions without a score: those that an earlier version of the kit left."""
    query = select(submissions.c.id).where(submissions.c.state == "done", submissions.c.win_rate.is_(None))
    return list(connection.execute(query).scalars())


def was_judged(connection: Connection, question: str) -> bool:
    """Whether any submission has a verdict on a question."""
    query = select(verdicts.c.question).where(verdicts.c.question == question).limit(1)
    return connection.execute(query).first() is not None


def withdraw(connection: Connection, question: str, reason: str, who: str) -> int:
    """Take a question out of every score; its verdicts are kept. Gives how many scores changed, none if it was out."""
    _hold_rules(connection)
    if not insert_once(connection, withdrawn, question=question, reason=reason, who=who[:80], at=time.time()):
        return 0
    note(connection, who, "withdraw question", question, {"reason": reason})
    return rescore(connection, question=question)


def restore(connection: Connection, question: str, who: str) -> int:
    """Let a withdrawn question count again; gives how many scores changed.

    Submissions that were judged while it was withdrawn are queued again for it. They keep the score they have until
    then, and for good when their model can't be asked any more.
    """
    _hold_rules(connection)
    if not connection.execute(withdrawn.delete().where(withdrawn.c.question == question)).rowcount:
        return 0
    note(connection, who, "restore question", question)
    asked = exists().where(verdicts.c.submission == submissions.c.id, verdicts.c.question == question)
    connection.execute(
        update(submissions)
        .where(submissions.c.set == "ranked", submissions.c.state == "done", ~asked)
        .values(state="queued")
    )
    changed = rescore(connection, question=question)
    bump(connection, "league")
    return changed


def withdrawn_questions(connection: Connection) -> dict[str, str]:
    """The questions that don't count, with the reason."""
    return dict(connection.execute(select(withdrawn.c.question, withdrawn.c.reason)).all())


def override(connection: Connection, id: str, question: str, outcome: Outcome, reason: str, who: str) -> Entry:
    """A human's outcome in the place of the judges'. It is logged with its reason, and the score counted anew.

    Raises LeagueProblem when the submission has no verdict on the question.
    """
    _hold_rules(connection)
    before = [verdict.outcome for verdict in verdicts_of(connection, id) if verdict.question == question]
    if not before:
        raise LeagueProblem("That submission has no verdict on that question.", status=404)
    row = {"outcome": outcome, "reason": reason, "who": who[:80], "at": time.time()}
    connection.execute(
        upsert(connection, overrides)
        .values(submission=id, question=question, **row)
        .on_conflict_do_update(index_elements=["submission", "question"], set_=row)
    )
    note(
        connection,
        who,
        "override",
        id,
        {"question": question, "judges said": before, "outcome": outcome, "reason": reason},
    )
    rescore(connection, [id])
    bump(connection, "league")
    return entry(connection, id)


def overrides_of(connection: Connection, id: str) -> dict[str, dict[str, Any]]:
    """A submission's overrides by question: outcome, reason, who and when."""
    query = select(overrides).where(overrides.c.submission == id)
    names = ("outcome", "reason", "who", "at")
    return {row["question"]: {name: row[name] for name in names} for row in connection.execute(query).mappings()}


def outcomes_by_question(connection: Connection) -> dict[str, dict[str, int]]:
    """How often each outcome was told of each question, by all judges over all submissions."""
    query = select(verdicts.c.question, verdicts.c.outcome, func.count()).group_by(
        verdicts.c.question, verdicts.c.outcome
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for question, outcome, number in connection.execute(query):
        found[question][outcome] = number
    return dict(found)
