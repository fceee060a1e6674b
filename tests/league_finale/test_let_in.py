"""Who is let in stays let in as long as their token is good, counts once, and does not come too often."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.worlds.bicycles import write_domain
from tests.worlds.finale import LETTERS, TEAMS, FinaleAws, questions_of
from tests.worlds.serving import running, until
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import routes
from workshop_kit.league.finale.client import Audience, Director, Expert, Seat
from workshop_kit.league.server import build_app
from workshop_kit.league.store.tokens import issue


class Listener:
    """What a stream says, until it ends."""

    def __init__(self, url: str, token: str) -> None:
        self.said: list[dict[str, Any]] = []
        self._wanted = requests.get(url, headers={"Authorization": f"Bearer {token}"}, stream=True, timeout=20)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        assert until(lambda: self.said), "the stream said nothing"

    def _listen(self) -> None:
        for line in self._wanted.iter_lines():
            if line.startswith(b"data: "):
                self.said.append(json.loads(line[6:]))


def test_an_expert_who_lost_her_link_and_got_another_counts_once(playing) -> None:
    director = playing.create(rounds=1)
    playing.to_voting()
    ada = playing.expert("Ada")
    for letter in LETTERS:
        ada.score(letter, 10, "from the first tab")
    token = director.seat("  ada ", expert=True)
    again = Expert(playing.url, token)
    assert again.view().told["sheet"] == {letter: {"score": 10.0, "note": "from the first tab"} for letter in LETTERS}
    with pytest.raises(LeagueProblem, match="not valid any more"):
        ada.score("A", 1)
    bo = playing.expert("Bo")
    for letter in LETTERS:
        again.score(letter, 10)
        bo.score(letter, 1)
    assert [(e["name"].strip(), e["scored"]) for e in director.view().told["experts"]] == [("Bo", 5), ("ada", 5)]
    director.close_voting(1)
    for step in (1, 2):
        view = director.reveal(1, step)
    assert {row["experts"] for row in view.told["round"]["reveal"]["rows"]} == {55.0}


def test_experts_of_other_names_keep_their_links(playing) -> None:
    director = playing.create(rounds=1)
    ada, seat = playing.expert("Ada"), playing.seat("Cy")
    body = {"role": "expert", "name": "Cy"}
    told = playing.ask("/api/finale/director/seats", playing.token, "POST", json=body).json()
    assert told["replaced"] == 0
    told = playing.ask("/api/finale/director/seats", playing.token, "POST", json=body).json()
    assert told["replaced"] == 1
    assert ada.view().round == seat.view().round == director.view().round == 1


@pytest.mark.parametrize("page", ["judge", "contestant", "director"])
def test_an_open_stream_ends_when_its_token_is_good_no_more(fresh, page: str) -> None:
    director = fresh.create(rounds=1)

    def organize(path: str, **body: Any) -> dict[str, Any]:
        method = "POST" if body else "GET"
        return fresh.ask(f"/api/organizer/{path}", fresh.token, method, json=body or None).json()

    if page == "director":
        token = organize("tokens", role="organizer", name="Deputy")["token"]
    else:
        token = director.seat("Cy", expert=page == "judge")
    shut_out = Listener(f"{fresh.url}/api/finale/{page}/stream", token)
    stays = Listener(f"{fresh.url}/api/finale/judge/stream", director.seat("Bo", expert=True))
    if page == "contestant":
        team = next(team["id"] for team in organize("teams")["teams"] if team["name"] == "Cy")
        organize(f"teams/{team}/disabled", disabled=True)
    else:
        name = "Deputy" if page == "director" else "Cy"
        id = next(told["id"] for told in organize("tokens")["tokens"] if told["name"] == name)
        assert fresh.ask(f"/api/organizer/tokens/{id}", fresh.token, "DELETE").ok
    director.open(1)
    shut_out.thread.join(10)
    assert not shut_out.thread.is_alive(), "the stream goes on"
    told = {"finale": None, "out": True, "problem": "You were signed out; ask the director for a new link."}
    assert shut_out.said[-1] == told
    assert not any(told.get("round") and told["round"]["phase"] == "open" for told in shut_out.said)
    assert until(lambda: stays.said[-1]["round"]["phase"] == "open"), "others go on listening"


def test_new_devices_are_bounded_and_known_ones_stay(tmp_path: Path) -> None:
    app = build_app(
        tmp_path / "home", str(write_domain(tmp_path)), FinaleAws(), rooms=(routes.routes,),
        limits={"new devices": "3/minute", "writes": "20/minute"},
    )  # fmt: skip
    with app.state.context.database.write() as connection:
        token = issue(connection, "organizer", None, "The director")
    with running(app) as url:
        director = Director(url, token)
        director.create(contestants=TEAMS[:2], questions=questions_of(1), seconds=60)
        director.open(1)
        for name, _ in TEAMS[:2]:
            Seat(url, director.seat(name)).generate(round=1)
        director.close(1)
        director.start_voting(1)
        phones = [requests.Session() for _ in range(4)]
        replies = [phone.post(f"{url}/api/finale/device", timeout=10) for phone in phones]
        assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
        assert replies[-1].json()["error"]["message"].startswith("Too many new devices (3 per 1 minute)")
        assert phones[0].post(f"{url}/api/finale/device", timeout=10).status_code == 200, "it is one already"
        ballot = {"round": 1, "letter": "A"}
        votes = [phones[0].put(f"{url}/api/finale/ballot", json=ballot, timeout=10).status_code for _ in range(21)]
        assert votes == [200] * 20 + [429]
        assert phones[1].put(f"{url}/api/finale/ballot", json=ballot, timeout=10).status_code == 200
        with pytest.raises(LeagueProblem, match="Too many new devices"):
            Audience(url).vote("A", round=1)
        app.state.changes.close()
