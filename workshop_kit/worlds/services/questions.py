"""Questions: what has happened and what is wanted, in the words of different people."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from workshop_kit.worlds.base import sentence
from workshop_kit.worlds.services import phrases


def ask(told: str, changes: Sequence[str], persona: str, chance: Random, held_out: bool) -> str:
    """A predicament with what changes the card; `held_out` takes the wordings that no training row has."""
    side = int(held_out)
    more = [chance.choice(phrases.CHANGES[change][side]) for change in changes]
    if more and chance.random() < 0.3:
        parts = [*more, told]
    else:
        parts = [told, *more]
    return _framed(parts, persona, chance.choice(phrases.ASKS[persona][side]), chance, side)


def ask_both(told: Sequence[str], persona: str, chance: Random, held_out: bool) -> str:
    """Two predicaments at once."""
    side = int(held_out)
    second = chance.choice(phrases.SECOND_NEED[side]).format(s=told[1])
    return _framed([told[0], second], persona, chance.choice(phrases.BOTH_ASKS[side]), chance, side)


def look_up(slot: str, named: str, chance: Random, held_out: bool) -> str:
    """A question about one thing of a card."""
    side = int(held_out)
    asked = chance.choice(phrases.LOOKUPS[slot][side]).format(np=named)
    before = chance.choice(phrases.LOOKUP_OPENERS[side])
    if before and not asked.startswith("I "):
        asked = asked[:1].lower() + asked[1:]
    return sentence(before + asked)


def ask_unknown(told: str, persona: str, chance: Random, held_out: bool) -> str:
    """Something that the guide does not say."""
    side = int(held_out)
    return _framed([told], persona, chance.choice(phrases.UNKNOWN_ASKS[side]), chance, side)


def _framed(parts: Sequence[str], persona: str, asked: str, chance: Random, side: int) -> str:
    opener = chance.choice(phrases.OPENERS[persona][side]) if chance.random() < 0.7 else ""
    if opener.endswith(", "):
        return f"{opener}{asked[:1].lower()}{asked[1:]} {' '.join(parts)}"
    if chance.random() < 0.12:
        return f"{opener}{asked} {' '.join(parts)}"
    return f"{opener}{' '.join(parts)} {asked}"
