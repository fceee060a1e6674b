"""The local judge behind Converse: rules with a rubric, standing in for a large model that can't run here.

What an answer is worth is in `grading.py`; a verdict goes to the better score if it is better by MARGIN. Where both are
within it, a kind word and clear steps decide for the answer that has them (see `_winner`). The two answers are scored
apart and alike, so the order can't matter, unless a bias is switched on for teaching (`bias.py`): then the verdict
says so. Language is measured by the mean log-likelihood per token under the base model.

Where the prompt asks by criterion, or for the rating of one answer, `criteria.py` computes those scores beside it.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins.bias import biases_in_force, lean, note_of
from workshop_kit.local_aws.standins.criteria import rate_answer, verdict
from workshop_kit.local_aws.standins.grading import MARGIN, Fact, Grade, Rubric, fluency, grade, grade_shown
from workshop_kit.local_aws.standins.quoted import shown
from workshop_kit.local_aws.standins.scoring import score_row

__all__ = ["MARGIN", "grade", "reply"]

_TAG = re.compile(
    r"<(task|question|reference_answer|key_facts|answer_a|answer_b|passage|answer|criteria|tone|kind)>(.*?)</\1>",
    re.DOTALL,
)


def reply(ctx: Any, messages: Sequence[Mapping[str, Any]], system: str, params: Mapping[str, Any]) -> str:
    """The verdict on the two answers in the last turn that has them, one answer's rating, or a row's scores, as JSON.

    Raises AwsError (ValidationException) when no turn holds a question with key facts and an answer or two.
    """
    for message in reversed(messages):
        raw = dict(_TAG.findall(_text(message)))
        tags = {name: html.unescape(text) for name, text in raw.items()}
        task = tags.get("task", "").strip()
        if task == "score_row":
            return score_row(tags)
        pair = [raw[name] for name in ("answer_a", "answer_b") if name in raw]
        answers = [raw["answer"]] if task == "rate_answer" and "answer" in raw else pair if len(pair) == 2 else []
        if {"question", "key_facts"} <= set(tags) and answers:
            break
    else:
        raise AwsError(
            "ValidationException",
            "The local judge compares two answers, rates one or scores a row: the prompt needs <question>, "
            "<key_facts>, <answer_a> and <answer_b>.",
        )
    rubric = Rubric(
        tags["question"],
        tags.get("reference_answer", ""),
        _facts(tags["key_facts"]),
        tags.get("passage", "").strip(),
        tags.get("tone", "").strip(),
        tags.get("kind", "").strip(),
    )
    seen = [shown(text) for text in answers]
    gates = _fluency(ctx, [answer.text for answer in seen])
    grades = [grade_shown(answer, rubric, gate) for answer, gate in zip(seen, gates, strict=True)]
    texts = [answer.text for answer in seen]
    if task == "rate_answer":
        return rate_answer(texts[0], grades[0], tags)
    biases = biases_in_force()
    leaning = lean(texts, grades, biases)
    winner = _winner(grades, leaning)
    return verdict(winner, texts, grades, tags, note_of(biases))


def _winner(grades: Sequence[Grade], leaning: float) -> str:
    """ "A", "B" or "tie"; `leaning` is what biases add to A's lead, in points.

    Among answers that are equally right, manner counts for at most a point: enough to win by only where both kindness
    and steps are on one side, and never against a better score.
    """
    a, b = grades
    lead = a.score - b.score + leaning
    if abs(lead) < MARGIN:
        lead += a.kindness - b.kindness if abs(a.score - b.score) < MARGIN / 2 else 0.0
    return "tie" if abs(lead) < MARGIN else "A" if lead > 0 else "B"


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _facts(text: str) -> tuple[Fact, ...]:
    try:
        facts = tuple(
            Fact(
                tuple(str(wording) for wording in fact["any_of"]),
                str(fact.get("fact", "")),
                str(fact.get("kind", "")),
                tuple(str(wording) for wording in fact.get("contradicts", ())),
            )
            for fact in json.loads(text)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise AwsError("ValidationException", "<key_facts> is not a JSON list of {fact, any_of}.") from None
    if not facts or not all(fact.any_of for fact in facts):
        raise AwsError("ValidationException", "<key_facts> holds no fact, or a fact without a wording.")
    return facts


def _fluency(ctx: Any, answers: Sequence[str]) -> list[float]:
    """The gate of language for each answer, from its likelihood; open where the model can't be asked."""
    if ctx is None:
        return [1.0] * len(answers)
    from workshop_kit.local_aws.inference import client

    folder, marks = _yardstick()
    texts = [answer[:2000] for answer in answers if answer]
    if not texts or folder is None:
        return [1.0] * len(answers)
    ref = client.ModelRef(folder, None, "the judge's model of language")
    try:
        scores = iter(client.score(ctx.home, ref, texts))
    except (OSError, RuntimeError, AwsError) as problem:
        # The verdict still stands on the rubric; the log says that one gate was open.
        logging.getLogger(__name__).warning("the judge's likelihood gate is open: %s", problem)
        return [1.0] * len(answers)
    return [fluency(next(scores), *marks) if answer else 1.0 for answer in answers]


# Mean log-likelihoods per token under SmolLM2 from which an answer counts as fluent, and below which as no language. Of
# 50 answers of the worlds the least likely lies at -5.8; with neighbouring words swapped the middle one at -7.1 to -7.4
# (`python -m workshop_kit.bench.judge.likelihood`).
REAL_FLUENT, REAL_BROKEN = -5.9, -7.4


def _yardstick() -> tuple[str | None, tuple[float, float]]:
    """The model that measures language, and its two marks; none for a base that nobody has measured."""
    from workshop_kit.local_aws import catalogue

    if catalogue.base_is_foreign() and not catalogue.base_is_known():
        return None, (0.0, 0.0)
    if catalogue.base_model() == str(catalogue.WEIGHTS / "base"):
        return catalogue.reference_model(), (-3.5, -9.0)
    return catalogue.base_model(), (REAL_FLUENT, REAL_BROKEN)
