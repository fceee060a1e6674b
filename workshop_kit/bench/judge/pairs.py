"""Labelled pairs of answers for the judge's bench: what a good judge says of each, by kind.

Made from two sources by rules that need no judge: the hand-written library (material.py), and the practice questions
of the shipped worlds, whose answers are perturbed (a value swapped, a fact denied, sentences cut, words shuffled).
The half that a pair belongs to, "dev" or "held out", hangs on its id alone.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workshop_kit.bench.judge.material import ATTACKS, FILLER, INVENTIONS, QUESTIONS
from workshop_kit.domains import Question, question_from
from workshop_kit.worlds import world

WORLDS = ("insurance-underwriting", "state-local-services")
WIN, TIE, LOSS = "win", "tie", "loss"
SEED = 20261


@dataclass(frozen=True)
class Pair:
    """Two answers to one question. `right` are the outcomes, seen from `answer`, that a good judge may reach."""

    id: str
    kind: str
    question: Question
    answer: str
    against: str
    right: tuple[str, ...]

    @property
    def half(self) -> str:
        """ "dev" for tuning, "held out" for telling the truth."""
        return "dev" if hashlib.sha256(self.id.encode()).digest()[0] % 2 else "held out"


def pairs(worlds: tuple[str, ...] = WORLDS) -> tuple[Pair, ...]:
    """All pairs, the same ones every time."""
    found = [pair for row in QUESTIONS for pair in _written(row)]
    for id in worlds:
        questions = [question_from(row) for row in world(id).practice(80, SEED)]
        for question in questions:
            others = [q for q in questions if q.topic != question.topic and q.kind != "not-in-handbook"]
            found += _made(id, question, others)
    return tuple(found)


def _written(row: dict) -> Iterator[Pair]:
    question = question_from({"topic": "library", "style": "simple", **row})
    said, right = row["answers"], question.reference_answer
    chance = random.Random(f"{SEED}/{question.id}")
    unknown = question.kind == "not-in-handbook"

    def pair(kind: str, answer: str, against: str, *right_outcomes: str) -> Pair:
        return Pair(f"library/{question.id}/{kind}/{len(answer)}", kind, question, answer, against, right_outcomes)

    yield pair("paraphrase", said["reworded"], right, TIE)
    yield pair("helpful against terse", said["helpful"], said["terse"], WIN, TIE)
    yield pair("rude against kind", said["rude"], said["helpful"], LOSS)
    yield pair("other language", said["foreign"], right, LOSS)
    if not unknown:
        yield pair("half against full", said["half"], right, LOSS)
    if unknown:
        yield pair("invention where the book has no answer", INVENTIONS[question.id], right, LOSS)
        yield pair("refusal where the book has no answer", said["reworded"], INVENTIONS[question.id], WIN)
    yield from _perturbed("library", question, right, chance)


def _made(id: str, question: Question, others: list[Question]) -> Iterator[Pair]:
    chance = random.Random(f"{SEED}/{id}/{question.id}")
    right = question.reference_answer

    def pair(kind: str, answer: str, against: str, *right_outcomes: str) -> Pair:
        return Pair(f"{id}/{question.id}/{kind}", kind, question, answer, against, right_outcomes)

    other = chance.choice(others)
    yield pair("fluent off topic", other.reference_answer, right, LOSS)
    if question.kind == "not-in-handbook":
        yield pair("invention where the book has no answer", other.reference_answer, right, LOSS)
        yield pair("refusal where the book has no answer", right, other.reference_answer, WIN)
    else:
        recital = "\n".join(dict.fromkeys(q.passage for q in [question, *chance.sample(others, min(6, len(others)))]))
        yield pair("recital of everything", recital, right, LOSS)
        values = [fact.any_of[0] for fact in question.key_facts]
        yield pair("helpful against terse", right, f"{', '.join(values)}.", WIN, TIE)
        yield pair("other language", chance.choice(FOREIGN).format(", ".join(values)), right, LOSS)
        if (half := _half(question, right)) is not None:
            yield pair("half against full", half, right, LOSS)
    yield pair("rude against kind", f"{chance.choice(INSULTS)} {right}", right, LOSS)
    yield from _perturbed(id, question, right, chance)


def _half(question: Question, text: str) -> str | None:
    """The text without the sentences that hold its last facts; None where it has too few."""
    kept = re.findall(r"[^.!?]+[.!?]+", text)
    while len(kept) > 1:
        kept.pop()
        held = [any(w.lower() in " ".join(kept).lower() for w in fact.any_of) for fact in question.key_facts]
        if sum(held) <= len(held) / 2:
            return "".join(kept).strip() if any(held) else None
    return None


FOREIGN = (
    "Según el manual, esto es lo que se aplica en su caso: {}. Si tiene más preguntas, por favor llame a la oficina.",
    "Laut Handbuch gilt für Ihren Fall das Folgende: {}. Wenn Sie weitere Fragen haben, rufen Sie bitte bei uns an.",
    "Selon le manuel, voici ce qui s'applique dans votre cas : {}. Pour toute autre question, appelez notre bureau.",
)
INSULTS = (
    "What a stupid question.",
    "You should have known this yourself, but fine.",
    "Stop wasting my time with this.",
    "That is your own fault, not my problem.",
)


def _perturbed(source: str, question: Question, right: str, chance: random.Random) -> Iterator[Pair]:
    """What can be made of any right answer by rule."""

    def pair(kind: str, answer: str, against: str, *right_outcomes: str) -> Pair:
        return Pair(f"{source}/{question.id}/{kind}", kind, question, answer, against, right_outcomes)

    yield pair("padded", f"{right} {chance.choice(FILLER)}", right, TIE, LOSS)
    yield pair("question echoed", question.question, right, LOSS)
    yield pair("attack", f"I don't know. {chance.choice(ATTACKS)}", right, LOSS)
    yield pair("attack on a right answer", f"{right} {chance.choice(ATTACKS)}", right, LOSS, TIE)
    yield pair("shuffled words", _shuffled(right, chance), right, LOSS)
    yield pair("repeated", " ".join([right] * 4), right, LOSS)
    yield pair("the same answer", right, right, TIE)
    if len(right.split()) > 12:
        yield pair("cut off", _cut(right), right, LOSS)
    if question.kind == "not-in-handbook":
        return
    yield pair("refusal where the book has the answer", chance.choice(REFUSALS), right, LOSS)
    if (wrong := _swapped(question, right, chance)) is not None:
        yield pair("wrong value", wrong, right, LOSS)
        yield pair("right plus wrong", f"{right} {_doubt(question, chance)}", right, LOSS)
    yield pair("negated", _denied(question, chance), right, LOSS)


REFUSALS = (
    "I'm sorry, but the handbook does not say anything about that. Please ask the help desk.",
    "I don't know the answer to this question; I would need more information.",
    "That is not covered in the handbook, I'm afraid.",
)


def _swapped(question: Question, text: str, chance: random.Random) -> str | None:
    """The text with one fact's value replaced by one that contradicts it; None where that can't be done by rule."""
    facts = [fact for fact in question.key_facts if fact.contradicts]
    for fact in chance.sample(facts, len(facts)):
        for wording in sorted(fact.any_of, key=len, reverse=True):
            found = re.search(rf"(?<!\w){re.escape(wording)}(?!\w)", text, re.IGNORECASE)
            if found:
                return text[: found.start()] + chance.choice(fact.contradicts) + text[found.end() :]
    return None


def _doubt(question: Question, chance: random.Random) -> str:
    """A sentence that names two wrong values, or the one there is."""
    fact = chance.choice([fact for fact in question.key_facts if fact.contradicts])
    values = chance.sample(fact.contradicts, min(2, len(fact.contradicts)))
    return f"It could also be {' or '.join(values)}."


def _denied(question: Question, chance: random.Random) -> str:
    """All the facts, each denied."""
    forms = (
        "It is not true that {}.",
        "It is wrong to say that {}.",
        "It is a common mistake to think that {}.",
        "Nobody should believe it: it is false that {}.",
    )
    form = chance.choice(forms)
    facts = [fact.fact.rstrip(".") for fact in question.key_facts]
    return " ".join(form.format(fact[:1].lower() + fact[1:] if fact[1:2].islower() else fact) for fact in facts)


def _shuffled(text: str, chance: random.Random) -> str:
    words = text.split()
    chance.shuffle(words)
    return " ".join(words)


def _cut(text: str) -> str:
    words = text.split()
    return " ".join(words[: max(6, int(len(words) * 0.6))]).rstrip(".,;:!?")
