"""What is kept of a verdict, and what an answer of a custom model costs."""

from typing import Any

import pytest

from tests.league.conftest import entry_of
from tests.worlds.models import said
from workshop_kit.errors import AwsProblem
from workshop_kit.league.answer import Answer
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging.service import service
from workshop_kit.league.store.submissions import verdicts_of
from workshop_kit.league.trust.gather import event_panel

DEPLOYED = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
CUSTOM = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"


@pytest.mark.parametrize(
    ("second", "kept"),
    [
        ('{"winner": "A", "score_a": 7, "score_b": 5, "reason": "The first is kinder."}', True),
        ('{"winner": "A", "score_a": 7, "score_b": 5, "reason": "The first is right."}', False),
    ],
)
def test_the_reason_of_each_order_is_kept(prepare, aws, second: str, kept: bool) -> None:
    honest, asked = aws.converse, []

    def converse(modelId, messages, **more):
        if "judge" not in modelId:
            return honest(modelId=modelId, messages=messages, **more)
        asked.append(messages)
        first = '{"winner": "A", "score_a": 8, "score_b": 5, "reason": "The first is right."}'
        return said(first if len(asked) % 2 else second)

    aws.converse = converse
    store, entry, judge = prepare(EventSettings(questions_at_once=1))
    judge.run(entry.id)
    with store.read() as connection:
        told = {verdict.reason for verdict in verdicts_of(connection, entry.id)}
    more = " In the other order: The first is kinder." if kept else ""
    assert told == {"The first is right." + more}


def test_no_verdict_is_no_pair_of_opinions_that_agree(prepare, aws) -> None:
    honest = aws.converse

    def converse(modelId, messages, **more):
        if "judge" in modelId and "SECRET-0:" in str(messages):
            return said("I can't help with that.")
        return honest(modelId=modelId, messages=messages, **more)

    aws.converse = converse
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).score.flips == 1
    with store.read() as connection:
        assert event_panel(connection).judges[0]["flips"].cases == 9


class Bedrock:
    """An account with one custom model, made of Nova Micro and deployed on demand."""

    endpoint_url = None
    refused = False

    def client(self, service: str) -> "Bedrock":
        return self

    def get_custom_model_deployment(self, customModelDeploymentIdentifier: str) -> dict[str, Any]:
        if self.refused:
            raise AwsProblem("That is not allowed.", "AccessDeniedException")
        assert customModelDeploymentIdentifier == DEPLOYED
        return {"modelArn": CUSTOM}

    def get_custom_model(self, modelIdentifier: str) -> dict[str, Any]:
        assert modelIdentifier == CUSTOM
        return {"baseModelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0:128k"}


def test_an_answer_of_a_custom_model_costs_what_one_of_its_base_costs() -> None:
    """Nova Micro: 0.035 USD a million tokens in, 0.14 out."""
    told = [Answer("x" * 40, 100, 50, 1.0)]
    target = {"kind": "bedrock", "model_id": DEPLOYED}
    account = Bedrock()
    assert service(account, target, told, "no.such-model", told)["usd_per_answer"] == pytest.approx(
        100 * 0.035e-6 + 50 * 0.14e-6
    )
    account.refused = True
    assert service(account, target, told, "no.such-model", told)["usd_per_answer"] is None
