from collections.abc import Iterator
from pathlib import Path

import pytest

from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.comparison import compare_submissions, event_ratings
from workshop_kit.league.statistics import Outcome
from workshop_kit.league.store.database import Database, open_database
from workshop_kit.league.store.scoring import end, override
from workshop_kit.league.store.submissions import StoredVerdict, add_verdict, submit
from workshop_kit.league.store.teams import found_team

SAID = {"win": "candidate", "loss": "reference", "tie": "tie"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(tmp_path / "league.sqlite")
    yield found
    found.engine.dispose()


def play(database: Database, team: str, outcomes: list[Outcome], *, set: str = "ranked", judged: bool = True) -> str:
    """A submission of the team, judged with these outcomes on q0, q1, ...; its id."""
    with database.write() as connection:
        id = submit(
            connection, found_team(connection, team)[0].id, set=set, target={}, provenance={}, key=f"{team}{set}"
        ).id
        for n, told in enumerate(outcomes):
            row = StoredVerdict(f"q{n}", "judge", told, SAID[told], SAID[told], 90 + n, 80, 7.0, 5.0, {}, [], "because")
            add_verdict(connection, id, row)
        if judged:
            end(connection, id)
    return id


def test_the_leading_teams_and_the_reference_are_rated(database: Database) -> None:
    play(database, "Ada", ["win"] * 18 + ["loss"] * 2)
    play(database, "Grace", ["win"] * 12 + ["loss"] * 8)
    play(database, "reference model", ["loss"] * 15 + ["win"] * 5)
    with database.read() as connection:
        found, two = event_ratings(connection, draws=200), event_ratings(connection, 2, draws=200)
    assert [row.name for row in found.rows] == ["Ada", "Grace", "the reference model", "reference model"]
    assert found.rows[0].low is not None and not found.note
    assert [row.name for row in two.rows] == ["Ada", "Grace", "reference model"]


def test_two_submissions_are_compared_by_the_verdicts_that_count(database: Database) -> None:
    one, two = play(database, "Ada", ["win"] * 8 + ["loss"] * 2), play(database, "Grace", ["win"] * 7 + ["loss"] * 3)
    with database.read() as connection:
        assert compare_submissions(connection, one, two).only_first == 1
    with database.write() as connection:
        override(connection, two, "q7", "win", "the judge overlooked a fact", "organizer")
    with database.read() as connection:
        assert compare_submissions(connection, one, two).difference == 0


def test_what_can_not_be_compared_is_said(database: Database) -> None:
    one, waiting = play(database, "Ada", ["win"]), play(database, "Grace", ["win"], judged=False)
    practice = play(database, "Alan", ["win"], set="practice")
    with database.read() as connection:
        with pytest.raises(BadInput, match="is queued; compare"):
            compare_submissions(connection, one, waiting)
        with pytest.raises(BadInput, match="of the practice set"):
            compare_submissions(connection, one, practice)
        with pytest.raises(LeagueProblem, match="no submission"):
            compare_submissions(connection, one, "nothing")


def test_an_event_without_a_judged_team_has_no_ratings(database: Database) -> None:
    with database.read() as connection, pytest.raises(BadInput, match="no submission to compare"):
        event_ratings(connection)
