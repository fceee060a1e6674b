"""The rule by which somebody counts as stuck is the class's, not the server's: it outlives a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom.board import board
from workshop_kit.classroom.record import record
from workshop_kit.classroom.shared import Board
from workshop_kit.classroom.stuck import StuckRule, change_stuck_rule, stuck_rule
from workshop_kit.league.store.database import open_database
from workshop_kit.league.store.transfer import export_lines

USUAL = {"failed": 3, "times": 2.0, "fewest": 5}


def test_a_changed_rule_is_there_when_the_server_starts_again(room: Any) -> None:
    assert room.board()["rule"] == USUAL
    token = room.member()
    room.check(token, "dataset", ok=False)
    assert room.board()["stuck"] == 0
    room.told("PUT", "/api/class/rule", room.organizer, json={"failed": 1, "times": 3.5})
    assert room.board()["rule"] == {"failed": 1, "times": 3.5, "fewest": 5} and room.board()["stuck"] == 1
    # What a new server makes of the same database.
    again = Board(room.app.state.context)
    assert b'"rule":{"failed":1,"times":3.5,"fewest":5}' in again.now() and b'"stuck":1' in again.now()
    lines = room.told("GET", "/api/organizer/audit", room.organizer)["lines"]
    assert next(line["detail"] for line in lines if line["action"] == "stuck rule") == {"failed": 1, "times": 3.5}


def keeps(database: Any) -> None:
    with database.write() as connection:
        assert stuck_rule(connection) == StuckRule()
        change_stuck_rule(connection, 4, 1.5, "Ann")
        change_stuck_rule(connection, 2, 2.5, "Ann")
    with database.read() as connection:
        assert stuck_rule(connection) == StuckRule(2, 2.5) and board(connection, 0.0)["rule"]["failed"] == 2


def test_it_is_one_row_that_goes_along_with_an_export(tmp_path: Path) -> None:
    database = open_database(tmp_path / "x.sqlite")
    keeps(database)
    assert sum('"class_rule"' in line for line in export_lines(database)) == 1
    with database.read() as connection:
        assert record(connection)["rule"] == {"failed": 2, "times": 2.5, "fewest": 5}
    database.close()
    again = open_database(tmp_path / "x.sqlite")
    with again.read() as connection:
        assert stuck_rule(connection) == StuckRule(2, 2.5)
    again.close()


def test_the_same_on_postgres(postgres: str) -> None:
    database = open_database(postgres)
    keeps(database)
    database.close()


@pytest.mark.parametrize("body", [{"failed": 0}, {"times": 0.5}, {"fewest": 1}, {"times": 21}])
def test_a_rule_out_of_bounds_is_refused(room: Any, body: dict[str, float]) -> None:
    assert room.call("PUT", "/api/class/rule", room.organizer, json=body).status_code == 400
    assert room.board()["rule"] == USUAL
