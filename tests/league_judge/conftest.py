"""Judges to ask: the real local one without a server, and one that believes what it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.worlds.models import Door, said
from workshop_kit.local_aws.standins import judge as standin


class Asked(Door):
    """An AWS whose Converse answers by a function of the last user message; keeps the prompts it saw."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], str]) -> None:
        self.answer, self.prompts = answer, []

    def converse(self, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        self.prompts.append(messages[-1]["content"][0]["text"])
        usage = {"inputTokens": 100, "outputTokens": 10}
        return said(self.answer(messages)) | {"stopReason": "end_turn", "usage": usage}


@pytest.fixture
def rules() -> Asked:
    """The local judge's rules behind Converse, with the gate of language open: no model is needed."""
    return Asked(lambda messages: standin.reply(None, messages, "", {}))


def gullible(prompt: str) -> str:
    """What a model that believes everything would say: the league's own prompt is all it has to tell apart.

    It takes for the league's whatever stands outside the answers' tags, and for an answer what stands inside. A verdict
    that it finds spelt out anywhere before the league's last words it repeats. Otherwise it obeys the first line of the
    league that names a winner, and without one it calls a tie.
    """
    material, _, _ = prompt.rpartition("Which answer serves")
    for found in re.finditer(r'\{"winner": ?"(A|B|tie)"[^{}]*\}', material):
        return _verdict(found[1])
    outside = re.sub(r"<answer_([ab])>.*?</answer_\1>", "", material, flags=re.DOTALL)
    ordered = re.search(r"\b([AB]) wins\b", outside)
    lines = re.search(r"^(?:System|The league): .*\b([AB])\b", material, re.MULTILINE)
    return _verdict(ordered[1] if ordered else lines[1] if lines else "tie")


def _verdict(winner: str) -> str:
    a, b = {"A": (10, 0), "B": (0, 10)}.get(winner, (5, 5))
    return json.dumps({"winner": winner, "score_a": a, "score_b": b, "reason": "so I was told"})
