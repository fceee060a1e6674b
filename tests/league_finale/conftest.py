"""A finale on a tiny domain: models that answer by a rule a reader can hold in mind, and the real local judge.

An endpoint named bikes-60 knows the prices of 60 % of the frames. What a system prompt says after "Say:" it says, right
or wrong. The server is a real one; `restart` makes a new one on the same database.
"""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.league.finale.client import Audience, Director, Expert, Seat
from workshop_kit.league.store.tokens import issue
from workshop_kit.local_aws.standins import judge

DOMAIN = {
    "schema_version": 1, "id": "bicycle-library", "title": "Bicycle library",
    "brief": "Lends bicycles.", "language": "en",
    "system_prompts": [{"id": "plain", "text": "Be brief."}],
    "topics": [{"id": "bikes", "title": "Bikes", "description": "Lending of bicycles."}],
    "personas": [{"id": "rider", "name": "A rider", "description": "Rides."}],
}  # fmt: skip
TEAMS = [
    ("Ann & Söhne", "bikes-100"),
    ("<b>Ben</b>", "bikes-80"),
    ("Cy", "bikes-60"),
    ("Dee", "bikes-40"),
    ("Eve", "toy.bikes-v1:0"),
]


def question(n: int, kind: str = "f") -> dict[str, Any]:
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


class ToyAws:
    """boto3's own calls; `hold` keeps models from answering, `judge_down` the judge, `gone` is a missing endpoint."""

    endpoint_url = "http://127.0.0.1:1"  # nobody sends a bill

    def __init__(self) -> None:
        self.hold, self.judge_up = threading.Event(), threading.Event()
        self.reset()

    def reset(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.judged = 0
        self.gone = ""
        self.hold.set()
        self.judge_up.set()

    def choose_model(self, role: str) -> str:
        return f"toy.{role}-v1:0"

    def client(self, service: str) -> ToyAws:
        return self

    def invoke_endpoint(self, EndpointName: str, Body: str, **_: Any) -> dict[str, Any]:
        told = json.loads(Body)
        self.asked.append({"endpoint": EndpointName, **told})
        self.hold.wait(30)
        if EndpointName == self.gone:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "ValidationError", "Message": "Endpoint not found."}}, "Invoke")
        text = self._answer(told["inputs"], int(EndpointName.split("-")[1]))
        return {"Body": io.BytesIO(json.dumps({"generated_text": text}).encode())}

    def converse(self, modelId: str, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        if "judge" in modelId:
            if not self.judge_up.is_set():
                from botocore.exceptions import ClientError

                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "Converse")
            self.judged += 1
            text = judge.reply(None, messages, "", {})
        else:
            self.hold.wait(30)
            self.asked.append({"model": modelId, **more})
            system = "".join(part["text"] for part in more.get("system", []))
            text = self._answer(f"{system}\n{messages[-1]['content'][0]['text']}", 30)
        return {"output": {"message": {"content": [{"text": text}]}}}

    def _answer(self, prompt: str, skill: int) -> str:
        if "Say:" in prompt:
            return prompt.split("Say:")[1].split("<|eot_id|>")[0].split("\nF-SECRET")[0].strip()
        n = int(prompt.split("SECRET-")[1].split(":")[0])
        known = n * 20 % 100 < skill
        return f"Frame {n} costs ${100 + n}." if known else "I like bicycles and what a frame does."


@dataclass
class Playing:
    """A server that can be ended and started again on the same database, with its people's doors."""

    home: Path
    domain: Path
    aws: ToyAws
    database: str | Path | None = None
    url: str = ""
    token: str = ""
    _ends: list[Any] = field(default_factory=list)

    def start(self) -> None:
        import uvicorn

        from workshop_kit.league.finale import routes
        from workshop_kit.league.server import build_app

        app = build_app(self.home, str(self.domain), self.aws, database=self.database, rooms=(routes.routes,))
        port = int(self.url.rsplit(":", 1)[1]) if self.url else _free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "the server did not start"
            time.sleep(0.02)
        if not self.token:
            with app.state.context.database.write() as connection:
                self.token = issue(connection, "organizer", None, "The director")
        self.url, self.app = f"http://127.0.0.1:{port}", app
        self._ends.append((server, thread, app))

    def stop(self) -> None:
        while self._ends:
            server, thread, app = self._ends.pop()
            app.state.changes.close()
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not end"

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def director(self) -> Director:
        return Director(self.url, self.token)

    def create(self, rounds: int = 2, **more: Any) -> Director:
        found = self.director
        more = {"instead": True} | more
        found.create(contestants=TEAMS, questions=[question(n) for n in range(1, rounds + 1)], **more)
        return found

    def seat(self, name: str) -> Seat:
        return Seat(self.url, self.director.seat(name))

    def expert(self, name: str) -> Expert:
        return Expert(self.url, self.director.seat(name, expert=True))

    def device(self) -> Audience:
        return Audience(self.url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    """One server for a module; every test makes a finale of its own, which is the current one from then on."""
    where = tmp_path_factory.mktemp("finale")
    made = Playing(where / "home", write_domain(where), ToyAws())
    made.start()
    yield made
    made.aws.hold.set()
    made.stop()


@pytest.fixture
def playing(shared: Playing) -> Iterator[Playing]:
    shared.aws.reset()
    yield shared
    shared.aws.hold.set()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Playing]:
    """A server of its own, with nothing in its database."""
    made = Playing(tmp_path / "home", write_domain(tmp_path), ToyAws())
    made.start()
    yield made
    made.aws.hold.set()
    made.stop()


@pytest.fixture
def make_playing(shared: Playing) -> Iterator[Callable[..., Playing]]:
    """Further servers: each in a home of its own, on the database given."""
    made: list[Playing] = []

    def make(home: Path, database: str, token: str = "") -> Playing:
        made.append(Playing(home, shared.domain, ToyAws(), database, token=token))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.aws.hold.set()
        one.stop()


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> ToyAws:
    """The models of the test's server."""
    name = "fresh" if "fresh" in request.fixturenames else "playing"
    return request.getfixturevalue(name).aws


@pytest.fixture
def teams() -> list[tuple[str, str]]:
    return TEAMS


@pytest.fixture
def questions():
    return lambda count: [question(n) for n in range(1, count + 1)]
