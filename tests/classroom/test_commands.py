"""The classroom's commands: thin, with an exit status that says how it went."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from workshop_kit.classroom.commands import register
from workshop_kit.errors import BadInput, KitError
from workshop_kit.local_aws import stop


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(required=True))

    def run(*words: object) -> int:
        args = parser.parse_args(["classroom", *map(str, words)])
        return args.run(args)

    yield run
    stop(tmp_path / "home")


def test_setup_writes_the_sheet_and_refuses_a_faulty_list(command, tmp_path: Path, capsys) -> None:
    people = tmp_path / "people.csv"
    people.write_text("name,team\nAnn,Otters\n")
    assert command("setup", people, "--out", tmp_path / "out") == 0
    assert "1 teams, 1 of them new" in capsys.readouterr().out
    assert (tmp_path / "out" / "join-codes.html").is_file()
    people.write_text("name,team\nAnn,\n")
    with pytest.raises(BadInput, match="line 2, field 'team'"):
        command("setup", people, "--out", tmp_path / "out")


def test_board_and_record_of_a_running_class(command, served, tmp_path: Path, capsys) -> None:
    room = served()
    for _ in range(3):
        room.check(room_token := getattr(room, "token", None) or room.member(), "dataset", ok=False)
        room.token = room_token
    assert command("board", "--url", room.url, "--token", room.organizer) == 0
    told = capsys.readouterr().out
    assert "Ann (Otters), step 1: failed 3 times in a row" in told and f"{room.url}/classroom" in told
    assert command("record", "--url", room.url, "--token", room.organizer, "--out", tmp_path) == 0
    assert (tmp_path / "classroom.csv").read_text().count("\n") == 2
    with pytest.raises(KitError, match="Say which class"):
        command("board")


def test_statistics_are_written_without_a_server(command, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("name,team\nAnn,Otters\n")
    command("setup", people, "--out", tmp_path)
    assert command("statistics", "--out", tmp_path) == 0
    assert {p.name for p in tmp_path.glob("event.*")} == {"event.json", "event.csv", "event.html"}
    assert "Ann" not in (tmp_path / "event.html").read_text()


def test_dry_run_and_teardown_say_how_it_went(command, local_aws, tmp_path: Path, capsys) -> None:
    assert command("dry-run", "--teams", 2, "--out", tmp_path) == 0
    assert "Ready." in capsys.readouterr().out and (tmp_path / "dry-run.csv").is_file()
    assert command("dry-run", "--teams", 50, "--out", tmp_path) == 1
    capsys.readouterr()
    assert command("teardown", "--who", "Ann", "--out", tmp_path) == 1
    assert "remove with --yes" in capsys.readouterr().out
    assert command("teardown", "--who", "Ann", "--yes", "--out", tmp_path) == 0
    assert "Nothing is left" in capsys.readouterr().out and (tmp_path / "teardown.html").is_file()
