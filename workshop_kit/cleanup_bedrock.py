"""What the kit leaves in Bedrock and Lambda: found by its tag, and removed in an order that their ties allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workshop_kit.aws import Aws, kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.training.cost import CUSTOM_MODEL_MONTH
from workshop_kit.training.tags import OWNED


@dataclass(frozen=True)
class Kind:
    """One kind of resource: how it is listed, named and deleted; `only` picks the rows that can be removed."""

    noun: str
    list: str
    member: str
    name: str
    arn: str
    delete: str
    argument: str
    costs: str = ""
    arguments: dict[str, Any] | None = None


# In the order of removal: what serves a model goes before the model.
KINDS = (
    Kind(
        "customization job",
        "list_model_customization_jobs",
        "modelCustomizationJobSummaries",
        "jobName",
        "jobArn",
        "stop_model_customization_job",
        "jobIdentifier",
        "costs by the tokens it trains on until it is stopped",
        {"statusEquals": "InProgress"},
    ),
    Kind(
        "provisioned throughput",
        "list_provisioned_model_throughputs",
        "provisionedModelSummaries",
        "provisionedModelName",
        "provisionedModelArn",
        "delete_provisioned_model_throughput",
        "provisionedModelId",
        "costs by the hour as long as it stands, many USD; see the Bedrock pricing page",
    ),
    Kind(
        "custom model deployment",
        "list_custom_model_deployments",
        "modelDeploymentSummaries",
        "customModelDeploymentName",
        "customModelDeploymentArn",
        "delete_custom_model_deployment",
        "customModelDeploymentIdentifier",
        "0 USD per hour; answers cost by the token",
    ),
    Kind(
        "custom model",
        "list_custom_models",
        "modelSummaries",
        "modelName",
        "modelArn",
        "delete_custom_model",
        "modelIdentifier",
        f"{CUSTOM_MODEL_MONTH:.2f} USD a month for keeping it",
    ),
    Kind(
        "imported model",
        "list_imported_models",
        "modelSummaries",
        "modelName",
        "modelArn",
        "delete_imported_model",
        "modelIdentifier",
        "costs storage by the month, and by the minute while it answers",
    ),
)
FUNCTION = "reward function"


def find(aws: Aws) -> Iterator[tuple[str, str, str]]:
    """(kind, name, costs) of everything of the kit's in Bedrock and Lambda."""
    client = aws.client("bedrock")
    for kind in KINDS:
        for row in _pages(getattr(client, kind.list), kind.member, kind.arguments or {}):
            if _owned(lambda arn=row[kind.arn]: _tags(client, arn)):
                yield kind.noun, row[kind.name], kind.costs
    functions = aws.client("lambda")
    for page in functions.get_paginator("list_functions").paginate():
        for row in page["Functions"]:
            if _owned(lambda arn=row["FunctionArn"]: kit_call(functions.list_tags, Resource=arn)["Tags"]):
                yield FUNCTION, row["FunctionName"], "0 USD per hour; costs by the call"


def remove(aws: Aws, noun: str, name: str) -> bool:
    """Remove one; False for a kind that is not one of these. Raises AwsProblem when AWS refuses."""
    if noun == FUNCTION:
        kit_call(aws.client("lambda").delete_function, FunctionName=name)
        return True
    for kind in KINDS:
        if kind.noun == noun:
            kit_call(getattr(aws.client("bedrock"), kind.delete), **{kind.argument: name})
            return True
    return False


def _tags(client: Any, arn: str) -> dict[str, str]:
    found = kit_call(client.list_tags_for_resource, resourceARN=arn)["tags"]
    return {tag["key"]: tag["value"] for tag in found}


def _owned(tags: Callable[[], dict[str, str]]) -> bool:
    try:
        return OWNED in tags()
    except AwsProblem as problem:
        if problem.code == "ResourceNotFoundException":
            return False  # it went between the listing and the asking
        raise


def _pages(call: Callable[..., Any], member: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    token = None
    while True:
        page = kit_call(call, maxResults=100, **arguments, **({"nextToken": token} if token else {}))
        yield from page[member]
        token = page.get("nextToken")
        if not token:
            return
