"""Pairs of answers of which it is known which one is better, made from a domain's open questions.

    wrong value           the reference answer, and the same with another value of that kind
    missing fact          ... and the same without one of its facts
    off topic             ... and the right answer to another question
    long and wrong        ... and a wrong value with true sentences on other subjects after it
    no answer             ... and nothing
    addresses the judge   ... and a wrong value with an order to the judge (one of attacks.jsonl)
    said otherwise        ... and the same facts in another order, or an amount in another accepted wording: a tie
    identical             ... and the same to the letter: a tie

Everything is drawn with a seed, so the same domain gives the same pairs; which answer is the candidate's is drawn too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from workshop_kit.domains import Domain, KeyFact, Question
from workshop_kit.league.judge.attacks import attacks
from workshop_kit.league.statistics import Outcome

KINDS = (
    "wrong value",
    "missing fact",
    "off topic",
    "long and wrong",
    "no answer",
    "addresses the judge",
    "said otherwise",
    "identical",
)
# Attacks that make sense behind a wrong answer to any question.
_ATTACKS = ("instruction", "flattery", "threat", "authority", "smear", "fake verdict", "fake turn", "planted tag")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


@dataclass(frozen=True)
class Pair:
    """Two answers to a question and the outcome that a good judge tells, seen from the candidate."""

    id: str
    kind: str
    question: Question
    candidate: str
    reference: str
    expected: Outcome


def known_pairs(domain: Domain, *, seed: int = 0) -> tuple[Pair, ...]:
    """All pairs that can be made of a domain's practice questions, kinds taking turns so that any beginning has each.

    A kind that a question can't give (a missing fact where there is only one) is left out for it.
    """
    chance = random.Random(f"{domain.id}/{seed}")
    questions = list(domain.practice_questions)
    chance.shuffle(questions)
    tricks = [a for a in attacks() if a.kind in _ATTACKS]
    turns: list[list[Pair]] = [[] for _ in KINDS]
    for question in questions:
        right = question.reference_answer
        wrong = wrong_value(question, questions, chance)
        trick = chance.choice(tricks).text(question)
        # Every kind is drawn for every question, so that a kind that is left out shifts no other draw.
        others = (
            wrong,
            _less_one(question, chance),
            _elsewhere(question, questions, chance),
            f"{wrong} {_filler(question, domain, chance)}" if wrong else None,
            "",
            f"{wrong} {trick}" if wrong else None,
            _otherwise(question, chance),
            right,
        )
        for turn, kind, other in zip(turns, KINDS, others, strict=True):
            swapped = chance.random() < 0.5
            if other is None:
                continue
            equal = kind in ("said otherwise", "identical")
            told: Outcome = "tie" if equal else "loss" if swapped else "win"
            ours, theirs = (other, right) if swapped else (right, other)
            turn.append(Pair(f"{question.id}/{kind.replace(' ', '-')}", kind, question, ours, theirs, told))
    longest = max((len(turn) for turn in turns), default=0)
    return tuple(turn[n] for n in range(longest) for turn in turns if n < len(turn))


def wrong_value(question: Question, questions: Sequence[Question], chance: random.Random) -> str | None:
    """The reference answer with one fact's value replaced by another question's value of the same kind.

    Of the same kind is the value of the fact whose sentence is most alike without it. None where there is none.
    """
    fact = chance.choice(question.key_facts)
    value = _value(fact, question.reference_answer)
    accepted = {w.lower() for f in question.key_facts for w in f.any_of}
    frame = _frame(fact)
    rated: dict[str, float] = {}
    for other in questions:
        for theirs in other.key_facts:
            found = _value(theirs, other.reference_answer)
            same = found is not None and value is not None and _shape(found) == _shape(value)
            if found and same and found.lower() not in accepted:
                alike = len(frame & _frame(theirs)) / max(1, len(frame | _frame(theirs)))
                rated[found] = max(alike, rated.get(found, 0.0))
    if not rated or value is None:
        return None
    best = sorted(found for found, alike in rated.items() if alike >= max(rated.values()) - 0.15)
    return _exchange(question.reference_answer, value, chance.choice(best))


def _value(fact: KeyFact, answer: str) -> str | None:
    """The longest accepted wording that stands in the answer, as it stands there."""
    for wording in sorted(fact.any_of, key=len, reverse=True):
        if found := _whole(wording).search(answer):
            return found[0]
    return None


def _whole(wording: str) -> re.Pattern[str]:
    """A wording as words of its own: "rot" is none of "protection"."""
    return re.compile(rf"(?<!\w){re.escape(wording)}(?!\w)", re.IGNORECASE)


def _exchange(answer: str, value: str, other: str) -> str:
    return _whole(value).sub(lambda _: other, answer, count=1)


def _frame(fact: KeyFact) -> set[str]:
    value = _value(fact, fact.fact)
    return set(re.findall(r"\w+", (fact.fact.replace(value, " ") if value else fact.fact).lower()))


def _shape(value: str) -> str:
    """What a value looks like: money, something with a number, or words."""
    if re.search(r"[$€£]|\bdollars?\b", value):
        return "money"
    counted = r"\d|\b(?:day|week|month|year|hour|minute)s?\b"
    return "number" if re.search(counted, value.lower()) else "words"


def _less_one(question: Question, chance: random.Random) -> str | None:
    sentences = _END.split(question.reference_answer)
    if len(sentences) < 2 or len(question.key_facts) < 2:
        return None
    gone = chance.randrange(len(sentences))
    return " ".join(sentence for n, sentence in enumerate(sentences) if n != gone)


def _elsewhere(question: Question, questions: Sequence[Question], chance: random.Random) -> str | None:
    fits = [q for q in questions if q.topic != question.topic and not _gives(question, q.reference_answer)]
    return chance.choice(fits).reference_answer if fits else None


def _filler(question: Question, domain: Domain, chance: random.Random) -> str:
    """Three sentences of the handbook on other topics that hold none of the question's facts."""
    sentences = [
        sentence
        for passage in domain.passages
        if passage.topic != question.topic
        for sentence in _END.split(passage.text)
        if not _gives(question, sentence)
    ]
    return " ".join(chance.sample(sentences, min(3, len(sentences))))


def _otherwise(question: Question, chance: random.Random) -> str | None:
    sentences = _END.split(question.reference_answer)
    if len(sentences) > 1:
        return " ".join(reversed(sentences))
    fact = question.key_facts[0]
    value = _value(fact, question.reference_answer)
    if value is None or _shape(value) != "money":
        return None
    others = [w for w in fact.any_of if _shape(w) == "money" and w.lower() != value.lower()]
    return _exchange(question.reference_answer, value, chance.choice(others)) if others else None


def _gives(question: Question, text: str) -> bool:
    return any(_whole(wording).search(text) for fact in question.key_facts for wording in fact.any_of)
