"""The local judge's rules: what one answer is worth by the key facts, and what takes away from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from workshop_kit.local_aws.foundry.sectors import SECTORS
from workshop_kit.local_aws.standins.quoted import Shown

# Scores run from 0 to 10; a smaller difference than this is a tie.
MARGIN = 1.0
# Mean log-likelihood per token under the reference model. Of the 100 reference answers to the shipped hidden questions
# the least likely lies at -3.4; with their words shuffled the likeliest lies at -10.7; with two neighbours swapped the
# middle one lies at -5.1. Between the two marks the gate closes gradually.
FLUENT, BROKEN = -3.5, -9.0
# An answer may be this many times as long as the reference answer before it loses for length.
LONG = 4.0
# An answer that names this many further values of a kind is guessing: what it holds of that is worth nothing.
GUESSES = 3
_WORD = re.compile(r"[a-z0-9$€£%]+(?:[.,'][a-z0-9]+)*")
_NUMBERS = {
    word: str(n)
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}
STOP = set(
    "a an the is are of for in on at to and or it its with you i my we our be do does must may can by as".split()
)


@dataclass(frozen=True)
class Grade:
    """How one answer fared; score from 0 to 10, everything else a share or a gate from 0 to 1."""

    score: float
    facts: float
    why: str
    values: float = 1.0  # what naming other values left
    fluent: float = 1.0
    unrepeated: float = 1.0
    relevant: float = 1.0
    brief: float = 1.0


def grade(
    answer: str, question: str, reference: str, facts: Sequence[Sequence[str]], log_likelihood: float | None
) -> Grade:
    """Score one answer against the accepted wordings of each key fact; `log_likelihood` per token, None if unknown."""
    return grade_shown(Shown(answer, len(answer)), question, reference, facts, log_likelihood)


def grade_shown(
    answer: Shown, question: str, reference: str, facts: Sequence[Sequence[str]], log_likelihood: float | None
) -> Grade:
    """Score one answer as a prompt shows it, with what was cut or left out of it counted."""
    if not answer.text:
        return Grade(0.0, 0.0, "says nothing")
    said = normal(answer.text)
    held = [any(_holds(said, wording) for wording in wordings) for wordings in facts]
    share = sum(held) / len(held) if held else 0.0
    notes = [f"holds {sum(held)} of {len(held)} key facts"]
    extra, values = _other_values(said, facts), 1.0
    if extra:
        # Naming every amount there is would hold the right one too: each further value halves what is left.
        values = 0.5**extra
        notes.append(f"names {extra} other value{'s' if extra > 1 else ''}")
    if max(extra, _rivals(said, facts)) >= GUESSES:
        values = 0.0
        notes.append("guesses among many values")
    gates = (
        _fluent(log_likelihood),
        min(_unrepeated(said), 1.5 / (3 + answer.repeats) if answer.repeats else 1.0),
        _relevant(said, question, reference),
        _brief(answer.length, reference),
    )
    value = share * values
    for gate, note in zip(
        gates,
        ("does not read like language", "repeats itself", "strays from the question", "is far too long"),
        strict=True,
    ):
        value *= gate
        if gate < 0.75:
            notes.append(note)
    return Grade(10 * value, share, " and ".join(notes), values, *gates)


def normal(text: str) -> list[str]:
    """Words in small letters; amounts and small numbers in one form ("1,500 dollars" as "$1500", "two" as "2")."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower())
    text = re.sub(r"(\d+(?:\.\d+)?)\s*(?:us\s*)?dollars?\b", r"$\1", text)
    text = re.sub(r"\$\s+(?=\d)", "$", text)
    return [_NUMBERS.get(word, word) for word in _WORD.findall(text)]


def _holds(said: list[str], wording: str) -> bool:
    wanted = tuple(normal(wording))
    return bool(wanted) and _stands(said, wanted)


def _stands(said: list[str], wanted: tuple[str, ...]) -> bool:
    return any(tuple(said[n : n + len(wanted)]) == wanted for n in range(len(said) - len(wanted) + 1))


def _other_values(said: list[str], facts: Sequence[Sequence[str]]) -> int:
    """How many amounts and numbers an answer names beyond those of the key facts, when the facts are such values."""
    accepted = {word for wordings in facts for wording in wordings for word in normal(wording)}
    if not any(re.search(r"\d", word) for word in accepted):
        return 0
    return len({word for word in said if re.fullmatch(r"\$?\d+(?:\.\d+)?", word)} - accepted)


def _rivals(said: list[str], facts: Sequence[Sequence[str]]) -> int:
    """How many other values of one fact's kind an answer names, where the kind is one of the worlds' own.

    Only the worlds that come with local AWS are known here: for other domains, guessing among names goes unseen.
    """
    accepted = {tuple(normal(wording)) for wordings in facts for wording in wordings}
    words = set(said)
    most = 0
    for kind in _kinds():
        if accepted & kind:
            others = (value for value in kind - accepted if words.issuperset(value))
            most = max(most, len({value for value in others if _stands(said, value)}))
    return most


@cache
def _kinds() -> tuple[frozenset[tuple[str, ...]], ...]:
    """The values of each attribute of the worlds, in words and without their article."""
    return tuple(
        frozenset(tuple(normal(re.sub(r"^(?:the|an?) ", "", value))) for value in attribute.values)
        for sector in SECTORS
        for attribute in sector.attributes
    )


def _fluent(log_likelihood: float | None) -> float:
    if log_likelihood is None:
        return 1.0
    return min(1.0, max(0.0, (log_likelihood - BROKEN) / (FLUENT - BROKEN)))


def _unrepeated(said: list[str]) -> float:
    """The share of different word pairs, forgiving up to a third of repeats."""
    pairs = list(zip(said, said[1:], strict=False))
    if len(pairs) < 6:
        return 1.0
    return min(1.0, 1.5 * len(set(pairs)) / len(pairs))


def _relevant(said: list[str], question: str, reference: str) -> float:
    """Whether the answer shares words with what was asked: none at all halves the score."""
    wanted = {word for word in normal(f"{question} {reference}") if word not in STOP}
    return 1.0 if wanted & set(said) else 0.5


def _brief(length: int, reference: str) -> float:
    if not reference:
        return 1.0
    ratio = length / max(40, len(reference))
    return 1.0 if ratio <= LONG else max(0.0, 2 - ratio / LONG)
