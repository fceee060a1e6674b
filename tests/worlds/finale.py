"""A finale on the bicycles: its models, a server that can be started again, and its people's doors.

An endpoint named bikes-60 knows the prices of 60 % of the frames. What a system prompt says after "Say:" it says, right
or wrong.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.worlds import bicycles
from tests.worlds.bicycles import number_of, price
from tests.worlds.models import Door, Tuned, generated, judged, refusal, said, skill_of
from tests.worlds.serving import running
from workshop_kit.league.finale import routes
from workshop_kit.league.finale.client import Audience, Director, Expert, Seat
from workshop_kit.league.server import build_app
from workshop_kit.league.store.tokens import issue

LETTERS = "ABCDE"
TEAMS = [
    ("Ann & Söhne", "bikes-100"),
    ("<b>Ben</b>", "bikes-80"),
    ("Cy", "bikes-60"),
    ("Dee", "bikes-40"),
    ("Eve", "toy.bikes-v1:0"),
]


def questions_of(count: int) -> list[dict[str, Any]]:
    """The finale's questions 1 to `count`."""
    return [bicycles.question(n, "f") for n in range(1, count + 1)]


class FinaleAws(Tuned, Door):
    """`hold` keeps models from answering, `judge_up` the judge; `gone` is a missing endpoint."""

    def __init__(self) -> None:
        self.hold, self.judge_up = threading.Event(), threading.Event()
        self.reset()

    def reset(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.judged = 0
        self.gone = ""
        self.hold.set()
        self.judge_up.set()

    def invoke_endpoint(self, EndpointName: str, Body: str, **_: Any) -> dict[str, Any]:
        told = json.loads(Body)
        self.asked.append({"endpoint": EndpointName, **told})
        self.hold.wait(30)
        if EndpointName == self.gone:
            raise refusal("ValidationError", "Endpoint not found.", "Invoke")
        return generated(_answer(told["inputs"], skill_of(EndpointName)))

    def converse(self, modelId: str, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        if "judge" in modelId:
            if not self.judge_up.is_set():
                raise refusal("AccessDeniedException", "No.", "Converse")
            self.judged += 1
            return judged(messages)
        self.hold.wait(30)
        self.asked.append({"model": modelId, **more})
        system = "".join(part["text"] for part in more.get("system", []))
        return said(_answer(f"{system}\n{messages[-1]['content'][0]['text']}", 30))


def _answer(prompt: str, skill: int) -> str:
    if "Say:" in prompt:
        return prompt.split("Say:")[1].split("<|eot_id|>")[0].split("\nF-SECRET")[0].strip()
    n = number_of(prompt)
    return price(n) if n * 20 % 100 < skill else "I like bicycles and what a frame does."


@dataclass
class Playing:
    """A server that can be ended and started again on the same database, with its people's doors."""

    home: Path
    domain: Path
    aws: FinaleAws
    database: str | Path | None = None
    url: str = ""
    token: str = ""
    _end: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        app = build_app(self.home, str(self.domain), self.aws, database=self.database, rooms=(routes.routes,))
        self.url = self._end.enter_context(running(app, int(self.url.rsplit(":", 1)[1]) if self.url else 0))
        self._end.callback(app.state.changes.close)
        if not self.token:
            with app.state.context.database.write() as connection:
                self.token = issue(connection, "organizer", None, "The director")

    def stop(self) -> None:
        """Also for one that has been stopped."""
        self._end.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def end(self) -> None:
        """Stop, and let whoever is held go."""
        self.aws.hold.set()
        self.stop()

    def ask(self, path: str, token: str = "", method: str = "GET", **options: Any) -> requests.Response:
        """One request as it is, without the kit's client."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=20, **options)

    @property
    def director(self) -> Director:
        return Director(self.url, self.token)

    def create(self, rounds: int = 2, **more: Any) -> Director:
        found = self.director
        found.create(contestants=TEAMS, questions=questions_of(rounds), **{"instead": True} | more)
        return found

    def seat(self, name: str) -> Seat:
        return Seat(self.url, self.director.seat(name))

    def expert(self, name: str) -> Expert:
        return Expert(self.url, self.director.seat(name, expert=True))

    def device(self) -> Audience:
        return Audience(self.url)

    def to_voting(self, number: int = 1, judged: bool = True) -> dict[str, Seat]:
        """Every team asks its model in the round, which is then voted on; the teams' seats."""
        director, names = self.director, [name for name, _ in TEAMS]
        director.open(number)
        with ThreadPoolExecutor(len(names)) as pool:
            seats = dict(zip(names, pool.map(self.seat, names), strict=True))
            assert {one.state for one in pool.map(lambda seat: seat.generate(round=number), seats.values())} == {"done"}
        director.close(number)
        if judged:
            director.wait_for_judge()
        director.start_voting(number)
        return seats
