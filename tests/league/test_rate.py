"""The rate of calls that an organizer sets: kept, and never a reason to wait for ever."""

import threading
import time
from pathlib import Path

import pytest

from tests.league.conftest import entry_of
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging import pace
from workshop_kit.league.store import open_database
from workshop_kit.league.store import rates as rate_store
from workshop_kit.league.store.events import change_settings
from workshop_kit.league.store.rates import AHEAD, take_slot


def test_nobody_waits_behind_a_rate_that_was_set_too_low_by_mistake(both) -> None:
    def take(rate: float) -> float | None:
        with both.write() as connection:
            return take_slot(connection, "judge", rate)

    assert take(0.001) == 0.0
    assert [take(0.001) for _ in range(20)] == [None] * 20, "slots hours away were reserved"
    assert take(10.0) == 0.0
    assert take(10.0) == pytest.approx(0.1, abs=0.09)


def test_a_clock_put_back_holds_nobody_up(tmp_path: Path, monkeypatch) -> None:
    store = open_database(tmp_path / "league.sqlite")
    now = [10_000.0]
    monkeypatch.setattr(rate_store.time, "time", lambda: now[0])
    waits = []
    for at in (10_000.0, 10_000.0, 5_000.0, 5_000.0):
        now[0] = at
        with store.write() as connection:
            waits.append(take_slot(connection, "judge", 1.0))
    assert waits == [0.0, 1.0, 0.0, 1.0]
    store.close()


def test_slots_reserved_by_callers_that_died_are_few(both) -> None:
    taken = []
    for _ in range(300):
        with both.write() as connection:
            taken.append(take_slot(connection, "judge", 20.0))
    assert max(wait for wait in taken if wait is not None) <= AHEAD + 0.1
    assert sum(wait is not None for wait in taken) < 300


def test_a_new_rate_holds_for_a_submission_that_is_being_judged(prepare, aws, monkeypatch) -> None:
    monkeypatch.setattr(pace, "AHEAD", 0.2)
    store, entry, judge = prepare(EventSettings(calls_per_second=0.001))
    thread = threading.Thread(target=judge.run, args=(entry.id,))
    thread.start()
    time.sleep(0.5)
    assert entry_of(store, entry.id).state == "judging"
    with store.write() as connection:
        change_settings(connection, EventSettings(), "organizer Eve")
    thread.join(15)
    assert entry_of(store, entry.id).state == "done"
