"""A roster through the server: large teams and long names go in as many requests as they need."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import instructor
from workshop_kit.classroom.instructor import Classroom
from workshop_kit.classroom.roster import roster_of
from workshop_kit.league.store.teams import all_teams, members_of
from workshop_kit.league.store.tokens import team_of_code


def write(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("name", "team", "email"), *rows])
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def members(room: Any) -> dict[str, list[str]]:
    with room.database.read() as connection:
        return {team.name: members_of(connection, team.id) for team in all_teams(connection)}


def codes(room: Any, sheet: Any) -> dict[str, bool]:
    """Whether each team's code on the sheet opens that team."""
    with room.database.read() as connection:
        ids = {team.name: team.id for team in all_teams(connection)}
        return {p.team: team_of_code(connection, p.code) == (True, ids[p.team]) for p in sheet.places}


def test_a_team_of_more_than_a_request_takes_is_set_up_whole(room: Any, tmp_path: Path) -> None:
    rows = [(f"Person {n}", "Everybody", "") for n in range(130)] + [("Ann", "Otters", "ann@example.org")]
    sheet = Classroom(room.url, room.organizer).set_up(write(tmp_path / "people.csv", rows), tmp_path)
    assert [(p.team, len(p.members), p.new) for p in sheet.places] == [("Everybody", 130, True), ("Otters", 1, True)]
    assert codes(room, sheet) == {"Everybody": True, "Otters": True}
    assert len(members(room)["Everybody"]) == 130
    again = Classroom(room.url, room.organizer).set_up(tmp_path / "people.csv", tmp_path)
    assert [(p.team, p.code) for p in again.places] == [(p.team, p.code) for p in sheet.places]
    assert not any(p.new for p in again.places)


def test_long_names_stay_below_what_a_body_may_hold(room: Any, tmp_path: Path) -> None:
    # Sent as JSON, each of these letters takes twelve bytes.
    rows = [
        (f"{'𝒜' * 55}{n}{who}", f"{'𝒯' * 50}{n}", f"{'𝑒' * 120}{who}@example.org")
        for n in range(60)
        for who in range(2)
    ]
    sheet = Classroom(room.url, room.organizer).set_up(write(tmp_path / "people.csv", rows), tmp_path)
    assert len(sheet.places) == 60 and all(len(p.members) == 2 for p in sheet.places)
    assert all(codes(room, sheet).values())
    written = list(csv.DictReader(io.StringIO((tmp_path / "join-codes.csv").read_text(encoding="utf-8"))))
    assert [row["join code"] for row in written] == [p.code for p in sheet.places]


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_a_set_up_that_was_cut_off_goes_on(
    room: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    path = write(tmp_path / "people.csv", [(f"Person {n}", "Everybody", "") for n in range(130)])
    real, calls = instructor.call, []

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(instructor, "call", call)
    with pytest.raises(KeyboardInterrupt):
        Classroom(room.url, room.organizer).set_up(path, tmp_path)
    monkeypatch.undo()
    sheet = Classroom(room.url, room.organizer).set_up(path, tmp_path)
    assert [len(p.members) for p in sheet.places] == [130] and codes(room, sheet) == {"Everybody": True}


def test_every_parcel_fits_and_nobody_is_left_out() -> None:
    text = (
        "name,team\n" + "".join(f"P{n},Team {n % 7}\n" for n in range(800)) + "".join(f"Q,T{n}\n" for n in range(120))
    )
    teams = roster_of(text).require_sound().teams
    parcels = list(instructor._parcels(teams))
    told: dict[str, list[str]] = {}
    for parcel in parcels:
        assert len({one["name"] for one in parcel}) == len(parcel) <= instructor.TEAMS_AT_ONCE
        for one in parcel:
            assert 0 < len(one["members"]) <= instructor.MEMBERS_AT_ONCE
            told.setdefault(one["name"], []).extend(member["name"] for member in one["members"])
    assert told == {name: [a.name for a in attendees] for name, attendees in teams.items()}
