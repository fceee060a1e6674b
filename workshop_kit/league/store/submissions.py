"""Submissions: sent in once, judged question by question, every answer and verdict on disk before the next is asked."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Integer, RowMapping, String, bindparam, delete, func, insert, or_, select, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.answer import Answer
from workshop_kit.league.statistics import Score
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import answers, submissions, teams, verdicts
from workshop_kit.league.store.sql import insert_once
from workshop_kit.league.store.teams import USED, used

Set = Literal["ranked", "practice"]
UNFINISHED = ("queued", "judging")
# Not as "in (...)": SQLAlchemy writes that list into the statement anew each time it is executed.
_UNFINISHED = or_(*(submissions.c.state == state for state in UNFINISHED))
# A team that sends more while these wait would hold up everybody else.
WAITING_AT_ONCE = 5
_ENTRIES = select(submissions, teams.c.name.label("participant")).join(teams, teams.c.id == submissions.c.team)
_ENTRY = _ENTRIES.where(submissions.c.id == bindparam("id", type_=String))
_TEAM, _KEY = bindparam("team", type_=String), bindparam("key", type_=String)
_NAME = select(teams.c.name).where(teams.c.id == _TEAM).with_for_update(key_share=True)
# How many of a team's submissions wait for a score.
_AHEAD = select(func.count()).where(submissions.c.team == _TEAM, _UNFINISHED, submissions.c.win_rate.is_(None))
_BEFORE = select(
    select(submissions.c.id).where(submissions.c.team == _TEAM, submissions.c.key == _KEY).scalar_subquery(),
    USED.scalar_subquery(),
    _AHEAD.scalar_subquery(),
)
_INSERT = insert(submissions)
_COUNT_WAITING = select(func.count()).where(_UNFINISHED)
_FIRST_WAITING = (
    select(teams.c.name.label("participant"), submissions.c.state, submissions.c.judged, submissions.c.set)
    .join(teams, teams.c.id == submissions.c.team)
    .where(_UNFINISHED)
    .order_by(submissions.c.state, submissions.c.created)
    .limit(bindparam("limit", type_=Integer))
)


@dataclass(frozen=True)
class Entry:
    """One submission as the league keeps it; `judged` questions so far, `service` the cost and speed of its answers."""

    id: str
    team: str
    participant: str
    set: Set
    target: dict[str, Any]
    provenance: dict[str, Any]
    state: str  # queued, judging, done or failed
    problem: str
    judges: tuple[str, ...]
    reference: str
    opponent: dict[str, Any] | None
    judge_settings: str
    created: float
    ended: float | None
    judged: int
    score: Score | None
    service: dict[str, Any] | None


@dataclass(frozen=True)
class StoredVerdict:
    """One judge's verdict on one question, seen from the candidate; lengths in characters, scores from 0 to 10."""

    question: str
    judge: str
    outcome: str
    first: str
    second: str
    candidate_length: int
    reference_length: int
    candidate_score: float
    reference_score: float
    criteria: dict[str, Any]
    flags: list[str]
    reason: str


def submit(
    connection: Connection,
    team: str,
    *,
    set: Set,
    target: dict[str, Any],
    provenance: dict[str, Any],
    key: str,
    quota: int | None = None,
    closed: str = "",
) -> Entry:
    """Queue a submission; a repeated `key` of a team gives the one that is there already, and nothing acts twice.

    `closed` is why no new one is taken now, if so: one that was sent before is told all the same, since its answer may
    have been lost. Raises LeagueProblem with `closed`; when the team has used its quota of ranked submissions (failed
    ones don't count); or when WAITING_AT_ONCE of its submissions are not judged yet.
    """
    # On PostgreSQL two of a team's submissions at the same moment must not both take the last place. What is counted
    # is read after the lock, by a statement of its own: it then sees what the other one has committed.
    name = connection.execute(_NAME, {"team": team}).scalar()
    if name is None:
        raise LeagueProblem("There is no team with this id.", status=404)
    found, spent, ahead = connection.execute(_BEFORE, {"team": team, "key": key}).one()
    if found:
        return entry(connection, found)
    if closed:
        raise LeagueProblem(closed, status=409)
    if set == "ranked":
        _check_quota(name, spent, quota)
    _check_waiting(ahead)
    values = {"id": uuid.uuid4().hex[:12], "team": team, "set": set, "target": target, "provenance": provenance}
    more = {"state": "queued", "problem": "", "judges": [], "reference": "", "judge_settings": "", "judged": 0}
    made = values | more | {"opponent": None, "created": time.time(), "score": None}
    connection.execute(_INSERT, made | {"key": key})
    bump(connection, "league")
    return Entry(**made | {"participant": name, "judges": (), "ended": None, "service": None})


