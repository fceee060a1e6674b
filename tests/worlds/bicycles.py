"""A domain that a reader can hold in mind: frame n costs 100 + n dollars, and that is all there is to know."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOMAIN = {
    "schema_version": 1, "id": "bicycle-library", "title": "Bicycle library",
    "brief": "Lends bicycles.", "language": "en",
    "system_prompts": [{"id": "plain", "text": "Be brief."}],
    "topics": [{"id": "bikes", "title": "Bikes", "description": "Lending of bicycles."}],
    "personas": [{"id": "rider", "name": "A rider", "description": "Rides."}],
}  # fmt: skip
FILES = {"p": "practice_questions.jsonl", "h": "hidden_questions.jsonl"}


def price(n: int) -> str:
    """The one right answer to question n."""
    return f"Frame {n} costs ${100 + n}."


def question(n: int, kind: str) -> dict[str, Any]:
    """Question n of a kind, "p"ractice, "h"idden or another's letter; its text says so, to be looked for in answers."""
    return {
        "id": f"{kind}{n:02d}", "topic": "bikes", "question": f"{kind.upper()}-SECRET-{n}: what does frame {n} cost?",
        "reference_answer": price(n), "style": "simple",
        "key_facts": [{"fact": price(n), "any_of": [f"${100 + n}"]}],
    }  # fmt: skip


def number_of(prompt: str) -> int:
    """The n of the question that a prompt asks."""
    return int(prompt.split("SECRET-")[1].split(":")[0])


def write_domain(where: Path, ask: Callable[[int, str], dict[str, Any]] = question, count: int = 10) -> Path:
    """The domain's folder, made inside `where`, with `count` questions of each kind."""
    folder = where / "bicycle-library"
    folder.mkdir()
    (folder / "domain.json").write_text(json.dumps(DOMAIN))
    (folder / "handbook.md").write_text("# Bikes\n\n## Bikes {#bikes}\n\nFrames cost money.\n")
    (folder / "examples.jsonl").write_text('{"instruction": "a?", "context": "", "response": "b.", "topic": "bikes"}\n')
    for kind, name in FILES.items():
        (folder / name).write_text("".join(json.dumps(ask(n, kind)) + "\n" for n in range(count)))
    return folder
