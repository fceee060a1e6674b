"""Contestants ask their models against the clock: what counts, what is late, what failed."""

from __future__ import annotations

import time

import pytest

from workshop_kit.errors import LeagueProblem


def test_what_arrives_after_the_deadline_is_refused_in_a_sentence(playing) -> None:
    director = playing.create(seconds=1)
    seat = playing.seat("Cy")
    director.open(1)
    first = seat.generate(round=1)
    director.wait_for("closed", timeout=5)
    with pytest.raises(LeagueProblem, match=r"Time was up for round 1 at \d\d:\d\d:\d\d UTC, .* before this arrived"):
        seat.generate(round=1)
    with pytest.raises(LeagueProblem, match="Time was up"):
        seat.choose(first)
    assert [g.id for g in seat.view().mine] == [first.id]


def test_a_generation_under_way_when_the_server_is_restarted_is_asked_for_again(fresh, aws) -> None:
    director = fresh.create(seconds=20)
    seat = fresh.seat("Cy")
    director.open(1)
    deadline = director.view().told["round"]["deadline"]
    aws.hold.clear()
    asked = seat.generate("Be brief.", round=1, wait=False, key="same-key-0001")
    until = time.monotonic() + 5
    while not aws.asked and time.monotonic() < until:
        time.sleep(0.02)
    fresh.restart()
    aws.hold.set()
    view = fresh.seat("Cy").view()
    assert view.phase == "open" and view.told["round"]["deadline"] == deadline, "the clock went on"
    assert view.mine[0].system == "Be brief." and view.mine[0].id == asked.id
    again = seat.generate("Be brief.", round=1, key="same-key-0001")
    assert again.id == asked.id and again.state == "done" and len(seat.view().mine) == 1


def test_an_answer_that_comes_after_the_grace_does_not_count(playing, aws) -> None:
    director = playing.create(seconds=1, grace=0.5)
    director.open(1)
    quick, slow = playing.seat("Dee"), playing.seat("Cy")
    assert quick.generate(round=1).state == "done"
    aws.hold.clear()
    asked = slow.generate(round=1, wait=False)
    director.wait_for("closed", timeout=5, settled=True)
    director.start_voting(1)
    aws.hold.set()
    until = time.monotonic() + 5
    while slow.view().mine[0].state == "asked" and time.monotonic() < until:
        time.sleep(0.05)
    assert [(g.id, g.state) for g in slow.view().mine] == [(asked.id, "late")]
    assert list(director.view().answers) == ["A"], "who has no answer in time has no letter"


def test_a_model_that_fails_says_why_and_may_be_asked_again(playing, aws) -> None:
    director = playing.create()
    director.open(1)
    aws.gone = "bikes-60"
    seat = playing.seat("Cy")
    failed = seat.generate(round=1)
    assert failed.state == "failed" and failed.problem and "Traceback" not in failed.problem
    assert any("not found" in p["problem"] for p in director.view().told["people"] if p["name"] == "Cy")
    aws.gone = ""
    assert seat.generate(round=1).state == "done"


def test_what_a_contestant_sets_reaches_the_model(playing, aws) -> None:
    director = playing.create()
    director.open(1)
    playing.seat("Cy").generate("Be kind.", temperature=0.35, top_p=0.8, round=1)
    playing.seat("Eve").generate("Be curt.", temperature=0.9, top_p=1.0, round=1)
    endpoint = next(call for call in aws.asked if call.get("endpoint") == "bikes-60")
    assert endpoint["parameters"]["temperature"] == 0.35 and endpoint["parameters"]["top_p"] == 0.8
    assert "Be kind." in endpoint["inputs"] and endpoint["parameters"]["do_sample"] is True
    bedrock = next(call for call in aws.asked if call.get("model") == "toy.bikes-v1:0")
    assert bedrock["inferenceConfig"]["temperature"] == 0.9 and "topP" not in bedrock["inferenceConfig"]
    assert bedrock["system"] == [{"text": "Be curt."}]
