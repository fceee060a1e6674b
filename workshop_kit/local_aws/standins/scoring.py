"""The local judge's other task: scoring one row of a dataset against a rubric, by rules.

It knows four criteria by name (grounded, complete, clear, form) and answers null for any other: a rule that was not
written can't judge. It compares words with the passage; it understands nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins import worlds
from workshop_kit.local_aws.standins.reading import find_answer, stems

_NUMBER = re.compile(r"[$€£]?\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+")
_POINTER = re.compile(r"\b(?:it|this|that|they|these|those|there)\b", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:answer|response|question|q|a)\s*:|^#{1,6} |```|\bas an ai\b|\{\w+\}", re.IGNORECASE)
_SOURCE = r"(?:handbook|passage|material|information|texts?|documents?|rules|sources?|guide)"
# Somebody declines, or the source is silent: "floods are not covered" alone is an answer, and a common one.
_REFUSAL = re.compile(
    rf"\b(?:(?:i|we) (?:can't|cannot|don't|do not|(?:am|are) unable to) (?:answer|say|tell|know|have)"
    rf"|{_SOURCE}(?: \w+){{0,3}} (?:does not|doesn't|do not|don't) (?:say|mention|cover|state|tell|hold|contain)"
    rf"|not (?:covered|mentioned|stated|specified|contained) (?:by|in) (?:the|this|my) (?:\w+ )?{_SOURCE}"
    rf"|(?:have|holds?|has) no information|rather not guess)\b"
)


def score_row(tags: Mapping[str, str]) -> str:
    """The scores of a row, 0 to 10 for each criterion or null, and a reason, as JSON text.

    Raises AwsError (ValidationException) when the prompt names no criteria or holds no row.
    """
    question, answer, passage = (tags.get(name, "").strip() for name in ("question", "answer", "passage"))
    # A case of a shipped domain rests on several passages of its handbook.
    home = worlds.known(passage)
    passage = home.handbook if home is not None else passage
    try:
        names = [str(entry["name"]) for entry in json.loads(tags.get("criteria", ""))]
    except (ValueError, TypeError, KeyError):
        raise AwsError("ValidationException", "<criteria> is not a JSON list of {name, description}.") from None
    if "question" not in tags or "answer" not in tags or not names:
        raise AwsError("ValidationException", "The prompt to score a row needs <question>, <answer> and <criteria>.")
    rules = {
        "grounded": lambda: _grounded(question, answer, passage),
        "complete": lambda: _complete(question, answer, passage),
        "clear": lambda: _clear(question, answer),
        "form": lambda: _form(answer),
    }
    scores: dict[str, float | None] = {}
    reasons = []
    for name in names:
        score, why = rules[name]() if name in rules else (None, f"no rule for '{name}'")
        scores[name] = None if score is None else round(score, 1)
        if score is None or score < 7:
            reasons.append(why)
    return json.dumps({"scores": scores, "reason": "; ".join(reasons) or "nothing to object to"})


def _grounded(question: str, answer: str, passage: str) -> tuple[float | None, str]:
    """The share of the answer's words that the passage has; numbers and names weigh three times."""
    if not passage:
        return None, "no passage to check against"
    if answer not in passage and _REFUSAL.search(answer.lower().replace("\u2019", "'")):
        found = find_answer(question, passage)
        return (10.0, "") if found is None else (2.0, "declines though the passage has the answer")
    names = r"[A-Z][\w'-]+"
    answer = re.sub(r"(?m)^\s*\d{1,2}[.)]\s+", "", answer)  # the numbers of a list are no amounts
    marks = set(_NUMBER.findall(answer)) | set(_NAME.findall(answer))
    held = set(_NUMBER.findall(passage)) | set(re.findall(names, passage))
    asked = set(_NUMBER.findall(question)) | set(re.findall(names, question))
    words, said = set(stems(answer)), set(stems(passage))
    if not words:
        return 0.0, "says nothing"
    # What only the question says is neither for nor against an answer that takes it up.
    words -= set(stems(question)) - said
    foreign = sorted(marks - held - asked)
    marks -= asked - held
    if not words:
        return 2.0, "says only what the question says"
    score = 10 * (len(words & said) + 3 * len(marks & held)) / (len(words) + 3 * len(marks))
    if foreign:
        # One wrong amount makes the whole row wrong, however well the rest fits.
        return min(score, 3.0), f"{', '.join(foreign[:3])} is not in the passage"
    return score, "says things that the passage does not"


def _complete(question: str, answer: str, passage: str) -> tuple[float | None, str]:
    """How much of the sentences that answer the question is in the answer."""
    found = find_answer(question, passage) if passage else None
    if found is None:
        asked = max(1, question.count("?"))
        said = max(1, len(re.findall(r"[.!?](?:\s|$)", answer)))
        return 10 * min(1.0, said / asked) if answer else 0.0, "answers a part of what was asked"
    wanted = set(stems(found)) - set(stems(question))
    if not wanted:
        return 10.0 if answer else 0.0, "says nothing"
    return 10 * len(wanted & set(stems(answer))) / len(wanted), "leaves out a part of what the passage says on it"


def _clear(question: str, answer: str) -> tuple[float | None, str]:
    """Whether a question can be understood alone: it names something, asks, and is of a usual length."""
    words = question.split()
    if not words:
        return 0.0, "asks nothing"
    score = 10.0
    if not set(stems(question)) & set(stems(answer)):
        score -= 3
    if not re.search(r"[?]|^(?:please|tell|give|list|name|sum|explain|describe|say)\b", question, re.IGNORECASE):
        score -= 3
    if _POINTER.search(question) and len(set(stems(question))) < 2:
        score -= 5
    if not 3 <= len(words) <= 80:
        score -= 3
    return max(0.0, score), "can't be understood without the passage, or is no question"


def _form(answer: str) -> tuple[float | None, str]:
    """Whether an answer is whole, free of labels, brief and not repetitive."""
    words = answer.lower().split()
    if not words:
        return 0.0, "is empty"
    score = 10.0
    if _LABEL.search(answer):
        score -= 5
    if not re.search(r"[.!?)\"'”’]\s*$", answer):
        score -= 4
    if len(words) > 120:
        score -= 3
    pairs = list(zip(words, words[1:], strict=False))
    if len(pairs) >= 6 and len(set(pairs)) < 0.7 * len(pairs):
        score -= 5
    return max(0.0, score), "breaks off, repeats itself, or holds a label"
