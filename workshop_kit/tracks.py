"""The data of the side tracks: the travel desk, the small sums, and questions with something to read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop_kit.domains import Domain
from workshop_kit.errors import BadInput
from workshop_kit.settings import tracks_root

Row = dict[str, Any]


@dataclass(frozen=True)
class Intents:
    """Questions with their intents, in Bedrock's rows; the system prompt is the same in every row."""

    system: str
    labels: tuple[str, ...]
    train: tuple[Row, ...] = field(repr=False)
    validation: tuple[Row, ...] = field(repr=False)
    test: tuple[Row, ...] = field(repr=False)

    @staticmethod
    def questions(rows: tuple[Row, ...]) -> list[str]:
        """The users' questions."""
        return [row["messages"][0]["content"][0]["text"] for row in rows]

    @staticmethod
    def intents(rows: tuple[Row, ...]) -> list[str]:
        """The right labels."""
        return [row["messages"][1]["content"][0]["text"] for row in rows]

    def __str__(self) -> str:
        sizes = f"{len(self.train)} training, {len(self.validation)} validation, {len(self.test)} test rows"
        return f"{len(self.labels)} intents; {sizes}; system prompt: {self.system}"


@dataclass(frozen=True)
class Sums:
    """Worked sums to start from, prompts to reinforce on, and prompts that neither shows."""

    system: str
    warm_start: tuple[Row, ...] = field(repr=False)
    prompts: tuple[Row, ...] = field(repr=False)
    held_out: tuple[Row, ...] = field(repr=False)


def load_intents() -> Intents:
    """The travel desk. Raises BadInput when its files are missing or damaged."""
    folder = tracks_root() / "travel-intents"
    try:
        about = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
        system, labels = about["system"], tuple(about["labels"])
    except (OSError, ValueError, KeyError) as problem:
        raise BadInput(f"{folder / 'intents.json'} can't be used ({problem}); restore it.") from None
    return Intents(system, labels, *(_rows(folder / f"{name}.jsonl") for name in ("train", "validation", "test")))


def load_sums() -> Sums:
    """The sums. Raises BadInput when their files are missing or damaged."""
    folder = tracks_root() / "sums"
    warm, prompts, held = (_rows(folder / f"{name}.jsonl") for name in ("warm_start", "prompts", "held_out"))
    return Sums(warm[0]["system"][0]["text"], warm, prompts, held)


def _rows(path: Path) -> tuple[Row, ...]:
    try:
        rows = tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError) as problem:
        raise BadInput(f"{path} can't be used ({problem}); restore it.") from None
    if not rows:
        raise BadInput(f"{path} is empty; restore it.")
    return rows


def reading_prompts(domain: Domain) -> tuple[list[Row], list[str]]:
    """Questions about a domain, each with three neighbouring sentences of its handbook to read, and the right answers.

    Rows are prompts alone, in Bedrock's form: what a distillation job takes. The sentence in the middle is the one that
    shares the most words with the right answer; it may still be the wrong one, as with any search.
    """
    sentences = {
        passage.topic: [part.strip() + "." for part in passage.text.replace("\n", " ").split(".") if part.strip()]
        for passage in domain.passages
    }
    rows, answers = [], []
    for example in domain.examples:
        around = sentences.get(example.topic) or [""]
        words = set(example.response.lower().split())
        best = max(range(len(around)), key=lambda n: len(words & set(around[n].lower().split())))
        read = " ".join(around[max(0, best - 1) : best + 2])
        turn = {"role": "user", "content": [{"text": f"{read}\n\n{example.instruction}"}]}
        rows.append({"schemaVersion": "bedrock-conversation-2024", "messages": [turn]})
        answers.append(example.response)
    return rows, answers
