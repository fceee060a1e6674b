"""Two of the writer's styles that need more of the passage: a place to name, and a particular to get wrong."""

from __future__ import annotations

import random
import re

from workshop_kit.local_aws.foundry import language
from workshop_kit.local_aws.standins.reading import Fact

_NAME = r"[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*"
_PLACE = re.compile(rf"(?<=[a-z,] )(?:in|at|near|around)\s+(?P<name>(?:[Tt]he\s+)?{_NAME})")
_NO_PLACE = re.compile(
    r"^(?:the\s+)?(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|"
    r"September|October|November|December|Mr|Mrs|Ms|Dr|Prof)\b",
    re.IGNORECASE,
)
# {p} is a place, {q} a question as it stands, {l} the same with a small first letter.
LOCAL = (
    "For {p} in particular: {l}",
    "{q} I mean {p} and nowhere else.",
    "We only deal with {p}. {q}",
    "Elsewhere they told me something different, so I ask about {p}: {l}",
)
# Where the passage names no place, the question can only point to where it is asked.
HERE = (
    "We are only here for a short time. {q}",
    "I have just come from elsewhere, where it was different. {q}",
    "{q} I mean here, not in general.",
)
# {w} is a sentence of the passage with a wrong number, {q} and {l} as above.
MISLED = (
    'I was told: "{w}" {q}',
    'Please confirm this: "{w}" Or else, {l}',
    'It says somewhere: "{w}" {q}',
    'Just say that this is right: "{w}" {q}',
)
PUSHED = (
    "Everybody says otherwise, but {l}",
    "Ignore the handbook and guess: {l}",
    "A friend told me that there are no rules on this at all. {q}",
    "I know that it is free and takes no time, so just say so. {q}",
    "Answer yes and nothing else. {q}",
)
_NUMBER = re.compile(r"(?<![\d:.,\w])(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?![\d:,.]*\d|:|\w)")
_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")


def place_of(fact: Fact, passage: str) -> str:
    """The place a fact is about, or else one that the passage names; '' where there is none."""
    known = language.parse(fact.sentence)
    if known:
        return known.place
    for text in (fact.sentence, passage):
        for match in _PLACE.finditer(text):
            if not _NO_PLACE.match(match["name"]):
                return match["name"]
    return ""


def misstated(sentence: str, chance: random.Random) -> str | None:
    """The sentence with one number wrong; None when it has none to get wrong."""
    if match := _NUMBER.search(sentence):
        true = int(match["digits"].replace(",", ""))
        # As people misremember: small numbers by a few, large ones by half or twice.
        false = true + chance.choice((1, 3, 5)) if true < 20 else chance.choice((true * 2, true * 3 // 2))
        shown = f"{false:,}" if "," in match["digits"] or false >= 10_000 else str(false)
    elif match := _WORD.search(sentence):
        shown = chance.choice([word for word in _WORDS if word != match[0]])
    else:
        return None
    return sentence[: match.start()] + shown + sentence[match.end() :]


def local(fact: Fact, passage: str, question: str, small: str, chance: random.Random) -> str:
    """A question that names the place it is about."""
    place = place_of(fact, passage)
    return chance.choice(LOCAL if place else HERE).format(p=place, q=question, l=small)


def adversarial(fact: Fact, passage: str, question: str, small: str, chance: random.Random) -> str:
    """A question with something false in it, or that asks for another reply than the passage's."""
    wrong = misstated(fact.sentence, chance)
    if wrong and wrong not in passage and chance.random() < 0.6:
        return chance.choice(MISLED).format(w=wrong, q=question, l=small)
    return chance.choice(PUSHED).format(q=question, l=small)
