"""The local judge behind Converse: rules with a rubric, standing in for a large model that can't run here.

An answer's score is the share of key facts it holds (any wording the rubric accepts), less a share for naming other
values of the same kind, times three gates: it must read like language (mean log-likelihood under the reference model,
so that shuffled words fail), it must not repeat itself, and it must be about what was asked. The better score wins if
it is clearly better. So it measures agreement with a rubric and nothing else: not correctness beyond the key facts,
not helpfulness, not tone. The two answers are scored apart and alike, so the order can't matter. A right answer in
words that the small reference model hardly met ("600 dollars" for "$600") reads like broken language to it and loses.

Where the prompt asks by criterion, or for the rating of one answer, `criteria.py` computes those scores beside it; the
rules are in `grading.py`.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins.criteria import rate_answer, verdict
from workshop_kit.local_aws.standins.grading import MARGIN, grade, grade_shown
from workshop_kit.local_aws.standins.quoted import shown
from workshop_kit.local_aws.standins.scoring import score_row

__all__ = ["MARGIN", "grade", "reply"]

_TAG = re.compile(
    r"<(task|question|reference_answer|key_facts|answer_a|answer_b|passage|answer|criteria)>(.*?)</\1>", re.DOTALL
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
    facts = _facts(tags["key_facts"])
    seen = [shown(text) for text in answers]
    fluency = _fluency(ctx, [answer.text for answer in seen])
    question, reference = tags["question"], tags.get("reference_answer", "")
    grades = [grade_shown(answer, question, reference, facts, f) for answer, f in zip(seen, fluency, strict=True)]
    texts = [answer.text for answer in seen]
    if task == "rate_answer":
        return rate_answer(texts[0], grades[0], tags)
    a, b = grades
    winner = "tie" if abs(a.score - b.score) < MARGIN else "A" if a.score > b.score else "B"
    return verdict(winner, texts, grades, tags)


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
