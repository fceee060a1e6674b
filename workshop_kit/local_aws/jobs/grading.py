"""Asking a reward function: Bedrock's event to it, and its answer checked line by line."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs.reasons import JobFault
from workshop_kit.local_aws.trainer.conversations import Prompt

# A Lambda function takes and gives at most 6 MB; a request is cut into parts well below that.
MOST_BYTES = 4 << 20


def grade(ctx: Context, function: str, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
    """One reward for each prompt and answer, from the Lambda function with that ARN.

    Raises JobFault when the function fails or answers something else than one finite score for every id.
    """
    samples = [
        _sample(number, prompt, answer) for number, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
    ]
    scores: dict[str, float] = {}
    part: list[dict[str, Any]] = []
    size = 0
    for sample in [*samples, None]:
        length = len(json.dumps(sample))
        if part and (sample is None or size + length > MOST_BYTES):
            scores |= _ask(ctx, function, part)
            part, size = [], 0
        if sample is not None:
            part.append(sample)
            size += length
    return [scores[sample["id"]] for sample in samples]


def _sample(number: int, prompt: Prompt, answer: str) -> dict[str, Any]:
    # The same prompt comes several times with different answers, so its place in the batch is part of the id.
    metadata = dict(prompt.metadata)
    return {
        "id": f"{prompt.id}#{number}",
        "messages": [*prompt.messages, {"role": "assistant", "content": answer}],
        "metadata": metadata,
        # Some of AWS's samples read it here.
        "reference_answer": metadata.get("reference_answer"),
    }


def _ask(ctx: Context, function: str, samples: list[dict[str, Any]]) -> dict[str, float]:
    from workshop_kit.local_aws.functions import FunctionFault, invoke_function

    name = function.rsplit(":function:", 1)[-1]
    try:
        told = invoke_function(ctx, function, samples)
    except FunctionFault as problem:
        raise JobFault(f"The reward function {name} failed: {problem}") from None
    if isinstance(told, dict) and "body" in told:
        # The form of a function behind a URL: {"statusCode", "body"}.
        told = json.loads(told["body"]) if isinstance(told["body"], str) else told["body"]
    if not isinstance(told, list):
        raise JobFault(f"The reward function {name} answered {_shown(told)}; it must answer a list of scores.")
    scores: dict[str, float] = {}
    for entry in told:
        if not isinstance(entry, dict) or "id" not in entry:
            raise JobFault(f"The reward function {name} answered {_shown(entry)} in its list; each entry needs an id.")
        score = entry.get("aggregate_reward_score")
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
            raise JobFault(
                f"The reward function {name} gave {entry['id']} the aggregate_reward_score {_shown(score)}; it must be "
                "a number."
            )
        scores[str(entry["id"])] = float(score)
    missing = [sample["id"] for sample in samples if sample["id"] not in scores]
    if missing:
        raise JobFault(
            f"The reward function {name} gave no score for {len(missing)} of {len(samples)} samples, first of all for "
            f"{missing[0]}."
        )
    return scores


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
