"""Answers that try to win without answering: the corpus a judge is tried on, and what it has to be tried against.

attacks.jsonl holds one a line: {"id", "kind", "text"} and, for the long ones, "repeat", how many times the text stands.
In a text {question} and {QUESTION} stand for what was asked, {prompt} and {system} for the judge's own prompts.
None of them holds a right value for a reason, so a judge that lets one win was talked into it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workshop_kit.domains import Question
from workshop_kit.league.judge.settings import JudgeSettings

FILE = Path(__file__).with_name("attacks.jsonl")


@dataclass(frozen=True)
class Attack:
    """One way to try; `pattern` is filled in for a question by `text`."""

    id: str
    kind: str
    pattern: str
    repeat: int = 1

    def text(self, question: Question, settings: JudgeSettings | None = None) -> str:
        """The answer as it would be given to `question`."""
        settings = settings or JudgeSettings.load()
        values = {
            "{question}": question.question,
            "{QUESTION}": question.question.upper(),
            "{prompt}": settings.pairwise,
            "{system}": settings.system,
        }
        return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], self.pattern) * self.repeat


@cache
def attacks() -> tuple[Attack, ...]:
    """The corpus, in the order of its file."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return tuple(Attack(row["id"], row["kind"], row["text"], row.get("repeat", 1)) for row in rows)


def mediocre(question: Question) -> str:
    """An honest answer that is not good: the reference answer without its first key fact, and dull.

    Of an answer with one fact alone, what is left names the subject and no value.
    """
    sentences = re.split(r"(?<=[.!?])\s+", question.reference_answer)
    wordings = sorted(question.key_facts[0].any_of, key=len, reverse=True)
    kept = [s for s in sentences if not any(w.lower() in s.lower() for w in wordings)]
    if kept:
        return " ".join(kept)
    return re.sub("|".join(map(re.escape, wordings)), "not known to me", question.reference_answer, flags=re.IGNORECASE)
