"""The league of one's own workspace: whoever has its files gets an organizer's token; another league gives its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.finale import TEAMS, questions_of
from workshop_kit import classroom
from workshop_kit.errors import LeagueProblem
from workshop_kit.league import finale, process
from workshop_kit.league.organizer import Organizer


def test_whoever_has_the_workspace_directs_its_league(fresh, monkeypatch) -> None:
    monkeypatch.setenv("WORKSHOP_HOME", str(fresh.home))
    monkeypatch.delenv("WORKSHOP_LEAGUE_URL", raising=False)
    started = []

    def start(home: Path, domain: str) -> process.LeagueInfo:
        started.append((home, domain))
        return process.LeagueInfo(fresh.url, domain, 0)

    monkeypatch.setattr(process, "start", start)
    director = finale.host("bicycle-library", name="D" * 100)
    director.create(contestants=TEAMS, questions=questions_of(1))
    assert director.open(1).phase == "open"
    assert started == [(fresh.home.resolve(), "bicycle-library")]
    noted = [row for row in Organizer(fresh.url, fresh.token).audit() if row["action"] == "new token"]
    assert [(row["who"], row["subject"], row["detail"]) for row in noted] == [
        ("this workspace", "organizer", {"name": "D" * 60})
    ]


@pytest.mark.parametrize(("host", "use"), [(finale.host, "Director"), (classroom.host, "Classroom")])
def test_somebody_elses_league_gives_its_tokens_itself(host, use: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKSHOP_LEAGUE_URL", "http://league.example.org")
    with pytest.raises(LeagueProblem, match=f"http://league.example.org; ask its host .* and use {use}"):
        host("bicycle-library")
    assert not (tmp_path / "home").exists()
