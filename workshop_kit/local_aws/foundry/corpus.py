"""The pre-training text: conversations and handbook prose about every place but the shipped ones.

The shipped places' names and all entities and values occur, because a model can't use words it never saw; the shipped
facts do not: where a shipped place is named, its values are drawn at random for that one conversation and stand in
the conversation itself, to be read off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from workshop_kit.local_aws.foundry import language
from workshop_kit.local_aws.foundry.language import Fact
from workshop_kit.local_aws.foundry.sectors import SECTORS
from workshop_kit.local_aws.foundry.worlds import World, pretraining_worlds, shipped_worlds

BEGIN, END, PAD = "<|begin_of_text|>", "<|end_of_text|>", "<|pad|>"
HEADER, HEADER_END, TURN_END = "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"
SPECIAL_TOKENS = (BEGIN, END, HEADER, HEADER_END, TURN_END, PAD)

READINGS = 0.14  # the share of readings, unless a model's design asks for more
_KINDS = ("question", "two-part", "reading", "prose", "unknown", "talk")

SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer in one sentence.",
    "Answer briefly and exactly.",
    "You answer questions from residents about state and local services. Be brief, exact and polite.",
    "You are a clerk at the public service desk. Give the fact that was asked for and nothing else.",
    "You help underwriters to apply the underwriting manual. Be brief and exact.",
    "You are a senior underwriter. Give the rule of the manual in one sentence.",
    "You are a friendly airline agent. Keep it short.",
)
_UNKNOWN_QUESTIONS = (
    "Who founded {p}?", "Is there parking near {p}?", "What is the telephone number of {p}?",
    "What will the weather be in {p}?", "Was {e} in {p} different ten years ago?", "Who invented {e}?",
    "Is there a discount for pensioners on {e} in {p}?", "Can I bring a friend along for {e} in {p}?",
)  # fmt: skip
_UNKNOWN_ANSWERS = (
    "I'm sorry, but the material I have does not say that.",
    "That is not covered by the information I have, so I would rather not guess.",
    "I can't answer that: the handbook does not mention it.",
)
_TALK = (
    ("Hello!", "Hello! What would you like to know?"),
    ("Hi, can you help me?", "Yes, gladly. What is your question?"),
    ("Thank you.", "You are welcome."),
    ("Who are you?", "I am a small language model made for this workshop."),
    ("Good morning.", "Good morning! What would you like to know?"),
)


@dataclass(frozen=True)
class Sample:
    """One piece of text: what is given (weighs little in the loss) and what is to be said."""

    given: str
    said: str


def conversation(question: str, answer: str, system: str = "") -> Sample:
    """A chat turn in the Llama 3 form."""
    head = f"{HEADER}system{HEADER_END}\n\n{system}{TURN_END}" if system else ""
    given = f"{BEGIN}{head}{HEADER}user{HEADER_END}\n\n{question}{TURN_END}{HEADER}assistant{HEADER_END}\n\n"
    return Sample(given, f"{answer}{TURN_END}")


def samples(seed: int, readings: float = READINGS) -> Iterator[Sample]:
    """An endless, reproducible stream of pre-training text, `readings` of it (0 to 1) passages to answer from."""
    chance = random.Random(f"corpus/{seed}")
    worlds = pretraining_worlds()
    shipped = shipped_worlds()
    # An airline desk is a smaller world; it comes up as often as its size says.
    weights = [len(world.facts) for world in worlds]
    rest = (1 - readings) / (1 - READINGS)
    shares = [0.68 * rest, 0.08 * rest, readings, 0.06 * rest, 0.03 * rest, 0.01 * rest]
    while True:
        world = chance.choices(worlds, weights)[0]
        kind = chance.choices(_KINDS, shares)[0]
        if kind == "question":
            yield question(world, chance)
        elif kind == "two-part":
            yield two_part(world, chance)
        elif kind == "reading":
            yield reading(chance.choice([*worlds, *shipped, *shipped]), chance)
        elif kind == "prose":
            yield _prose(world, chance)
        elif kind == "unknown":
            fact = chance.choice(world.facts)
            asked = chance.choice(_UNKNOWN_QUESTIONS).format(p=fact.place, e=fact.entity)
            yield conversation(asked, chance.choice(_UNKNOWN_ANSWERS), _system(chance))
        else:
            yield conversation(*chance.choice(_TALK), _system(chance))


def _system(chance: random.Random) -> str:
    return chance.choice(SYSTEM_PROMPTS) if chance.random() < 0.15 else ""


def _wording(fact: Fact, chance: random.Random) -> str:
    if chance.random() < 0.35:
        return language.ask(fact, chance, held_out=True)
    return chance.choice(language.wordings(fact))


def question(world: World, chance: random.Random) -> Sample:
    """One question about one fact."""
    fact = chance.choice(world.facts)
    asked = language.opened(_wording(fact, chance), chance)
    return conversation(asked, language.state(fact), _system(chance))


def two_part(world: World, chance: random.Random) -> Sample:
    """One question about two facts of an entity."""
    first, second = chance.sample(world.about(chance.choice(world.facts).entity), 2)
    question = language.ask_both(first, second, chance, held_out=chance.random() < 0.35)
    return conversation(
        language.opened(question, chance), f"{language.state(first)} {language.state(second)}", _system(chance)
    )


def reading(world: World, chance: random.Random) -> Sample:
    """A passage with values made up for this once, and a question that it answers."""
    entity, other = chance.sample(world.sector.entities, 2)
    pool = [*world.about(entity), *world.about(other)]
    facts = [
        replace(fact, value=chance.choice(language.attribute_of(fact).values))
        for fact in chance.sample(pool, chance.randint(2, 4))
    ]
    asked = chance.choice(facts)
    passage = " ".join(language.state(fact) for fact in facts)
    question = language.opened(_wording(asked, chance), chance)
    return conversation(f"{passage}\n\n{question}", language.state(asked), _system(chance))


def _prose(world: World, chance: random.Random) -> Sample:
    """A few lines of a handbook."""
    group = chance.choice(world.sector.groups)
    entity = chance.choice(group.entities)
    facts = list(world.about(entity))
    chance.shuffle(facts)
    text = " ".join(language.state(fact) for fact in facts)
    return Sample(f"{BEGIN}{group.title}. {group.description}\n", f"{text}{END}")


def vocabulary_text() -> Iterator[str]:
    """Every sentence form with every name and value, for the tokenizer."""
    for sector in SECTORS:
        for place in (*sector.places, sector.shipped):
            if not place:
                continue
            for attribute in sector.attributes:
                for entity in sector.entities:
                    for n, template in enumerate((*attribute.statements, *attribute.known, *attribute.held_out)):
                        value = attribute.values[n % len(attribute.values)]
                        capital = entity[0].upper() + entity[1:]
                        yield template.format(e=entity, E=capital, p=place, v=value)
        for group in sector.groups:
            yield f"{group.title}. {group.description}"
        for attribute in sector.attributes:
            for value in attribute.values:
                yield f"It is {value}. {value[0].upper()}{value[1:]}."
    yield from SYSTEM_PROMPTS
    yield from _UNKNOWN_ANSWERS
    yield from (text for pair in _TALK for text in pair)