def _entry(row: RowMapping) -> Entry:
    values = {name: row[name] for name in Entry.__dataclass_fields__}
    told = values["score"]
    return Entry(**values | {"judges": tuple(values["judges"]), "score": Score(**told) if told else None})


def entry(connection: Connection, id: str) -> Entry:
    """A submission; raises LeagueProblem when there is none with this id."""
    row = connection.execute(_ENTRY, {"id": id}).mappings().one_or_none()
    if row is None:
        raise LeagueProblem(
            "There is no submission with this id; look at the standings for the ones there are.", status=404
        )
    return _entry(row)


def entries(
    connection: Connection,
    *,
    team: str | None = None,
    state: Sequence[str] = (),
    limit: int = 1000,
    offset: int = 0,
    newest: bool = False,
) -> list[Entry]:
    """Submissions, oldest first unless the `newest` are wanted."""
    order = (submissions.c.created, submissions.c.id)
    query = _ENTRIES.order_by(*(by.desc() if newest else by for by in order)).limit(limit).offset(offset)
    if team is not None:
        query = query.where(submissions.c.team == team)
    if state:
        query = query.where(submissions.c.state.in_(state))
    return [_entry(row) for row in connection.execute(query).mappings()]


def unfinished(connection: Connection) -> list[str]:
    """The ids of submissions that wait or were being judged, oldest first."""
    query = select(submissions.c.id).where(_UNFINISHED)
    return list(connection.execute(query.order_by(submissions.c.created, submissions.c.id)).scalars())


def waiting(connection: Connection, limit: int) -> tuple[int, list[dict[str, Any]]]:
    """How many submissions wait or are being judged, and the first of them."""
    count = connection.execute(_COUNT_WAITING).scalar_one()
    return count, [dict(row) for row in connection.execute(_FIRST_WAITING, {"limit": limit}).mappings()]


def begin(
    connection: Connection,
    id: str,
    judges: Sequence[str],
    reference: str,
    judge_settings: str,
    opponent: dict[str, Any] | None = None,
) -> Entry:
    """Note that judging has begun, by whom and against what; gives the submission as it is from now on.

    One that was begun before keeps its judges and its reference, and drops the verdicts of other prompts than
    `judge_settings`, or against another `opponent` (it keeps its answers): a score never mixes two of any. One that has
    a score keeps what that rests on. One that has ended meanwhile stays as it is.
    """
    connection.execute(select(submissions.c.id).where(submissions.c.id == id).with_for_update())
    found = entry(connection, id)
    if found.state not in UNFINISHED:
        return found
    anew: dict[str, Any] = {}
    if found.score is None and (found.judge_settings, found.opponent or {}) != (judge_settings, opponent or {}):
        connection.execute(delete(verdicts).where(verdicts.c.submission == id))
        anew = {"judge_settings": judge_settings, "opponent": opponent, "judged": 0}
    connection.execute(
        update(submissions)
        .where(submissions.c.id == id)
        .values(
            state="judging",
            problem="",
            judges=list(found.judges or judges),
            reference=found.reference or reference,
            **anew,
        )
    )
    bump(connection, "league")
    return entry(connection, id)


def note_wait(connection: Connection, id: str, problem: str) -> None:
    """Tell in a submission that is not judged yet what its judging waits for; "" when it goes on."""
    unfinished = (submissions.c.id == id, _UNFINISHED)
    connection.execute(update(submissions).where(*unfinished).values(problem=problem))
    bump(connection, "league")


