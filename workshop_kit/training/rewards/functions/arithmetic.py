"""Arithmetic: is the last number of the answer the right one? A little is paid for giving a single number at all."""

import re

NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")


def number(text):
    """The last number in a text, or None; thousands' commas are read over."""
    found = NUMBER.findall(text or "")
    if not found:
        return None
    try:
        return float(found[-1].replace(",", ""))
    except ValueError:
        return None


def score(answer, reference):
    """1 for the right number, 0.1 for an answer of at most three numbers that is wrong, else 0."""
    wanted = number(str(reference))
    if wanted is not None and number(answer) == wanted:
        return 1.0
    return 0.1 if 1 <= len(NUMBER.findall(answer)) <= 3 else 0.0


def handler(event, context):
    """Bedrock's samples to their scores."""
    scores = []
    for sample in event:
        reference = (sample.get("metadata") or {}).get("reference_answer", sample.get("reference_answer"))
        answer = str(sample["messages"][-1].get("content") or "")
        value = score(answer, reference)
        right = {"name": "right", "value": float(value == 1.0), "type": "Metric"}
        scores.append({"id": sample["id"], "aggregate_reward_score": value, "metrics_list": [right]})
    return scores
