"""A customization job's model behind an on-demand deployment, which Converse asks by its ARN."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.playground.endpoints import BedrockModel, pause
from workshop_kit.training.bedrock import CustomizationJob
from workshop_kit.training.jobs import JobProgress
from workshop_kit.training.tags import DATASET, make_tags

PATIENCE = 1800.0


def deploy_custom_model(
    aws: Any,
    job: CustomizationJob | str,
    name: str | None = None,
    *,
    system: str = "",
    progress: Callable[[JobProgress], None] | None = None,
) -> BedrockModel:
    """Deploy a job's model on demand and wait until it answers; a deployment that is there already is given back.

    `system` is the system prompt of the rows it was trained on, used in every question unless told otherwise. On demand
    nothing is paid while nobody asks; the stored model costs a little each month. Raises NotYet or JobFailed when the
    job has no model, BadInput when `name` belongs to another model, AwsProblem when AWS refuses.
    """
    job = job if isinstance(job, CustomizationJob) else CustomizationJob(aws, job)
    client, arn, name = aws.client("bedrock"), job.model_arn, name or job.name
    tags = {tag["key"]: tag["value"] for tag in kit_call(client.list_tags_for_resource, resourceARN=arn)["tags"]}
    found = _find(client, name)
    if found is not None and found["modelArn"] != arn:
        raise BadInput(f"The deployment {name} serves another model ({found['modelArn']}); choose another name.")
    if found is not None and found["status"] == "Failed":
        kit_call(client.delete_custom_model_deployment, customModelDeploymentIdentifier=name)
        found = None
    if found is None:
        told = make_tags(job=job.name, dataset=tags.get(DATASET, ""))
        kit_call(
            client.create_custom_model_deployment,
            modelDeploymentName=name,
            modelArn=arn,
            tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in told if tag["Value"]],
        )
    deployment = _wait(aws, name, progress)
    label = f"{name}: {job.describe()['baseModelArn'].rsplit('/', 1)[-1]}, customized"
    return BedrockModel(aws, deployment["customModelDeploymentArn"], label, system, job.name, tags.get(DATASET, ""))


def delete_custom_model(aws: Any, job: CustomizationJob | str) -> tuple[str, ...]:
    """Delete a job's model and its deployments; gives back what is left, nothing when all went well."""
    job = job if isinstance(job, CustomizationJob) else CustomizationJob(aws, job)
    client, arn = aws.client("bedrock"), job.model_arn
    for row in _deployments(client, arn):
        kit_call(client.delete_custom_model_deployment, customModelDeploymentIdentifier=row["customModelDeploymentArn"])
    until = time.monotonic() + PATIENCE
    while (left := _deployments(client, arn)) and time.monotonic() < until:
        time.sleep(pause(aws))
    if left:
        return tuple(f"deployment {row['customModelDeploymentName']}" for row in left)
    try:
        kit_call(client.delete_custom_model, modelIdentifier=arn)
        kit_call(client.get_custom_model, modelIdentifier=arn)
    except AwsProblem as problem:
        if problem.code != "ResourceNotFoundException":
            raise
        return ()
    return (f"custom model {arn}",)


def _find(client: Any, name: str) -> dict[str, Any] | None:
    try:
        return kit_call(client.get_custom_model_deployment, customModelDeploymentIdentifier=name)
    except AwsProblem as problem:
        if problem.code != "ResourceNotFoundException":
            raise
        return None


def _deployments(client: Any, arn: str) -> list[dict[str, Any]]:
    return kit_call(client.list_custom_model_deployments, modelArnEquals=arn)["modelDeploymentSummaries"]


def _wait(aws: Any, name: str, progress: Callable[[JobProgress], None] | None) -> dict[str, Any]:
    client, until, told = aws.client("bedrock"), time.monotonic() + PATIENCE, ""
    while True:
        found = _find(client, name) or {"status": "Failed"}
        status = found["status"]
        if status == "Active":
            if progress is not None:
                progress(JobProgress(1, 1, 0.0, f"Deployment {name} is active", "Completed"))
            return found
        if status == "Failed":
            reason = (found.get("failureMessage") or "AWS gave no reason").rstrip(".")
            raise AwsProblem(f"Deployment {name} did not start: {reason}.")
        if time.monotonic() > until:
            raise AwsProblem(f"Deployment {name} is still {status} after {PATIENCE:.0f} s; look again later.")
        if progress is not None and told != status:
            progress(JobProgress(0, 0, None, f"Deployment {name}: {status}"))
            told = status
        time.sleep(pause(aws))
