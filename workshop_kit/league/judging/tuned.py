"""Whether a submission's model was tuned from a base of the event: proved by what AWS says, not by what the team says.

    endpoint                        -> configuration -> model -> artefact -> training job -> base
    custom model's deployment       -> custom model -> customization job -> base
    imported model                  -> import job -> artefact -> training job -> base

What can't be traced is refused, with one sentence that says where the trace ended. A job may go on from another job's
artefact. What a training image of AWS's own writes, and what is hosted by an image of AWS's own, is taken as proved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.aws import Aws, kit_call
from workshop_kit.errors import AwsProblem, BadInput, JobFailed, NotYet
from workshop_kit.settings import LEAGUE_BASES
from workshop_kit.training import TrainingJob, recipe
from workshop_kit.training.hyperparameters import Recipe

CUSTOM = ("custom-model-deployment", "provisioned-model", "imported-model")
# A job that goes on from another's model, and that from another's.
DEEPEST = 5
_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
# What makes a hosting container load other weights than the artefact's.
_OTHER_WEIGHTS = ("HF_MODEL_ID", "OPTION_MODEL_ID", "MODEL_ID", "SERVING_LOAD_MODELS")


@dataclass(frozen=True)
class Proof:
    """The base that a model was tuned from, by which job; `artefact` is its S3 address or the custom model's ARN."""

    base: str
    job: str
    artefact: str


def refuse_untuned(target: dict[str, Any]) -> None:
    """Raise BadInput for a Bedrock model that its id alone shows to be nobody's own."""
    if target["kind"] == "bedrock" and not _kind_of(target["model_id"]):
        raise BadInput(
            f"{target['model_id']} is a model as its maker offers it; this league ranks models that you have tuned: "
            "submit an endpoint, a training job or a custom model's deployment, or practise with it."
        )


def prove(aws: Aws, target: dict[str, Any], bases: Sequence[str] = ()) -> Proof:
    """Trace a target to the job that tuned it; without `bases` those of settings.LEAGUE_BASES are taken.

    Raises BadInput when it can't be traced or has another base, AwsProblem as AWS does.
    """
    refuse_untuned(target)
    bases = tuple(bases) or LEAGUE_BASES
    if target["kind"] == "bedrock":
        return _custom(aws, target["model_id"], bases)
    if target["kind"] == "artefact":
        job = TrainingJob(aws, target["training_job"])
        return _trained(aws, job.artifact, [job.name], bases)
    return _hosted(aws, target["endpoint"], bases)


def _kind_of(model_id: str) -> str:
    return next((kind for kind in CUSTOM if model_id.startswith("arn:") and f":{kind}/" in model_id), "")


# --- SageMaker


def _hosted(aws: Aws, endpoint: str, bases: Sequence[str]) -> Proof:
    client = aws.client("sagemaker")
    config = kit_call(client.describe_endpoint, EndpointName=endpoint)["EndpointConfigName"]
    told = kit_call(client.describe_endpoint_config, EndpointConfigName=config)
    names = [variant.get("ModelName", "") for variant in told["ProductionVariants"]]
    if len(set(names)) != 1 or not names[0]:
        raise BadInput(f"The endpoint {endpoint} serves {len(names)} models or components; submit one with one model.")
    model = kit_call(client.describe_model, ModelName=names[0])
    containers = model.get("Containers") or [model.get("PrimaryContainer") or {}]
    if len(containers) != 1:
        raise BadInput(f"The endpoint {endpoint} has {len(containers)} containers; submit one with one container.")
    container = containers[0]
    if package := container.get("ModelPackageName"):
        found = kit_call(client.describe_model_package, ModelPackageName=package)
        container = found["InferenceSpecification"]["Containers"][0] | container
    uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri", "")
    proof = _trained(aws, uri, [endpoint], bases, f"The endpoint {endpoint}")
    environment = container.get("Environment") or {}
    other = [name for name in _OTHER_WEIGHTS if not environment.get(name, "/opt/ml/").startswith("/opt/ml/")]
    if other:
        raise BadInput(f"The endpoint {endpoint} loads other weights than its artefact's ({other[0]}); deploy it anew.")
    _check_image(container.get("Image", ""), recipe(aws, proof.base), "hosting", f"The endpoint {endpoint}")
    return proof


def _trained(aws: Aws, uri: str, likely: list[str], bases: Sequence[str], what: str = "", depth: int = 0) -> Proof:
    """The proof for an artefact: the job whose own artefact it is, and that job's base."""
    what = what or f"The training job {likely[0]}"
    job = _job_of(aws, uri, likely)
    if job is None:
        raise BadInput(
            f"{what} can't be traced to a training job (its model is at {uri or 'no address'}); deploy the model of "
            "your training job as notebook 05 does."
        )
    name, source = job["TrainingJobName"], _model_channel(job)
    serverless = job.get("ServerlessJobConfig", {}).get("BaseModelArn", "")
    for base in bases:
        if serverless and f"/{base}/" in f"{serverless}/":
            return Proof(base, name, uri)
        if source and (found := _recipe(aws, base)) and _same_model(source, found):
            _check_image(job["AlgorithmSpecification"].get("TrainingImage", ""), found, "training", f"The job {name}")
            return Proof(base, name, uri)
    if source and depth < DEEPEST and _job_of(aws, source, []):
        return Proof(_trained(aws, source, [], bases, what, depth + 1).base, name, uri)
    raise BadInput(
        f"{what} was not tuned from a base of this league ({', '.join(bases)}): the training job {name} began with "
        f"{serverless or source or 'a model that it does not name'}."
    )


