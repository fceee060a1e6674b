"""The classroom's part of the server: what members tell and read, what only the organizer may."""

from __future__ import annotations

import json
import threading
import time

import pytest
import requests

from workshop_kit.classroom.steps import STEPS


def me(room, name: str = "Ann") -> dict:
    return next(p for p in room.board()["people"] if p["name"] == name)


def test_the_board_says_who_is_where_and_how_long(room) -> None:
    ann = room.member()
    room.check(ann, "dataset", kind="begin")
    room.minutes(12)
    assert me(room)["step"] == "dataset" and not me(room)["finished"]
    room.check(ann, "dataset", ok=True)
    found = me(room)
    assert found["finished"] and found["done"]["dataset"] == pytest.approx(720, abs=5)
    room.check(ann, "review", kind="begin")
    found = me(room)
    assert (found["step"], found["number"], found["team"]) == ("review", 2, "Otters")
    first = room.board()["steps"][0]
    assert (first["started"], first["finished"], first["here"]) == (1, 1, 0)


def test_without_a_begin_the_notebooks_own_seconds_say_when_a_step_began(room) -> None:
    ann = room.member()
    room.check(ann, "dataset", ok=True, seconds=300)
    assert me(room)["done"]["dataset"] == pytest.approx(300, abs=2)


def test_a_report_that_is_sent_twice_counts_once(room) -> None:
    ann = room.member()
    assert room.check(ann, "dataset", ok=False, key="a" * 16) == {"new": 1}
    assert room.check(ann, "dataset", ok=False, key="a" * 16) == {"new": 0}
    assert me(room)["failed"] == 1


def test_stuck_is_failing_in_a_row_taking_too_long_or_a_hand_up(room) -> None:
    ann = room.member()
    for _ in range(2):
        room.check(ann, "dataset", ok=False)
    assert me(room)["stuck"] == []
    room.check(ann, "dataset", ok=False)
    assert me(room)["stuck"] == ["failed 3 times in a row"]
    room.check(ann, "dataset", ok=True)
    assert me(room)["stuck"] == []
    room.check(ann, "review", kind="begin")
    room.minutes(2 * STEPS[1].minutes - 1)
    assert me(room)["stuck"] == []
    room.minutes(2)
    assert "min here, over 30" in me(room)["stuck"][0]
    room.told("POST", "/api/class/extensions", room.organizer, json={"step": "review", "minutes": 10})
    assert me(room)["stuck"] == []
    room.told("POST", "/api/class/help", ann, json={"step": "review"})
    assert me(room)["stuck"] == ["asked for help"]
    room.told("POST", f"/api/class/people/{me(room)['id']}/helped", room.organizer)
    assert me(room)["stuck"] == []


def test_the_classs_median_counts_once_five_have_finished(room) -> None:
    for n in range(5):
        room.check(room.member(f"Quick {n}", f"Team {n}"), "dataset", ok=True, seconds=60)
    slow = room.member("Slow", "Team 1")
    room.check(slow, "dataset", kind="begin")
    room.minutes(STEPS[0].minutes - 1)
    assert me(room, "Slow")["stuck"] == [], "the planned minutes are everybody's"
    room.minutes(2)
    assert "over 20" in me(room, "Slow")["stuck"][0]
    assert room.board()["steps"][0]["median"] == pytest.approx(60, abs=2)


def test_somebody_without_a_name_leaves_none_and_no_token_behind(room) -> None:
    ann = room.member("Ann Nameless", "Badgers")
    room.check(ann, "dataset", ok=False, anonymous="0123456789abcdef" * 2)
    people = room.board()["people"]
    assert len(people) == 1 and people[0]["name"].startswith("Anonymous") and people[0]["team"] == ""
    record = json.dumps(room.told("GET", "/api/class/record", room.organizer))
    assert "Nameless" not in record and "Badgers" not in record
    for n in range(4):
        room.check(ann, "dataset", anonymous=f"{n:032x}")
    refused = room.call(
        "POST", "/api/class/reports", ann,
        json={"reports": [{"key": "b" * 16, "step": "dataset", "kind": "begin"}], "anonymous": f"{9:032x}"},
    )  # fmt: skip
    assert refused.status_code == 400 and "at most 5" in refused.json()["error"]["message"]


