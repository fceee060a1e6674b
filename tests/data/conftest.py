"""A small third domain of quite another subject, written to a folder: what an instructor would do, with no code."""

import json
from pathlib import Path

import pytest

DOCUMENT = {
    "schema_version": 1,
    "id": "bicycle-library",
    "title": "Bicycle library",
    "brief": "Help members of a neighbourhood bicycle library borrow, care for and return cycles.",
    "language": "en",
    "system_prompts": [{"id": "plain", "text": "You help members of the bicycle library."}],
    "topics": [
        {"id": "borrowing", "title": "Borrowing", "description": "Cards, deposits and loan periods"},
        {"id": "repairs", "title": "Repairs", "description": "The workshop and its opening hours"},
    ],
    "personas": [
        {"id": "parent", "name": "A parent", "description": "borrows a cargo bike for the children"},
        {"id": "student", "name": "A student", "description": "short of money and time"},
    ],
}
HANDBOOK = """# The bicycle library's handbook

## Borrowing {#borrowing}

A cargo bike can be kept for four days. The deposit for a cargo bike is 60 euros. Members under sixteen need a
signature from a parent before they borrow anything. A folding bike costs nothing for the first two weeks.

Late returns block the member's card for ten days.

## Repairs {#repairs}

The workshop opens every Tuesday at 17:00. Punctures are mended free of charge. Ms Okafor looks after the wheel
trueing stand. Brake pads must be paid for by whoever rode the bike last.
"""


def question(id: str, topic: str, text: str, answer: str, wording: str) -> dict:
    return {
        "id": id,
        "topic": topic,
        "question": text,
        "reference_answer": answer,
        "key_facts": [{"fact": answer, "any_of": [wording]}],
        "style": "simple",
    }


@pytest.fixture
def bicycle_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "datasets" / "bicycle-library"
    folder.mkdir(parents=True)
    (folder / "domain.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    (folder / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    rows = {
        "examples.jsonl": [
            {
                "instruction": "How long may I keep a cargo bike?",
                "context": "",
                "response": "A cargo bike can be kept for four days.",
                "topic": "borrowing",
            }
        ],
        "practice_questions.jsonl": [
            question("p1", "repairs", "When is the workshop open?", "Every Tuesday at 17:00.", "Tuesday")
        ],
        "hidden_questions.jsonl": [
            question("h1", "borrowing", "What is the cargo bike's deposit?", "The deposit is 60 euros.", "60 euros"),
            question("h2", "repairs", "Who sees to the trueing stand?", "Ms Okafor does.", "Okafor"),
        ],
    }
    for name, lines in rows.items():
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder
