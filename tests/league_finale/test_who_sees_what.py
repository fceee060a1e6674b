"""What each role of a finale sees and may do, and what stays hidden until its time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.client import Audience, Expert, Seat


def test_there_is_no_finale_at_first(fresh) -> None:
    assert fresh.ask("/api/finale").json() == {"finale": None}
    for door in (fresh.director, Seat(fresh.url, ""), Audience(fresh.url)):
        with pytest.raises(LeagueProblem):
            door.view()
    assert fresh.ask("/api/finale/director", fresh.token).status_code == 404


def test_nobody_reads_another_s_answer_or_a_coming_question_before_its_time(playing, teams) -> None:
    director = playing.create(rounds=3)
    seats = {name: playing.seat(name) for name, _ in teams}
    expert = playing.expert("Expert")
    for door in (*seats.values(), expert, playing.device()):
        assert "SECRET" not in json.dumps(door.view().told), "a question before its round"
    director.open(1)
    for n, seat in enumerate(seats.values()):
        seat.generate(f"Say: PRIVATE-{n}-WORDS", round=1)

    def seen_by(door: Any) -> str:
        return json.dumps(door.view().told)

    outside = (Audience(playing.url), expert)
    for n, seat in enumerate(seats.values()):
        mine = seen_by(seat)
        assert f"PRIVATE-{n}-WORDS" in mine and mine.count("PRIVATE-") == 2, "an answer and its system prompt, no more"
        assert "F-SECRET-1" in mine and "F-SECRET-2" not in mine and "$101" not in mine
    for door in outside:
        assert "PRIVATE" not in seen_by(door) and "SECRET-2" not in seen_by(door) and "$101" not in seen_by(door)
    assert "PRIVATE" not in seen_by(director) and "F-SECRET-3" in seen_by(director)
    director.close(1)
    director.start_voting(1)
    public = seen_by(Audience(playing.url))
    assert all(f"PRIVATE-{n}-WORDS" in public for n in range(5)) and "SECRET-2" not in public
    answers = json.dumps(director.view().told["verdicts"])
    assert not any(json.dumps(name) in answers for name, _ in teams), "an override is blind too"
    others = playing.ask("/api/finale/contestant/generations/" + seats["Cy"].view().mine[0].id, seats["Dee"]._token)
    assert others.status_code == 404


@pytest.mark.parametrize("role", ["", "contestant", "expert"])
def test_only_the_organizer_directs(playing, role: str) -> None:
    director = playing.create()
    token = "" if not role else director.seat("Cy" if role == "contestant" else "Expert", expert=role == "expert")
    spec = playing.ask("/api/openapi.json").json()["paths"]
    paths = [path for path in spec if path.startswith("/api/finale/director")]
    assert len(paths) >= 17
    for path in [*paths, "/api/finale"]:
        for method in spec[path]:
            if (path, method) == ("/api/finale", "get"):
                continue
            reply = playing.ask(path, token, method.upper(), json={"round": 1})
            assert reply.status_code == (403 if role else 401), f"{method} {path}: {reply.status_code}"


def test_a_team_outside_and_an_audience_have_no_desk(playing) -> None:
    playing.create()
    other = playing.create().seat("Cy")
    director = playing.director
    names = ("Fay", "Gil")
    director.create(
        contestants=[(name, "bikes-1") for name in names],
        questions=[{"question": "F-SECRET-1: x?", "reference_answer": "$101"}],
        instead=True,
    )
    assert playing.ask("/api/finale/contestant", other).status_code == 403
    assert playing.ask("/api/finale/contestant").status_code == 401
    expert = director.seat("Expert", expert=True)
    assert playing.ask("/api/finale/contestant", expert).status_code == 403
    assert playing.ask("/api/finale/judge", other).status_code == 403


def test_experts_and_contestants_can_be_dismissed(playing) -> None:
    director = playing.create()
    token = director.seat("Expert", expert=True)
    Expert(playing.url, token).view()
    assert director.dismiss() == 1
    with pytest.raises(LeagueProblem, match="not valid any more"):
        Expert(playing.url, token).view()


def test_hidden_questions_are_drawn_only_when_no_ranked_submission_is_taken(fresh, teams) -> None:
    director = fresh.director
    with pytest.raises(LeagueProblem, match="freeze the league first"):
        director.create(contestants=teams)
    drawn = director.create(contestants=teams, draw_from="practice", rounds=3).told["agenda"]
    assert len({r["question"] for r in drawn}) == 3 and all("P-SECRET" in r["question"] for r in drawn)
    fresh.ask("/api/organizer/settings", fresh.token, "PATCH", json={"phase": "freeze"})
    drawn = director.create(contestants=teams, rounds=20).told["agenda"]
    assert len(drawn) == 10 and all("H-SECRET" in r["question"] for r in drawn)
    with pytest.raises(LeagueProblem, match="The standings have 0 teams"):
        director.create()


def test_values_show_themselves_and_hostile_text_is_only_text(playing) -> None:
    director = playing.create(rounds=1)
    director.open(1)
    attack = "</td><script>alert(1)</script>"
    seat = playing.seat("<b>Ben</b>")
    shown = seat.generate(f"Say: {attack}", round=1)
    assert shown.text == attack and "<script>" not in shown._repr_html_() + seat.view()._repr_html_()
    playing.seat("Cy").generate(round=1)
    director.close(1)
    director.wait_for_judge()
    assert "<script>" not in director.start_voting(1)._repr_html_()
    playing.device().vote("A")
    director.close_voting(1)
    for step in range(1, 5):
        view = director.reveal(1, step)
    assert "<b>Ben" not in view._repr_html_() and "&lt;b&gt;Ben" in view._repr_html_()
    assert "Without the experts" in view._repr_html_()
    assert list(view.to_frame()["rank"]) == [row["rank"] for row in view.standing]
    assert "<b>Ben</b>" in view.to_text()