def test_nothing_but_step_ok_and_seconds_is_taken(room) -> None:
    ann = room.member()
    for more in ({"code": "print(1)"}, {"text": "x"}, {"seconds": -1}, {"step": "elsewhere"}, {"kind": "say"}):
        body = {"reports": [{"key": "c" * 16, "step": "dataset", "kind": "check", "ok": True} | more]}
        assert room.call("POST", "/api/class/reports", ann, json=body).status_code == 400
    assert room.board()["people"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/class/board"), ("GET", "/api/class/board/stream"), ("GET", "/api/class/money"),
        ("GET", "/api/class/record"), ("GET", "/api/class/record.csv"), ("GET", "/api/class/statistics"),
        ("GET", "/api/class/hints"), ("GET", "/api/class/teams"), ("PUT", "/api/class/steps/review"),
        ("PUT", "/api/class/rule"), ("POST", "/api/class/hints"), ("POST", "/api/class/extensions"),
        ("POST", "/api/class/teams"), ("POST", "/api/class/people/x/helped"), ("DELETE", "/api/class/hints/x"),
    ],
)  # fmt: skip
def test_what_is_the_organizers_is_nobody_elses(open_room, method: str, path: str) -> None:
    body = None if method == "GET" else {"step": "review", "minutes": 1, "text": "x", "teams": [{"name": "x"}]}
    assert open_room.call(method, path, json=body).status_code in (400, 401)
    if method == "GET":
        assert open_room.call(method, path).status_code == 401
        assert open_room.call(method, path, open_room.member()).status_code == 403


@pytest.fixture(scope="module")
def open_room(served):
    return served()


def test_a_hint_reaches_those_it_is_for(room) -> None:
    ann, bob = room.member("Ann", "Otters"), room.member("Bob", "Newts")
    team = next(t["id"] for t in room.told("GET", "/api/class/teams", room.organizer)["teams"] if t["name"] == "Otters")
    all_of = room.told("POST", "/api/class/hints", room.organizer, json={"text": "Drink water <b>"})
    room.told(
        "POST", "/api/class/hints", room.organizer, json={"text": "Look at line 3", "step": "review", "team": team}
    )

    def said(token: str) -> list[str]:
        return [hint["text"] for hint in room.told("GET", "/api/class/pace", token)["hints"]]

    assert said(ann) == ["Look at line 3", "Drink water <b>"] and said(bob) == ["Drink water <b>"]
    room.told("DELETE", f"/api/class/hints/{all_of['id']}", room.organizer)
    assert said(bob) == []


def test_who_waits_hears_of_a_change_at_once(room) -> None:
    ann = room.member()
    first = room.told("GET", "/api/class/pace", ann)
    assert all(step["open"] for step in first["steps"])
    heard: list[tuple[float, dict]] = []

    def wait() -> None:
        found = room.told("GET", f"/api/class/pace?after={first['revision']}&wait=20", ann)
        heard.append((time.monotonic(), found))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    room.told("PUT", "/api/class/steps/training", room.organizer, json={"open": False, "minutes": 40})
    thread.join(10)
    at, found = heard[0]
    assert at - began < 2
    step = found["steps"][2]
    assert (step["open"], step["minutes"]) == (False, 40)


def test_a_solution_is_told_only_once_it_is_released(room) -> None:
    ann = room.member()
    refused = room.call("GET", "/api/class/solutions/training", ann)
    assert refused.status_code == 403 and "not released" in refused.json()["error"]["message"]
    room.told("PUT", "/api/class/steps/training", room.organizer, json={"released": True})
    found = room.told("GET", "/api/class/solutions/training", ann)
    text = "\n".join(cell["text"] for cell in found["cells"])
    assert "lora_r=8" in text and "###" not in text and "# form.set(epoch=4)" not in text
    assert room.call("GET", "/api/class/solutions/review", ann).status_code == 403
    assert room.call("GET", "/api/class/solutions/elsewhere", ann).status_code in (400, 404)


def test_time_is_extended_for_a_team_alone(room) -> None:
    ann, bob = room.member("Ann", "Otters"), room.member("Bob", "Newts")
    team = next(t["id"] for t in room.told("GET", "/api/class/teams", room.organizer)["teams"] if t["name"] == "Otters")
    room.told("POST", "/api/class/extensions", room.organizer, json={"step": "review", "minutes": 7, "team": team})

    def minutes(token: str) -> int:
        return room.told("GET", "/api/class/pace", token)["steps"][1]["minutes"]

    assert (minutes(ann), minutes(bob)) == (STEPS[1].minutes + 7, STEPS[1].minutes)


