"""Calls to a judge within the rate, also by a host that oversleeps."""

import time
from pathlib import Path

import pytest

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging import pace
from workshop_kit.league.store import Database, open_database
from workshop_kit.league.store.events import open_event


class Oversleeping:
    """A stop that is never set; its first `times` waits take 0.1 s too long."""

    def __init__(self, times: int) -> None:
        self.times, self.waits = times, 0

    def wait(self, seconds: float) -> bool:
        self.waits += 1
        time.sleep(seconds + (0.1 if self.waits <= self.times else 0))
        return False


@pytest.fixture
def database(tmp_path: Path):
    found = open_database(tmp_path / "league.sqlite")
    with found.write() as connection:
        open_event(connection, "bikes", EventSettings(calls_per_second=20.0))
    yield found
    found.close()


@pytest.mark.parametrize(("late", "slots"), [(0, 1), (1, 2), (2, 3), (99, pace.LAPSED + 1)])
def test_a_slot_that_was_slept_through_is_not_used(database: Database, monkeypatch, late: int, slots: int) -> None:
    monkeypatch.setattr(pace, "LATE", 0.09)  # this machine may be slow itself
    stop = Oversleeping(late)
    pace.Paced(None, database, stop).wait("judge")
    assert stop.waits == slots


def test_slots_lie_a_little_wider_than_the_rate(database: Database) -> None:
    paced = pace.Paced(None, database, Oversleeping(0))
    began = time.monotonic()
    for _ in range(11):
        paced.wait("judge")
    assert time.monotonic() - began >= 10 * pace.MARGIN / 20.0 - 0.001


def test_a_league_that_is_stopped_waits_for_no_slot(database: Database) -> None:
    class Stopped:
        def wait(self, seconds: float) -> bool:
            return True

    with pytest.raises(LeagueProblem, match="being stopped"):
        pace.Paced(None, database, Stopped()).wait("judge")
