"""What one answer is worth: facts with polarity, contradictions, relevance, completeness, tone, structure.

    grade(answer, question, reference, facts, log_likelihood)   facts as lists of accepted wordings
    grade_shown(shown, rubric, log_likelihood)                  an answer as a prompt shows it, and a Rubric

The score is from 0 to 10. A key fact counts when one of its wordings is said and not denied, and no value that
contradicts it is said beside it. Each further wrong value halves what is left; three make the answer a guess that is
worth nothing. From that share of ten, manner takes away: no kind word where the asker is in trouble, rudeness,
broken or foreign language, filling, orders to the judge, an answer cut off. Length by itself counts nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from workshop_kit.local_aws.foundry.sectors import SECTORS
from workshop_kit.local_aws.standins.manner import Manner, manner, sentences_of, without_orders
from workshop_kit.local_aws.standins.polarity import Statement, places
from workshop_kit.local_aws.standins.quoted import Shown
from workshop_kit.local_aws.standins.words import STOP as STOP
from workshop_kit.local_aws.standins.words import content, is_value, plain

# Scores run from 0 to 10; a smaller difference than this is a tie.
MARGIN = 1.0
# An answer that names this many wrong values of a kind is guessing: what it holds of that is worth nothing.
GUESSES = 3
# What manner takes from the score, in points.
UNKIND, RUDE, FOREIGN, BROKEN_TEXT, FILLING, ORDERS, CUT = 1.0, 4.0, 7.0, 4.0, 1.5, 3.0, 1.0
DECISION_WEIGHT = 2.0
# Shares of a fact that is said beside a value which contradicts it, and of an answer that refuses what it then gives.
HEDGED, REFUSED = 0.0, 0.8
_REFUSAL = re.compile(
    r"\b(?:(?:guide|handbook|manual|book|rules?|document|information|text)s? (?:here )?(?:(?:do|does) not|doesn't|don't)"
    r" (?:say|cover|mention|list|tell|address|include|give|describe|deal|set|have|contain|answer|speak|name|provide)"
    r"|(?:is|are) not (?:covered|mentioned|listed|described|addressed|set out|included|something)\b[^.!?]{0,40}"
    r"(?:guide|handbook|manual|book|rules)|\bsays? nothing\b|\bnothing (?:about|in (?:the|our|this))\b"
    r"|\bno (?:rule|entry|word|answer|guidance|information) (?:about|on|in|for (?:that|this|it))\b"
    r"|(?:i|we) (?:do not|don't|can't|cannot|could not|couldn't) (?:know|find|say|help|answer|tell|have (?:that|this|any|the) information)"
    r"|(?:i am|i'm|we are) (?:unable|not able) to|not (?:in|part of) (?:the|our|this) (?:guide|handbook|manual|book)"
    r"|outside (?:the|this|our) (?:guide|handbook|manual)|can't be (?:answered|found)|cannot be (?:answered|found))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fact:
    """A key fact: accepted wordings, what would contradict it, and its kind ("" where the rubric names none)."""

    any_of: tuple[str, ...]
    fact: str = ""
    kind: str = ""
    contradicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rubric:
    """What an answer is held against. `tone` is "kind" where the asker is in trouble; `passage` is what decides it."""

    question: str
    reference: str
    facts: tuple[Fact, ...]
    passage: str = ""
    tone: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Grade:
    """How one answer fared; score from 0 to 10, `taken` in points, everything else a share or a gate from 0 to 1."""

    score: float
    facts: float
    why: str
    values: float = 1.0  # what naming other values left
    fluent: float = 1.0
    unrepeated: float = 1.0
    relevant: float = 1.0
    taken: float = 0.0
    kindness: float = 0.0  # points that a kind word and clear steps would be worth beyond what was asked for


def grade(
    answer: str, question: str, reference: str, facts: Sequence[Sequence[str]], log_likelihood: float | None
) -> Grade:
    """Score one answer against the accepted wordings of each key fact; `log_likelihood` per token, None if unknown."""
    rubric = Rubric(question, reference, tuple(Fact(tuple(wordings)) for wordings in facts))
    return grade_shown(Shown(answer, len(answer)), rubric, fluency(log_likelihood))


def fluency(log_likelihood: float | None, fluent: float = -3.5, broken: float = -9.0) -> float:
    """The gate of language: 1 at `fluent` and above, 0 at `broken` and below, both mean log-likelihoods per token.

    The marks given are the tiny reference model's: of the 100 reference answers to its domains' hidden questions the
    least likely lies at -3.4; with words shuffled the likeliest at -10.7; with two neighbours swapped the middle one at
    -5.1. 1 where nothing is known.
    """
    if log_likelihood is None:
        return 1.0
    return min(1.0, max(0.0, (log_likelihood - broken) / (fluent - broken)))


def grade_shown(answer: Shown, rubric: Rubric, fluent: float = 1.0) -> Grade:
    """Score one answer as a prompt shows it, with what was cut or left out of it counted; `fluent` is the gate."""
    if not answer.text:
        return Grade(0.0, 0.0, "says nothing")
    text = without_orders(answer.text)
    own = _without_echo(text, rubric.question)
    about = " ".join(
        [rubric.question, rubric.reference, rubric.passage, *(f"{f.fact} {' '.join(f.any_of)}" for f in rubric.facts)]
    )
    how = manner(answer.text, about)
    said = Statement(own)
    shares, missing, wrong = _held(said, rubric)
    total = sum(_weight(fact) for fact in rubric.facts)
    share = sum(part * _weight(fact) for part, fact in zip(shares, rubric.facts, strict=True)) / total if total else 0.0
    notes = [f"holds {sum(part > 0 for part in shares)} of {len(shares)} key facts"]
    if missing and rubric.passage:
        notes.append(f"misses: {missing[0].rstrip('.')}")
    others = _other_values(said, rubric)
    names = wrong - others
    extra = len(wrong | others)
    values = 0.5**extra
    if extra:
        notes.append(f"names {extra} other value{'s' if extra > 1 else ''} ({', '.join(sorted(wrong | others)[:3])})")
    if max(len(others), len(names), _rivals(plain(own), rubric)) >= GUESSES:
        values = 0.0
        notes.append("guesses among many values")
    refuses = rubric.kind != "not-in-handbook" and bool(_REFUSAL.search(text))
    if refuses:
        notes.append("says that there is no answer where there is one")
    said_words = plain(text)
    gates = (
        fluent,
        min(_unrepeated(said_words), 1.5 / (3 + answer.repeats) if answer.repeats else 1.0),
        1.0 if content(f"{rubric.question} {rubric.reference}") & set(said_words) else 0.5,
    )
    value = 10 * share * values * (REFUSED if refuses else 1.0)
    for gate, note in zip(
        gates, ("does not read like language", "repeats itself", "strays from the question"), strict=True
    ):
        value *= gate
        if gate < 0.75:
            notes.append(note)
    taken, why = _taken(how, rubric, answer)
    notes += why
    score = max(0.0, min(10.0, value - taken))
    if len(answer.text) < answer.length:
        score *= 0.4  # a judge that reads only the beginning of a very long answer has not been answered
        notes.append("is far too long")
    bonus = (0.5 if how.kind and rubric.kind else 0.0) + (0.5 if how.steps and len(rubric.facts) > 2 else 0.0)
    return Grade(score, share, " and ".join(notes), values, *gates, taken, bonus if not how.rude else 0.0)


def _weight(fact: Fact) -> float:
    return DECISION_WEIGHT if fact.kind == "decision" else 1.0


def _held(said: Statement, rubric: Rubric) -> tuple[list[float], list[str], set[str]]:
    """(each fact's share, the missing facts' sentences, contradicting wordings that are said)."""
    accepted = {plain(wording) for fact in rubric.facts for wording in fact.any_of}
    known = Statement(f"{rubric.reference}\n{rubric.question}")
    shares, missing, wrong = [], [], set()
    for fact in rubric.facts:
        here = any(said.says(wording) for wording in fact.any_of)
        if fact.kind == "unknown" and not here:
            here = bool(_REFUSAL.search(" ".join(w.text for w in said.words))) or _refuses(said)
        against = {
            wording
            for wording in fact.contradicts
            if plain(wording) not in accepted
            and not _inside(plain(wording), accepted)
            and not known.says(wording)
            and said.says(wording)
        }
        wrong |= {" ".join(plain(wording)) for wording in against}
        shares.append((HEDGED if against else 1.0) if here else 0.0)
        if not here:
            missing.append(fact.fact or fact.any_of[0])
    return shares, missing, wrong


def _refuses(said: Statement) -> bool:
    return bool(_REFUSAL.search(said.text))


def _inside(wording: tuple[str, ...], accepted: set[tuple[str, ...]]) -> bool:
    """Whether the wording is a part of an accepted one: "inspection" within "no inspection"."""
    return any(
        wording == other[n : n + len(wording)] for other in accepted for n in range(len(other) - len(wording) + 1)
    )


def _other_values(said: Statement, rubric: Rubric) -> set[str]:
    """Amounts, shares and durations that an answer states though neither rubric, question nor reference has them.

    Only kinds of values that the key facts are about count, and of those in the passage only where the passage is not
    given: what the handbook says of something else is unasked, not wrong, until it is recited (see GUESSES).
    """
    wordings = " ".join(wording for fact in rubric.facts for wording in fact.any_of)
    kinds = {is_value(word) for word in plain(wordings)} - {""}
    allowed = set(plain(f"{wordings} . {rubric.reference} . {rubric.question}"))
    passage = set(plain(rubric.passage))
    found: set[str] = set()
    unasked: set[str] = set()
    for word in said.words:
        kind = is_value(word.text)
        if not kind or word.text in allowed or (kinds and kind not in kinds):
            continue
        if not kinds and not any(fact.kind == "unknown" for fact in rubric.facts):
            continue
        if any(said.negated(start, end) for start, end in places(said.words, word.text)):
            continue
        (unasked if word.text in passage else found).add(word.text)
    return found | (unasked if len(unasked) >= GUESSES else set())


def _rivals(said: Sequence[str], rubric: Rubric) -> int:
    """How many other values of one fact's kind an answer names, where the kind is one of the tiny model's worlds.

    For other domains a fact's `contradicts` says what its rivals are.
    """
    accepted = {plain(wording) for fact in rubric.facts for wording in fact.any_of}
    most = 0
    for kind in _kinds():
        if accepted & kind:
            most = max(most, sum(_stands(said, value) for value in kind - accepted))
    return most


def _stands(said: Sequence[str], wanted: tuple[str, ...]) -> bool:
    return any(tuple(said[n : n + len(wanted)]) == wanted for n in range(len(said) - len(wanted) + 1))


@cache
def _kinds() -> tuple[frozenset[tuple[str, ...]], ...]:
    """The values of each attribute of the tiny model's worlds, in comparable words."""
    return tuple(
        frozenset(plain(value) for value in attribute.values) for sector in SECTORS for attribute in sector.attributes
    )


