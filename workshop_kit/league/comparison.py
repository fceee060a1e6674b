"""Models of an event against each other: strengths of the leaders, and two submissions question by question.

Both go by the verdicts that count in the standings: a human's override in its place, no withdrawn question.
"""

from __future__ import annotations

from sqlalchemy import Connection

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics import Comparison, Ratings, bouts, bradley_terry, compare
from workshop_kit.league.store.scoring import counted
from workshop_kit.league.store.standings import places
from workshop_kit.league.store.submissions import entry

REFERENCE = "reference model"


def event_ratings(connection: Connection, teams: int = 20, *, draws: int = 1000) -> Ratings:
    """Bradley-Terry strengths of the first teams' best submissions and the reference; see `statistics.bouts`.

    Twenty teams take about a tenth of a second. Raises BadInput while nobody has been judged, or for more than 200.
    """
    found = places(connection)[:teams]
    told = {
        place.participant: {v.question_id: v.outcome for v in counted(connection, place.submission)} for place in found
    }
    name = REFERENCE
    while name in told:
        name = f"the {name}"
    return bradley_terry(bouts(told, reference=name), draws=draws)


def compare_submissions(connection: Connection, first: str, second: str) -> Comparison:
    """The first submission against the second, by their ids, on the questions that both were judged on.

    Raises LeagueProblem for an id that there is none of, BadInput when one is not judged yet or they are of two sets.
    """
    one, two = entry(connection, first), entry(connection, second)
    for found in (one, two):
        if found.state != "done":
            raise BadInput(f"Submission {found.id} is {found.state}; compare submissions that are judged.")
    if one.set != two.set:
        raise BadInput(
            f"Submission {first} is of the {one.set} set and {second} of the {two.set} set; compare one set's."
        )
    return compare(counted(connection, first), counted(connection, second))
