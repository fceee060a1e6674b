"""Format and constraints: is an answer of the form that was asked for? One share of the reward for each demand met.

A row's reference_answer may set the demands: {"max_words": 12, "must_include": ["12 days"], "must_not_include": [],
"ends_with": ".", "json": false}. Without any, an answer of one sentence and at most 20 words is wanted.
"""

import json

DEFAULT = {"max_words": 20, "ends_with": "."}


def demands(reference):
    """The demands of a row, as a dict; a text is something that the answer must include."""
    if isinstance(reference, str):
        try:
            read = json.loads(reference)
        except ValueError:
            read = None
        reference = read if isinstance(read, dict) else {"must_include": [reference], **DEFAULT}
    return reference if isinstance(reference, dict) and reference else dict(DEFAULT)


def texts(value):
    """A value as a list of texts."""
    values = value if isinstance(value, list) else [value]
    return [str(entry) for entry in values if entry is not None]


def is_json(answer):
    """Whether the answer is a JSON object or list."""
    try:
        return isinstance(json.loads(answer), (dict, list))
    except (ValueError, RecursionError):
        return False


def met(answer, wanted):
    """Name -> whether it is met, for every demand."""
    found = {}
    if "max_words" in wanted:
        try:
            found["max_words"] = 0 < len(answer.split()) <= int(wanted["max_words"])
        except (TypeError, ValueError, OverflowError):
            found["max_words"] = False
    if "ends_with" in wanted:
        ends = tuple(texts(wanted["ends_with"]))
        found["ends_with"] = bool(ends) and answer.strip().endswith(ends)
    for text in texts(wanted.get("must_include")):
        found[f"includes {text[:40]}"] = text.casefold() in answer.casefold()
    for text in texts(wanted.get("must_not_include")):
        found[f"without {text[:40]}"] = text.casefold() not in answer.casefold()
    if wanted.get("json"):
        found["json"] = is_json(answer)
    return found


def handler(event, context):
    """Bedrock's samples to their scores."""
    scores = []
    for sample in event:
        reference = (sample.get("metadata") or {}).get("reference_answer", sample.get("reference_answer"))
        answer = str(sample["messages"][-1].get("content") or "")
        found = met(answer, demands(reference))
        value = sum(found.values()) / len(found) if found else 0.0
        metrics = [{"name": name, "value": float(good), "type": "Metric"} for name, good in found.items()]
        scores.append({"id": sample["id"], "aggregate_reward_score": value, "metrics_list": metrics})
    return scores
