"""A class on a tiny domain, behind a real server with a clock that a test can turn. People here are simulated."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.worlds.bicycles import write_domain
from tests.worlds.models import Door, refusal
from tests.worlds.own_aws import own_aws
from tests.worlds.serving import running
from tests.worlds.tiny_model import build_tiny_model
from workshop_kit.classroom.routes import routes
from workshop_kit.league.event import EventSettings
from workshop_kit.league.server import build_app
from workshop_kit.league.store.tokens import issue


class NoAws(Door):
    """An account that refuses whatever is asked of it."""

    account_id = "111122223333"

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: Any) -> None:
            raise refusal("AccessDeniedException", "No.", name)

        return refuse


@dataclass
class Class:
    """A running class; `hour` moves the server's clock on."""

    url: str
    organizer: str
    app: Any
    shift: list[float] = field(default_factory=lambda: [0.0])

    def hours(self, hours: float) -> None:
        self.shift[0] += hours * 3600

    def minutes(self, minutes: float) -> None:
        self.shift[0] += minutes * 60

    @property
    def database(self) -> Any:
        return self.app.state.context.database

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=20, **options)

    def told(self, method: str, path: str, token: str | None = None, **options: Any) -> Any:
        reply = self.call(method, path, token, **options)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.headers["content-type"].startswith("application/json") else reply.text

    def member(self, name: str = "Ann", team: str = "Otters") -> str:
        """A new member's token."""
        from workshop_kit.league.store.teams import add_member, found_team

        with self.database.write() as connection:
            found, _ = found_team(connection, team)
            add_member(connection, found.id, name)
            return issue(connection, "attendee", found.id, name)

    def check(self, token: str, step: str, ok: bool = True, *, key: str = "", kind: str = "check", **more: Any) -> Any:
        seconds = {"seconds": more.pop("seconds")} if "seconds" in more else {}
        return self.report(token, self.one(step, ok, key=key, kind=kind) | seconds, **more)

    @staticmethod
    def one(step: str, ok: bool = True, *, key: str = "", kind: str = "check", **more: Any) -> dict[str, Any]:
        """One report, as notebooks make it."""
        made = {"key": key or f"{time.perf_counter_ns():016x}"[-16:], "step": step, "kind": kind}
        return made | ({"ok": ok} if kind == "check" else {}) | more

    def report(self, token: str, *reports: dict[str, Any], **more: Any) -> Any:
        """Send reports in one request."""
        return self.told("POST", "/api/class/reports", token, json={"reports": list(reports)} | more)

    def board(self) -> dict[str, Any]:
        return self.told("GET", "/api/class/board", self.organizer)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """start(database=None) gives a Class; all of them end with the module."""

    def start(database: str | None = None, aws: Any = None) -> Class:
        home = tmp_path_factory.mktemp("class")
        shift = [0.0]

        def room(context: Any) -> Any:
            object.__setattr__(context, "clock", lambda: time.time() + shift[0])
            return routes(context)

        app = build_app(
            home, str(write_domain(home)), aws or NoAws(), database=database, settings=EventSettings(access="codes"),
            judging=False, rooms=(room,), limits={"writes": "100000/minute"},
        )  # fmt: skip
        with app.state.context.database.write() as connection:
            organizer = issue(connection, "organizer", None, "Instructor")
        return Class(started.enter_context(running(app)), organizer, app, shift)

    with ExitStack() as started:
        yield start


@pytest.fixture
def room(served: Any) -> Class:
    """A class of its own, on SQLite."""
    return served()


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Local AWS with a tiny model of random weights."""
    model = build_tiny_model(tmp_path_factory.mktemp("tiny"))
    with own_aws(tmp_path_factory.mktemp("home"), model) as found:
        yield found
