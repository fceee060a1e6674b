"""The local judge behind Converse: rules with a rubric, standing in for a large model that can't run here.

An answer's score is the share of key facts it holds (any wording the rubric accepts), less a share for naming other
values of the same kind, times three gates: it must read like language (mean log-likelihood under the reference model,
so that shuffled words fail), it must not repeat itself, and it must be about what was asked. The better score wins if
it is clearly better. So it measures agreement with a rubric and nothing else: not correctness beyond the key facts,
not helpfulness, not tone. The two answers are scored apart and alike, so the order can't matter.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins.scoring import score_row

_TAG = re.compile(
    r"<(task|question|reference_answer|key_facts|answer_a|answer_b|passage|answer|criteria)>(.*?)</\1>", re.DOTALL
)
# Scores run from 0 to 10; a smaller difference than this is a tie.
MARGIN = 1.0
# Mean log-likelihood per token under the reference model. Of the 100 reference answers to the shipped hidden questions
# the least likely lies at -3.4; with their words shuffled the likeliest lies at -10.7; with two neighbours swapped the
# middle one lies at -5.1. Between the two marks the gate closes gradually.
FLUENT, BROKEN = -3.5, -9.0
# An answer may be this many times as long as the reference answer before it loses for length.
LONG = 4.0
_WORD = re.compile(r"[a-z0-9$€£%]+(?:[.,'][a-z0-9]+)*")
_NUMBERS = {
    word: str(n)
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}
_STOP = set(
    "a an the is are of for in on at to and or it its with you i my we our be do does must may can by as".split()
)


@dataclass(frozen=True)
class Grade:
    """How one answer fared; score from 0 to 10."""

    score: float
    facts: float
    why: str


def reply(ctx: Any, messages: Sequence[Mapping[str, Any]], system: str, params: Mapping[str, Any]) -> str:
    """The verdict on the two answers in the last turn that has them, or a row's scores, as JSON text.

    Raises AwsError (ValidationException) when no turn holds a question with key facts and two answers.
    """
    for message in reversed(messages):
        tags = {name: html.unescape(text) for name, text in _TAG.findall(_text(message))}
        if tags.get("task", "").strip() == "score_row":
            return score_row(tags)
        if {"question", "key_facts", "answer_a", "answer_b"} <= set(tags):
            break
    else:
        raise AwsError(
            "ValidationException",
            "The local judge compares two answers or scores a row: the prompt needs <question>, <key_facts>, "
            "<answer_a> and <answer_b>.",
        )
    facts = _facts(tags["key_facts"])
    answers = (tags["answer_a"].strip(), tags["answer_b"].strip())
    fluency = _fluency(ctx, answers)
    a, b = (
        grade(answer, tags["question"], tags.get("reference_answer", ""), facts, f)
        for answer, f in zip(answers, fluency, strict=True)
    )
    winner = "tie" if abs(a.score - b.score) < MARGIN else "A" if a.score > b.score else "B"
    verdict = {
        "winner": winner,
        "score_a": round(a.score, 1),
        "score_b": round(b.score, 1),
        "reason": f"A {a.why}; B {b.why}.",
    }
    return json.dumps(verdict)


def grade(
    answer: str, question: str, reference: str, facts: Sequence[Sequence[str]], log_likelihood: float | None
) -> Grade:
    """Score one answer against the accepted wordings of each key fact; `log_likelihood` per token, None if unknown."""
    if not answer:
        return Grade(0.0, 0.0, "says nothing")
    said = _normal(answer)
    held = [any(_holds(said, wording) for wording in wordings) for wordings in facts]
    share = sum(held) / len(held) if held else 0.0
    notes = [f"holds {sum(held)} of {len(held)} key facts"]
    value = share
    extra = _other_values(said, facts)
    if extra:
        # Naming every amount there is would hold the right one too: each further value halves what is left.
        value *= 0.5**extra
        notes.append(f"names {extra} other value{'s' if extra > 1 else ''}")
    for gate, note in (
        (_fluent(log_likelihood), "does not read like language"),
        (_unrepeated(said), "repeats itself"),
        (_relevant(said, question, reference), "strays from the question"),
        (_brief(answer, reference), "is far too long"),
    ):
        value *= gate
        if gate < 0.75:
            notes.append(note)
    return Grade(10 * value, share, " and ".join(notes))


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _facts(text: str) -> list[list[str]]:
    try:
        facts = [[str(wording) for wording in fact["any_of"]] for fact in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        raise AwsError("ValidationException", "<key_facts> is not a JSON list of {fact, any_of}.") from None
    if not facts or not all(facts):
        raise AwsError("ValidationException", "<key_facts> holds no fact, or a fact without a wording.")
    return facts


def _normal(text: str) -> list[str]:
    """Words in small letters; amounts and small numbers in one form ("1,500 dollars" as "$1500", "two" as "2")."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower())
    text = re.sub(r"(\d+(?:\.\d+)?)\s*(?:us\s*)?dollars?\b", r"$\1", text)
    text = re.sub(r"\$\s+(?=\d)", "$", text)
    return [_NUMBERS.get(word, word) for word in _WORD.findall(text)]


def _holds(said: list[str], wording: str) -> bool:
    wanted = _normal(wording)
    return bool(wanted) and any(said[n : n + len(wanted)] == wanted for n in range(len(said) - len(wanted) + 1))


def _other_values(said: list[str], facts: Sequence[Sequence[str]]) -> int:
    """How many amounts and numbers an answer names beyond those of the key facts, when the facts are such values."""
    accepted = {word for wordings in facts for wording in wordings for word in _normal(wording)}
    if not any(re.search(r"\d", word) for word in accepted):
        return 0
    return len({word for word in said if re.fullmatch(r"\$?\d+(?:\.\d+)?", word)} - accepted)


def _fluency(ctx: Any, answers: Sequence[str]) -> list[float | None]:
    """Mean log-likelihood per token under the reference model; None where the model can't be asked."""
    if ctx is None:
        return [None] * len(answers)
    from workshop_kit.local_aws import catalogue
    from workshop_kit.local_aws.inference import client

    if catalogue.base_is_foreign():
        # The reference model knows the language of its own small worlds; to it, all other English is broken.
        return [None] * len(answers)
    ref = client.ModelRef(catalogue.reference_model(), None, "workshop.reference-v1:0")
    texts = [answer[:2000] for answer in answers if answer]
    if not texts:
        return [None] * len(answers)
    try:
        scores = iter(client.score(ctx.home, ref, texts))
    except (OSError, RuntimeError, AwsError) as problem:
        # The verdict still stands on the rubric; the log says that one gate was open.
        logging.getLogger(__name__).warning("the judge's likelihood gate is open: %s", problem)
        return [None] * len(answers)
    return [next(scores) if answer else None for answer in answers]


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
    wanted = {word for word in _normal(f"{question} {reference}") if word not in _STOP}
    return 1.0 if wanted & set(said) else 0.5


def _brief(answer: str, reference: str) -> float:
    if not reference:
        return 1.0
    ratio = len(answer) / max(40, len(reference))
    return 1.0 if ratio <= LONG else max(0.0, 2 - ratio / LONG)
