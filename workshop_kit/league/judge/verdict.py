"""A judge's reply, read strictly, and the call that gets it: one request, and one more when it can't be used."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, TypeVar

from workshop_kit.aws import Aws, whole_reply
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.judge.settings import JudgeSettings

T = TypeVar("T")
MAX_TOKENS = 900
LONGEST_REASON = 500


class NoVerdict(LeagueProblem):
    """A judge was asked and asked again, and gave no verdict that can be used."""


@dataclass(frozen=True)
class Spent:
    """What a verdict took: calls, tokens as the service counted them, seconds of waiting."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True)
class Opinion:
    """One reply of the judge: winner "A", "B" or "tie", scores from 0 to 10.

    `criteria` are (name, score of A, score of B), None where the judge could not tell; empty for a plain reply.
    """

    winner: str
    score_a: float
    score_b: float
    reason: str
    criteria: tuple[tuple[str, float | None, float | None], ...] = ()
    spent: Spent = Spent()


def parse(reply: str, criteria: Sequence[str] = ()) -> Opinion:
    """The opinion in a reply; a fence around the JSON is allowed, and a plain reply without scores by criterion.

    Scores by criterion must be those of `criteria`, all of them; with none given, any names will do. Raises ValueError
    with the reason when the reply is not exactly what was asked for, or its winner has the lower score.
    """
    value = json_object(reply)
    winner = value.get("winner")
    if winner not in ("A", "B", "tie"):
        raise ValueError('"winner" is not "A", "B" or "tie"')
    a, b = (_score(value.get(name), name) for name in ("score_a", "score_b"))
    if (winner == "A" and a < b) or (winner == "B" and b < a):
        raise ValueError(f'"winner" is {winner}, which has the lower score')
    rows = []
    if "criteria" in value:
        given = _named(value["criteria"], "criteria", criteria)
        for name, pair in given.items():
            if not isinstance(pair, dict) or set(pair) != {"a", "b"}:
                raise ValueError(f'"criteria.{name}" is not an object with "a" and "b"')
            rows.append((name, *(_score(pair[side], f"criteria.{name}.{side}", null=True) for side in ("a", "b"))))
    return Opinion(winner, a, b, _reason(value), tuple(rows))


def parse_rating(reply: str, criteria: Sequence[str]) -> tuple[dict[str, float | None], str]:
    """The scores by criterion and the reason in a reply that rates one answer.

    Raises ValueError with the reason when the reply is not exactly what was asked for, or scores nothing.
    """
    value = json_object(reply)
    given = _named(value.get("scores"), "scores", criteria)
    scores = {name: _score(number, f"scores.{name}", null=True) for name, number in given.items()}
    if all(score is None for score in scores.values()):
        raise ValueError('"scores" holds no score')
    return scores, _reason(value)


def json_object(reply: str) -> dict[str, Any]:
    """The one JSON object that a reply is, alone or in a fence; a name that stands twice in it is refused.

    Raises ValueError with the reason.
    """
    body = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", reply)
    try:
        value = json.loads(body, object_pairs_hook=_once)
    except json.JSONDecodeError:
        raise ValueError("it is not JSON") from None
    except RecursionError:
        raise ValueError("it is not JSON that can be read") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def ask(aws: Aws, model_id: str, text: str, settings: JudgeSettings, read: Callable[[str], T]) -> tuple[T, Spent]:
    """What `read` makes of the judge's reply; when it raises ValueError, the judge is told and asked once more.

    Raises NoVerdict when the second reply can't be used either, and AwsProblem when a call can't be made.
    """
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"text": text}]}]
    client = aws.client("bedrock-runtime")
    spent = Spent()
    problem = ""
    for _ in range(2):
        started = time.monotonic()
        reply = whole_reply(
            client.converse,
            "output",
            modelId=model_id,
            system=[{"text": settings.system}],
            messages=messages,
            inferenceConfig={"maxTokens": MAX_TOKENS, "temperature": 0.0},
        )
        used = reply.get("usage", {})
        spent += Spent(1, used.get("inputTokens", 0), used.get("outputTokens", 0), time.monotonic() - started)
        said = "".join(part.get("text", "") for part in reply["output"]["message"]["content"])
        try:
            return read(said), spent
        except ValueError as error:
            cut = reply.get("stopReason") == "max_tokens"
            problem = "it was cut off before its end" if cut else str(error)
        messages += [
            {"role": "assistant", "content": [{"text": said if said.strip() else "(nothing)"}]},
            {"role": "user", "content": [{"text": Template(settings.repair).substitute(problem=problem)}]},
        ]
    raise NoVerdict(f"The judge {model_id} gave no usable verdict twice ({problem}); submit again.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name stands twice in it")
    return value


def _named(value: Any, where: str, criteria: Sequence[str]) -> dict[str, Any]:
    """An object with exactly the named entries, in their order; any names when none are told."""
    if not isinstance(value, dict):
        raise ValueError(f'"{where}" is not an object')
    if criteria and set(value) != set(criteria):
        wrong = sorted(set(criteria) - set(value)) or sorted(set(value) - set(criteria))
        raise ValueError(f'"{where}" must hold exactly {", ".join(criteria)}; see "{wrong[0][:60]}"')
    return {name: value[name] for name in criteria or value}


def _score(number: Any, name: str, *, null: bool = False) -> Any:
    if null and number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 10:
        raise ValueError(f'"{name}" is not a number from 0 to 10' + (" or null" if null else ""))
    return float(number)


def _reason(value: dict[str, Any]) -> str:
    """The reason as one line of visible text: it may quote what an answer planted."""
    said = str(value.get("reason", "")).encode("utf-8", "replace").decode("utf-8")[: 4 * LONGEST_REASON]
    seen = "".join(" " if c.isspace() else c for c in said if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(seen.split())[:LONGEST_REASON]
