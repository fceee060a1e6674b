"""SageMaker Runtime: InvokeEndpoint, whole and streamed, with the payloads of JumpStart's text-generation
containers.

    {"inputs": text, "parameters": {...}}      ->  {"generated_text": text}
    {"inputs": [texts], "parameters": {...}}   ->  [{"generated_text": text}, ...]
    {"messages": [{"role", "content"}], ...}   ->  an OpenAI chat completion
Streamed, the first form gives JSON lines {"token": {"text": ...}}, the last of them with the whole
"generated_text"; the last gives chat completion chunks as server-sent events.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.inference import client
from workshop_kit.local_aws.services import generation, resources, weights
from workshop_kit.local_aws.services.endpoints import KIND
from workshop_kit.local_aws.services.generation import Answer, Settings
from workshop_kit.local_aws.services.payloads import BadPayload, Payload, read_payload

Document = dict[str, Any]


def invoke_endpoint(ctx: Context, request: Document) -> Document:
    """InvokeEndpoint."""
    variant, payload = _prepare(ctx, request)
    answers = [_answer(ctx, request, variant, prompt, payload.settings) for prompt in payload.prompts]
    texts = ["".join(answer) for answer in answers]
    if payload.chat:
        body: Any = _completion(request["EndpointName"], texts[0], answers[0])
    else:
        results = [
            _result(payload, prompt, text, answer, _prefill(ctx, request, variant, prompt) if payload.prefill else None)
            for prompt, text, answer in zip(payload.prompts, texts, answers, strict=True)
        ]
        body = results if payload.many else results[0]
    return _head(request, variant) | {"Body": json.dumps(body, ensure_ascii=False).encode()}


def invoke_endpoint_with_response_stream(ctx: Context, request: Document) -> Document:
    """InvokeEndpointWithResponseStream."""
    variant, payload = _prepare(ctx, request)
    if payload.many:
        raise _model_error(ctx, request, "a streamed request takes one text in inputs, not a list")
    answer = _answer(ctx, request, variant, payload.prompts[0], payload.settings)
    pieces = answer.begun()
    lines = (
        _chat_lines(request["EndpointName"], answer, pieces) if payload.chat else _json_lines(payload, answer, pieces)
    )
    parts = ({"PayloadPart": {"Bytes": line.encode()}} for line in lines)
    content_type = "text/event-stream" if payload.chat else "application/jsonlines"
    return _head(request, variant) | {"Body": parts, "ContentType": content_type}


def _prepare(ctx: Context, request: Document) -> tuple[Document, Payload]:
    name = request["EndpointName"]
    endpoint = ctx.store.get(KIND, name)
    if endpoint is None or endpoint["EndpointStatus"] in ("Creating", "Deleting", "Failed"):
        # AWS says so of an endpoint that is not there and of one that is not ready alike; the state helps a
        # learner.
        state = f" (its status is {endpoint['EndpointStatus']})" if endpoint else ""
        raise AwsError("ValidationError", f"Endpoint {name} of account {ctx.account_id} not found{state}.")
    variants = endpoint["_Variants"]
    if wanted := request.get("TargetVariant"):
        variants = [variant for variant in variants if variant["VariantName"] == wanted]
        if not variants:
            raise AwsError("ValidationError", f"Variant {wanted} of endpoint {name} not found.")
        variant = variants[0]
    else:
        (variant,) = random.choices(variants, [variant["Weight"] for variant in variants])
    content_type = (request.get("ContentType") or "application/json").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise _model_error(ctx, request, f"content type {content_type} is not supported; send application/json", 415)
    body = request.get("Body") or b""
    try:
        return variant, read_payload(body if isinstance(body, bytes) else body.read())
    except BadPayload as problem:
        raise _model_error(ctx, request, str(problem)) from None


def _answer(ctx: Context, request: Document, variant: Document, prompt: Any, settings: Settings) -> Answer:
    try:
        ref = generation.variant_ref(ctx, variant)
    except weights.UnusableWeights as problem:
        raise _model_error(ctx, request, str(problem), 500) from None

    def fault(message: str, refused: bool) -> AwsError:
        return _model_error(ctx, request, message, 400 if refused else 500)

    return generation.answer(ctx, ref, prompt, settings, fault)


def _model_error(ctx: Context, request: Document, message: str, status: int = 400) -> AwsError:
    """The error by which SageMaker passes on what the model's container answered."""
    group = f"/aws/sagemaker/Endpoints/{request['EndpointName']}"
    side = "client" if status < 500 else "server"
    body = json.dumps({"code": status, "message": message})
    return AwsError(
        "ModelError",
        f'Received {side} error ({status}) from primary with message "{body}". '
        f"See the log group {group} in account {ctx.account_id} for more information.",
        status=424,
        fields={
            "OriginalStatusCode": status,
            "OriginalMessage": body,
            "LogStreamArn": resources.arn(ctx, "log-group", "", service="logs") + group,
        },
    )


def _head(request: Document, variant: Document) -> Document:
    return {"ContentType": "application/json", "InvokedProductionVariant": variant["VariantName"]}


def _details(answer: Answer) -> Document:
    return {
        "finish_reason": {"stop": "eos_token", "length": "length"}.get(answer.finish, "stop_sequence"),
        "generated_tokens": answer.output_tokens,
        "prompt_tokens": answer.input_tokens,
    }


def _prefill(ctx: Context, request: Document, variant: Document, prompt: str) -> list[Document]:
    """The prompt's tokens with their log-probabilities, as text-generation containers tell them."""
    try:
        return client.prefill(ctx.home, generation.variant_ref(ctx, variant), prompt)
    except (client.Refused, client.ModelServerGone, weights.UnusableWeights) as problem:
        raise _model_error(ctx, request, str(problem), 500) from None


def _result(
    payload: Payload, prompt: str, text: str, answer: Answer, prefill: list[Document] | None = None
) -> Document:
    result: Document = {"generated_text": prompt + text if payload.full_text else text}
    if payload.details:
        result["details"] = _details(answer) | ({} if prefill is None else {"prefill": prefill})
    return result


def _json_lines(payload: Payload, answer: Answer, pieces: Iterator[str]) -> Iterator[str]:
    """One line per piece, held back until the next piece is there: the last line carries the whole text."""
    text, held = "", ""
    for piece in pieces:
        if held:
            yield json.dumps({"token": {"text": held}}, ensure_ascii=False) + "\n"
        held = piece
        text += piece
    last = {"token": {"text": held}} | _result(payload, payload.prompts[0], text, answer)
    yield json.dumps(last | {"details": _details(answer)}, ensure_ascii=False) + "\n"


def _finish(answer: Answer) -> str:
    return "length" if answer.finish == "length" else "stop"


def _usage(answer: Answer) -> Document:
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
    }


def _completion(model: str, text: str, answer: Answer) -> Document:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": _finish(answer)}],
        "usage": _usage(answer),
    }


def _chat_lines(model: str, answer: Answer, pieces: Iterator[str]) -> Iterator[str]:
    head = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
    }

    def event(delta: Document, finish: str | None = None, **more: Any) -> str:
        body = head | {
            "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **more,
        }
        return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"

    yield event({"role": "assistant", "content": ""})
    for piece in pieces:
        yield event({"content": piece})
    yield event({}, _finish(answer), usage=_usage(answer))
    yield "data: [DONE]\n\n"


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "InvokeEndpoint": invoke_endpoint,
    "InvokeEndpointWithResponseStream": invoke_endpoint_with_response_stream,
}
