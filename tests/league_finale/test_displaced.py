"""One finale takes another's place only where nothing is lost by it, and an earlier one can be taken up again."""

from __future__ import annotations

import pytest
import requests

from tests.worlds.finale import TEAMS, Playing, questions_of
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.client import Director


def another(director: Director, **more) -> str:
    view = director.create(contestants=TEAMS[:2], questions=questions_of(1), title="Another", **more)
    return view.told["finale"]


def reveal(playing: Playing, number: int) -> None:
    playing.to_voting(number)
    playing.director.close_voting(number)
    for step in range(1, 5):
        playing.director.reveal(number, step)


def test_between_two_rounds_a_finale_keeps_its_place(playing) -> None:
    director = playing.create(rounds=3, title="The real one")
    reveal(playing, 1)
    with pytest.raises(LeagueProblem, match="The real one has 2 of its 3 rounds to go; play or skip them first"):
        another(director)
    assert director.view().told["title"] == "The real one"
    director.skip(2, "Time is short.")
    with pytest.raises(LeagueProblem, match="has 1 of its 3 rounds to go"):
        another(director)
    director.skip(3, "Time is short.")
    another(director)
    assert director.view().told["title"] == "Another"


def test_an_earlier_finale_is_taken_up_as_it_was_left(playing) -> None:
    director = playing.create(rounds=3, title="The real one")
    first, made = director.view().told["finale"], director.finales()[0]["made"]
    reveal(playing, 1)
    before = director.view().told
    other = another(director, instead=True)
    assert director.view().told["finale"] == other
    listed = {found["finale"]: found for found in director.finales()}
    assert director.finales()[0]["finale"] == other and listed[other]["contestants"] == ["Ann & Söhne", "<b>Ben</b>"]
    assert (listed[first]["title"], listed[first]["over"], listed[first]["rounds"]) == ("The real one", 1, 3)

    again = director.make_current(first).told
    assert again == before | {"version": again["version"]}
    assert again["version"] > before["version"], "a page would take it for what was before"
    assert playing.device().view().standing == tuple(before["standing"])
    assert director.make_current(first).told == again, "asked for again it changes nothing"
    assert director.finales()[0]["finale"] == first and director.finales()[0]["made"] == made
    with pytest.raises(LeagueProblem, match="has 2 of its 3 rounds to go"):
        director.make_current(other)
    reveal(playing, 2)
    playing.restart()
    assert director.view().told["finale"] == first and director.view().told["played"] == 2
    assert director.make_current(other, instead=True).told["title"] == "Another"
    log = playing.ask("/api/organizer/audit", playing.token).json()["lines"]
    assert sum(line["action"] == "finale current again" for line in log) == 2


def test_a_phone_that_saw_another_finale_meanwhile_is_the_same_device_still(playing) -> None:
    director = playing.create(rounds=1)
    first = director.view().told["finale"]
    playing.to_voting(judged=False)
    phone = requests.Session()

    def vote(letter: str) -> None:
        """As the page does: it asks to be a device, then votes."""
        assert phone.post(f"{playing.url}/api/finale/device", timeout=10).ok
        reply = phone.put(f"{playing.url}/api/finale/ballot", json={"round": 1, "letter": letter}, timeout=10)
        assert reply.ok, reply.text

    vote("A")
    another(director, instead=True)
    assert phone.post(f"{playing.url}/api/finale/device", timeout=10).ok
    director.make_current(first)
    vote("B")
    assert director.view().told["votes"] == 1, "one phone has two votes"
    director.close_voting(1)


def test_a_finale_nobody_made_can_t_be_taken_up(playing) -> None:
    director = playing.create()
    with pytest.raises(LeagueProblem, match="no finale with this id"):
        director.make_current("0" * 12)


def test_where_teams_have_codes_a_misspelt_contestant_is_refused_by_name(fresh) -> None:
    fresh.ask("/api/organizer/settings", fresh.token, "PATCH", json={"access": "codes"})
    for name in ("Ann", "Ben"):
        fresh.ask("/api/organizer/teams", fresh.token, "POST", json={"name": name})
    director = fresh.director

    def names() -> list[str]:
        return [team["name"] for team in fresh.ask("/api/organizer/teams", fresh.token).json()["teams"]]

    with pytest.raises(LeagueProblem, match="no team named Anne or Bne; write each name"):
        director.create(contestants=[("Anne", "bikes-1"), ("Bne", "bikes-2")], questions=questions_of(1))
    assert sorted(names()) == ["Ann", "Ben"]
    view = director.create(contestants=[(" ann", "bikes-1"), ("Ben", "bikes-2")], questions=questions_of(1))
    assert view.told["contestants"] == ["Ann", "Ben"]


def test_a_finale_that_is_refused_founds_no_team(fresh) -> None:
    director = fresh.create(rounds=2)
    director.open(1)
    with pytest.raises(LeagueProblem, match="is being played"):
        director.create(contestants=[("Fay", "bikes-1"), ("Gil", "bikes-2")], questions=questions_of(1))
    with pytest.raises(LeagueProblem, match="named twice"):
        director.create(contestants=[("Fay", "bikes-1"), ("fay", "bikes-2")], questions=questions_of(1), instead=True)
    found = fresh.ask("/api/organizer/teams", fresh.token).json()["teams"]
    assert sorted(team["name"] for team in found) == sorted(name for name, _ in TEAMS)
    log = fresh.ask("/api/organizer/audit", fresh.token).json()["lines"]
    assert sum(line["action"] == "found team" for line in log) == len(TEAMS)
