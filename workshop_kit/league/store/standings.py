"""The standings: every team with its best submission, best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from workshop_kit.league.opponent import opponent_from
from workshop_kit.league.statistics import Score, shared_ranks
from workshop_kit.league.store.schema import submissions, teams
from workshop_kit.records import content_id


class Place(NamedTuple):
    """A team's place, of which the rows of the standings are made; rates from 0 to 1, time in seconds since 1970."""

    place: int
    rank: int
    team: str
    participant: str
    submission: str
    win_rate: float
    low: float
    high: float
    created: float
    submissions: int


@dataclass(frozen=True)
class Row:
    """One line of the standings. `place` orders by win rate, the earlier submission first; `rank` is shared by all
    whose interval reaches up to it: 1 + the number of teams that are better beyond chance. `against` is the reference
    in words, `reference_passages` how many handbook passages it had in its prompt, 0 with the book closed."""

    place: int
    rank: int
    participant: str
    submission: str
    score: Score
    submissions: int
    judge: str
    reference: str
    against: str
    reference_passages: int
    ended: float
    provenance: str
    service: dict[str, Any] | None


def places(connection: Connection) -> list[Place]:
    """Every team that has been judged, best first."""
    query = (
        select(
            teams.c.id,
            teams.c.name,
            teams.c.best,
            teams.c.best_rate,
            teams.c.best_low,
            teams.c.best_high,
            teams.c.best_created,
            teams.c.judged,
        )
        .where(teams.c.best.is_not(None), teams.c.disabled.is_(False))
        .order_by(teams.c.best_rate.desc(), teams.c.best_created, teams.c.id)
    )
    found = connection.execute(query).all()
    ranks = shared_ranks([row[4] for row in found], [row[5] for row in found])
    # A plain tuple is built three times as fast as a frozen dataclass; in a large league every judged one rebuilds all.
    return [Place(number, rank, *row) for number, (row, rank) in enumerate(zip(found, ranks, strict=True), start=1)]


def rows(connection: Connection, among: list[Place]) -> list[Row]:
    """The lines of the standings for some places."""
    query = select(
        submissions.c.id,
        submissions.c.score,
        submissions.c.judges,
        submissions.c.reference,
        submissions.c.opponent,
        submissions.c.ended,
        submissions.c.provenance,
        submissions.c.service,
    ).where(submissions.c.id.in_([place.submission for place in among]))
    found = {row.id: row for row in connection.execute(query).all()}
    made = []
    for place in among:
        row = found.get(place.submission)
        if row is None:
            continue  # a better one came between the two readings; the next look shows it
        how = opponent_from(row.opponent)
        made.append(
            Row(
                place.place,
                place.rank,
                place.participant,
                place.submission,
                Score(**row.score),
                place.submissions,
                ", ".join(row.judges),
                row.reference,
                how.label(row.reference),
                how.passages,
                row.ended or 0.0,
                content_id(row.provenance),
                row.service,
            )
        )
    return made


def progress(connection: Connection, among: list[Place]) -> dict[str, list[tuple[float, float]]]:
    """For each of some teams (by its id), the times at which its best win rate rose and what it rose to."""
    query = (
        select(submissions.c.team, submissions.c.created, submissions.c.win_rate)
        .where(
            submissions.c.team.in_([place.team for place in among]),
            submissions.c.set == "ranked",
            submissions.c.state != "failed",
            submissions.c.win_rate.is_not(None),
        )
        .order_by(submissions.c.created, submissions.c.id)
    )
    risen: dict[str, list[tuple[float, float]]] = {place.team: [] for place in among}
    for team, created, rate in connection.execute(query):
        steps = risen[team]
        if not steps or rate > steps[-1][1]:
            steps.append((created, rate))
    return risen
