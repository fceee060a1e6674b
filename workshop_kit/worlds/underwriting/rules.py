"""What a rule of the manual is, and the amounts that the rules name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

GOOD, CONDITIONS, REFER, DECLINE = "good", "conditions", "refer", "decline"
LEVELS = (GOOD, CONDITIONS, REFER, DECLINE)

# Every amount stands with one rule only, so that an amount says which rule was applied.
PERCENT = {
    "claimfree": "5%",
    "sprinklers": "8%",
    "aluminum": "10%",
    "hydrant": "15%",
    "fryers": "20%",
    "guests": "25%",
    "joinery": "30%",
    "shingles": "2%",
}
DOLLARS = {"two_claims": "$1,500", "pipes": "$2,500", "cash": "$3,000", "zone_b": "$5,000"}
DESKS = ("heritage desk", "environment desk", "regional manager", "head office")
GROUPS: dict[str, tuple[str, ...]] = {
    "percent": tuple(PERCENT.values()),
    "dollars": tuple(DOLLARS.values()),
    "desk": DESKS,
}
# Amounts that change places from edition to edition.
_MOVABLE = (("aluminum", "hydrant", "fryers", "guests", "joinery"), tuple(DOLLARS))


@dataclass(frozen=True)
class Core:
    """One fact of a rule: its wordings, the group of values it belongs to, and wordings that are wrong for it."""

    kind: str
    fact: str
    any_of: tuple[str, ...]
    group: str = ""
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A value of a risk factor and what follows from it.

    np: how a case names it ("a fuse box"; for a use or trade the whole subject, "a rented {home}");
    says: whole sentences that say so; np_other and says_other: wordings kept for practice and hidden questions;
    clauses: what follows, as a sentence that starts in lower case; brief: the same for a broker in a hurry;
    noun: how an answer names it when there is nothing to add.
    """

    id: str
    topic: str
    factor: str
    level: str
    noun: str
    np: tuple[str, ...]
    np_other: tuple[str, ...]
    says: tuple[str, ...]
    says_other: tuple[str, ...]
    clauses: tuple[str, ...]
    brief: tuple[str, ...]
    handbook: str
    facts: tuple[Core, ...] = ()


@dataclass(frozen=True)
class Procedure:
    """A rule about the office itself: asked for by its own questions."""

    id: str
    topic: str
    asks: tuple[str, ...]
    asks_other: tuple[str, ...]
    clauses: tuple[str, ...]
    handbook: str
    facts: tuple[Core, ...]


def amounts(edition: int) -> dict[str, str]:
    """The value of every amount in this edition; edition 0 is the manual as shipped."""
    values = {**PERCENT, **DOLLARS}
    if edition:
        chance = Random(f"underwriting/edition/{edition}")
        for names in _MOVABLE:
            values |= dict(zip(names, chance.sample([values[n] for n in names], len(names)), strict=True))
    return values


def filled(rule: Rule, values: Mapping[str, str]) -> Rule:
    """The rule with its amounts written in; "{home}" stays for the question to fill in."""
    known = {**values, "home": "{home}"}

    def fill(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text.format_map(known) for text in texts)

    return replace(
        rule,
        clauses=fill(rule.clauses),
        brief=fill(rule.brief),
        handbook=rule.handbook.format_map(known),
        facts=tuple(replace(c, fact=c.fact.format_map(known), any_of=fill(c.any_of)) for c in rule.facts),
    )
