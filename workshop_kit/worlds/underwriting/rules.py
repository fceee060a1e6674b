"""What a rule of the manual is, and the amounts that the rules name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from workshop_kit.worlds.base import sentence

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
    "shingles": "2%",
}
DOLLARS = {"two_claims": "$1,500", "pipes": "$2,500", "river": "$5,000"}
DESKS = ("heritage desk", "environment desk", "head office")
# What one rule decides where no other is stricter.
ALONE = {GOOD: "Accept on standard terms", CONDITIONS: "Accept with conditions", REFER: "Refer", DECLINE: "Decline"}
GROUPS: dict[str, tuple[str, ...]] = {
    # With a few values that no rule has, so that every amount can be wrong.
    "percent": (*PERCENT.values(), "12%", "30%"),
    "dollars": (*DOLLARS.values(), "$1,000", "$7,500"),
    "desk": DESKS,
}
# Amounts that change places from edition to edition.
_MOVABLE = (("aluminum", "hydrant", "fryers", "guests"), tuple(DOLLARS))


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

    noun: how an answer names it when there is nothing to add; then: what follows, as a clause that begins with the
    factor in lower case; why: the reason, as a clause of its own.
    np: how a case names it ("a fuse box"; for a use or trade the whole subject, "a rented {home}"); says: whole
    sentences that say so; np_other and says_other: wordings kept for practice and hidden questions.
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
    then: str
    why: str = ""
    facts: tuple[Core, ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        """What follows: alone, with the reason behind it, with the reason before it."""
        return (
            (self.then, f"{self.then}, because {self.why}", f"{self.why}, so {self.then}") if self.why else (self.then,)
        )

    @property
    def handbook(self) -> str:
        """The rule as it stands in the manual: the decision that it brings by itself, then what follows, and why."""
        told = f"{self.then}, because {self.why}" if self.why else f"{self.then}, and the premium stays as it is"
        return f"{ALONE[self.level]}: {told}."


@dataclass(frozen=True)
class Procedure:
    """A rule about the office itself: asked for by its own questions."""

    id: str
    topic: str
    asks: tuple[str, ...]
    asks_other: tuple[str, ...]
    then: str
    more: str
    facts: tuple[Core, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """The rule as a clause."""
        return (self.then,)

    @property
    def handbook(self) -> str:
        """The rule as it stands in the manual."""
        return f"{sentence(self.then)} {self.more}"


def amounts(edition: int) -> dict[str, str]:
    """The value of every amount in this edition; edition 0 is the manual as shipped."""
    values = {**PERCENT, **DOLLARS}
    if edition:
        chance = Random(f"underwriting/edition/{edition}")
        for names in _MOVABLE:
            values |= dict(zip(names, chance.sample([values[n] for n in names], len(names)), strict=True))
    return values


def filled(rule: Rule, values: Mapping[str, str]) -> Rule:
    """The rule with its amounts written in."""
    facts = tuple(
        replace(c, fact=c.fact.format_map(values), any_of=tuple(w.format_map(values) for w in c.any_of))
        for c in rule.facts
    )
    return replace(rule, then=rule.then.format_map(values), facts=facts)
