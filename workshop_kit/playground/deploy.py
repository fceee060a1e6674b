"""A training job's model, or the base alone, behind an endpoint."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.formats.prompt import system_of
from workshop_kit.playground.endpoints import Endpoint, delete, describe_endpoint, pause
from workshop_kit.records import content_id
from workshop_kit.settings import JUMPSTART_MODEL_ID
from workshop_kit.training.hyperparameters import Recipe, recipe
from workshop_kit.training.jobs import JobProgress, TrainingJob
from workshop_kit.training.runs import Run
from workshop_kit.training.tags import DATASET, JOB, MODEL, as_dict, make_tags

# AWS's words, in the reason of an endpoint that failed, for what passes when others give their machines back.
SHORTAGES = ("InsufficientInstanceCapacity", "ResourceLimitExceeded")


def deploy(
    aws: Any,
    run: Run | TrainingJob | str,
    name: str | None = None,
    *,
    instance_type: str | None = None,
    progress: Callable[[JobProgress], None] | None = None,
) -> Endpoint:
    """Put a trained model behind an endpoint and wait until it answers; one that is there already is given back.

    `run` is a Run, a TrainingJob or a job's name. Raises NotYet or JobFailed when the job has no model, BadInput when
    `name` belongs to another model, AwsProblem when AWS refuses.
    """
    job = run if isinstance(run, TrainingJob) else TrainingJob(aws, run.job_name if isinstance(run, Run) else run)
    tags, uri = job.tags(), job.artifact
    model_id = tags.get(MODEL, JUMPSTART_MODEL_ID)
    chosen = recipe(aws, model_id)
    data: dict[str, Any] = (
        {"ModelDataUrl": uri} if uri.endswith(".tar.gz") else {"ModelDataSource": _prefix(uri.rstrip("/") + "/")}
    )
    endpoint = Endpoint(
        aws,
        _name(name or job.name),
        f"{chosen.label}, fine-tuned",
        trained_system(job),
        job.name,
        tags.get(DATASET, ""),
        model_id,
    )
    _deploy(endpoint, chosen, data, instance_type, progress)
    return endpoint


def deploy_base(
    aws: Any,
    model_id: str = JUMPSTART_MODEL_ID,
    name: str | None = None,
    *,
    system: str = "",
    instance_type: str | None = None,
    progress: Callable[[JobProgress], None] | None = None,
) -> Endpoint:
    """Put the model as it was before fine-tuning behind an endpoint, to compare with; `system` as in training."""
    chosen = recipe(aws, model_id)
    data = {"ModelDataSource": _prefix(chosen.hosting_artifact, eula=True)}
    endpoint = Endpoint(
        aws, _name(name or f"base-{model_id}"), f"{chosen.label}, not fine-tuned", system, model_id=model_id
    )
    _deploy(endpoint, chosen, data, instance_type, progress)
    return endpoint


def find_endpoint(aws: Any, name: str) -> Endpoint:
    """An endpoint of the kit's by its name, for another notebook; raises AwsProblem when there is none."""
    client = aws.client("sagemaker")
    described = kit_call(client.describe_endpoint, EndpointName=name)
    tags = as_dict(kit_call(client.list_tags, ResourceArn=described["EndpointArn"])["Tags"])
    model_id = tags.get(MODEL, JUMPSTART_MODEL_ID)
    label = recipe(aws, model_id).label
    if JOB not in tags:
        return Endpoint(aws, name, f"{label}, not fine-tuned", model_id=model_id)
    system = trained_system(TrainingJob(aws, tags[JOB]))
    return Endpoint(aws, name, f"{label}, fine-tuned", system, tags[JOB], tags.get(DATASET, ""), model_id)


def trained_system(job: TrainingJob) -> str:
    """The system prompt in the template.json that a job was trained with; '' when there is none."""
    for channel in job.describe().get("InputDataConfig") or []:
        if channel["ChannelName"] in ("training", "train"):
            bucket, _, prefix = channel["DataSource"]["S3DataSource"]["S3Uri"].removeprefix("s3://").partition("/")
            try:
                found = kit_call(
                    job.aws.client("s3").get_object, Bucket=bucket, Key=f"{prefix.rstrip('/')}/template.json"
                )
                return system_of(json.loads(found["Body"].read()))
            except (AwsProblem, ValueError):
                return ""  # trained without a template, or its data has been removed since
    return ""


