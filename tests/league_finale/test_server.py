"""The finale through its server: what is hidden, what counts once, what survives."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.client import Audience, Director, Expert, Seat

LETTERS = "ABCDE"


def raw(playing, path: str, token: str = "", method: str = "GET", **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method, f"{playing.url}{path}", headers=headers, timeout=20, **options)


def told(reply: requests.Response) -> str:
    return reply.json()["error"]["message"]


def to_voting(playing, director: Director, teams, number: int = 1, judged: bool = True) -> dict[str, Seat]:
    director.open(number)
    with ThreadPoolExecutor(len(teams)) as pool:
        seats = dict(pool.map(lambda team: (team[0], playing.seat(team[0])), teams))
        assert {one.state for one in pool.map(lambda seat: seat.generate(round=number), seats.values())} == {"done"}
    director.close(number)
    if judged:
        director.wait_for_judge()
    director.start_voting(number)
    return seats


def letter_of(director: Director, text: str) -> str:
    return next(letter for letter, said in director.view().answers.items() if text in said)


def test_there_is_no_finale_at_first(fresh) -> None:
    assert raw(fresh, "/api/finale").json() == {"finale": None}
    for door in (fresh.director, Seat(fresh.url, ""), Audience(fresh.url)):
        with pytest.raises(LeagueProblem):
            door.view()
    assert raw(fresh, "/api/finale/director", fresh.token).status_code == 404


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
    others = raw(playing, "/api/finale/contestant/generations/" + seats["Cy"].view().mine[0].id, seats["Dee"]._token)
    assert others.status_code == 404


@pytest.mark.parametrize("role", ["", "contestant", "expert"])
def test_only_the_organizer_directs(playing, teams, role: str) -> None:
    director = playing.create()
    token = "" if not role else director.seat("Cy" if role == "contestant" else "Expert", expert=role == "expert")
    spec = raw(playing, "/api/openapi.json").json()["paths"]
    paths = [path for path in spec if path.startswith("/api/finale/director")]
    assert len(paths) >= 17
    for path in [*paths, "/api/finale"]:
        for method in spec[path]:
            if (path, method) == ("/api/finale", "get"):
                continue
            reply = raw(playing, path, token, method.upper(), json={"round": 1})
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
    assert raw(playing, "/api/finale/contestant", other).status_code == 403
    assert raw(playing, "/api/finale/contestant").status_code == 401
    expert = director.seat("Expert", expert=True)
    assert raw(playing, "/api/finale/contestant", expert).status_code == 403
    assert raw(playing, "/api/finale/judge", other).status_code == 403


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


def test_a_device_has_one_vote_which_may_change_until_the_close(playing, teams) -> None:
    director = playing.create()
    to_voting(playing, director, teams)
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
def test_a_device_that_was_not_signed_has_no_vote(playing, teams, cookie: str) -> None:
    director = playing.create()
    to_voting(playing, director, teams, judged=False)
    headers = {"Cookie": f"finale_device={cookie}".encode()} if cookie else {}
    reply = requests.put(
        f"{playing.url}/api/finale/ballot", json={"round": 1, "letter": "A"}, headers=headers, timeout=10
    )
    assert reply.status_code == 403 and "not known yet" in told(reply)
    assert director.view().told["votes"] == 0


def test_a_button_pressed_twice_acts_once(playing) -> None:
    director = playing.create(seconds=60)
    director.open(1)
    before = director.view().told["round"]["deadline"]
    body = {"round": 1, "seconds": 15, "key": "pressed-twice-1"}
    for _ in range(2):
        assert raw(playing, "/api/finale/director/extend", playing.token, "POST", json=body).status_code == 200
    assert director.view().told["round"]["deadline"] == pytest.approx(before + 15)
    other = raw(playing, "/api/finale/director/pause", playing.token, "POST", json={"round": 1, "key": body["key"]})
    assert other.status_code == 409 and "used for something else" in told(other)


def test_a_human_overrides_the_judge_blindly_and_the_log_keeps_why(playing, teams) -> None:
    director = playing.create()
    to_voting(playing, director, teams)
    wrong = letter_of(director, "I like bicycles") if "I like" in json.dumps(director.view().answers) else "A"
    director.override(1, wrong, 9.5, "It is right all the same.")
    verdict = next(v for v in director.view().told["verdicts"] if v["letter"] == wrong)
    assert verdict["override"]["score"] == 9.5 and verdict["score"] is not None
    director.close_voting(1)
    view = director.reveal(1, 1)
    row = next(row for row in view.told["round"]["reveal"]["rows"] if row["letter"] == wrong)
    assert row["llm"] == 95.0 and row["override"]["reason"] == "It is right all the same."
    log = raw(playing, "/api/organizer/audit", playing.token).json()["lines"]
    line = next(line for line in log if line["action"] == "finale OverrideJudge")
    assert line["detail"]["reason"] == "It is right all the same." and line["who"] == "organizer The director"
    assert not any("SECRET" in json.dumps(line) for line in log), "the log is no way to coming questions"


def test_without_a_judge_the_round_goes_on_once_its_part_is_left_out(playing, teams, aws) -> None:
    director = playing.create()
    aws.judge_up.clear()
    to_voting(playing, director, teams)
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


def test_a_judge_that_comes_back_is_asked_again(playing, teams, aws) -> None:
    director = playing.create()
    aws.judge_up.clear()
    to_voting(playing, director, teams)
    aws.judge_up.set()
    director.judge_again(1)
    assert director.wait_for_judge().told["judged"] == {"done": 5, "failed": 0, "of": 5}


def test_an_expert_s_sheet_is_their_own_and_counts_when_complete(playing, teams) -> None:
    director = playing.create()
    to_voting(playing, director, teams)
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


def test_weights_are_the_director_s_until_a_score_is_shown(playing, teams) -> None:
    director = playing.create(weights={"llm": 1, "experts": 1, "audience": 2})
    assert director.weights(0, 0, 5).told["weights"] == {"llm": 0.0, "experts": 0.0, "audience": 5.0}
    with pytest.raises(LeagueProblem, match="weights add up to less than 1"):
        director.weights(0, 0, 0)
    to_voting(playing, director, teams)
    playing.device().vote("C")
    director.close_voting(1)
    for step in range(1, 5):
        view = director.reveal(1, step)
    assert [row["points"] for row in view.told["results"][0]["rows"]] == [100, 0, 0, 0, 0]
    with pytest.raises(LeagueProblem, match="can't be changed any more"):
        director.weights(1, 1, 1)


def test_a_round_added_and_a_question_changed_while_they_wait(playing) -> None:
    director = playing.create(rounds=1)
    later = {"question": "F-SECRET-7: what?", "reference_answer": "Frame 7 costs $107."}
    assert len(director.question(2, later).told["agenda"]) == 2
    director.open(1)
    with pytest.raises(LeagueProblem, match="can't be changed any more"):
        director.question(1, later)
    with pytest.raises(LeagueProblem, match="There is no round 9"):
        director.question(9, later)


def test_hidden_questions_are_drawn_only_when_no_ranked_submission_is_taken(fresh, teams) -> None:
    director = fresh.director
    with pytest.raises(LeagueProblem, match="freeze the league first"):
        director.create(contestants=teams)
    drawn = director.create(contestants=teams, draw_from="practice", rounds=3).told["agenda"]
    assert len({r["question"] for r in drawn}) == 3 and all("P-SECRET" in r["question"] for r in drawn)
    raw(fresh, "/api/organizer/settings", fresh.token, "PATCH", json={"phase": "freeze"})
    drawn = director.create(contestants=teams, rounds=20).told["agenda"]
    assert len(drawn) == 10 and all("H-SECRET" in r["question"] for r in drawn)
    with pytest.raises(LeagueProblem, match="The standings have 0 teams"):
        director.create()


def test_the_first_of_the_standings_play_with_the_models_they_chose(fresh) -> None:
    from workshop_kit.league import client

    for name, skill in (("Ada", 100), ("Bob", 60), ("Cleo", 20)):
        client.submit(fresh.aws, f"bikes-{skill}", name, domain="bicycle-library", url=fresh.url)
    raw(fresh, "/api/organizer/settings", fresh.token, "PATCH", json={"finalists": 2, "phase": "finale"})
    view = fresh.director.create()
    assert view.told["contestants"] == ["Ada", "Bob"]
    fresh.director.open(1)
    assert fresh.seat("Bob").generate(round=1).state == "done"
    assert fresh.aws.asked[-1]["endpoint"] == "bikes-60"


def test_a_stream_tells_everybody_the_same_and_a_round_closes_by_itself(playing, teams) -> None:
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
    assert raw(playing, "/finale/address").json() == {"url": f"{playing.url}/finale/vote"}
    picture = raw(playing, "/finale/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml" and picture.text.startswith("<svg")
    body = {"public_url": "https://league.example.org/play/"}
    raw(playing, "/api/finale/director/address", playing.token, "POST", json=body)
    assert raw(playing, "/finale/address").json() == {"url": "https://league.example.org/play/finale/vote"}
    assert raw(playing, "/finale/qr.svg").text != picture.text
    assert director.view().told["settings"]["public_url"] == body["public_url"]


def test_values_show_themselves_and_hostile_text_is_only_text(playing, teams) -> None:
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


def test_the_director_s_view_says_what_may_be_done_now_and_why_not(playing, teams) -> None:
    director = playing.create()
    may = director.view().told["may"]
    assert may["open"] is None and may["pause"].startswith("Round 1 has not been opened")
    to_voting(playing, director, teams)
    may = director.view().told["may"]
    assert may["close_voting"] is None and may["reveal"].startswith("Round 1 is being voted on")


def test_experts_and_contestants_can_be_dismissed(playing) -> None:
    director = playing.create()
    token = director.seat("Expert", expert=True)
    Expert(playing.url, token).view()
    assert director.dismiss() == 1
    with pytest.raises(LeagueProblem, match="not valid any more"):
        Expert(playing.url, token).view()


def test_a_running_finale_is_not_displaced_by_accident(playing, teams, questions) -> None:
    director = playing.create(rounds=1, title="The real one")
    director.open(1)
    with pytest.raises(LeagueProblem, match="Round 1 of The real one is being played; end it first"):
        director.create(contestants=teams, questions=questions(1))
    assert director.view().told["title"] == "The real one"
    director.skip(1, "Enough.")
    assert director.create(contestants=teams, questions=questions(1)).told["title"] == "Finale"


def test_the_event_s_judge_and_its_rate_hold_in_the_finale(fresh, teams, questions) -> None:
    settings = {"judges": ["toy.second-judge-v1:0"], "calls_per_second": 5}
    raw(fresh, "/api/organizer/settings", fresh.token, "PATCH", json=settings)
    director = fresh.create(rounds=1)
    began = time.monotonic()
    to_voting(fresh, director, teams)
    assert {v["judge"] for v in director.view().told["verdicts"]} == {"toy.second-judge-v1:0"}
    assert fresh.aws.judged == 5 and time.monotonic() - began > 0.75, "five calls at five a second"
