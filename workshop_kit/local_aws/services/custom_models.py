"""Bedrock's custom models and what makes them answer: deployments on demand and provisioned throughput.

    deployment             Creating -> Active | Failed
    provisioned throughput Creating -> InService | Failed

Both are brought up by jobs/bedrock_deployer.py, which asks the model for a token first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import custom_models
from workshop_kit.local_aws.services import bedrock_common, resources, tags

Document = dict[str, Any]

DEPLOYMENT = "custom-model-deployment"
PROVISIONED = "provisioned-model"


def get_custom_model(ctx: Context, request: Document) -> Document:
    """GetCustomModel, by name or ARN."""
    return resources.public(find(ctx, request["modelIdentifier"]))


def list_custom_models(ctx: Context, request: Document) -> Document:
    """ListCustomModels."""
    documents = [document for _, document in ctx.store.list(custom_models.KIND)]
    base = request.get("baseModelArnEquals") or request.get("foundationModelArnEquals")
    kept = [document for document in documents if base in (None, document["baseModelArn"])]
    rows, token = bedrock_common.page(kept, request, name="modelName")
    fields = ("modelArn", "modelName", "creationTime", "baseModelArn", "customizationType", "modelStatus")
    summaries = [
        resources.pick(row, *fields)
        | {"baseModelName": row["_BaseModelId"].split(":")[0], "ownerAccountId": ctx.account_id}
        for row in rows
    ]
    return bedrock_common.listing("modelSummaries", summaries, token)


def delete_custom_model(ctx: Context, request: Document) -> Document:
    """DeleteCustomModel: refused while something serves it, as on AWS."""
    document = find(ctx, request["modelIdentifier"])
    for kind, noun in ((DEPLOYMENT, "deployment"), (PROVISIONED, "provisioned throughput")):
        for _, user in ctx.store.list(kind):
            if user["modelArn"] == document["modelArn"]:
                name = user.get("modelDeploymentName") or user.get("provisionedModelName")
                raise AwsError(
                    "ConflictException", f"The custom model is in use by the {noun} {name}; delete that first."
                )
    custom_models.discard(ctx, document)
    return {}


def find(ctx: Context, identifier: str) -> Document:
    """A custom model's document by name or ARN. Raises ResourceNotFoundException."""
    for _, document in ctx.store.list(custom_models.KIND):
        if identifier in (document["modelArn"], document["modelName"]):
            return document
    raise bedrock_common.not_found(f"There is no custom model {identifier}.")


# --- deployments


def create_custom_model_deployment(ctx: Context, request: Document) -> Document:
    """CreateCustomModelDeployment."""
    return bedrock_common.once(ctx, "CreateCustomModelDeployment", request, lambda: _deploy(ctx, request))


def _deploy(ctx: Context, request: Document) -> Document:
    name, model = request["modelDeploymentName"], find(ctx, request["modelArn"])
    if any(document["modelDeploymentName"] == name for _, document in ctx.store.list(DEPLOYMENT)):
        raise AwsError("ValidationException", f"A custom model deployment with the name {name} exists already.")
    found = bedrock_common.as_tags(request.get("tags"))
    id = bedrock_common.new_id()
    arn = bedrock_common.arn(ctx, DEPLOYMENT, id)
    document = {
        "customModelDeploymentArn": arn,
        "modelDeploymentName": name,
        "modelArn": model["modelArn"],
        "createdAt": resources.now(),
        "status": "Creating",
    }
    document |= resources.pick(request, "description")
    ctx.store.create(DEPLOYMENT, id, document)
    tags.set_tags(ctx, arn, found)
    return {"customModelDeploymentArn": arn}


def get_custom_model_deployment(ctx: Context, request: Document) -> Document:
    """GetCustomModelDeployment, by name or ARN."""
    return resources.public(_deployment(ctx, request)[1])