def _deploy(
    endpoint: Endpoint,
    chosen: Recipe,
    data: dict[str, Any],
    instance_type: str | None,
    progress: Callable[[JobProgress], None] | None,
) -> None:
    aws, name = endpoint.aws, endpoint.name
    client = aws.client("sagemaker")
    told = {"job": endpoint.job_name, "dataset": endpoint.dataset_id, "model": endpoint.model_id}
    tags = make_tags(**{key: value for key, value in told.items() if value})
    existing = _not_going(endpoint, progress)
    if existing is not None and existing["EndpointStatus"] == "Failed":
        delete(aws, name)
        existing = None
    if existing is not None:
        theirs = as_dict(kit_call(client.list_tags, ResourceArn=existing["EndpointArn"])["Tags"]).get(JOB, "")
        if theirs != endpoint.job_name:
            raise BadInput(f"Endpoint {name} serves another model ({theirs or 'the base model'}); choose another name.")
    else:
        instance = instance_type or chosen.inference_instance
        environment = {
            entry["Name"]: str(entry["Default"])
            for entry in chosen.document.get("InferenceEnvironmentVariables") or []
            if entry.get("Default") is not None and str(entry.get("Scope", "container")).lower() == "container"
        }
        container = {"Image": chosen.image(instance, "hosting"), "Environment": environment} | data
        isolated = bool(chosen.document.get("InferenceEnableNetworkIsolation", False))
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": instance,
            "InitialInstanceCount": 1,
            "ModelDataDownloadTimeoutInSeconds": 1200,
            "ContainerStartupHealthCheckTimeoutInSeconds": 1200,
        }
        _create(
            client.create_model,
            ModelName=name,
            PrimaryContainer=container,
            ExecutionRoleArn=aws.role_arn,
            EnableNetworkIsolation=isolated,
            Tags=tags,
        )
        _create(client.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[variant], Tags=tags)
        _create(client.create_endpoint, EndpointName=name, EndpointConfigName=name, Tags=tags)
    _wait(endpoint, progress)


def _create(call: Callable[..., Any], **request: Any) -> None:
    """Create one of the three parts; one that an interrupted deployment left behind is used."""
    try:
        kit_call(call, **request)
    except AwsProblem as problem:
        if "already exist" not in str(problem).lower():
            raise


def _not_going(
    endpoint: Endpoint, progress: Callable[[JobProgress], None] | None, timeout: float = 900
) -> dict[str, Any] | None:
    """The endpoint of this name that there is. One that is being deleted is waited for: its name is not free before."""
    started = time.monotonic()
    while (described := describe_endpoint(endpoint.aws, endpoint.name)) and described["EndpointStatus"] == "Deleting":
        if time.monotonic() - started > timeout:
            raise AwsProblem(f"Endpoint {endpoint.name} is still being deleted after {timeout:.0f} s; try again later.")
        if progress is not None:
            progress(JobProgress(0, 0, None, f"Endpoint {endpoint.name}: the one before it is being deleted"))
        time.sleep(pause(endpoint.aws))
    return described


def _wait(endpoint: Endpoint, progress: Callable[[JobProgress], None] | None, timeout: float = 1800) -> None:
    started = time.monotonic()
    told = ""
    while True:
        described = describe_endpoint(endpoint.aws, endpoint.name)
        status = described["EndpointStatus"] if described else "Failed"
        if status == "InService":
            if progress is not None:
                progress(JobProgress(1, 1, 0.0, f"Endpoint {endpoint.name} is in service", "Completed"))
            return
        if described is None or status in ("Failed", "Deleting", "OutOfService"):
            reason = (described or {}).get("FailureReason") or "AWS gave no reason"
            code = next((code for code in SHORTAGES if code in reason), "")
            raise AwsProblem(f"Endpoint {endpoint.name} did not start ({status}): {reason.rstrip('.')}.", code)
        if time.monotonic() - started > timeout:
            raise AwsProblem(f"Endpoint {endpoint.name} is still {status} after {timeout:.0f} s; look again later.")
        if progress is not None and told != status:
            progress(JobProgress(0, 0, None, f"Endpoint {endpoint.name}: {status}"))
            told = status
        time.sleep(pause(endpoint.aws))


def _prefix(uri: str, *, eula: bool = False) -> dict[str, Any]:
    source: dict[str, Any] = {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}
    if eula:
        source["ModelAccessConfig"] = {"AcceptEula": True}
    return {"S3DataSource": source}


def _name(text: str) -> str:
    clean = re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")
    # A cut name keeps a hash of the whole, so that two long ones stay two.
    return clean if len(clean) <= 63 else f"{clean[:50]}-{content_id(text)}"
