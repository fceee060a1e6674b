"""What all worlds share: facts, questions, the split of cases into three shares, small helpers for sentences."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

# A case belongs to one share for ever: what is trained on is never asked.
SHARES = ("rows", "rows", "rows", "practice", "hidden")
FACT_KINDS = ("decision", "amount", "time", "name", "paper", "step", "condition", "reason", "unknown")
QUESTION_KINDS = ("case", "lookup", "two-needs", "not-in-handbook")


class World(Protocol):
    """What a domain is about. The same arguments give the same text every time."""

    id: str

    def document(self) -> dict[str, Any]:
        """What stands in domain.json."""
        ...

    def handbook(self) -> str:
        """The handbook as Markdown: `## Title {#topic-id}` sections, one passage a paragraph."""
        ...

    def rows(
        self, count: int, seed: int, *, topics: Sequence[str] | None = None, mistakes: float = 0.0
    ) -> list[dict[str, Any]]:
        """Training rows (id, instruction, context, response, topic).

        `topics` keeps to these topics; `mistakes` is the share of rows whose answer has an error in it.
        """
        ...

    def practice(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Questions with rubrics (see WorldQuestion) that learners see."""
        ...

    def hidden(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Questions with rubrics that decide a league."""
        ...


@dataclass(frozen=True)
class Fact:
    """A fact that a good answer holds: in any of these wordings, and in none of those that contradict it here."""

    fact: str
    any_of: tuple[str, ...]
    kind: str
    contradicts: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """The fact as it stands in a question file."""
        any_of, contradicts = list(self.any_of), list(self.contradicts)
        return {"fact": self.fact, "any_of": any_of, "kind": self.kind, "contradicts": contradicts}


@dataclass(frozen=True)
class WorldQuestion:
    """A question with its rubric. `case` names what it is about; equal cases are the same situation in other words."""

    case: str
    topic: str
    question: str
    reference_answer: str
    key_facts: tuple[Fact, ...]
    style: str
    kind: str
    passage: str = ""
    tone: str = "neutral"

    def row(self, id: str) -> dict[str, Any]:
        """The question as it stands in a question file."""
        return {
            "id": id,
            "topic": self.topic,
            "question": self.question,
            "reference_answer": self.reference_answer,
            "key_facts": [fact.row() for fact in self.key_facts],
            "style": self.style,
            "kind": self.kind,
            "passage": self.passage,
            "tone": self.tone,
            "case": self.case,
        }


def share_of(case: str, shares: Sequence[str] = SHARES) -> str:
    """The share that a case belongs to: rows, practice or hidden."""
    digest = hashlib.sha256(case.encode()).digest()
    return shares[int.from_bytes(digest[:4], "big") % len(shares)]


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Lower case, no punctuation but $ and %, no thousands commas, single spaces; padded with a space on both sides."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower().replace("’", "'"))
    text = re.sub(r"\bper ?cent\b", "%", text)
    text = re.sub(r"(?<=\d) +%", "%", text)
    return f" {re.sub(r'[^a-z0-9$%]+', ' ', text).strip()} "


def holds(text: str, wordings: Iterable[str]) -> bool:
    """Whether one of the wordings stands in the text, as whole words."""
    plain = normal(text)
    return any(normal(wording) in plain for wording in wordings)


def listed(items: Sequence[str], last: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop, unless it ends with one of .?!"""
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".?!" else f"{text}."


def words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


class Deck(Generic[T]):
    """Draws from a list so that everything has come once before anything comes again."""

    def __init__(self, items: Iterable[T], chance: Random) -> None:
        self._items, self._chance = list(items), chance
        self._left: list[T] = []

    def draw(self) -> T:
        """The next item."""
        if not self._left:
            self._left = self._chance.sample(self._items, len(self._items))
        return self._left.pop()


def plan_kinds(count: int, shares: dict[str, float], chance: Random) -> list[str]:
    """`count` kinds in random order, in these shares rounded to whole questions; the first kind takes the rest."""
    first, *others = shares
    kinds = [kind for kind in others for _ in range(round(count * shares[kind]))]
    kinds += [first] * (count - len(kinds))
    chance.shuffle(kinds)
    return kinds[:count]
