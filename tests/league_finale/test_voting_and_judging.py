"""The three scores of a round: the judge's and who overrides it, the experts', the audience's."""

from __future__ import annotations

import json
import time

import pytest
import requests

from tests.worlds.finale import LETTERS
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.client import Director


def letter_of(director: Director, text: str) -> str:
    return next(letter for letter, said in director.view().answers.items() if text in said)


def test_a_device_has_one_vote_which_may_change_until_the_close(playing) -> None:
    director = playing.create()
    playing.to_voting()
    one, two = playing.device(), playing.device()
    one.vote("A")
    one.vote("A")
    one.vote("B")
    two.vote("B")
    assert one.my_vote() == "B" and director.view().told["votes"] == 2
    for door in (director, one, playing.seat("Cy"), playing.expert("Expert")):
        shown = door.view().told["round"]
        assert "reveal" not in shown and not {"votes", "letter_votes"} & set(shown), "no count before the close"
    director.close_voting(1)
    with pytest.raises(LeagueProblem, match="votes count while it is voted on"):
        one.vote("A")
    for step in (1, 2, 3):
        view = director.reveal(1, step)
    assert {row["letter"]: row["votes"] for row in view.told["round"]["reveal"]["rows"]}["B"] == 2
    assert all("name" not in row for row in view.told["round"]["reveal"]["rows"]), "names come last"


@pytest.mark.parametrize("cookie", ["", "x", "0" * 32 + "." + "0" * 64, "a.b.c", "é"])
def test_a_device_that_was_not_signed_has_no_vote(playing, cookie: str) -> None:
    director = playing.create()
    playing.to_voting(judged=False)
    headers = {"Cookie": f"finale_device={cookie}".encode()} if cookie else {}
    reply = requests.put(
        f"{playing.url}/api/finale/ballot", json={"round": 1, "letter": "A"}, headers=headers, timeout=10
    )
    assert reply.status_code == 403 and "not known yet" in reply.json()["error"]["message"]
    assert director.view().told["votes"] == 0


def test_a_human_overrides_the_judge_blindly_and_the_log_keeps_why(playing) -> None:
    director = playing.create()
    playing.to_voting()
    wrong = letter_of(director, "I like bicycles") if "I like" in json.dumps(director.view().answers) else "A"
    director.override(1, wrong, 9.5, "It is right all the same.")
    verdict = next(v for v in director.view().told["verdicts"] if v["letter"] == wrong)
    assert verdict["override"]["score"] == 9.5 and verdict["score"] is not None
    director.close_voting(1)
    view = director.reveal(1, 1)
    row = next(row for row in view.told["round"]["reveal"]["rows"] if row["letter"] == wrong)
    assert row["llm"] == 95.0 and row["override"]["reason"] == "It is right all the same."
    log = playing.ask("/api/organizer/audit", playing.token).json()["lines"]
    line = next(line for line in log if line["action"] == "finale OverrideJudge")
    assert line["detail"]["reason"] == "It is right all the same." and line["who"] == "organizer The director"
    assert not any("SECRET" in json.dumps(line) for line in log), "the log is no way to coming questions"


def test_without_a_judge_the_round_goes_on_once_its_part_is_left_out(playing, aws) -> None:
    director = playing.create()
    aws.judge_up.clear()
    playing.to_voting()
    assert director.view().told["judged"] == {"done": 0, "failed": 5, "of": 5}
    experts = [playing.expert(f"Expert {n}") for n in range(2)]
    for expert in experts:
        for letter in LETTERS:
            expert.score(letter, 5)
    director.close_voting(1)
    with pytest.raises(LeagueProblem, match="no score for 5 of 5 answers; wait, override it or leave its part out"):
        director.reveal(1, 1)
    director.leave_out(1, "llm", "The judge can't be reached.")
    for step in range(1, 5):
        view = director.reveal(1, step)
    result = view.told["results"][0]
    assert result["shares"] == {"experts": 1.0}
    assert "Without the LLM judge: The judge can't be reached." in result["notes"]


def test_a_judge_that_comes_back_is_asked_again(playing, aws) -> None:
    director = playing.create()
    aws.judge_up.clear()
    playing.to_voting()
    aws.judge_up.set()
    director.judge_again(1)
    assert director.wait_for_judge().told["judged"] == {"done": 5, "failed": 0, "of": 5}


def test_an_expert_s_sheet_is_their_own_and_counts_when_complete(playing) -> None:
    director = playing.create()
    playing.to_voting()
    ada, bob = playing.expert("Ada"), playing.expert("Bob")
    assert ada.view().told["round"]["reference"] == "Frame 1 costs $101."
    for n, letter in enumerate(LETTERS):
        ada.score(letter, n + 0.5, "well put")
    bob.score("A", 10)
    assert bob.view().told["sheet"] == {"A": {"score": 10.0, "note": ""}}
    assert {e["name"]: e["scored"] for e in director.view().told["experts"]} == {"Ada": 5, "Bob": 1}
    with pytest.raises(LeagueProblem, match="multiple of 0.5|halves"):
        ada.score("A", 3.3)
    director.close_voting(1)
    with pytest.raises(LeagueProblem, match="scores count while"):
        ada.score("A", 1)
    view = director.reveal(1, 1), director.reveal(1, 2)
    rows = {row["letter"]: row["experts"] for row in view[1].told["round"]["reveal"]["rows"]}
    assert rows == {letter: 10 * (n + 0.5) for n, letter in enumerate(LETTERS)}


def test_weights_are_the_director_s_until_a_score_is_shown(playing) -> None:
    director = playing.create(weights={"llm": 1, "experts": 1, "audience": 2})
    assert director.weights(0, 0, 5).told["weights"] == {"llm": 0.0, "experts": 0.0, "audience": 5.0}
    with pytest.raises(LeagueProblem, match="weights add up to less than 1"):
        director.weights(0, 0, 0)
    playing.to_voting()
    playing.device().vote("C")
    director.close_voting(1)
    for step in range(1, 5):
        view = director.reveal(1, step)
    assert [row["points"] for row in view.told["results"][0]["rows"]] == [100, 0, 0, 0, 0]
    with pytest.raises(LeagueProblem, match="can't be changed any more"):
        director.weights(1, 1, 1)


def test_the_event_s_judge_and_its_rate_hold_in_the_finale(fresh) -> None:
    settings = {"judges": ["toy.second-judge-v1:0"], "calls_per_second": 5}
    fresh.ask("/api/organizer/settings", fresh.token, "PATCH", json=settings)
    director = fresh.create(rounds=1)
    began = time.monotonic()
    fresh.to_voting()
    assert {v["judge"] for v in director.view().told["verdicts"]} == {"toy.second-judge-v1:0"}
    assert fresh.aws.judged == 5 and time.monotonic() - began > 0.75, "five calls at five a second"
