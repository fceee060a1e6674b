"""SageMaker training jobs: create, describe, list, stop. The work itself is done by jobs/worker.py.

What can be refused is refused when the job is created, as AWS does (names, role, data, EULA); what AWS's
container would find out (hyperparameters, the rows) fails the job with a FailureReason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import queue, states
from workshop_kit.local_aws.objects import split_uri
from workshop_kit.local_aws.services import resources, tags
from workshop_kit.local_aws.services.roles import check_role
from workshop_kit.local_aws.store import Exists

Document = dict[str, Any]

DEFAULT_MAX_RUNTIME = 86_400
# Channels that the SDK adds with its driver scripts and JumpStart's training code: this trainer has its own
# code.
CODE_CHANNELS = frozenset({"code", "sm_drivers", "recipe"})
TRAINING_CHANNELS = ("training", "train")
VALIDATION_CHANNELS = ("validation", "test")

_KEPT = (
    "TrainingJobName HyperParameters AlgorithmSpecification RoleArn InputDataConfig OutputDataConfig "
    "ResourceConfig VpcConfig StoppingCondition EnableNetworkIsolation EnableInterContainerTrafficEncryption "
    "EnableManagedSpotTraining CheckpointConfig DebugHookConfig ExperimentConfig ProfilerConfig Environment "
    "RetryStrategy RemoteDebugConfig InfraCheckConfig"
).split()

_LISTED = (
    "TrainingJobName TrainingJobArn CreationTime TrainingEndTime LastModifiedTime TrainingJobStatus SecondaryStatus"
).split()


def create_training_job(ctx: Context, request: Document) -> Document:
    """CreateTrainingJob: check what AWS checks, put the job in the queue, answer its ARN."""
    name = request["TrainingJobName"]
    arn = resources.arn(ctx, "training-job", name)
    if ctx.store.get(states.KIND, name) is not None:
        raise _in_use(arn)
    tags.check_tags(request.get("Tags") or [])
    model = _model(request)
    channels = _channels(request)
    check_role(ctx, request["RoleArn"])
    _check_eula(model, channels.get("model"))
    for channel, source in channels.items():
        if channel not in CODE_CHANNELS and channel != "model":
            _check_source(ctx, source["S3Uri"], request["RoleArn"])
    _check_output(ctx, request["OutputDataConfig"]["S3OutputPath"])
    _check_metrics(request)

    now = resources.now()
    document = resources.pick(request, *_KEPT) | {
        "TrainingJobArn": arn,
        "CreationTime": now,
        "_ModelId": model.model_id,
        "_BaseModel": catalogue.base_model(),
        "_Stream": f"{name}/algo-1-{int(now)}",
    }
    document["OutputDataConfig"].setdefault("CompressionType", "GZIP")
    document.setdefault("StoppingCondition", {}).setdefault("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME)
    document.setdefault("EnableNetworkIsolation", False)
    document.setdefault("EnableInterContainerTrafficEncryption", False)
    document.setdefault("EnableManagedSpotTraining", False)
    try:
        queue.submit(ctx.store, states.MACHINE, document)
    except Exists:
        raise _in_use(arn) from None
    tags.set_tags(ctx, arn, request.get("Tags"))
    return {"TrainingJobArn": arn}


def describe_training_job(ctx: Context, request: Document) -> Document:
    """DescribeTrainingJob."""
    return resources.public(_get(ctx, request["TrainingJobName"]))


def list_training_jobs(ctx: Context, request: Document) -> Document:
    """ListTrainingJobs, with AWS's filters, orders and pages."""
    if request.get("WarmPoolStatusEquals") or request.get("TrainingPlanArnEquals"):
        return {"TrainingJobSummaries": []}  # there are no warm pools and no training plans here
    documents = [document for _, document in ctx.store.list(states.KIND)]
    kept = resources.filtered(documents, request, name="TrainingJobName", status="TrainingJobStatus")
    rows, token = resources.page(
        kept,
        request,
        keys={
            "Name": lambda job: job["TrainingJobName"],
            "CreationTime": lambda job: job["CreationTime"],
            "Status": lambda job: job["TrainingJobStatus"],
        },
        name="TrainingJobName",
        default_order="Ascending",
    )
    summaries = [resources.pick(row, *_LISTED) for row in rows]
    return resources.listing("TrainingJobSummaries", summaries, token)


def stop_training_job(ctx: Context, request: Document) -> Document:
    """StopTrainingJob: ask; the worker stops within seconds and keeps the last checkpoint."""
    document = _get(ctx, request["TrainingJobName"])

    def ask(job: Document) -> Document:
        if job["TrainingJobStatus"] == "InProgress":
            job["TrainingJobStatus"] = "Stopping"
            states.step(job, "Stopping")
        return job

    if document["TrainingJobStatus"] not in ("InProgress", "Stopping"):
        raise AwsError(
            "ValidationException",
            f"The request was rejected because the training job is in status {document['TrainingJobStatus']}.",
        )
    ctx.store.update(states.KIND, request["TrainingJobName"], ask)
    return {}


