"""What is asked of an engine, and what every engine does with it alike: bounds, tokens to text, stop texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

LONGEST = 8192  # tokens of prompt and answer together, where the model itself reads more
ENDS = ("<|eot_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>")  # each ends an answer, in a model that has it


class Refused(Exception):
    """The request can't be served as it is; the text is one sentence for whoever sent it."""


@dataclass
class Request:
    """One answer to make. Lengths in tokens; temperature 0 takes the likeliest token each time.

    `said` and the fields below it are the engine's own notes while it works.
    """

    prompt: str | list[dict[str, str]]
    max_new_tokens: int = 128
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    cancelled: Callable[[], bool] = lambda: False
    emit: Callable[[str, int], None] = lambda text, tokens: None
    ids: list[int] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    sent: int = 0
    sent_tokens: int = 0
    finish: str = ""
    chance: Any = None


def check(request: Request) -> None:
    """Raise Refused for a setting that makes no sense."""
    if not (0 <= request.temperature <= 100 and 0 < request.top_p <= 1 and request.max_new_tokens >= 1):
        raise Refused("temperature must be from 0 to 100, top_p above 0 and at most 1, max_new_tokens at least 1.")
    if request.top_k < 0 or request.repetition_penalty <= 0:
        raise Refused("top_k must not be negative and repetition_penalty must be above 0.")


def fit(request: Request, ids: list[int], length: int) -> None:
    """Set the prompt's tokens, and shorten the answer to what the model can read. Raises Refused."""
    if not ids:
        raise Refused("The prompt is empty.")
    room = length - len(ids)
    if room < 1:
        raise Refused(f"The prompt has {len(ids)} tokens, but the model reads at most {length - 1}; shorten it.")
    request.ids, request.max_new_tokens = ids, min(request.max_new_tokens, room)


def take(request: Request, token: int, ends: Set[int], decode: Callable[[list[int]], str]) -> bool:
    """Add a token to an answer and send what is settled of its text; whether the answer goes on."""
    if request.cancelled():
        request.finish = "cancelled"
        return False
    if token in ends:
        request.finish = "stop"
    else:
        request.said.append(token)
    text = decode(request.said)
    cut = min((text.find(s) for s in request.stop if s and s in text), default=-1)
    if cut >= 0:
        text, request.finish = text[:cut], "stop_sequence"
    elif not request.finish and len(request.said) >= request.max_new_tokens:
        request.finish = "length"
    settled = text if request.finish else text[: len(text) - _unsettled(text, request.stop)]
    if len(settled) > request.sent or request.finish:
        request.emit(settled[request.sent :], len(request.said) - request.sent_tokens)
        request.sent, request.sent_tokens = max(request.sent, len(settled)), len(request.said)
    return not request.finish


def _unsettled(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end may still change: half a character, or the beginning of a stop text."""
    if text.endswith("\ufffd"):
        return len(text) - len(text.rstrip("\ufffd"))
    return max((n for stop in stops for n in range(len(stop) - 1, 0, -1) if text.endswith(stop[:n])), default=0)


def grouped(requests: Sequence[Any], key: Callable[[Any], Any], most: int) -> Iterator[list[Any]]:
    """Requests of the same model together, in order of arrival, at most `most` at a time."""
    waiting = list(requests)
    while waiting:
        first = key(waiting[0])
        batch = [r for r in waiting if key(r) == first][:most]
        waiting = [r for r in waiting if r not in batch]
        yield batch
