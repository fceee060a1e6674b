"""Cost and speed of a submission's answers beside the reference model's."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean, quantiles
from typing import Any

from workshop_kit.authoring.budget import price_of
from workshop_kit.aws import Aws, kit_call
from workshop_kit.errors import KitError
from workshop_kit.league.answer import Answer
from workshop_kit.training.cost import INSTANCES, charges

CHARACTERS_PER_TOKEN = 4.0


def measured(answers: Iterable[Answer]) -> dict[str, Any]:
    """Means of tokens, and the middle and the slow (90 %) seconds, of some answers.

    Where AWS told no tokens they are estimated, four characters to one, and `tokens_estimated` is true.
    """
    found = list(answers)
    told = [answer for answer in found if answer.tokens_out is not None]
    seconds = sorted(answer.seconds for answer in found if answer.seconds is not None)
    spread = quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else seconds * 9
    return {
        "tokens_in": mean(a.tokens_in or 0 for a in told) if told else None,
        "tokens_out": mean(a.tokens_out for a in told)
        if told
        else mean(len(a.text) / CHARACTERS_PER_TOKEN for a in found)
        if found
        else None,
        "tokens_estimated": not told,
        "seconds_p50": spread[4] if spread else None,
        "seconds_p90": spread[8] if spread else None,
    }


def by_token(model: str, figures: dict[str, Any]) -> float | None:
    """USD for one answer of a Bedrock model; None where the price or the tokens are not known."""
    price = price_of(model)
    if price is None or figures["tokens_in"] is None or figures["tokens_out"] is None:
        return None
    return (figures["tokens_in"] * price.input + figures["tokens_out"] * price.output) / 1e6


def base_of(aws: Aws, model: str) -> str:
    """The base of a custom model that is deployed on demand, whose tokens cost the same; else the model itself."""
    if ":custom-model-deployment/" not in model:
        return model
    try:
        client = aws.client("bedrock")
        custom = kit_call(client.get_custom_model_deployment, customModelDeploymentIdentifier=model)["modelArn"]
        base = kit_call(client.get_custom_model, modelIdentifier=custom)["baseModelArn"]
    except (KitError, KeyError):
        return model
    # What is customized bears the length of its context as well: amazon.nova-micro-v1:0:128k.
    return ":".join(base.rsplit("/", 1)[-1].split(":")[:2])


def by_hour(aws: Aws, endpoint: str, figures: dict[str, Any]) -> float | None:
    """USD for the seconds that an endpoint's instance spends on one answer, when it answers one at a time.

    It costs the hour whether it is asked or not, so this is the least an answer can cost with that use. None where the
    instance or its price is not known, 0 where nobody sends a bill.
    """
    if not charges(aws):
        return 0.0
    try:
        client = aws.client("sagemaker")
        config = kit_call(client.describe_endpoint, EndpointName=endpoint)["EndpointConfigName"]
        variant = kit_call(client.describe_endpoint_config, EndpointConfigName=config)["ProductionVariants"][0]
    except (KitError, KeyError, IndexError):
        return None
    instance = INSTANCES.get(variant.get("InstanceType", ""))
    seconds = figures["seconds_p50"]
    return None if instance is None or seconds is None else instance.usd_per_hour * seconds / 3600


def service(
    aws: Aws, target: dict[str, Any], answers: Iterable[Answer], reference: str, reference_answers: Iterable[Answer]
) -> dict[str, Any]:
    """The figures of a submission, with the reference's under "reference"."""
    mine, theirs = measured(answers), measured(reference_answers)
    if target["kind"] == "bedrock":
        mine["usd_per_answer"] = by_token(base_of(aws, target["model_id"]), mine) if charges(aws) else 0.0
    else:
        mine["usd_per_answer"] = by_hour(aws, target["endpoint"], mine)
    theirs["usd_per_answer"] = by_token(reference, theirs) if charges(aws) else 0.0
    return mine | {"reference": theirs}