def _get(ctx: Context, name: str) -> Document:
    document = ctx.store.get(states.KIND, name)
    if document is None:
        raise AwsError("ValidationException", "Requested resource not found.")
    return document


def _in_use(arn: str) -> AwsError:
    return AwsError(
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a training job with this name already "
        f"exists ({arn})",
    )


def _model(request: Document) -> catalogue.JumpStartModel:
    """The JumpStart model that the request means.

    The SDK names it in the model channel's address, the image and a tag; a plain boto3 caller may name it in
    the environment or the hyperparameters too.
    """
    channels = request.get("InputDataConfig") or []
    texts = [
        *(channel["DataSource"].get("S3DataSource", {}).get("S3Uri", "") for channel in channels),
        *(tag["Value"] for tag in request.get("Tags") or [] if tag["Key"].endswith("jumpstart-model-id")),
        *(request.get("Environment") or {}).values(),
        *(request.get("HyperParameters") or {}).values(),
        request["AlgorithmSpecification"].get("AlgorithmName") or "",
        request["AlgorithmSpecification"].get("TrainingImage") or "",
    ]
    model = catalogue.named_in(texts)
    if model is None:
        raise AwsError(
            "ValidationException",
            "Local AWS can run only JumpStart fine-tuning of "
            f"{' or '.join(sorted(catalogue.JUMPSTART))}, and this request names neither in its model "
            "channel, tags, environment or image; take the model channel's address from DescribeHubContent "
            "(TrainingArtifactUri).",
        )
    return model


def _channels(request: Document) -> dict[str, Document]:
    """The S3 data sources by channel name; raises ValidationException for what no training could use."""
    found: dict[str, Document] = {}
    for channel in request.get("InputDataConfig") or []:
        name, source = channel["ChannelName"], channel["DataSource"].get("S3DataSource")
        if name in found:
            raise AwsError("ValidationException", f"Duplicate channel name {name} in InputDataConfig.")
        if source is None or source["S3DataType"] != "S3Prefix":
            raise AwsError(
                "ValidationException",
                f"Channel {name} is not an S3Prefix; local AWS reads no manifests, file systems or dataset sources.",
            )
        found[name] = source
    given = [name for name in TRAINING_CHANNELS if name in found]
    if len(given) != 1:
        raise AwsError(
            "ValidationException",
            "InputDataConfig has "
            f"{'both channels training and train' if given else 'no channel named training'}; give exactly "
            "one, with the S3 prefix of the training rows.",
        )
    if sum(name in found for name in VALIDATION_CHANNELS) > 1:
        raise AwsError(
            "ValidationException",
            "InputDataConfig has both channels validation and test; the trainer evaluates on one.",
        )
    return found


def _check_eula(model: catalogue.JumpStartModel, source: Document | None) -> None:
    accepted = (source or {}).get("ModelAccessConfig", {}).get("AcceptEula")
    if accepted is not True:
        raise AwsError(
            "ValidationException",
            f"The end-user license agreement of {model.model_id} was not accepted; read it and set "
            "ModelAccessConfig.AcceptEula to true on the S3DataSource of the model channel.",
        )


def _check_source(ctx: Context, uri: str, role: str) -> None:
    bucket, prefix = split_uri(uri)
    if not ctx.objects.has_bucket(bucket):
        detail = "The specified bucket does not exist"
    elif next(iter(ctx.objects.list(bucket, prefix)), None) is None:
        detail = "No objects under that prefix"
    else:
        return
    raise AwsError(
        "ValidationException",
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket '
        "exists "
        f"in the selected region ({ctx.region}), that objects exist under that S3 prefix, and that the role "
        f'"{role}" has "s3:ListBucket" permissions on bucket "{bucket}". Error message from S3: {detail}',
    )


def _check_output(ctx: Context, uri: str) -> None:
    bucket, _ = split_uri(uri)
    if not ctx.objects.has_bucket(bucket):
        raise AwsError(
            "ValidationException",
            f'The S3 bucket "{bucket}" of OutputDataConfig.S3OutputPath does not exist; create it first.',
        )


def _check_metrics(request: Document) -> None:
    for definition in request["AlgorithmSpecification"].get("MetricDefinitions") or []:
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as problem:
            raise AwsError(
                "ValidationException", f"The regex of metric {definition['Name']} is invalid: {problem}."
            ) from None
        if groups < 1:
            raise AwsError(
                "ValidationException",
                f"The regex of metric {definition['Name']} has no group that holds the value.",
            )


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateTrainingJob": create_training_job,
    "DescribeTrainingJob": describe_training_job,
    "ListTrainingJobs": list_training_jobs,
    "StopTrainingJob": stop_training_job,
}
