"""A rehearsal beside a finale that is prepared or going on, and one that breaks off."""

from __future__ import annotations

import pytest

from tests.worlds.finale import TEAMS, Playing, questions_of
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import FinaleView
from workshop_kit.league.finale.rehearsal import Rehearsed, rehearse


def short(playing: Playing, rounds: int = 1, **more) -> Rehearsed:
    return rehearse(
        playing.director, contestants=TEAMS[:2], questions=questions_of(rounds), seconds=1, grace=0.5, audience=1,
        experts=1, regenerations=1, **more,
    )  # fmt: skip


def test_a_prepared_finale_is_the_current_one_again_after_its_rehearsal(playing) -> None:
    director = playing.create(rounds=2, title="Tomorrow's")
    done = short(playing)
    assert done.view.told["title"] == "Rehearsal" and done.view.over
    assert "The finale Tomorrow's, which was made before, is the current one again." in done.notes
    assert director.view().told["title"] == "Tomorrow's" and director.view().phase == "waiting"
    director.skip(1, "Enough.")
    director.skip(2, "Enough.")
    assert short(playing).notes == () and director.view().told["title"] == "Rehearsal", "what is over stays so"


def test_a_finale_that_was_begun_gives_way_to_a_rehearsal_only_when_told(playing) -> None:
    director = playing.create(rounds=2, title="The real one")
    director.open(1)
    with pytest.raises(LeagueProblem, match="Round 1 of The real one is being played"):
        short(playing)
    assert short(playing, instead=True).view.over
    assert director.view().told["title"] == "The real one" and director.view().phase == "open"


def test_a_rehearsal_that_breaks_off_leaves_the_way_free(playing) -> None:
    director = playing.create(rounds=1, title="Tomorrow's")
    director.skip(1, "Enough.")
    experts: list[FinaleView] = []

    def trip(moment: str, view: FinaleView) -> None:
        if moment == "voting":
            experts.append(view)
            raise RuntimeError("somebody tripped over the cable")

    with pytest.raises(RuntimeError, match="tripped"):
        short(playing, rounds=3, between=trip)
    told = director.view().told
    assert told["finale"] == experts[0].told["finale"] and told["over"], "no round of it is left open"
    assert {r["phase"] for r in told["agenda"]} == {"skipped"}
    assert short(playing).view.over
