"""The body that InvokeModel takes for Nova, and the one it answers: Converse's shapes with a few names of its own.

{"schemaVersion": "messages-v1", "system": [{"text"}], "messages": [{"role", "content": [{"text"}]}],
 "inferenceConfig": {"maxTokens", "temperature", "topP", "topK", "stopSequences"}}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError

Document = dict[str, Any]

_FIELDS = {"schemaVersion", "system", "messages", "inferenceConfig"}
# InvokeModel's older spellings beside Converse's.
_SETTINGS = {
    "maxTokens": "maxTokens",
    "max_new_tokens": "maxTokens",
    "temperature": "temperature",
    "topP": "topP",
    "top_p": "topP",
    "topK": "topK",
    "top_k": "topK",
    "stopSequences": "stopSequences",
}
MOST_TOP_K = 128


def request(values: Any, malformed: Callable[[str], Exception]) -> Document:
    """A body as a Converse request without its modelId; `malformed(fault)` makes the exception to raise."""
    if not isinstance(values, dict):
        raise malformed("#: expected type: JSONObject")
    if unknown := sorted(set(values) - _FIELDS):
        raise malformed(f"#: extraneous key [{unknown[0]}] is not permitted")
    if values.get("schemaVersion", "messages-v1") != "messages-v1":
        raise malformed(f"#/schemaVersion: {values['schemaVersion']!r} is not messages-v1")
    messages = values.get("messages")
    if not isinstance(messages, list):
        raise malformed("#: required key [messages] not found")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise malformed(f"#/messages/{number}/role: it must be user or assistant")
        _blocks(message.get("content"), f"#/messages/{number}/content", malformed)
    if values.get("system") is not None:
        _blocks(values["system"], "#/system", malformed)
    config = values.get("inferenceConfig") or {}
    if not isinstance(config, dict):
        raise malformed("#/inferenceConfig: expected type: JSONObject")
    asked: Document = {"messages": messages, "system": values.get("system") or []}
    settings: Document = {}
    for name, value in config.items():
        if name not in _SETTINGS:
            raise malformed(f"#/inferenceConfig: extraneous key [{name}] is not permitted")
        settings[_SETTINGS[name]] = value
    if stops := settings.get("stopSequences"):
        if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
            raise malformed("#/inferenceConfig/stopSequences: expected a list of texts")
    if "topK" in settings:
        asked["additionalModelRequestFields"] = {"inferenceConfig": {"topK": settings.pop("topK")}}
    asked["inferenceConfig"] = settings
    return asked


def _blocks(blocks: Any, path: str, malformed: Callable[[str], Exception]) -> None:
    if not isinstance(blocks, list) or not blocks:
        raise malformed(f"{path}: expected a list of content blocks")
    for number, block in enumerate(blocks):
        if not isinstance(block, dict) or not isinstance(block.get("text"), str):
            raise malformed(f"{path}/{number}: the models here read text blocks alone")


def more_settings(fields: Any) -> Document:
    """topK out of Converse's additionalModelRequestFields, where Nova has it. Raises ValidationException."""
    config = fields.get("inferenceConfig") if isinstance(fields, dict) else None
    if not isinstance(config, dict) or set(fields) != {"inferenceConfig"} or set(config) - {"topK"}:
        raise AwsError(
            "ValidationException", 'additionalModelRequestFields may hold {"inferenceConfig": {"topK"}} only.'
        )
    top_k = config.get("topK", 0)
    if isinstance(top_k, bool) or not isinstance(top_k, int) or not 0 <= top_k <= MOST_TOP_K:
        raise AwsError("ValidationException", f"topK is {top_k!r}; it must be a whole number from 0 to {MOST_TOP_K}.")
    return {"topK": top_k}


def answer(text: str, stop_reason: str, usage: Document) -> Document:
    """The body of an answer."""
    return {
        "output": {"message": {"content": [{"text": text}], "role": "assistant"}},
        "stopReason": stop_reason,
        "usage": usage,
    }
