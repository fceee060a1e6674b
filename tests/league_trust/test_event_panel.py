"""The trust panel of an event: which of its verdicts are measured."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workshop_kit.league.store.database import Database, open_database
from workshop_kit.league.store.submissions import StoredVerdict, add_verdict, submit
from workshop_kit.league.store.teams import found_team
from workshop_kit.league.store.votes import vote
from workshop_kit.league.trust import gather
from workshop_kit.league.trust.gather import event_panel


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(tmp_path / "league.sqlite")
    yield found
    found.close()


@pytest.fixture
def tell(database: Database) -> Callable[..., str]:
    """Keeps a judge's verdicts on a submission of its own, each told by who won in the two orders; gives its id."""

    def told(*orders: tuple[str, str], judge: str = "judge-a") -> str:
        with database.write() as connection:
            team, _ = found_team(connection, f"Team {judge} {len(orders)} {orders[0]}")
            id = submit(connection, team.id, set="ranked", target={}, provenance={}, key="k").id
            for n, (first, second) in enumerate(orders):
                outcome = {("candidate",) * 2: "win", ("reference",) * 2: "loss", ("", ""): "win"}.get(
                    (first, second), "flip"
                )
                row = StoredVerdict(f"q{n}", judge, outcome, first, second, 90, 80, 7.0, 5.0, {}, [], "because")
                add_verdict(connection, id, row)
        return id

    return told


def test_verdicts_carried_over_without_their_orders_are_no_opinions(database, tell) -> None:
    tell(*[("candidate", "candidate")] * 3, ("candidate", "reference"))
    tell(*[("", "")] * 20)
    with database.read() as connection:
        (judge,) = event_panel(connection).judges
    assert (judge["flips"].value, judge["flips"].cases) == (0.25, 4)
    assert (judge["first place wins"].value, judge["first place wins"].cases) == (5 / 8, 4)


def test_a_large_event_is_measured_by_its_newest_verdicts_and_those_voted_on(database, tell, monkeypatch) -> None:
    monkeypatch.setattr(gather, "NEWEST", 10)
    old = tell(*[("candidate", "reference")] * 8)
    new = tell(*[("candidate", "candidate")] * 6)
    with database.read() as connection:
        everything = event_panel(connection)
    assert everything.judges[0]["flips"].cases == 10 and any("newest 10" in said for said in everything.cautions)
    monkeypatch.setattr(gather, "NEWEST", 6)
    with database.write() as connection:
        for id in (old, new):
            for voter in ("somebody", "somebody else"):
                vote(connection, id, "q5", voter, "win")
    with database.read() as connection:
        panel = event_panel(connection)
    (judge,) = panel.judges
    assert (judge["flips"].value, judge["flips"].cases) == (1 / 7, 7)
    assert (judge["same as people"].value, judge["same as people"].cases) == (0.5, 2)
    assert panel.cautions[0].startswith("Only the newest 6 verdicts and those that people voted on are measured")
    monkeypatch.setattr(gather, "NEWEST", 14)
    with database.read() as connection:
        whole = event_panel(connection)
    assert whole.judges[0]["flips"].cases == 14 and not any("newest" in said for said in whole.cautions)