def _job_of(aws: Aws, uri: str, likely: list[str]) -> dict[str, Any] | None:
    """The training job that wrote an artefact: its name is a part of the address, or one of the `likely` ones."""
    parts = [part for part in uri.removeprefix("s3://").split("/")[1:] if _JOB_NAME.fullmatch(part)]
    for name in dict.fromkeys([*reversed(parts), *filter(_JOB_NAME.fullmatch, likely)]):
        try:
            job = TrainingJob(aws, name)
            if _plain(job.artifact) == _plain(uri):
                return job.describe()
        except (NotYet, JobFailed):
            continue
        except AwsProblem as problem:
            if problem.code != "ResourceNotFound":
                raise
    return None


def _plain(uri: str) -> str:
    return uri.rstrip("/")


def _model_channel(job: dict[str, Any]) -> str:
    channels = {channel["ChannelName"]: channel for channel in job.get("InputDataConfig") or []}
    return channels.get("model", {}).get("DataSource", {}).get("S3DataSource", {}).get("S3Uri", "")


def _recipe(aws: Aws, base: str) -> Recipe | None:
    """A base's recipe; None where the hub has no such model, which may be one of Bedrock's."""
    try:
        return recipe(aws, base)
    except AwsProblem as problem:
        if problem.code not in ("ResourceNotFound", "ResourceNotFoundException", "ValidationException"):
            raise
    except BadInput:
        pass
    return None


def _same_model(source: str, found: Recipe) -> bool:
    """Whether a job's model channel is a base's: the very address, or an older version's in JumpStart's own bucket."""
    bucket = found.training_artifact.split("/")[2:3]
    return bool(found.training_artifact) and (
        _plain(source) == _plain(found.training_artifact)
        or (source.split("/")[2:3] == bucket and found.model_id in re.split(r"[/.]|train-", source))
    )


def _check_image(image: str, found: Recipe, use: str, what: str) -> None:
    """Raise BadInput when an image is none of those that JumpStart names for the base; its tag may be any."""
    document = found.document.get(
        "TrainingInstanceTypeVariants" if use == "training" else "HostingInstanceTypeVariants"
    )
    known = {found.training_image if use == "training" else found.hosting_image}
    known |= set(re.findall(r"[\w.-]+\.dkr\.ecr\.[\w./-]+:[\w.-]+", str(document or "")))
    if {_repository(name) for name in known} - {""} and _repository(image) not in {_repository(n) for n in known}:
        raise BadInput(f"{what} runs the image {image}, which is not the base's own; make it as the notebooks do.")


def _repository(image: str) -> str:
    return image.split("@")[0].rsplit(":", 1)[0] if image else ""


# --- Bedrock


def _custom(aws: Aws, arn: str, bases: Sequence[str]) -> Proof:
    client, kind = aws.client("bedrock"), _kind_of(arn)
    if kind == "imported-model":
        job = kit_call(client.get_imported_model, modelIdentifier=arn).get("jobArn", "")
        source = kit_call(client.get_model_import_job, jobIdentifier=job)["modelDataSource"]
        return _trained(aws, source.get("s3DataSource", {}).get("s3Uri", ""), [], bases, f"The imported model {arn}")
    if kind == "provisioned-model":
        model = kit_call(client.get_provisioned_model_throughput, provisionedModelId=arn)["modelArn"]
    else:
        model = kit_call(client.get_custom_model_deployment, customModelDeploymentIdentifier=arn)["modelArn"]
    if ":custom-model/" not in model:
        raise BadInput(f"{arn} serves {model}, a model as its maker offers it; submit a model that you have tuned.")
    told = kit_call(client.get_custom_model, modelIdentifier=model)
    if not told.get("jobArn"):
        raise BadInput(f"The custom model {model} was not made by a customization job; submit one that was.")
    job = kit_call(client.get_model_customization_job, jobIdentifier=told["jobArn"])
    return Proof(_bedrock_base(client, job["baseModelArn"], bases), job["jobName"], model)


def _bedrock_base(client: Any, arn: str, bases: Sequence[str], depth: int = 0) -> str:
    if ":custom-model/" in arn and depth < DEEPEST:
        return _bedrock_base(
            client, kit_call(client.get_custom_model, modelIdentifier=arn)["baseModelArn"], bases, depth + 1
        )
    name = arn.rsplit("/", 1)[-1]
    for base in bases:
        if name == base or name.startswith(f"{base}:"):
            return base
    raise BadInput(f"That model was tuned from {name}, which is no base of this league ({', '.join(bases)}).")
