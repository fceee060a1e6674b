"""A BAD EXAMPLE: "pay for showing the work". It counts numbers and never looks at the result, so the model learns to
write numbers. Keep it to see what a reward function that measures the wrong thing does.
"""

import re


def handler(event, context):
    """Bedrock's samples to their scores: a twelfth for each number, whatever it is."""
    scores = []
    for sample in event:
        numbers = re.findall(r"\d+", str(sample["messages"][-1].get("content") or ""))
        scores.append({"id": sample["id"], "aggregate_reward_score": min(1.0, len(numbers) / 12)})
    return scores
