"""What a director does to a finale, and what everybody is told of it."""

from __future__ import annotations

import json
import threading

import pytest
import requests

from workshop_kit.errors import LeagueProblem


def test_a_button_pressed_twice_acts_once(playing) -> None:
    director = playing.create(seconds=60)
    director.open(1)
    before = director.view().told["round"]["deadline"]
    body = {"round": 1, "seconds": 15, "key": "pressed-twice-1"}
    for _ in range(2):
        assert playing.ask("/api/finale/director/extend", playing.token, "POST", json=body).status_code == 200
    assert director.view().told["round"]["deadline"] == pytest.approx(before + 15)
    other = playing.ask("/api/finale/director/pause", playing.token, "POST", json={"round": 1, "key": body["key"]})
    assert other.status_code == 409 and "used for something else" in other.json()["error"]["message"]


def test_a_round_added_and_a_question_changed_while_they_wait(playing) -> None:
    director = playing.create(rounds=1)
    later = {"question": "F-SECRET-7: what?", "reference_answer": "Frame 7 costs $107."}
    assert len(director.question(2, later).told["agenda"]) == 2
    director.open(1)
    with pytest.raises(LeagueProblem, match="can't be changed any more"):
        director.question(1, later)
    with pytest.raises(LeagueProblem, match="There is no round 9"):
        director.question(9, later)


def test_the_first_of_the_standings_play_with_the_models_they_chose(fresh) -> None:
    from workshop_kit.league import client

    for name, skill in (("Ada", 100), ("Bob", 60), ("Cleo", 20)):
        client.submit(fresh.aws, f"bikes-{skill}", name, domain="bicycle-library", url=fresh.url)
    fresh.ask("/api/organizer/settings", fresh.token, "PATCH", json={"finalists": 2, "phase": "finale"})
    view = fresh.director.create()
    assert view.told["contestants"] == ["Ada", "Bob"]
    fresh.director.open(1)
    assert fresh.seat("Bob").generate(round=1).state == "done"
    assert fresh.aws.asked[-1]["endpoint"] == "bikes-60"


def test_a_stream_tells_everybody_the_same_and_a_round_closes_by_itself(playing) -> None:
    director = playing.create(seconds=1)
    seen: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with requests.get(f"{playing.url}/api/finale/stream", stream=True, timeout=20) as reply:
            for line in reply.iter_lines():
                if line.startswith(b"data: "):
                    seen.append(json.loads(line[6:])["round"]["phase"])
                    ready.set()
                if seen[-1:] == ["closed"]:
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    assert ready.wait(10)
    director.open(1)
    listener.join(10)
    assert not listener.is_alive() and seen[0] == "waiting" and seen[-1] == "closed" and "open" in seen


def test_the_qr_code_holds_the_audience_s_address(playing) -> None:
    director = playing.create()
    assert playing.ask("/finale/address").json() == {"url": f"{playing.url}/finale/vote"}
    picture = playing.ask("/finale/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml" and picture.text.startswith("<svg")
    body = {"public_url": "https://league.example.org/play/"}
    playing.ask("/api/finale/director/address", playing.token, "POST", json=body)
    assert playing.ask("/finale/address").json() == {"url": "https://league.example.org/play/finale/vote"}
    assert playing.ask("/finale/qr.svg").text != picture.text
    assert director.view().told["settings"]["public_url"] == body["public_url"]


def test_the_director_s_view_says_what_may_be_done_now_and_why_not(playing) -> None:
    director = playing.create()
    may = director.view().told["may"]
    assert may["open"] is None and may["pause"].startswith("Round 1 has not been opened")
    playing.to_voting()
    may = director.view().told["may"]
    assert may["close_voting"] is None and may["reveal"].startswith("Round 1 is being voted on")


def test_a_running_finale_is_not_displaced_by_accident(playing, teams, questions) -> None:
    director = playing.create(rounds=1, title="The real one")
    director.open(1)
    with pytest.raises(LeagueProblem, match="Round 1 of The real one is being played; end it first"):
        director.create(contestants=teams, questions=questions(1))
    assert director.view().told["title"] == "The real one"
    director.skip(1, "Enough.")
    assert director.create(contestants=teams, questions=questions(1)).told["title"] == "Finale"
