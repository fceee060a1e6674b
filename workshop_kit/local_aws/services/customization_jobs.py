"""Bedrock's customization jobs: create, get, list, stop. The work itself is done by jobs/customize.py.

What the request alone shows is refused when the job is created; what only the data shows fails the job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.local_aws import catalogue, functions
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import custom_models, customizations, queue
from workshop_kit.local_aws.services import bedrock_common, resources
from workshop_kit.local_aws.services.roles import check_role
from workshop_kit.local_aws.store import Exists
from workshop_kit.local_aws.trainer import nova

Document = dict[str, Any]

KIND = customizations.KIND
_SUMMARY = (
    "jobArn baseModelArn jobName status statusDetails lastModifiedTime creationTime endTime customizationType"
).split()


def create_model_customization_job(ctx: Context, request: Document) -> Document:
    """CreateModelCustomizationJob."""
    return bedrock_common.once(ctx, "CreateModelCustomizationJob", request, lambda: _create(ctx, request))


def _create(ctx: Context, request: Document) -> Document:
    name = request["jobName"]
    model, start = _base(ctx, request["baseModelIdentifier"])
    kind = request.get("customizationType", "FINE_TUNING")
    if kind not in model.customizations:
        raise _invalid(
            f"{model.customizable} can't be customized by {kind}; it takes {', '.join(model.customizations)}."
        )
    hyperparameters, config = _settings(ctx, request, kind)
    job_tags, model_tags = (bedrock_common.as_tags(request.get(field)) for field in ("jobTags", "customModelTags"))
    check_role(ctx, request["roleArn"])
    if "s3Uri" not in request["trainingDataConfig"]:
        raise _invalid("trainingDataConfig has no s3Uri; local AWS keeps no invocation logs to train on.")
    bedrock_common.check_source(ctx, request["trainingDataConfig"]["s3Uri"], "trainingDataConfig")
    validators = (request.get("validationDataConfig") or {}).get("validators") or []
    if len(validators) > 1:
        raise _invalid("validationDataConfig has several validators; the models here take one validation file.")
    for validator in validators:
        bedrock_common.check_source(ctx, validator["s3Uri"], "validationDataConfig")
    bedrock_common.check_output(ctx, request["outputDataConfig"]["s3Uri"])
    _check_names(ctx, name, request["customModelName"])

    id, model_id = bedrock_common.new_id(), bedrock_common.new_id()
    arn = bedrock_common.arn(ctx, "model-customization-job", f"{model.customizable}/{id}")
    document = {
        "jobArn": arn,
        "jobName": name,
        "outputModelName": request["customModelName"],
        "roleArn": request["roleArn"],
        "baseModelArn": f"arn:aws:bedrock:{ctx.region}::foundation-model/{model.customizable}",
        "hyperParameters": hyperparameters,
        "trainingDataConfig": request["trainingDataConfig"],
        "validationDataConfig": {"validators": validators},
        "outputDataConfig": request["outputDataConfig"],
        "customizationType": kind,
        "creationTime": resources.now(),
        "_Id": id,
        "_Model": model_id,
        "_From": start,
        "_Weights": model.kind,
        "_BaseModelId": model.customizable,
        "_ModelTags": model_tags,
        "_Log": f"{name}/{id}",
    }
    document |= resources.pick(request, "clientRequestToken", "vpcConfig")
    if config:
        document["customizationConfig"] = config
    try:
        with ctx.store.transaction():
            queue.submit(ctx.store, customizations.MACHINE, document)
            ctx.store.put("tags", arn, {"Tags": job_tags})
    except Exists:
        raise _taken(name) from None
    return {"jobArn": arn}


def get_model_customization_job(ctx: Context, request: Document) -> Document:
    """GetModelCustomizationJob, by name or ARN."""
    return resources.public(_get(ctx, request["jobIdentifier"]))


def list_model_customization_jobs(ctx: Context, request: Document) -> Document:
    """ListModelCustomizationJobs."""
    documents = [document for _, document in ctx.store.list(KIND)]
    wanted = request.get("statusEquals")
    rows, token = bedrock_common.page(
        [document for document in documents if wanted in (None, document["status"])], request, name="jobName"
    )
    summaries = []
    for row in rows:
        summary = resources.pick(row, *_SUMMARY)
        if "outputModelArn" in row:
            summary |= {"customModelArn": row["outputModelArn"], "customModelName": row["outputModelName"]}
        summaries.append(summary)
    return bedrock_common.listing("modelCustomizationJobSummaries", summaries, token)


def stop_model_customization_job(ctx: Context, request: Document) -> Document:
    """StopModelCustomizationJob: ask; the worker stops within seconds and makes no model."""
    document = _get(ctx, request["jobIdentifier"])

    def ask(job: Document) -> Document:
        if job["status"] == "InProgress":
            job |= {"status": "Stopping", "lastModifiedTime": resources.now()}
        return job

    if document["status"] not in ("InProgress", "Stopping"):
        raise AwsError(
            "ConflictException", f"The job {document['jobName']} is {document['status']} and can't be stopped."
        )
    ctx.store.update(KIND, document["jobName"], ask)
    return {}


def _get(ctx: Context, identifier: str) -> Document:
    if identifier.startswith("arn:"):
        found = next((doc for _, doc in ctx.store.list(KIND) if doc["jobArn"] == identifier), None)
    else:
        found = ctx.store.get(KIND, identifier)
    if found is None:
        raise bedrock_common.not_found(f"There is no model customization job {identifier}.")
    return found


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _taken(name: str) -> AwsError:
    return _invalid(f"A model customization job with the name {name} exists already; choose another name.")


def _check_names(ctx: Context, job: str, model: str) -> None:
    if ctx.store.get(KIND, job) is not None:
        raise _taken(job)
    models = {document["modelName"] for _, document in ctx.store.list(custom_models.KIND)}
    waiting = {found.document.get("outputModelName") for found in queue.active(ctx.store, (customizations.MACHINE,))}
    if model in models | waiting:
        raise _invalid(f"A custom model with the name {model} exists already; choose another customModelName.")


def _base(ctx: Context, identifier: str) -> tuple[catalogue.BedrockModel, str | None]:
    """The foundation model of a job, and the id of the custom model that it goes on from, if it does."""
    if ":custom-model/" in identifier:
        found = next((doc for _, doc in ctx.store.list(custom_models.KIND) if doc["modelArn"] == identifier), None)
        if found is None:
            raise bedrock_common.not_found(f"There is no custom model {identifier}.")
        model = catalogue.bedrock_model(found["_BaseModelId"])
        assert model is not None  # it was one when the custom model was made
        return model, found["_Id"]
    model = catalogue.bedrock_model(identifier.rsplit("/", 1)[-1])
    if model is None or not model.customizations:
        known = ", ".join(model.customizable for model in catalogue.BEDROCK.values() if model.customizations)
        raise _invalid(f"The model {identifier} can't be customized; local AWS has {known}.")
    return model, None


def _settings(ctx: Context, request: Document, kind: str) -> tuple[dict[str, str], Document]:
    """The hyperparameters and the configuration that belong to the type of customization."""
    config = request.get("customizationConfig") or {}
    told = request.get("hyperParameters") or {}
    wanted = {"DISTILLATION": "distillationConfig", "REINFORCEMENT_FINE_TUNING": "rftConfig"}.get(kind)
    for member in config:
        if member != wanted:
            raise _invalid(f"customizationConfig has {member}, which does not belong to {kind}.")
    if wanted and not config.get(wanted):
        raise _invalid(f"{kind} needs customizationConfig.{wanted}.")
    try:
        if kind == "REINFORCEMENT_FINE_TUNING":
            if told:
                raise _invalid("A reinforcement job has its hyperparameters in rftConfig.hyperParameters.")
            nova.reinforced(config["rftConfig"].get("hyperParameters") or {})
            _check_grader(ctx, config["rftConfig"])
            return {}, config
        nova.supervised(told)
    except BadInput as problem:
        raise _invalid(str(problem)) from None
    if kind == "DISTILLATION":
        _check_teacher(config["distillationConfig"]["teacherModelConfig"])
    return dict(told), config


def _check_grader(ctx: Context, config: Document) -> None:
    arn = (config.get("graderConfig") or {}).get("lambdaGrader", {}).get("lambdaArn")
    if not arn:
        raise _invalid("rftConfig has no graderConfig.lambdaGrader.lambdaArn; name the Lambda function that grades.")
    if functions.find(ctx, arn) is None:
        raise _invalid(f"There is no Lambda function {arn} to grade with; create it first.")


def _check_teacher(teacher: Document) -> None:
    model = catalogue.bedrock_model(teacher["teacherModelIdentifier"].rsplit("/", 1)[-1])
    if model is None or model.model_id not in catalogue.TEACHERS:
        raise _invalid(
            f"{teacher['teacherModelIdentifier']} can't be a teacher; choose one of {', '.join(catalogue.TEACHERS)}."
        )
    if not 1 <= teacher.get("maxResponseLengthForInference", nova.DISTILLATION_RESPONSE) <= 10_000:
        raise _invalid("maxResponseLengthForInference must be from 1 to 10000 tokens.")


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateModelCustomizationJob": create_model_customization_job,
    "GetModelCustomizationJob": get_model_customization_job,
    "ListModelCustomizationJobs": list_model_customization_jobs,
    "StopModelCustomizationJob": stop_model_customization_job,
}