def note_proof(connection: Connection, id: str, proof: dict[str, str]) -> Entry:
    """Note in a submission's provenance what AWS said of its model; gives the submission."""
    found = entry(connection, id)
    if found.provenance | proof != found.provenance:
        told = found.provenance | proof
        connection.execute(update(submissions).where(submissions.c.id == id).values(provenance=told))
    return entry(connection, id)


def keep_answer(connection: Connection, id: str, question: str, answer: Answer) -> None:
    """Keep what the candidate said; an answer that is there already stays."""
    insert_once(
        connection,
        answers,
        submission=id,
        question=question,
        text=answer.text,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        seconds=answer.seconds,
    )


def answers_of(connection: Connection, id: str) -> dict[str, Answer]:
    """The candidate's answers so far, by question."""
    query = select(answers).where(answers.c.submission == id)
    return {
        row["question"]: Answer(row["text"], row["tokens_in"], row["tokens_out"], row["seconds"])
        for row in connection.execute(query).mappings()
    }


def add_verdict(connection: Connection, id: str, verdict: StoredVerdict) -> bool:
    """Keep one judge's verdict; one that is there already stays. Whether it was new."""
    values = {name: getattr(verdict, name) for name in StoredVerdict.__dataclass_fields__}
    new = insert_once(connection, verdicts, submission=id, created=time.time(), **values)
    if new:
        judged = select(func.count(func.distinct(verdicts.c.question))).where(verdicts.c.submission == id)
        connection.execute(update(submissions).where(submissions.c.id == id).values(judged=judged.scalar_subquery()))
        bump(connection, "league")
    return new


def verdicts_of(connection: Connection, id: str) -> list[StoredVerdict]:
    """Every judge's verdicts so far, by question."""
    query = select(verdicts).where(verdicts.c.submission == id).order_by(verdicts.c.question, verdicts.c.judge)
    names = StoredVerdict.__dataclass_fields__
    return [StoredVerdict(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def fail(connection: Connection, id: str, problem: str) -> None:
    """Note that judging ended without a score, and the one sentence that says why. It does not use the quota up.

    One that has a score already, and was only to be judged on a question that had been restored, keeps that score.
    """
    unfinished = (submissions.c.id == id, _UNFINISHED)
    for scored, values in (
        (submissions.c.win_rate.is_not(None), {"state": "done"}),
        (submissions.c.win_rate.is_(None), {"state": "failed", "ended": time.time()}),
    ):
        connection.execute(update(submissions).where(*unfinished, scored).values(problem=problem, **values))
    bump(connection, "league")


def retry(connection: Connection, id: str, quota: int | None = None, *, sent_again: bool = False) -> Entry:
    """Queue a failed submission again; what it has is kept. Any other state is left as it is.

    It is judged by the judges, and as long as nothing was judged against the reference, that the event has by now:
    either may have been at fault. With `sent_again` it is the team that asks: WAITING_AT_ONCE holds, and one of which
    nothing was judged is as new as one sent in now, since of equal scores the earliest wins. Raises LeagueProblem when
    the team has used its quota since.
    """
    found = entry(connection, id)
    if found.state == "failed":
        team = connection.execute(_NAME, {"team": found.team})
        if found.set == "ranked":
            _check_quota(team.scalar_one(), used(connection, found.team), quota)
        if sent_again:
            _check_waiting(connection.execute(_AHEAD, {"team": found.team}).scalar_one())
        anew: dict[str, Any] = {} if found.judged else {"reference": "", "opponent": None}
        if sent_again and not found.judged:
            anew["created"] = time.time()
        connection.execute(
            update(submissions)
            .where(submissions.c.id == id, submissions.c.state == "failed")
            .values(state="queued", problem="", ended=None, judges=[], **anew)
        )
        bump(connection, "league")
    return entry(connection, id)


def _check_waiting(ahead: int) -> None:
    if ahead >= WAITING_AT_ONCE:
        raise LeagueProblem(
            f"{WAITING_AT_ONCE} submissions of your team wait to be judged; send this one when one of them is.",
            status=409,
        )


def _check_quota(name: str, spent: int, quota: int | None) -> None:
    if quota is not None and spent >= quota:
        raise LeagueProblem(f"{name} has used all {quota} submissions of this league.", status=409)
