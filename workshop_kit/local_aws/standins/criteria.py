"""The local judge's scores by criterion, by rules, for a pair of answers or for one.

    accuracy             the share of key facts held, less for other values named (each further number halves it)
    completeness         the share of key facts held, times relevance and not repeating oneself, less what manner takes;
                         none for guessing among many values
    domain_adaptability  of the words that an answer adds to the question's, the share that the reference answer and the
                         key facts use too; nothing added is worth nothing

All three are closed by the gate of language (likelihood under the reference model): what reads like no sentence of the
domain says nothing. The third is a measure of vocabulary and no more: it can't tell whether an answer suits the person
who asked. A criterion of another name has no rule here and gets null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins.grading import Grade
from workshop_kit.local_aws.standins.words import content

ACCURACY, COMPLETENESS, DOMAIN = "accuracy", "completeness", "domain_adaptability"


def verdict(
    winner: str, answers: Sequence[str], grades: Sequence[Grade], tags: Mapping[str, str], note: str = ""
) -> str:
    """The verdict on a pair as JSON text, by criterion where the prompt names criteria; `note` ends the reason."""
    a, b = grades
    told: dict[str, Any] = {"winner": winner}
    if "criteria" in tags:
        one, two = (_scores(answer, found, tags) for answer, found in zip(answers, grades, strict=True))
        told["criteria"] = {name: {"a": one[name], "b": two[name]} for name in one}
    told |= {"score_a": round(a.score, 1), "score_b": round(b.score, 1), "reason": f"A {a.why}; B {b.why}.{note}"}
    return json.dumps(told)


def rate_answer(answer: str, found: Grade, tags: Mapping[str, str]) -> str:
    """One answer's scores by criterion, or null, and a reason, as JSON text.

    Raises AwsError (ValidationException) when the prompt names no criteria.
    """
    scores = _scores(answer, found, tags)
    unknown = [f"no rule for '{name}'" for name, score in scores.items() if score is None]
    return json.dumps({"scores": scores, "reason": "; ".join([f"The answer {found.why}", *unknown]) + "."})


def _scores(answer: str, found: Grade, tags: Mapping[str, str]) -> dict[str, float | None]:
    try:
        names = [str(entry["name"]) for entry in json.loads(tags.get("criteria", ""))]
    except (ValueError, TypeError, KeyError):
        names = []
    if not names:
        raise AwsError("ValidationException", "<criteria> is not a JSON list of {name, description}.")
    # Whoever names every value has given none.
    given = found.facts if found.values else 0.0
    rules = {
        ACCURACY: found.facts * found.values * found.fluent,
        COMPLETENESS: given * found.relevant * found.unrepeated * found.fluent - found.taken / 10,
        DOMAIN: _vocabulary(answer, tags) * found.fluent,
    }
    return {name: round(10 * max(0.0, rules[name]), 1) if name in rules else None for name in names}


def _vocabulary(answer: str, tags: Mapping[str, str]) -> float:
    """The share of an answer's words that are the domain's, as the rubric shows them."""
    said, asked = content(answer), content(tags.get("question", ""))
    facts = " ".join(f"{fact.get('fact', '')} {' '.join(fact['any_of'])}" for fact in json.loads(tags["key_facts"]))
    own = content(f"{tags.get('reference_answer', '')} {facts} {tags.get('passage', '')}")
    said -= asked
    return len(said & own) / len(said) if said else 0.0
