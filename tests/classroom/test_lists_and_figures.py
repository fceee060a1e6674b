"""A roster is read whole or refused by line, set up once however often, and an event's figures point at nobody."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.classroom import joining
from workshop_kit.classroom.event_figures import bins, event_statistics, rounded
from workshop_kit.classroom.instructor import Classroom
from workshop_kit.classroom.joining import set_up
from workshop_kit.classroom.progress import Report, take
from workshop_kit.classroom.roster import read_roster, roster_of
from workshop_kit.errors import BadInput
from workshop_kit.league.store.database import open_database
from workshop_kit.league.store.events import open_event
from workshop_kit.league.store.schema import teams
from workshop_kit.league.store.teams import all_teams, members_of
from workshop_kit.league.store.tokens import Identity, team_of_code

GOOD = 'name,email,team\nAnn,ann@example.org,Otters\nBob,,otters\n"Cy, jr.",,=1+1\n'


@pytest.fixture
def database(tmp_path: Path) -> Any:
    found = open_database(tmp_path / "league.sqlite")
    with found.write() as connection:
        open_event(connection, "bicycle-library")
    yield found
    found.close()


def codes(folder: Path) -> dict[str, str]:
    rows = list(csv.DictReader(io.StringIO((folder / "join-codes.csv").read_text())))
    return {row["team"]: row["join code"] for row in rows}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_in_any_order_and_the_usual_separators(separator: str) -> None:
    found = roster_of(f"\ufeffTeam{separator}Name\r\nOtters{separator}Ann\r\n\r\n")
    assert not found.findings and [(a.name, a.team, a.email) for a in found.attendees] == [("Ann", "Otters", "")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\nAnn\n", "line 1, field 'team': the first line must name this column once"),
        ("name,team\nAnn,\n", "line 2, field 'team': is empty"),
        ("name,team\nAnn,A\nann,a\n", "line 3, field 'name': is in this team already, on line 2"),
        ("name,team,email\nAnn,A,nope\n", "line 2, field 'email': is no e-mail address"),
        (f"name,team\n{'x' * 61},A\n", "line 2, field 'name': has 61 characters"),
        ("name,team\nAnn\u202e,A\n", "line 2, field 'name': has characters that can't be shown"),
        ("name,team\nAnn,A,b,c\n", "has 4 cells under 2 columns"),
        ('name,team\n"Ann,A\n', "can't be read as CSV"),
        ("name,team\n", "nobody in the list"),
        ("", "it has nothing"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(text: str, says: str) -> None:
    with pytest.raises(BadInput, match="Nothing was set up") as problem:
        roster_of(text, "people.csv").require_sound()
    assert says in str(problem.value) and "people.csv" in str(problem.value)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    found = roster_of(text)
    assert found.findings or found.attendees


def test_teams_codes_and_sheet_are_made_and_a_repeat_changes_nothing(database: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(GOOD)
    sheet = set_up(database, read_roster(path), tmp_path / "out", url="https://league.example")
    first = codes(tmp_path / "out")
    assert [place.team for place in sheet.places] == ["Otters", "=1+1"] and all(p.new for p in sheet.places)
    assert "'=1+1" in first, "a formula is armed in the sheet"
    page = (tmp_path / "out" / "join-codes.html").read_text()
    assert first["Otters"] in page and "https://league.example" in page
    assert (tmp_path / "out" / "join-codes.csv").stat().st_mode & 0o077 == 0
    again = set_up(database, read_roster(path), tmp_path / "out")
    assert codes(tmp_path / "out") == first and not any(place.new for place in again.places)
    with database.read() as connection:
        team = all_teams(connection)[0]
        assert members_of(connection, team.id) == ["Ann", "Bob"]
        assert team_of_code(connection, first["Otters"]) == (True, team.id)


def test_a_kill_leaves_nothing_half_done(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(joining.Sheet, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        set_up(database, roster_of(GOOD), tmp_path / "out")
    with database.read() as connection:
        assert all_teams(connection) == []


def test_a_fault_anywhere_sets_nothing_up(database: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        set_up(database, roster_of(GOOD + "Dee,,\n"), tmp_path / "out")
    with database.read() as connection:
        assert all_teams(connection) == []
    assert not (tmp_path / "out").exists()


def test_hostile_names_are_only_text_on_the_sheet(database: Any, tmp_path: Path) -> None:
    set_up(database, roster_of("name,team\n<script>x</script>,<b>T</b>\n"), tmp_path / "out")
    page = (tmp_path / "out" / "join-codes.html").read_text()
    assert "<script>" not in page and "<b>T" not in page and "&lt;b&gt;T" in page


def test_the_same_through_the_server_and_a_member_can_join(served: Any, tmp_path: Path) -> None:
    room = served()
    path = tmp_path / "people.csv"
    path.write_text(GOOD + "".join(f"P{n},,Team {n}\n" for n in range(120)))
    instructor = Classroom(room.url, room.organizer)
    sheet = instructor.set_up(path, tmp_path / "out")
    assert len(sheet.places) == 122
    before = codes(tmp_path / "out")
    instructor.set_up(path, tmp_path / "out")
    assert codes(tmp_path / "out") == before
    told = room.told("POST", "/api/join", json={"code": before["Team 7"], "name": "P7"})
    assert told["team"] == "Team 7"


def test_counts_are_rounded_and_small_groups_suppressed() -> None:
    assert [rounded(n) for n in (0, 4, 5, 7, 8, 412)] == [None, None, 5, 5, 10, 410]
    assert bins([0.1, 0.2, 0.9, 0.95]) == ()


@given(st.lists(st.floats(0, 1), max_size=80))
def test_no_bin_of_win_rates_holds_fewer_than_five(rates: list[float]) -> None:
    found = bins(rates)
    edges = [0.0] if found else []
    for one in found:
        inside = [r for r in rates if one.low <= min(r, 0.999) < one.high]
        assert len(inside) >= 5 and one.teams % 5 == 0 and one.low == edges[-1]
        edges.append(one.high)
    assert (len(rates) < 5) == (not found) and (not found or edges[-1] == 1.0)


def test_an_events_figures_name_nobody_and_leave_small_groups_out(database: Any, tmp_path: Path) -> None:
    with database.write() as connection:
        for n in range(12):
            id = f"{n:012x}"
            connection.execute(
                teams.insert().values(
                    id=id, name=f"Secret {n}", name_key=f"secret {n}", created=0.0, disabled=False, judged=1,
                    best_rate=n / 12,
                )
            )  # fmt: skip
            who = Identity("attendee", id, f"Person {n}", f"t{n:011x}")
            take(connection, who, None, [Report("k1", "dataset", "check", True, 60.0 * (n + 1))], now=1e9)
            if n < 3:
                take(connection, who, None, [Report("k2", "review", "check", True, 5.0)], now=1e9)
        found = event_statistics(connection)
    first, second = found.steps[:2]
    assert (found.people, first.started, first.finished, first.median) == (10, 10, 10, 6)
    assert (second.started, second.finished, second.median) == (None, None, None)
    assert sum(b.teams for b in found.win_rates) and found.usd is None
    for text in (json.dumps(found.to_dict()), found.to_csv(), found.to_html()):
        assert "Secret" not in text and "Person" not in text and "000" not in text
    assert "suppressed" in found.to_html() and "suppressed" in found.to_csv()
