"""Bedrock's imported models: a Hugging Face model folder in S3 becomes a model for InvokeModel and Converse.

The job is done by jobs/bedrock_deployer.py: InProgress -> Completed | Failed. The files are kept apart from S3, as on
AWS: deleting them from the bucket afterwards changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import bedrock_common, resources, tags
from workshop_kit.local_aws.services.roles import check_role

Document = dict[str, Any]

JOB = "model-import-job"
MODEL = "imported-model"


def create_model_import_job(ctx: Context, request: Document) -> Document:
    """CreateModelImportJob."""
    return bedrock_common.once(ctx, "CreateModelImportJob", request, lambda: _create(ctx, request))


def _create(ctx: Context, request: Document) -> Document:
    name, model = request["jobName"], request["importedModelName"]
    source = request["modelDataSource"].get("s3DataSource")
    if not source:
        raise AwsError(
            "ValidationException", "modelDataSource has no s3DataSource; name the folder of the model's files."
        )
    check_role(ctx, request["roleArn"])
    bedrock_common.check_source(ctx, source["s3Uri"], "modelDataSource")
    if any(document["jobName"] == name for _, document in ctx.store.list(JOB)):
        raise AwsError("ValidationException", f"A model import job with the name {name} exists already.")
    taken = [document["modelName"] for _, document in ctx.store.list(MODEL)]
    taken += [doc["importedModelName"] for _, doc in ctx.store.list(JOB) if doc["status"] == "InProgress"]
    if model in taken:
        raise AwsError("ValidationException", f"An imported model with the name {model} exists already.")
    job_tags, model_tags = (bedrock_common.as_tags(request.get(field)) for field in ("jobTags", "importedModelTags"))
    id, now = bedrock_common.new_id(), resources.now()
    arn = bedrock_common.arn(ctx, JOB, id)
    document = resources.pick(request, "jobName", "importedModelName", "roleArn", "modelDataSource", "vpcConfig")
    document |= {
        "jobArn": arn,
        "status": "InProgress",
        "creationTime": now,
        "lastModifiedTime": now,
        "_ModelTags": model_tags,
    }
    ctx.store.create(JOB, id, document)
    tags.set_tags(ctx, arn, job_tags)
    return {"jobArn": arn}


def get_model_import_job(ctx: Context, request: Document) -> Document:
    """GetModelImportJob, by name or ARN."""
    identifier = request["jobIdentifier"]
    for _, document in ctx.store.list(JOB):
        if identifier in (document["jobArn"], document["jobName"]):
            return resources.public(document)
    raise bedrock_common.not_found(f"There is no model import job {identifier}.")


def list_model_import_jobs(ctx: Context, request: Document) -> Document:
    """ListModelImportJobs."""
    documents = [document for _, document in ctx.store.list(JOB)]
    wanted = request.get("statusEquals")
    rows, token = bedrock_common.page(
        [document for document in documents if wanted in (None, document["status"])], request, name="jobName"
    )
    fields = "jobArn jobName status lastModifiedTime creationTime endTime importedModelArn importedModelName".split()
    return bedrock_common.listing("modelImportJobSummaries", [resources.pick(row, *fields) for row in rows], token)


def get_imported_model(ctx: Context, request: Document) -> Document:
    """GetImportedModel, by name or ARN."""
    return resources.public(find(ctx, request["modelIdentifier"])[1])


def list_imported_models(ctx: Context, request: Document) -> Document:
    """ListImportedModels."""
    rows, token = bedrock_common.page([doc for _, doc in ctx.store.list(MODEL)], request, name="modelName")
    fields = ("modelArn", "modelName", "creationTime", "instructSupported", "modelArchitecture")
    return bedrock_common.listing("modelSummaries", [resources.pick(row, *fields) for row in rows], token)


def delete_imported_model(ctx: Context, request: Document) -> Document:
    """DeleteImportedModel: the files go too."""
    id, document = find(ctx, request["modelIdentifier"])
    ctx.store.delete(MODEL, id)
    tags.drop_tags(ctx, document["modelArn"])
    shutil.rmtree(document["_Folder"], ignore_errors=True)
    return {}


def find(ctx: Context, identifier: str) -> tuple[str, Document]:
    """An imported model's id and document, by name or ARN. Raises ResourceNotFoundException."""
    for id, document in ctx.store.list(MODEL):
        if identifier in (document["modelArn"], document["modelName"]):
            return id, document
    raise bedrock_common.not_found(f"There is no imported model {identifier}.")


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateModelImportJob": create_model_import_job,
    "GetModelImportJob": get_model_import_job,
    "ListModelImportJobs": list_model_import_jobs,
    "GetImportedModel": get_imported_model,
    "ListImportedModels": list_imported_models,
    "DeleteImportedModel": delete_imported_model,
}
