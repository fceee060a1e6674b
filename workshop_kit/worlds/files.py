"""The files of a domain folder, written by its world."""

from __future__ import annotations

import json
from typing import Any

from workshop_kit.worlds.base import World

ROWS, PRACTICE, HIDDEN = 300, 30, 50
SEED = 0
_ROW_FIELDS = ("instruction", "context", "response", "topic")


def files(world: World) -> dict[str, str]:
    """The text of each file, by its path inside the domain folder."""
    rows = [{name: row[name] for name in _ROW_FIELDS} for row in world.rows(ROWS, SEED)]
    document = world.document()
    # Rows of their own for the exports, as a learner's own app would give them.
    pairs = [(row["instruction"], row["response"]) for row in world.rows(22, SEED + 1)]
    return {
        "domain.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "handbook.md": world.handbook(),
        "examples.jsonl": _lines(rows),
        "practice_questions.jsonl": _lines(world.practice(PRACTICE, SEED)),
        "hidden_questions.jsonl": _lines(world.hidden(HIDDEN, SEED)),
        "imports/partyrock-export.txt": _export_text(document["title"], pairs[:12]),
        "imports/partyrock-export.json": json.dumps(
            [{"question": asked, "answer": answer} for asked, answer in pairs[12:]], indent=2, ensure_ascii=False
        )
        + "\n",
    }


def _lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _export_text(title: str, pairs: list[tuple[str, str]]) -> str:
    """What comes out of a question-and-answer app by copy and paste, with the usual slips."""
    pairs = [(" ".join(asked.split()), " ".join(answer.split())) for asked, answer in pairs]
    lines = [f"{title}: questions and answers", ""]
    for number, (question, answer) in enumerate(pairs[:6], start=1):
        lines += [f"{number}. Q: {question}", f"   A: {answer}", ""]
    for question, answer in pairs[6:]:
        lines += [f"**Question:** {question}", f"**Answer:** {answer}", ""]
    # Three slips that a review should find: a doubled row, an answer that is missing, and the app's own closing words.
    lines += [f"Q: {pairs[2][0]}", f"A: {pairs[2][1]}", "", f"Q: {pairs[7][0]}", "A:", ""]
    lines += ["I hope these questions are helpful! Let me know if you need more.", ""]
    return "\n".join(lines)