def _without_echo(text: str, question: str) -> str:
    """The text without sentences that are the question's own, word for word or nearly so."""
    asked = [set(plain(sentence)) for sentence in sentences_of(question)]
    kept = []
    for sentence in sentences_of(text):
        said = set(plain(sentence))
        echoed = len(said) >= 5 and any(len(said & one) >= 0.85 * len(said | one) for one in asked)
        if not echoed:
            kept.append(sentence)
    return " ".join(kept)


def _unrepeated(said: Sequence[str]) -> float:
    """The share of different word pairs, forgiving up to a third of repeats."""
    pairs = list(zip(said, said[1:], strict=False))
    if len(pairs) < 6:
        return 1.0
    return min(1.0, 1.5 * len(set(pairs)) / len(pairs))


def _taken(how: Manner, rubric: Rubric, answer: Shown) -> tuple[float, list[str]]:
    """(points taken for manner, why)."""
    found = [
        (UNKIND, "has no kind word for somebody in trouble", rubric.tone == "kind" and not how.kind),
        (RUDE, "is rude", how.rude),
        (FOREIGN, "is not in English", not how.english),
        (BROKEN_TEXT, "is broken English", how.broken > 0.06),
        (FILLING, "is padded", how.filling >= 0.4),
        (ORDERS, "speaks to the judge", how.to_the_judge or bool(answer.notes)),
        (CUT, "is cut off", not how.whole and bool(rubric.kind)),
    ]
    return sum(points for points, _, true in found if true), [why for _, why, true in found if true]
