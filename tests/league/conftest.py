"""A league on a tiny domain, with an AWS whose models answer by a rule that a reader can hold in mind.

The candidate answers right when its endpoint's name says so; the reference never does. The judge is the real local one,
called as Converse would call it.
"""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.local_aws.standins import judge

TOPIC = {"id": "bikes", "title": "Bikes", "description": "Lending of bicycles."}
DOMAIN = {
    "schema_version": 1, "id": "bicycle-library", "title": "Bicycle library",
    "brief": "Lends bicycles.", "language": "en",
    "system_prompts": [{"id": "plain", "text": "Be brief."}], "topics": [TOPIC],
    "personas": [{"id": "rider", "name": "A rider", "description": "Rides."}],
}  # fmt: skip


def question(n: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"{kind}{n:02d}", "topic": "bikes", "question": f"{kind.upper()}-SECRET-{n}: what does frame {n} cost?",
        "reference_answer": f"Frame {n} costs ${100 + n}.", "style": "simple",
        "key_facts": [{"fact": f"Frame {n} costs ${100 + n}.", "any_of": [f"${100 + n}"]}],
    }  # fmt: skip


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    folder = tmp_path / "bicycle-library"
    folder.mkdir()
    (folder / "domain.json").write_text(json.dumps(DOMAIN))
    (folder / "handbook.md").write_text("# Bikes\n\n## Bikes {#bikes}\n\nFrames cost money.\n")
    (folder / "examples.jsonl").write_text('{"instruction": "a?", "context": "", "response": "b.", "topic": "bikes"}\n')
    for kind, name in (("p", "practice_questions.jsonl"), ("h", "hidden_questions.jsonl")):
        (folder / name).write_text("".join(json.dumps(question(n, kind)) + "\n" for n in range(10)))
    return folder


class ToyAws:
    """Two models behind boto3's own calls; `gone` makes the endpoint disappear."""

    endpoint_url = "http://127.0.0.1:1"  # nobody sends a bill

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    def choose_model(self, role: str) -> str:
        return f"toy.{role}-v1:0"

    def client(self, service: str) -> ToyAws:
        return self

    def invoke_endpoint(self, EndpointName: str, Body: str, **_: Any) -> dict[str, Any]:
        self.hold.wait(30)
        if self.gone.is_set():
            from botocore.exceptions import ClientError

            told = {"Error": {"Code": "ValidationError", "Message": f"Endpoint {EndpointName} not found."}}
            raise ClientError(told, "InvokeEndpoint")
        prompt = json.loads(Body)["inputs"]
        self.asked.append(prompt)
        n = int(prompt.split("SECRET-")[1].split(":")[0])
        right = n < 10 * int(EndpointName.split("-")[1]) / 100
        text = f"Frame {n} costs ${100 + n}." if right else "I like bicycles and frames."
        return {"Body": io.BytesIO(json.dumps({"generated_text": text}).encode())}

    def converse(self, modelId: str, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        if "judge" in modelId:
            text = judge.reply(None, messages, "", {})
        else:
            text = "A frame costs what it costs."
        return {"output": {"message": {"content": [{"text": text}]}}}


@pytest.fixture
def aws() -> ToyAws:
    return ToyAws()


@contextmanager
def _serving(home: Path, domain: Path, aws: ToyAws, **more: Any) -> Iterator[str]:
    import uvicorn

    from workshop_kit.league.server import build_app

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = build_app(home, str(domain), aws, **more)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    aws.hold.set()
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def serving() -> Any:
    """A real server on a free port, in this process so that a test can reach into its AWS: a context manager."""
    return _serving


@pytest.fixture
def league(tmp_path: Path, domain: Path, aws: ToyAws) -> Iterator[str]:
    """An open league with three tries."""
    with _serving(tmp_path / "home", domain, aws, attempts=3) as url:
        yield url
