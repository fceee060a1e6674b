"""What the local writer knows of the shipped domains: their worlds, found again by a passage of their handbook.

Rules can't make cases of a handbook's rules; a large model can. For the shipped domains the writer therefore has the
worlds' own grammar, as its label says: a passage that stands in a world's handbook gets questions and answers of that
world's training share (never of the practice or hidden ones). Any other text gets the rules alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from workshop_kit.errors import KitError
from workshop_kit.worlds import WORLDS, world

# Rows that the writer draws from: so many of each seed, none of them the shipped rows' own.
POOL, SEEDS = 300, range(5, 11)


@dataclass(frozen=True)
class KnownWorld:
    """A world as the writer sees it: its handbook, and rows by topic and by question."""

    handbook: str
    by_topic: dict[str, tuple[dict[str, str], ...]]
    answers: dict[str, str]

    def questions(self, passage: str, count: int, chance: random.Random) -> list[str]:
        """Up to `count` different questions of the passage's topic, those on the passage itself first."""
        topic = _topic_of(self.handbook, passage)
        rows = list(self.by_topic.get(topic, ()))
        chance.shuffle(rows)
        return [row["instruction"] for row in rows[:count]]


def known(passage: str) -> KnownWorld | None:
    """The world whose handbook holds the passage, or None."""
    plain = " ".join(passage.split())
    if len(plain) < 20:
        return None
    return next((found for id in WORLDS if (found := _load(id)) is not None and plain in _plain(found.handbook)), None)


@cache
def _load(id: str) -> KnownWorld | None:
    try:
        made = world(id)
    except (ImportError, KitError):
        return None
    rows = list({row["instruction"]: row for seed in SEEDS for row in made.rows(POOL, seed)}.values())
    topics: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        topics.setdefault(row["topic"], []).append(row)
    return KnownWorld(
        made.handbook(),
        {topic: tuple(found) for topic, found in topics.items()},
        {row["instruction"]: row["response"] for row in rows},
    )


@cache
def _plain(text: str) -> str:
    return " ".join(text.split())


def _topic_of(handbook: str, passage: str) -> str:
    """The id in the heading above the passage."""
    wanted, topic = " ".join(passage.split()), ""
    for block in handbook.split("\n\n"):
        if block.startswith("## "):
            topic = block.split("{#")[-1].split("}")[0]
        elif wanted in " ".join(block.split()) or " ".join(block.split()) in wanted:
            return topic
    return topic
