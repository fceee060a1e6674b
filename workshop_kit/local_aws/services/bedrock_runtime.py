"""Bedrock Runtime: Converse and ConverseStream for every model; InvokeModel for those of weights, in Llama's body
or Nova's.

A stand-in made of rules is a module in `standins/` with
    reply(ctx, messages: list[dict], system: str, params: dict) -> str
where messages are {"role", "content": text} and params may hold max_tokens, temperature, top_p, stop.
"""

from __future__ import annotations

import importlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import bedrock_models, nova_bodies
from workshop_kit.local_aws.services.generation import Answer, Settings, answer
from workshop_kit.local_aws.services.weights import UnusableWeights

Document = dict[str, Any]

# What Llama's models on Bedrock use when the request is silent.
MAX_TOKENS, TEMPERATURE, TOP_P = 512, 0.5, 0.9
MOST_TOKENS = 2048
STANDINS = {
    "writer": "workshop_kit.local_aws.standins.writer",
    "judge": "workshop_kit.local_aws.standins.judge",
}


def converse(ctx: Context, request: Document) -> Document:
    """Converse: the whole answer at once."""
    started = time.monotonic()
    reply = _conversation(ctx, request)
    text = "".join(reply)
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": _stop_reason(reply),
        "usage": _usage(reply),
        "metrics": {"latencyMs": _since(started)},
    }


def converse_stream(ctx: Context, request: Document) -> Document:
    """ConverseStream: the same answer as events, each sent when its text is there."""
    started = time.monotonic()
    reply = _conversation(ctx, request)
    return {"stream": _events(reply, reply.begun(), started)}


def invoke_model(ctx: Context, request: Document) -> Document:
    """InvokeModel: Llama's {"prompt", "max_gen_len", ...} to {"generation", ...}, or Nova's messages to its output."""
    protocol, reply = _invocation(ctx, request)
    text = "".join(reply)
    if protocol == "nova":
        body = nova_bodies.answer(text, _stop_reason(reply), _usage(reply))
    else:
        body = {
            "generation": text,
            "prompt_token_count": reply.input_tokens,
            "generation_token_count": reply.output_tokens,
            "stop_reason": "length" if reply.finish == "length" else "stop",
        }
    return {"body": json.dumps(body, ensure_ascii=False).encode(), "contentType": "application/json"}


def invoke_model_with_response_stream(ctx: Context, request: Document) -> Document:
    """InvokeModelWithResponseStream: one JSON chunk per piece of text; the last one has the counts."""
    started = time.monotonic()
    protocol, reply = _invocation(ctx, request)
    if protocol == "nova":
        events = ({"chunk": {"bytes": _json(event)}} for event in _events(reply, reply.begun(), started))
        return {"body": events, "contentType": "application/json"}
    return {"body": _chunks(reply, reply.begun(), started), "contentType": "application/json"}


