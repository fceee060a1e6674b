"""A tiny domain, and an AWS whose models answer at once by a rule, each call counted in files that a kill leaves whole.

The league's code is the real one; only the models are not, since what is measured is the league and not a model.
"""

from __future__ import annotations

import io
import json
import os
import struct
import threading
import time
from pathlib import Path
from typing import Any

from workshop_kit.league.questions import HIDDEN

JUDGES = ("toy.judge-a-v1:0", "toy.judge-b-v1:0")
DOMAIN = "bench-bicycles"
_TIME = struct.Struct("d")


def write_domain(folder: Path, questions: int) -> Path:
    """A domain with as many hidden questions; gives its folder."""
    home = folder / DOMAIN
    home.mkdir(parents=True)
    told = {
        "schema_version": 1,
        "id": DOMAIN,
        "title": "Bicycles",
        "brief": "Lends bicycles.",
        "language": "en",
        "system_prompts": [{"id": "plain", "text": "Be brief."}],
        "topics": [{"id": "bikes", "title": "Bikes", "description": "Lending of bicycles."}],
        "personas": [{"id": "rider", "name": "A rider", "description": "Rides."}],
    }
    (home / "domain.json").write_text(json.dumps(told))
    (home / "handbook.md").write_text("# Bikes\n\n## Bikes {#bikes}\n\nFrames cost money.\n")
    (home / "examples.jsonl").write_text('{"instruction": "a?", "context": "", "response": "b.", "topic": "bikes"}\n')
    for kind, name in (("p", "practice_questions.jsonl"), ("h", HIDDEN)):
        rows = [
            {
                "id": f"{kind}{n:03d}",
                "topic": "bikes",
                "question": f"{kind} {n}: what does frame {n} cost?",
                "reference_answer": f"Frame {n} costs ${100 + n}.",
                "style": "simple",
                "key_facts": [{"fact": f"Frame {n} costs ${100 + n}.", "any_of": [f"${100 + n}"]}],
            }
            for n in range(questions)
        ]
        (home / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return home


class ToyAws:
    """An endpoint `right-N` is better than the reference on N of 100 questions, both judges agree; a call takes
    `latency` seconds."""

    endpoint_url = "http://127.0.0.1:1"  # nobody sends a bill

    def __init__(self, calls: Path, latency: float) -> None:
        self._calls, self._latency = calls, latency
        self._files: dict[str, int] = {}
        self._lock = threading.Lock()
        calls.mkdir(parents=True, exist_ok=True)

    def choose_model(self, role: str) -> str:
        """As Aws.choose_model."""
        return JUDGES[0] if role == "judge" else f"toy.{role}-v1:0"

    def client(self, service: str) -> ToyAws:
        """As Aws.client: one object answers for every service."""
        return self

    def get_foundation_model(self, modelIdentifier: str) -> dict[str, Any]:
        """What local AWS tells of a model: here, its id."""
        return {"modelDetails": {"modelName": modelIdentifier}}

    def invoke_endpoint(self, EndpointName: str, Body: str, **_: Any) -> dict[str, Any]:
        """The candidate's answer."""
        self._count("candidate")
        number = int(json.loads(Body)["inputs"].split(" cost?")[0].split()[-1])
        right = number * 37 % 100 < int(EndpointName.split("-")[1])
        text = f"A {'right' if right else 'wrong'} answer of the candidate."
        return {"Body": io.BytesIO(json.dumps({"generated_text": text}).encode())}

    def converse(self, modelId: str, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        """The reference's answer, or a judge's verdict."""
        if modelId not in JUDGES:
            self._count("reference")
            text = "An answer of the reference."
        else:
            self._count(f"judge {modelId}")
            shown = messages[0]["content"][0]["text"]
            candidate_first = shown.index("answer of the candidate") < shown.index("answer of the reference")
            first_better = candidate_first == ("right answer of the candidate" in shown)
            verdict = {"winner": "AB"[not first_better], "score_a": 3 + 5 * first_better}
            text = json.dumps(verdict | {"score_b": 8 - 5 * first_better, "reason": "A rule says so."})
        return {"output": {"message": {"content": [{"text": text}]}}}

    def _count(self, kind: str) -> None:
        """One record of eight bytes, the time: in the kernel's hands before the call is answered."""
        with self._lock:
            if kind not in self._files:
                path = self._calls / f"{kind.replace(' ', '-').replace(':', '-')}.{os.getpid()}"
                self._files[kind] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(self._files[kind], _TIME.pack(time.time()))
        time.sleep(self._latency)


def call_times(calls: Path, kind: str = "judge") -> list[float]:
    """When calls of a kind began, in all processes, in order; seconds since 1970."""
    found: list[float] = []
    for path in calls.glob(f"{kind}*"):
        found += [when for (when,) in _TIME.iter_unpack(path.read_bytes())]
    return sorted(found)
