"""The request a text-generation endpoint takes, and the answer it gives, whole or streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.formats import llama3_prompt
from workshop_kit.formats.prompt import END_OF_TURN

# Greedy: the same question gets the same answer, so that two models, or two runs, can be compared.
TEMPERATURE = 0.0
TOP_P = 0.9
MAX_NEW_TOKENS = 200


def payload(
    question: str, system: str | None, temperature: float, top_p: float, max_new_tokens: int, seed: int | None = None
) -> dict[str, Any]:
    """The request body of a text-generation endpoint. Raises BadInput for settings out of range."""
    if not question.strip():
        raise BadInput("The question is empty; ask something.")
    for name, value, low, high in (
        ("temperature", temperature, 0, 2),
        ("top_p", top_p, 0, 1),
        ("max_new_tokens", max_new_tokens, 1, 2048),
    ):
        if not low <= value <= high:
            raise BadInput(f"{name} is {value}; it must be a number from {low} to {high}.")
    parameters: dict[str, Any] = {"max_new_tokens": int(max_new_tokens), "return_full_text": False}
    # Some containers refuse a temperature of 0, so greedy decoding is asked for by its own name.
    parameters |= (
        {"do_sample": True, "temperature": temperature, "top_p": top_p} if temperature > 0 else {"do_sample": False}
    )
    if seed is not None:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise BadInput(f"seed is {seed!r}; it must be a whole number from 0 to {2**31 - 1}.")
        parameters["seed"] = seed
    return {"inputs": llama3_prompt(question, system or None), "parameters": parameters}


def stream_texts(parts: Iterable[bytes]) -> Iterator[str]:
    """The pieces of text in a response stream: JSON lines, with or without the "data:" of server-sent events.

    Parts may be cut anywhere, within a line or a character.
    """
    buffer = b""
    for part in parts:
        buffer += part
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield from _line_text(line)
    yield from _line_text(buffer)


def _line_text(line: bytes) -> Iterator[str]:
    text = line.strip().removeprefix(b"data:").strip()
    if not text or text == b"[DONE]":
        return
    try:
        told = json.loads(text)
    except ValueError:
        raise AwsProblem(f"The endpoint sent a line that is not JSON: {text[:80]!r}.") from None
    if "error" in told:
        raise AwsProblem(f"The endpoint stopped with an error: {told['error']}")
    token = told.get("token") or {}
    piece = "" if token.get("special") else token.get("text", "")
    if piece := piece.replace(END_OF_TURN, ""):
        yield piece


def generated(told: Any) -> str:
    first = told[0] if isinstance(told, list) and told else told
    if not isinstance(first, dict) or "generated_text" not in first:
        raise AwsProblem(f"The endpoint's answer has no generated_text: {str(told)[:120]}")
    return str(first["generated_text"])


def clean(text: str) -> str:
    return text.split(END_OF_TURN)[0].strip()