def _json(body: Document) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _events(reply: Answer, pieces: Iterable[str], started: float) -> Iterator[Document]:
    yield {"messageStart": {"role": "assistant"}}
    for piece in pieces:
        yield {"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}}
    yield {"contentBlockStop": {"contentBlockIndex": 0}}
    yield {"messageStop": {"stopReason": _stop_reason(reply)}}
    yield {"metadata": {"usage": _usage(reply), "metrics": {"latencyMs": _since(started)}}}


def _chunks(reply: Answer, pieces: Iterable[str], started: float) -> Iterator[Document]:
    def chunk(body: Document) -> Document:
        return {"chunk": {"bytes": _json(body)}}

    counted = reply.input_tokens or None  # known at the end only, from a model of weights
    for piece in pieces:
        yield chunk(
            {
                "generation": piece,
                "prompt_token_count": counted,
                "generation_token_count": reply.output_tokens,
                "stop_reason": None,
            }
        )
        counted = None
    metrics = {
        "inputTokenCount": reply.input_tokens,
        "outputTokenCount": reply.output_tokens,
        "invocationLatency": _since(started),
    }
    yield chunk(
        {
            "generation": "",
            "prompt_token_count": reply.input_tokens,
            "generation_token_count": reply.output_tokens,
            "stop_reason": "length" if reply.finish == "length" else "stop",
            "amazon-bedrock-invocationMetrics": metrics,
        }
    )


def _model(ctx: Context, request: Document) -> bedrock_models.Served:
    try:
        return bedrock_models.resolve(ctx, request["modelId"])
    except UnusableWeights as problem:
        raise AwsError("ValidationException", str(problem)) from None


def _conversation(ctx: Context, request: Document) -> Answer:
    model = _model(ctx, request)
    messages = _messages(request.get("messages") or [])
    system = "\n\n".join(_text(block, "system prompt") for block in request.get("system") or [])
    config = dict(request.get("inferenceConfig") or {})
    more = request.get("additionalModelRequestFields")
    if more and model.protocol == "nova":
        config |= nova_bodies.more_settings(more)
    unsupported = [name for name in ("toolConfig", "guardrailConfig") if request.get(name)]
    if more and model.protocol != "nova":
        unsupported.append("additionalModelRequestFields")
    if unsupported:
        raise AwsError("ValidationException", f"This model doesn't support the field {unsupported[0]}; remove it.")
    stop = tuple(config.get("stopSequences") or ())
    settings = _settings(config, "maxTokens", "topP", stop=stop, top_k=config.get("topK", 0))
    if model.ref is None:
        module = STANDINS[model.standin]
        reply = importlib.import_module(module).reply
        params = {
            "max_tokens": settings.max_new_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "stop": list(settings.stop),
        }
        prompt = " ".join([system, *(message["content"] for message in messages)])
        return _Scripted(prompt, lambda: reply(ctx, messages, system, params), settings)
    turns = [{"role": "system", "content": system}, *messages] if system else messages
    return answer(ctx, model.ref, turns, settings, _fault)


def _messages(messages: list[Document]) -> list[dict[str, str]]:
    if not messages:
        raise AwsError("ValidationException", "The conversation has no messages; it needs at least one from the user.")
    if messages[0]["role"] != "user":
        raise AwsError(
            "ValidationException",
            "A conversation must start with a user message. Try again with a conversation that starts with a "
            "user message.",
        )
    for first, second in zip(messages, messages[1:], strict=False):
        if first["role"] == second["role"]:
            raise AwsError(
                "ValidationException",
                "A conversation must alternate between user and assistant roles. Make sure the conversation "
                "alternates between user and assistant roles and try again.",
            )
    if messages[-1]["role"] != "user":
        raise AwsError("ValidationException", "The conversation must end with a user message.")
    read = []
    for message in messages:
        text = "\n".join(_text(block, "message") for block in message["content"])
        if not text.strip():
            raise AwsError("ValidationException", "The text field in a ContentBlock object of a message is blank.")
        read.append({"role": message["role"], "content": text})
    return read


def _text(block: Document, where: str) -> str:
    if "text" not in block:
        kind = next(iter(block), "empty")
        raise AwsError("ValidationException", f"This model doesn't support the {kind} content block in a {where}.")
    return block["text"]


def _settings(values: Document, length: str, nucleus: str, *, stop: tuple[str, ...] = (), top_k: int = 0) -> Settings:
    """Read and bound the three numbers; raises ValidationException naming the one at fault."""
    tokens, temperature, top_p = (
        values.get(length, MAX_TOKENS),
        values.get("temperature", TEMPERATURE),
        values.get(nucleus, TOP_P),
    )
    for name, value, low, high in (
        (length, tokens, 1, MOST_TOKENS),
        ("temperature", temperature, 0, 1),
        (nucleus, top_p, 0, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise AwsError("ValidationException", f"{name} is {value!r}; it must be a number from {low} to {high}.")
    if int(tokens) != tokens:
        raise AwsError("ValidationException", f"{length} is {tokens!r}; it must be a whole number.")
    return Settings(int(tokens), float(temperature), float(top_p), top_k=top_k, stop=stop)


def _invocation(ctx: Context, request: Document) -> tuple[str, Answer]:
    """The protocol of the model's body, and the answer to it."""
    model = _model(ctx, request)
    if model.ref is None:
        raise AwsError("ValidationException", f"{model.label} is made of rules and answers Converse only.")
    body = request.get("body") or b""
    try:
        values = json.loads(body if isinstance(body, (bytes, str)) else body.read())
    except (ValueError, RecursionError) as problem:
        raise _malformed(str(problem)) from None
    if model.protocol == "nova":
        asked = nova_bodies.request(values, _malformed)
        return model.protocol, _conversation(ctx, {"modelId": request["modelId"], **asked})
    unknown = (
        sorted(set(values) - {"prompt", "max_gen_len", "temperature", "top_p"}) if isinstance(values, dict) else []
    )
    if not isinstance(values, dict) or not isinstance(values.get("prompt"), str) or unknown:
        raise _malformed(
            f"#: extraneous key [{unknown[0]}] is not permitted" if unknown else "#: required key [prompt] not found"
        )
    settings = _settings(values, "max_gen_len", "top_p")
    return model.protocol, answer(ctx, model.ref, values["prompt"], settings, _fault)


def _malformed(fault: str) -> AwsError:
    return AwsError(
        "ValidationException", f"Malformed input request: {fault}, please reformat your input and try again."
    )


def _fault(message: str, refused: bool) -> AwsError:
    return AwsError("ValidationException" if refused else "ModelErrorException", message)


class _Scripted(Answer):
    """The answer of a stand-in made of rules, handed out like a model's.

    Its tokens are words and punctuation marks: a rule has no tokenizer.
    """

    _TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])")
    _PIECE = 8

    def __init__(self, prompt: str, reply: Callable[[], str], settings: Settings) -> None:
        super().__init__()
        self.input_tokens = len(self._TOKEN.findall(prompt))
        self._reply = reply
        self._settings = settings

    def _produce(self) -> Iterator[str]:
        text = self._reply()
        cut = min((at for stop in self._settings.stop if (at := text.find(stop)) >= 0), default=-1)
        if cut >= 0:
            text, self.finish = text[:cut], "stop_sequence"
        ends = [found.end() for found in self._TOKEN.finditer(text)]
        if len(ends) > self._settings.max_new_tokens:
            ends, self.finish = ends[: self._settings.max_new_tokens], "length"
            text = text[: ends[-1]]
        self.output_tokens = len(ends)
        marks = [0, *ends[self._PIECE - 1 :: self._PIECE]]
        if marks[-1] != len(text):
            marks.append(len(text))
        for start, end in zip(marks, marks[1:], strict=False):
            yield text[start:end]


def _stop_reason(reply: Answer) -> str:
    return {"length": "max_tokens", "stop_sequence": "stop_sequence"}.get(reply.finish, "end_turn")


def _usage(reply: Answer) -> Document:
    return {
        "inputTokens": reply.input_tokens,
        "outputTokens": reply.output_tokens,
        "totalTokens": reply.input_tokens + reply.output_tokens,
    }


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "Converse": converse,
    "ConverseStream": converse_stream,
    "InvokeModel": invoke_model,
    "InvokeModelWithResponseStream": invoke_model_with_response_stream,
}
