"""One call to the writer model: text in, a checked JSON object out, with one attempt at repair."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from workshop_kit.authoring.prompts import Templates

T = TypeVar("T")


@dataclass(frozen=True)
class Usage:
    """Tokens and calls, as the service counted them."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )


class UnusableReply(Exception):
    """The model's reply was no use, even after a request to repair it; `usage` is what that cost."""

    def __init__(self, problem: str, usage: Usage) -> None:
        super().__init__(problem)
        self.usage = usage


class BadReply(ValueError):
    """What is wrong with one reply, in words the model can act on."""


def ask(
    aws: Any,
    model_id: str,
    prompt: str,
    templates: Templates,
    check: Callable[[dict[str, Any]], T],
    *,
    max_tokens: int = 1500,
    temperature: float = 0.7,
) -> tuple[T, Usage]:
    """Send `prompt` through Converse and give back what `check` makes of the reply's JSON object.

    `check` raises BadReply when it doesn't like the object; the model is then asked once more, with the
    reason. Raises UnusableReply when that fails too, and AwsProblem when a call can't be made.
    """
    from workshop_kit.aws import whole_reply

    client = aws.client("bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    usage = Usage()
    problem = ""
    for _ in range(2):
        reply = whole_reply(
            client.converse,
            "output",
            modelId=model_id,
            system=[{"text": templates.system}],
            messages=messages,
            inferenceConfig={"maxTokens": max_tokens, "temperature": temperature},
        )
        spent = reply.get("usage", {})
        usage += Usage(1, spent.get("inputTokens", 0), spent.get("outputTokens", 0))
        text = "".join(part.get("text", "") for part in reply["output"]["message"]["content"])
        try:
            return check(json_object(text)), usage
        except BadReply as bad:
            problem = str(bad)
            if reply.get("stopReason") == "max_tokens":
                problem = "it was cut off before its end"
        messages += [
            {"role": "assistant", "content": [{"text": text or "(empty)"}]},
            {"role": "user", "content": [{"text": templates.fill("repair", problem=problem)}]},
        ]
    raise UnusableReply(problem, usage)


def json_object(text: str) -> dict[str, Any]:
    """The JSON object in a reply, alone or inside a markdown fence or a sentence.

    Raises BadReply when there is none.
    """
    fenced = re.search(r"```(?:json)?\s*\n(.*?)\n?```", text, re.DOTALL)
    body = fenced[1] if fenced else text
    start = body.find("{")
    if start < 0:
        raise BadReply("it holds no JSON object")
    try:
        value, _ = json.JSONDecoder().raw_decode(body, start)
    except (ValueError, RecursionError) as problem:
        raise BadReply(f"its JSON is broken ({problem})") from None
    if not isinstance(value, dict):
        raise BadReply("it is not a JSON object")
    return value


def text_field(reply: dict[str, Any], name: str) -> str:
    """A required, non-empty text of a reply; raises BadReply."""
    value = reply.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadReply(f"'{name}' must be a text that is not empty")
    return value.strip()


def list_field(reply: dict[str, Any], name: str) -> list[Any]:
    """A required, non-empty list of a reply; raises BadReply."""
    value = reply.get(name)
    if not isinstance(value, list) or not value:
        raise BadReply(f"'{name}' must be a list that is not empty")
    return value
