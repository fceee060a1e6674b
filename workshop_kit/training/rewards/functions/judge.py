"""A language model as the judge of answers: instruction following, summaries, reasoning, or faithfulness to passages.

Packed together with one of the prompts (prompt.txt) and told its model by the environment:
JUDGE_MODEL_ID (required), JUDGE_WORKERS (at most so many questions at once, 8).
"""

import html
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

ATTEMPTS = 4
MOST_CHARACTERS = 8000
# An answer that speaks to its judge is after the score and not after the question.
TO_THE_JUDGE = re.compile(
    r"(?i)\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|rule|criteria|rubric|above|previous)"
    r"|\b(?:give|award|assign|rate)\b.{0,30}\b(?:full|highest|maximum|top|perfect|10|ten|1\.0)\b.{0,20}"
    r"\b(?:score|mark|rating|points?)"
    r"|\"scores?\"\s*:|</?(?:answer|question|reference)>|\b(?:dear|attention)\W+(?:judge|grader|evaluator)"
)


def template():
    """The prompt that was packed with this file."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prompt.txt")
    with open(path, encoding="utf-8") as file:
        return file.read()


def conversation(messages):
    """All turns but the last, as text; everything escaped, so that nothing in it can close a tag."""
    turns = [turn for turn in messages[:-1] if turn.get("role") != "system"]
    if len(turns) == 1:
        return escaped(turns[0].get("content"))
    return "\n".join(f"{turn.get('role')}: {escaped(turn.get('content'))}" for turn in turns)


def escaped(value):
    """A value as bounded text in which no tag can stand."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return html.escape(text[:MOST_CHARACTERS], quote=False)


def filled(prompt, sample):
    """The prompt with a sample in it."""
    reference = (sample.get("metadata") or {}).get("reference_answer", sample.get("reference_answer"))
    values = {
        "conversation": conversation(sample["messages"]),
        "answer": escaped(sample["messages"][-1].get("content") or ""),
        "reference": escaped(reference if reference is not None else "none"),
    }
    return re.sub(r"\{(conversation|answer|reference)\}", lambda found: values[found[1]], prompt)


def read(reply):
    """The mean score in a judge's reply, from 0 to 1; None where there is none that can be used."""
    begin, end = reply.find("{"), reply.rfind("}")
    try:
        told = json.loads(reply[begin : end + 1])["scores"].values()
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    scores = [value for value in told if value is not None]
    fine = [isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 10 for value in scores]
    return sum(scores) / len(scores) / 10 if scores and all(fine) else None


def ask(client, prompt):
    """The judge's score of one filled prompt. Bounded attempts; raises the last fault."""
    for attempt in range(ATTEMPTS):
        try:
            told = client.converse(
                modelId=os.environ["JUDGE_MODEL_ID"],
                messages=[{"role": "user", "content": [{"text": prompt}]}],
                inferenceConfig={"maxTokens": 300, "temperature": 0},
            )
            score = read(told["output"]["message"]["content"][0]["text"])
            if score is not None:
                return score
        except Exception as problem:
            code = getattr(problem, "response", {}).get("Error", {}).get("Code", "")
            if attempt == ATTEMPTS - 1 or code not in ("ThrottlingException", "ServiceUnavailableException"):
                raise
            time.sleep(2**attempt)
    raise ValueError(f"the judge gave no score in {ATTEMPTS} attempts; its reply must hold a JSON object with scores")


def handler(event, context):
    """Bedrock's samples to their scores."""
    import boto3

    client, prompt = boto3.client("bedrock-runtime"), template()

    def grade(sample):
        answer = str(sample["messages"][-1].get("content") or "")
        if not answer.strip() or TO_THE_JUDGE.search(answer):
            return {"id": sample["id"], "aggregate_reward_score": 0.0}
        return {"id": sample["id"], "aggregate_reward_score": ask(client, filled(prompt, sample))}

    with ThreadPoolExecutor(int(os.environ.get("JUDGE_WORKERS", "8"))) as pool:
        return list(pool.map(grade, event))
