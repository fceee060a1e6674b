"""The request bodies of JumpStart's text-generation containers, read and bounded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from workshop_kit.local_aws.services.generation import Settings

# What JumpStart's containers use when the request is silent.
MAX_NEW_TOKENS = 64
MOST_NEW_TOKENS = 2048
PARAMETERS = frozenset(
    "max_new_tokens max_tokens temperature top_p top_k do_sample repetition_penalty seed stop "
    "return_full_text details "
    "decoder_input_details".split()
)
CHAT_FIELDS = frozenset("messages model max_tokens max_new_tokens temperature top_p top_k seed stop stream n".split())
ROLES = ("system", "user", "assistant")


class BadPayload(ValueError):
    """The body is not one that the container takes; the message names what is wrong with it."""


@dataclass(frozen=True)
class Payload:
    """What is asked: prompts (texts), or one conversation (a list of messages) when `chat`."""

    prompts: list[Any]
    settings: Settings
    many: bool = False
    chat: bool = False
    full_text: bool = False
    details: bool = False
    prefill: bool = False  # the prompt's own tokens with their log-probabilities are wanted too


def read_payload(body: bytes) -> Payload:
    """Read a request body. Raises BadPayload."""
    try:
        told = json.loads(body)
    except ValueError as problem:
        raise BadPayload(f"the body is not JSON ({problem})") from None
    if not isinstance(told, dict):
        raise BadPayload(f"the body is a JSON {_kind(told)}; it must be an object with inputs or messages")
    if "messages" in told:
        if "inputs" in told:
            raise BadPayload("the body has both inputs and messages; send one of them")
        _known(told, CHAT_FIELDS, "field")
        if told.get("n", 1) != 1:
            raise BadPayload("n must be 1: one answer is made per request")
        return Payload([_messages(told["messages"])], _settings(told), chat=True)
    if "inputs" not in told:
        raise BadPayload("the body has neither inputs nor messages")
    _known(told, frozenset({"inputs", "parameters", "stream"}), "field")
    inputs, parameters = told["inputs"], told.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise BadPayload(f"parameters is a JSON {_kind(parameters)}; it must be an object")
    _known(parameters, PARAMETERS, "parameter")
    many = isinstance(inputs, list)
    prompts = inputs if many else [inputs]
    if not prompts or not all(isinstance(prompt, str) and prompt for prompt in prompts):
        raise BadPayload("inputs must be a text that is not empty, or a list of such texts")
    return Payload(
        prompts,
        _settings(parameters),
        many=many,
        full_text=_flag(parameters, "return_full_text"),
        details=_flag(parameters, "details"),
        prefill=_flag(parameters, "details") and _flag(parameters, "decoder_input_details"),
    )


def _known(told: dict[str, Any], names: frozenset[str], what: str) -> None:
    unknown = sorted(set(told) - names)
    if unknown:
        raise BadPayload(f"unknown {what} {unknown[0]!r}; known are {', '.join(sorted(names))}")


def _messages(told: Any) -> list[dict[str, str]]:
    if not isinstance(told, list) or not told:
        raise BadPayload("messages must be a list with at least one message")
    read = []
    for number, message in enumerate(told):
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):  # OpenAI's form with typed parts
            content = _joined(content)
        if role not in ROLES or not isinstance(content, str):
            raise BadPayload(f"messages[{number}] needs a role ({', '.join(ROLES)}) and a text as content")
        read.append({"role": role, "content": content})
    if read[-1]["role"] != "user":
        raise BadPayload("the last message must be the user's")
    return read


def _joined(parts: list[Any]) -> str | None:
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    known = [text for text in texts if isinstance(text, str)]
    return "\n".join(known) if known and len(known) == len(parts) else None


def _settings(told: dict[str, Any]) -> Settings:
    tokens = _number(
        told,
        "max_new_tokens",
        _number(told, "max_tokens", MAX_NEW_TOKENS, 1, MOST_NEW_TOKENS, whole=True),
        1,
        MOST_NEW_TOKENS,
        whole=True,
    )
    temperature = _number(told, "temperature", 0.0, 0, 2)
    sample = told.get("do_sample")
    if sample not in (None, True, False):
        raise BadPayload(f"do_sample is {sample!r}; it must be true or false")
    if sample and "temperature" not in told:
        temperature = 1.0
    stop = told.get("stop") or []
    stop = [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, list) or not all(isinstance(text, str) and text for text in stop):
        raise BadPayload("stop must be a text or a list of texts")
    seed = told.get("seed")
    return Settings(
        max_new_tokens=int(tokens),
        temperature=0.0 if sample is False else temperature,
        top_p=_number(told, "top_p", 1.0, 0, 1),
        top_k=int(_number(told, "top_k", 0, 0, 1_000_000, whole=True)),
        repetition_penalty=_number(told, "repetition_penalty", 1.0, 0.1, 10),
        seed=None if seed is None else int(_number(told, "seed", 0, 0, 2**63 - 1, whole=True)),
        stop=tuple(stop),
    )


def _number(told: dict[str, Any], name: str, default: float, low: float, high: float, *, whole: bool = False) -> float:
    value = told.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise BadPayload(f"{name} is {value!r}; it must be a number from {low} to {high}")
    if whole and int(value) != value:
        raise BadPayload(f"{name} is {value!r}; it must be a whole number")
    return value


def _flag(told: dict[str, Any], name: str) -> bool:
    value = told.get(name, False)
    if not isinstance(value, bool):
        raise BadPayload(f"{name} is {value!r}; it must be true or false")
    return value


def _kind(value: Any) -> str:
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
