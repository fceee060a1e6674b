"""What the kit leaves in Bedrock and Lambda: found by its tag, and removed in an order that their ties allow."""

from __future__ import annotations

import time
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
EVALUATION = "evaluation job"
OVER = ("Completed", "Failed", "Stopped")
STOP_SECONDS = 600.0  # a job with a judge ends what it has begun before it stops


def find(aws: Aws) -> Iterator[tuple[str, str, str]]:
    """(kind, name, costs) of everything of the kit's in Bedrock and Lambda."""
    client = aws.client("bedrock")
    for kind in KINDS:
        for row in _pages(getattr(client, kind.list), kind.member, kind.arguments or {}):
            if _owned(lambda arn=row[kind.arn]: _tags(client, arn)):
                yield kind.noun, row[kind.name], kind.costs
    for row in _evaluations(client):
        if _owned(lambda arn=row["jobArn"]: _tags(client, arn)):
            cost = "0 USD now that it is over" if row["status"] in OVER else "costs the judge's tokens until it is over"
            yield EVALUATION, row["jobName"], cost
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
    if noun == EVALUATION:
        _remove_evaluation(aws, name)
        return True
    for kind in KINDS:
        if kind.noun == noun:
            kit_call(getattr(aws.client("bedrock"), kind.delete), **{kind.argument: name})
            return True
    return False


def _evaluations(client: Any) -> Iterator[dict[str, Any]]:
    return (row for row in _pages(client.list_evaluation_jobs, "jobSummaries", {}) if row["status"] != "Deleting")


def _remove_evaluation(aws: Aws, name: str) -> None:
    """Stop an evaluation job if it runs, and delete it once it is over: only then AWS lets it be deleted."""
    client = aws.client("bedrock")
    arn = next((row["jobArn"] for row in _evaluations(client) if row["jobName"] == name), None)
    if arn is None:
        return
    until = time.monotonic() + STOP_SECONDS
    while (status := kit_call(client.get_evaluation_job, jobIdentifier=arn)["status"]) not in OVER:
        if time.monotonic() > until:
            raise AwsProblem(f"Evaluation job {name} is still {status}; run the clean-up again later.", "Conflict")
        if status == "InProgress":
            try:
                kit_call(client.stop_evaluation_job, jobIdentifier=arn)
            except AwsProblem as problem:
                if problem.code != "ConflictException":  # it ended in between
                    raise
        time.sleep(0.5 if aws.endpoint_url else 5.0)
    errors = kit_call(client.batch_delete_evaluation_job, jobIdentifiers=[arn])["errors"]
    if errors and errors[0]["code"] != "404":
        raise AwsProblem(f"Evaluation job {name} could not be deleted: {errors[0].get('message', '')}", "Conflict")


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
