"""A class on a tiny domain, behind a real server with a clock that a test can turn. People here are simulated."""

from __future__ import annotations

import importlib.util
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from workshop_kit.league.store.tokens import issue

DOMAIN = {
    "schema_version": 1, "id": "bicycle-library", "title": "Bicycle library",
    "brief": "Lends bicycles.", "language": "en",
    "system_prompts": [{"id": "plain", "text": "Be brief."}],
    "topics": [{"id": "bikes", "title": "Bikes", "description": "Lending of bicycles."}],
    "personas": [{"id": "rider", "name": "A rider", "description": "Rides."}],
}  # fmt: skip


def question(n: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"{kind}{n:02d}", "topic": "bikes", "question": f"{kind.upper()}-SECRET-{n}: what does frame {n} cost?",
        "reference_answer": f"Frame {n} costs ${100 + n}.", "style": "simple",
        "key_facts": [{"fact": f"Frame {n} costs ${100 + n}.", "any_of": [f"${100 + n}"]}],
    }  # fmt: skip


def write_domain(where: Path) -> Path:
    folder = where / "bicycle-library"
    folder.mkdir()
    (folder / "domain.json").write_text(json.dumps(DOMAIN))
    (folder / "handbook.md").write_text("# Bikes\n\n## Bikes {#bikes}\n\nFrames cost money.\n")
    (folder / "examples.jsonl").write_text('{"instruction": "a?", "context": "", "response": "b.", "topic": "bikes"}\n')
    for kind, name in (("p", "practice_questions.jsonl"), ("h", "hidden_questions.jsonl")):
        (folder / name).write_text("".join(json.dumps(question(n, kind)) + "\n" for n in range(10)))
    return folder


class NoAws:
    """An account that refuses whatever is asked of it."""

    account_id = "111122223333"
    endpoint_url = "http://127.0.0.1:1"

    def choose_model(self, role: str) -> str:
        return f"toy.{role}-v1:0"

    def client(self, service: str) -> NoAws:
        return self

    def __getattr__(self, name: str) -> Any:
        from botocore.exceptions import ClientError

        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, name)

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
        one = {"key": key or f"{time.perf_counter_ns():016x}"[-16:], "step": step, "kind": kind}
        one |= {"ok": ok} if kind == "check" else {}
        seconds = {"seconds": more.pop("seconds")} if "seconds" in more else {}
        return self.told("POST", "/api/class/reports", token, json={"reports": [one | seconds]} | more)

    def board(self) -> dict[str, Any]:
        return self.told("GET", "/api/class/board", self.organizer)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """start(database=None) gives a Class; all of them end with the module."""
    import uvicorn

    from workshop_kit.classroom.routes import routes
    from workshop_kit.league.event import EventSettings
    from workshop_kit.league.server.app import build_app

    started: list[tuple[Any, threading.Thread]] = []

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
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        started.append((server, thread))
        return Class(f"http://127.0.0.1:{port}", organizer, app, shift)

    yield start
    for server, thread in started:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def room(served: Any) -> Class:
    """A class of its own, on SQLite."""
    return served()


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Local AWS with a tiny model of random weights."""
    spec = importlib.util.spec_from_file_location("tiny", Path(__file__).parents[1] / "training" / "conftest.py")
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    from workshop_kit.aws import connect
    from workshop_kit.local_aws import stop

    home = tmp_path_factory.mktemp("home")
    told = {
        "WORKSHOP_AWS": "local", "WORKSHOP_HOME": str(home), "OMP_NUM_THREADS": "1",
        "WORKSHOP_BASE_MODEL": str(tiny.build_tiny_model(tmp_path_factory.mktemp("tiny"))),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        yield connect(home=home)
        stop(home)