def list_custom_model_deployments(ctx: Context, request: Document) -> Document:
    """ListCustomModelDeployments."""
    documents = [document for _, document in ctx.store.list(DEPLOYMENT)]
    kept = [
        document
        for document in documents
        if request.get("statusEquals") in (None, document["status"])
        and request.get("modelArnEquals") in (None, document["modelArn"])
    ]
    rows, token = bedrock_common.page(kept, request, name="modelDeploymentName", created="createdAt")
    fields = ("customModelDeploymentArn", "modelArn", "createdAt", "status", "lastUpdatedAt", "failureMessage")
    summaries = [
        resources.pick(row, *fields) | {"customModelDeploymentName": row["modelDeploymentName"]} for row in rows
    ]
    return bedrock_common.listing("modelDeploymentSummaries", summaries, token)


def update_custom_model_deployment(ctx: Context, request: Document) -> Document:
    """UpdateCustomModelDeployment: another model behind the same ARN; the old one answers until it is loaded."""
    id, document = _deployment(ctx, request)
    model = find(ctx, request["modelArn"])
    update = {"modelArn": model["modelArn"], "updateStatus": "Updating"}

    def begin(found: Document) -> Document:
        return found | {"updateDetails": update, "lastUpdatedAt": resources.now()}

    ctx.store.update(DEPLOYMENT, id, begin)
    return {"customModelDeploymentArn": document["customModelDeploymentArn"]}


def delete_custom_model_deployment(ctx: Context, request: Document) -> Document:
    """DeleteCustomModelDeployment."""
    id, document = _deployment(ctx, request)
    ctx.store.delete(DEPLOYMENT, id)
    tags.drop_tags(ctx, document["customModelDeploymentArn"])
    return {}


def _deployment(ctx: Context, request: Document) -> tuple[str, Document]:
    identifier = request["customModelDeploymentIdentifier"]
    for id, document in ctx.store.list(DEPLOYMENT):
        if identifier in (document["customModelDeploymentArn"], document["modelDeploymentName"]):
            return id, document
    raise bedrock_common.not_found(f"There is no custom model deployment {identifier}.")


# --- provisioned throughput


def create_provisioned_model_throughput(ctx: Context, request: Document) -> Document:
    """CreateProvisionedModelThroughput: the shape of it; nothing here is faster for being paid for."""
    return bedrock_common.once(ctx, "CreateProvisionedModelThroughput", request, lambda: _provision(ctx, request))


def _provision(ctx: Context, request: Document) -> Document:
    name = request["provisionedModelName"]
    if any(document["provisionedModelName"] == name for _, document in ctx.store.list(PROVISIONED)):
        raise AwsError("ValidationException", f"A provisioned throughput with the name {name} exists already.")
    model_arn, base_arn = _provisionable(ctx, request["modelId"])
    found = bedrock_common.as_tags(request.get("tags"))
    id, now = bedrock_common.new_id(), resources.now()
    arn = bedrock_common.arn(ctx, PROVISIONED, id)
    document = {
        "provisionedModelName": name,
        "provisionedModelArn": arn,
        "modelUnits": request["modelUnits"],
        "desiredModelUnits": request["modelUnits"],
        "modelArn": model_arn,
        "desiredModelArn": model_arn,
        "foundationModelArn": base_arn,
        "status": "Creating",
        "creationTime": now,
        "lastModifiedTime": now,
    }
    if months := {"OneMonth": 30, "SixMonths": 180}.get(request.get("commitmentDuration", "")):
        document |= {
            "commitmentDuration": request["commitmentDuration"],
            "commitmentExpirationTime": now + months * 86_400,
        }
    ctx.store.create(PROVISIONED, id, document)
    tags.set_tags(ctx, arn, found)
    return {"provisionedModelArn": arn}


