"""A deadline is told to the pages, whatever else happens in the moment before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.league_finale.test_engine import ask, create
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.play import Play
from workshop_kit.league.finale.store import TOPIC, FinaleStore
from workshop_kit.league.store import open_database
from workshop_kit.league.store.schema import revisions


def test_a_pick_just_before_the_deadline_does_not_hide_the_end_from_the_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(tmp_path / "league.sqlite")
    clock = [1000.0]
    store = FinaleStore(database, lambda: clock[0])
    looks: list[float] = []
    play = Play(store, None, changed=lambda: looks.append(clock[0]))
    # Another server has all the work of this finale: its verdicts would be told too.
    monkeypatch.setattr(store, "lease", lambda name, holder, seconds: False)

    def told() -> int:
        with database.read() as connection:
            return connection.execute(select(revisions.c.number).where(revisions.c.topic == TOPIC)).scalar_one()

    store.create(create(), "director")
    for command in (do.Open(1), ask("ann", "a"), do.Answered(1, "a", "It costs ann.")):
        store.act(command, "somebody")
    play._look()
    clock[0] = 1089.9
    store.act(do.Pick(1, "ann", "a"), "ann")
    before = told()
    clock[0], looks[:] = 1090.1, []
    play._look()
    assert store.current().rounds[0].phase == "open" and told() == before + 1 and looks == [1090.1]
    play._look()
    assert told() == before + 1, "what was told once is not told again"
    database.close()
