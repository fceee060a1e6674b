"""The classroom's tables are what its migration makes, and go along when an event is exported."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect

from workshop_kit.classroom import pacing, tables
from workshop_kit.classroom.board import board
from workshop_kit.classroom.progress import Report, ask_help, take
from workshop_kit.league.store.database import Database, open_database
from workshop_kit.league.store.events import open_event
from workshop_kit.league.store.teams import found_team
from workshop_kit.league.store.tokens import Identity
from workshop_kit.league.store.transfer import export_lines, import_lines

OURS = [table for table in tables.metadata.sorted_tables if table.name.startswith("class_")]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path: Path):
    where = request.getfixturevalue("postgres") if request.param == "postgres" else tmp_path / "one.sqlite"
    found = open_database(where)
    yield found
    found.close()


def test_the_migration_makes_the_tables_that_the_code_uses(database: Database) -> None:
    assert len(OURS) == 9
    looked = inspect(database.engine)
    for table in OURS:
        made = {column["name"]: column["nullable"] for column in looked.get_columns(table.name)}
        assert made == {column.name: column.nullable for column in table.columns}, table.name
        keys = looked.get_pk_constraint(table.name)["constrained_columns"]
        assert keys == [column.name for column in table.primary_key.columns], table.name


def test_a_class_goes_along_with_its_events_export(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        open_event(connection, "bicycle-library")
        team, _ = found_team(connection, "Otters")
        who = Identity("attendee", team.id, "Ann", "0123456789ab")
        take(connection, who, None, [Report("k1", "dataset", "check", False)], now=1e9)
        take(connection, who, "f" * 32, [Report("k1", "review", "check", True, 60.0)], now=1e9)
        ask_help(connection, who, None, "dataset", 1e9)
        pacing.add_hint(connection, "Look up", "dataset", team.id, "test", 1e9)
        pacing.extend(connection, "dataset", 5, team.id, "test", 1e9)
        pacing.change_step(connection, "review", "test", open=False)
        before = board(connection, 1e9 + 60), pacing.pace(connection, team.id)
    other = open_database(tmp_path / "two.sqlite")
    import_lines(other, export_lines(database))
    with other.read() as connection:
        assert (board(connection, 1e9 + 60), pacing.pace(connection, team.id)) == before
    assert len(before[0]["people"]) == 2 and before[0]["hands"] == 1
    other.close()