def _provisionable(ctx: Context, identifier: str) -> tuple[str, str]:
    """The ARN of the model to provision, and of the foundation model beneath it."""
    if ":custom-model/" not in identifier:
        model = catalogue.bedrock_model(identifier.rsplit("/", 1)[-1])
        if model is not None:
            arn = f"arn:aws:bedrock:{ctx.region}::foundation-model/{model.customizable or model.model_id}"
            return arn, arn
    try:
        document = find(ctx, identifier)
    except AwsError:
        raise AwsError("ValidationException", f"There is no model {identifier} to provision.") from None
    return document["modelArn"], document["baseModelArn"]


def get_provisioned_model_throughput(ctx: Context, request: Document) -> Document:
    """GetProvisionedModelThroughput, by name or ARN."""
    return resources.public(_provisioned(ctx, request)[1])


def list_provisioned_model_throughputs(ctx: Context, request: Document) -> Document:
    """ListProvisionedModelThroughputs."""
    documents = [document for _, document in ctx.store.list(PROVISIONED)]
    kept = [
        document
        for document in documents
        if request.get("statusEquals") in (None, document["status"])
        and request.get("modelArnEquals") in (None, document["modelArn"])
    ]
    rows, token = bedrock_common.page(kept, request, name="provisionedModelName")
    return bedrock_common.listing("provisionedModelSummaries", [_without_failure(row) for row in rows], token)


def _without_failure(row: Document) -> Document:
    return {name: value for name, value in row.items() if name != "failureMessage"}


def update_provisioned_model_throughput(ctx: Context, request: Document) -> Document:
    """UpdateProvisionedModelThroughput: another name, or another model with the same base."""
    id, document = _provisioned(ctx, request)
    change: Document = {"lastModifiedTime": resources.now()}
    if request.get("desiredProvisionedModelName"):
        change["provisionedModelName"] = request["desiredProvisionedModelName"]
    if request.get("desiredModelId"):
        arn, base = _provisionable(ctx, request["desiredModelId"])
        if base != document["foundationModelArn"]:
            raise AwsError("ValidationException", "The new model must have the same foundation model as the old one.")
        change |= {"desiredModelArn": arn, "status": "Updating"}
    ctx.store.update(PROVISIONED, id, lambda found: found | change)
    return {}


def delete_provisioned_model_throughput(ctx: Context, request: Document) -> Document:
    """DeleteProvisionedModelThroughput: refused before a commitment's end, as on AWS."""
    id, document = _provisioned(ctx, request)
    if document.get("commitmentExpirationTime", 0) > resources.now():
        raise AwsError("ConflictException", "The provisioned throughput is committed for longer; it can't be deleted.")
    ctx.store.delete(PROVISIONED, id)
    tags.drop_tags(ctx, document["provisionedModelArn"])
    return {}


def _provisioned(ctx: Context, request: Document) -> tuple[str, Document]:
    identifier = request["provisionedModelId"]
    for id, document in ctx.store.list(PROVISIONED):
        if identifier in (document["provisionedModelArn"], document["provisionedModelName"]):
            return id, document
    raise bedrock_common.not_found(f"There is no provisioned throughput {identifier}.")


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "GetCustomModel": get_custom_model,
    "ListCustomModels": list_custom_models,
    "DeleteCustomModel": delete_custom_model,
    "CreateCustomModelDeployment": create_custom_model_deployment,
    "GetCustomModelDeployment": get_custom_model_deployment,
    "ListCustomModelDeployments": list_custom_model_deployments,
    "UpdateCustomModelDeployment": update_custom_model_deployment,
    "DeleteCustomModelDeployment": delete_custom_model_deployment,
    "CreateProvisionedModelThroughput": create_provisioned_model_throughput,
    "GetProvisionedModelThroughput": get_provisioned_model_throughput,
    "ListProvisionedModelThroughputs": list_provisioned_model_throughputs,
    "UpdateProvisionedModelThroughput": update_provisioned_model_throughput,
    "DeleteProvisionedModelThroughput": delete_provisioned_model_throughput,
}