def test_the_record_as_csv_disarms_formulas(room) -> None:
    room.check(room.member('=HYPERLINK("http://x")', "+team"), "dataset", ok=True)
    text = room.told("GET", "/api/class/record.csv", room.organizer)
    assert "'=HYPERLINK" in text and "'+team" in text


def test_money_that_cant_be_looked_at_is_told_in_a_sentence(room) -> None:
    found = room.told("GET", "/api/class/money", room.organizer)
    assert found["teams"] == [] and found["problem"].endswith(".")


def test_every_change_is_in_the_audit_log(room) -> None:
    room.told("PUT", "/api/class/steps/review", room.organizer, json={"released": True})
    room.told("POST", "/api/class/hints", room.organizer, json={"text": "x"})
    lines = room.told("GET", "/api/organizer/audit", room.organizer)["lines"]
    assert {"pace", "hint"} <= {line["action"] for line in lines}


def test_four_hundred_notebooks_report_at_once_and_nothing_is_lost(room) -> None:
    from concurrent.futures import ThreadPoolExecutor

    tokens = [room.member(f"Person {n}", f"Team {n // 4}") for n in range(400)]
    began = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        list(pool.map(lambda token: room.check(token, "dataset", kind="begin"), tokens))
    seconds = time.monotonic() - began
    asked = time.monotonic()
    found = room.board()
    print(f"400 reports in {seconds:.1f} s, the board in {time.monotonic() - asked:.3f} s")
    assert len(found["people"]) == 400 and found["steps"][0]["started"] == 400
    assert seconds < 30


def test_the_same_on_postgres(served, postgres) -> None:
    room = served(postgres)
    ann = room.member()
    room.check(ann, "dataset", ok=False)
    room.told("POST", "/api/class/help", ann, json={"step": "dataset"})
    room.told("POST", "/api/class/extensions", room.organizer, json={"step": "dataset", "minutes": 5})
    found = room.board()
    assert found["people"][0]["stuck"] == ["asked for help"] and found["steps"][0]["minutes"] == STEPS[0].minutes + 5
    room.told("POST", "/api/class/hints", room.organizer, json={"text": "x"})
    assert room.told("GET", "/api/class/pace", ann)["hints"][0]["for_team"] is False
    assert room.told("GET", "/api/class/statistics", room.organizer)["people"] is None


def test_the_page_and_its_files_are_served_and_nothing_else(room) -> None:
    page = requests.get(f"{room.url}/classroom", timeout=10)
    assert page.status_code == 200 and "<script>" not in page.text
    for name in ("classroom.js", "classroom.css"):
        assert requests.get(f"{room.url}/classroom/static/{name}", timeout=10).status_code == 200
    for name in ("routes.py", "..%2froutes.py", "%00"):
        assert requests.get(f"{room.url}/classroom/static/{name}", timeout=10).status_code == 404


def test_a_hint_reaches_four_hundred_waiting_notebooks(room) -> None:
    import asyncio

    httpx = pytest.importorskip("httpx")
    tokens = [room.member(f"Person {n}", f"Team {n // 4}") for n in range(400)]
    heard: list[float] = []

    async def notebook(client, token: str, revision: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        path = f"{room.url}/api/class/pace?after={revision}&wait=25"
        found = (await client.get(path, headers=headers)).json()
        assert found["hints"][0]["text"] == "All look up"
        heard.append(time.monotonic())

    async def everybody() -> float:
        first = room.told("GET", "/api/class/pace", tokens[0])["revision"]
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=500)) as client:
            waiting = [asyncio.create_task(notebook(client, token, first)) for token in tokens]
            await asyncio.sleep(3)
            began = time.monotonic()
            await asyncio.to_thread(room.told, "POST", "/api/class/hints", room.organizer, json={"text": "All look up"})
            await asyncio.gather(*waiting)
            return began

    began = asyncio.run(everybody())
    print(f"400 notebooks heard within {max(heard) - began:.2f} s")
    assert len(heard) == 400 and max(heard) - began < 10
