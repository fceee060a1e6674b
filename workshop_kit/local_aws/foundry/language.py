"""Facts in words: how a fact is stated, how it is asked for, and how a statement is read back."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from functools import cache

from workshop_kit.local_aws.foundry.sectors import SECTORS, Attribute, Sector

# How people begin: the person's situation, a greeting, nothing at all. {q} as it stands, {l} with a small first letter.
OPENINGS = (
    "{q}",
    "{q}",
    "{q}",
    "Hi, {l}",
    "Hello! {q}",
    "Quick one: {l}",
    "Just wondering, {l}",
    "Do you happen to know: {l}",
    "Hey there, {l}",
    "Sorry to bother you, but {l}",
    "One thing I can't find: {l}",
    "I am {who}. {q}",
    "I'm {who} and want to be sure. {q}",
    "As {who}, I would like to know: {l}",
    "I'm {who}, and this is new to me. {q}",
    "I have to sort this out as {who}. {q}",
)
PEOPLE = (
    "a new resident", "a small business owner", "a retired teacher", "a busy parent", "a student", "a landlord",
    "a broker", "a trainee underwriter", "a claims handler", "a branch clerk", "a risk engineer", "a traveller",
)  # fmt: skip

_NAMED = re.compile(r"^The (?P<what>.+) is \{v\}\.$")


@dataclass(frozen=True)
class Fact:
    """One value of one attribute of one entity at one place."""

    sector: str
    place: str
    entity: str
    attribute: str
    value: str


def _sector(name: str) -> Sector:
    return next(sector for sector in SECTORS if sector.id == name)


def attribute_of(fact: Fact) -> Attribute:
    """The attribute that `fact` gives a value for."""
    return _sector(fact.sector).attribute(fact.attribute)


def style_of(fact: Fact) -> int:
    """Which statement a place uses for an attribute: each place writes its handbook in one consistent style."""
    digest = hashlib.sha256(f"{fact.place}/{fact.attribute}".encode()).digest()
    return digest[0] % len(attribute_of(fact).statements)


def state(fact: Fact, style: int | None = None) -> str:
    """The sentence that states a fact, in the place's own style unless another is asked for."""
    template = attribute_of(fact).statements[style_of(fact) if style is None else style]
    return _fill(template, fact)


def ask(fact: Fact, chance: random.Random, *, held_out: bool = False) -> str:
    """A plain question for a fact; `held_out` takes the wordings that practice rows never use."""
    attribute = attribute_of(fact)
    return _fill(chance.choice(attribute.held_out if held_out else attribute.known), fact)


def wordings(fact: Fact) -> tuple[str, ...]:
    """Every plain question that practice rows may use: the known ones, and the place's own words turned round."""
    attribute = attribute_of(fact)
    forms = list(attribute.known)
    if match := _NAMED.match(attribute.statements[style_of(fact)]):
        forms += [f"What is the {match['what']}?", f"Can you tell me what the {match['what']} is?"]
    return tuple(dict.fromkeys(_fill(form, fact) for form in forms))


def opened(question: str, chance: random.Random, people: tuple[str, ...] = PEOPLE) -> str:
    """A question with one of the ways in which people begin; `people` with their article."""
    small = question[0].lower() + question[1:] if not question.startswith(("I ", "I'm")) else question
    return chance.choice(OPENINGS).format(q=question, l=small, who=chance.choice(people))


def ask_both(first: Fact, second: Fact, chance: random.Random, *, held_out: bool = False) -> str:
    """One question for two facts."""
    one, two = (ask(fact, chance, held_out=held_out) for fact in (first, second))
    return chance.choice(("{a} And {b}", "{a} Also, {b}", "Two things: {c} And {b}")).format(
        a=one, b=two[0].lower() + two[1:], c=one[0].lower() + one[1:]
    )


def parse(sentence: str) -> Fact | None:
    """The fact that a statement of any sector states, whatever the style; None for any other sentence."""
    for sector, attribute, pattern in _patterns():
        if match := pattern.match(sentence.strip()):
            entity = match["e"][0].lower() + match["e"][1:]
            return Fact(sector.id, match["p"], entity, attribute.key, match["v"])
    return None


@cache
def _patterns() -> tuple[tuple[Sector, Attribute, re.Pattern[str]], ...]:
    found = []
    for sector in SECTORS:
        places = "|".join(re.escape(p) for p in (*sector.places, sector.shipped) if p)
        entities = "|".join(re.escape(e[1:]) for e in sector.entities)
        for attribute in sector.attributes:
            values = "|".join(re.escape(v) for v in attribute.values)
            for template in attribute.statements:
                pattern = re.escape(template)
                for name, choice in (("p", places), ("v", values)):
                    pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{choice})")
                for name in ("e", "E"):
                    pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<e>[Aa](?:{entities}))")
                found.append((sector, attribute, re.compile(f"^{pattern}$")))
    return tuple(found)


def _fill(template: str, fact: Fact) -> str:
    capital = fact.entity[0].upper() + fact.entity[1:]
    return template.format(e=fact.entity, E=capital, p=fact.place, v=fact.value)
