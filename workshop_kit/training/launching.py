"""From a configuration to a running job: first the plan, with the exact boto3 request, then the launch.

A job's name is made from what goes into it, so running a notebook cell again finds the job instead of paying twice.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadHyperparameter, BadInput
from workshop_kit.records import Finding, content_id
from workshop_kit.review import Split
from workshop_kit.review.privacy import find_private, require_yes
from workshop_kit.settings import JUMPSTART_MODEL_ID
from workshop_kit.training import cost, programs
from workshop_kit.training.cards import plan_card
from workshop_kit.training.checks import read_values, traps
from workshop_kit.training.hyperparameters import Recipe, Value, as_text, recipe
from workshop_kit.training.jobs import TrainingJob
from workshop_kit.training.memory import MemoryFit, memory_fit
from workshop_kit.training.tags import make_tags
from workshop_kit.workspace import write_atomically


@dataclass(frozen=True)
class TrainingConfig:
    """What the learner chose; whatever is not named keeps the recipe's default.

    `budget_usd`: above this estimate, launch() wants an explicit yes.
    """

    hyperparameters: Mapping[str, Value] = field(default_factory=dict)
    model_id: str = JUMPSTART_MODEL_ID
    instance_type: str | None = None
    max_runtime_seconds: int = 3600
    budget_usd: float = 5.0
    name: str = "workshop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "hyperparameters", MappingProxyType(dict(self.hyperparameters)))

    def changed(self, **hyperparameters: Value) -> TrainingConfig:
        """The same with some hyperparameters changed."""
        return replace(self, hyperparameters={**self.hyperparameters, **hyperparameters})

    def save(self, path: str | Path) -> Path:
        """Write the configuration to a JSON file, whole or not at all."""
        write_atomically(Path(path), json.dumps(self.to_dict(), indent=2) + "\n")
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> TrainingConfig:
        """Read a configuration that save() wrote. Raises BadInput, naming the file and what is wrong in it."""
        try:
            told = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(**told)
        except (OSError, ValueError, TypeError) as problem:
            raise BadInput(f"{path} is no saved configuration: {problem}.") from None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, to keep in a file; TrainingConfig(**data) reads it back."""
        names = ("model_id", "instance_type", "max_runtime_seconds", "budget_usd", "name")
        return {"hyperparameters": dict(self.hyperparameters)} | {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class LaunchPlan:
    """Everything that would happen, before it does."""

    config: TrainingConfig
    recipe: Recipe = field(repr=False)
    split: Split = field(repr=False)
    job_name: str
    request: Mapping[str, Any] = field(repr=False)
    values: Mapping[str, Value]
    estimate: cost.Estimate
    findings: tuple[Finding, ...]
    region: str
    endpoint_url: str | None = None

    @property
    def memory(self) -> MemoryFit | None:
        """Whether it fits into the memory of the GPUs of its instance type on AWS; None where the kit can't tell."""
        return memory_fit(self.recipe.model_id, self.values, self.request["ResourceConfig"]["InstanceType"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth a second look, one sentence each; none of it prevents the launch."""
        return tuple(str(finding.message) for finding in self.findings if finding.severity == "warning")

    @property
    def errors(self) -> tuple[str, ...]:
        """What prevents the launch, one sentence each."""
        return tuple(finding.message for finding in self.findings if finding.severity == "error")

    def boto3_code(self) -> str:
        """The same launch as a program. It runs as it is once the rows are uploaded (`plan.upload(aws)`)."""
        return programs.boto3_program(self, "sagemaker", "create_training_job")

    def sdk_code(self) -> str:
        """The same launch with the SageMaker Python SDK 3, once the rows are uploaded."""
        return programs.sdk_program(self)

    def upload(self, aws: Any, *, private_ok: bool = False) -> None:
        """Put the rows and their template where the request says they are; doing it again changes nothing.

        Raises BadInput for rows with private text in them, unless a person has looked and says `private_ok`.
        """
        for part in (self.split.train, self.split.validation):
            require_yes(find_private(part), private_ok)
        s3 = aws.client("s3")
        with tempfile.TemporaryDirectory() as folder:
            saved = self.split.save(folder)
            for part, uri in _data_uris(aws, self.split).items():
                bucket, prefix = uri.removeprefix("s3://").split("/", 1)
                for path in sorted((Path(saved) / part).iterdir()):
                    kit_call(s3.put_object, Bucket=bucket, Key=prefix + path.name, Body=path.read_bytes())

    def _repr_html_(self) -> str:
        return plan_html(self)


def plan_launch(aws: Any, split: Split, config: TrainingConfig | None = None) -> LaunchPlan:
    """Work out the request, steps, time, cost and warnings; nothing is uploaded or launched.

    Reads the model's hub document. Values that can't be used are in `plan.errors`.
    """
    config = config or TrainingConfig()
    return plan_with(aws, recipe(aws, config.model_id), split, config)


def plan_with(aws: Any, chosen: Recipe, split: Split, config: TrainingConfig) -> LaunchPlan:
    """plan_launch for a recipe that was read before: no calls at all, fast enough for every key press."""
    values, wrong = read_values(chosen, config.hyperparameters)
    limit = values.get("max_train_samples", -1)
    rows = len(split.train) if not isinstance(limit, int) or limit < 1 else min(limit, len(split.train))
    findings = [*wrong, *traps(chosen, values, rows)]
    instance = config.instance_type or chosen.default_instance
    if instance not in chosen.instance_types:
        message = f"instance_type is {instance!r}; this model can be trained on {', '.join(chosen.instance_types)}."
        findings.append(Finding("error", "instance", message, field="instance_type"))
    if not aws.role_arn:
        message = "No execution role was found for the job; set WORKSHOP_ROLE_ARN to one that SageMaker may take."
        findings.append(Finding("error", "role", message))
    if len(split.validation) < 10:
        message = (
            f"There are only {len(split.validation)} validation rows: the evaluation loss will be mostly noise. "
            "Hold out more rows in notebook 02."
        )
        findings.append(Finding("warning", "few-validation-rows", message))
    fit = memory_fit(chosen.model_id, values, instance)
    if fit is not None and not fit.fits:
        fix = "Take a smaller batch, shorter rows, 8-bit weights, or a machine with more GPUs and FSDP."
        message = f"The training needs {fit} on {instance}."
        findings.append(Finding("warning", "memory", message, field="per_device_train_batch_size", fix=fix))
    paid = cost.charges(aws)
    expected = cost.estimate(
        rows=rows,
        epochs=_whole(values.get("epoch"), 1),
        batch=_whole(values.get("per_device_train_batch_size"), 1),
        accumulation=_whole(values.get("gradient_accumulation_steps"), 1),
        instance_type=instance,
        paid=paid,
    )
    texts = {**chosen.container, **{name: as_text(value) for name, value in values.items()}}
    uris = _data_uris(aws, split)
    identity = content_id([chosen.model_id, split.provenance_id, texts, instance])
    stem = re.sub(r"[^a-zA-Z0-9]+", "-", config.name).strip("-")[:30] or "workshop"
    job_name = f"{stem}-{identity}"
    request = {
        "TrainingJobName": job_name,
        "AlgorithmSpecification": {
            "TrainingImage": chosen.image(instance),
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": metric["Name"], "Regex": metric["Regex"]}
                for metric in chosen.document.get("TrainingMetrics") or []
            ],
        },
        "RoleArn": aws.role_arn,
        "HyperParameters": texts,
        "InputDataConfig": [
            _channel("training", uris["train"]),
            _channel("validation", uris["validation"]),
            *([_channel("model", chosen.training_artifact, eula=True)] if chosen.training_artifact else []),
            *([_channel("code", chosen.training_script)] if chosen.training_script else []),
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.bucket}/workshop-kit/output/"},
        "ResourceConfig": {"InstanceType": instance, "InstanceCount": 1, "VolumeSizeInGB": chosen.volume_gb},
        "StoppingCondition": {"MaxRuntimeInSeconds": config.max_runtime_seconds},
        "EnableNetworkIsolation": bool(chosen.document.get("TrainingEnableNetworkIsolation", False)),
        "Tags": make_tags(
            dataset=split.provenance_id,
            train_rows=str(rows),
            validation_rows=str(len(split.validation)),
            model=chosen.model_id,
        ),
    }
    return LaunchPlan(
        config,
        chosen,
        split,
        job_name,
        MappingProxyType(request),
        MappingProxyType(values),
        expected,
        tuple(findings),
        aws.region,
        getattr(aws, "endpoint_url", None),
    )


def launch(
    aws: Any, plan: LaunchPlan | Split, config: TrainingConfig | None = None, *, yes: bool = False,
    again: bool = False, private_ok: bool = False,
) -> TrainingJob:  # fmt: skip
    """Upload the rows and start the job; a job with the same content that is there already is given back instead.

    `plan` may also be a split, which is planned first. `again=True` starts a new job in any case, with a number after
    its name. `yes=True` agrees to an estimate above the configuration's budget, `private_ok=True` to the upload of rows
    that hold private text.
    Raises BadHyperparameter for values that can't be used, BadInput above the budget or for private text, AwsProblem
    when AWS refuses.
    """
    if isinstance(plan, Split):
        plan = plan_launch(aws, plan, config)
    if plan.errors:
        raise BadHyperparameter(" ".join(plan.errors))
    if plan.estimate.usd > plan.config.budget_usd and not yes:
        raise BadInput(
            f"This job is estimated at {plan.estimate.usd:.2f} USD, above the budget of {plan.config.budget_usd:.2f} "
            "USD; choose less work, or agree with launch(..., yes=True)."
        )
    name = plan.job_name
    number = 1
    while (existing := TrainingJob(aws, name)).exists():
        if not again:
            return existing
        number += 1
        name = f"{plan.job_name}-{number}"
    plan.upload(aws, private_ok=private_ok)
    try:
        kit_call(
            aws.client("sagemaker").create_training_job, **programs.plain(plan.request) | {"TrainingJobName": name}
        )
    except AwsProblem as problem:
        if problem.code != "ResourceInUse":
            raise
    return TrainingJob(aws, name)


def plan_html(plan: LaunchPlan) -> str:
    """The plan as a card: what is trained, steps, time, cost, warnings and the request."""
    facts = {
        "Model": f"{plan.recipe.model_id}: {plan.recipe.label}",
        "Rows": f"{plan.estimate.rows} to train on, {len(plan.split.validation)} to evaluate with",
        "Effective batch": f"{plan.estimate.effective_batch} rows per step",
        "Steps": f"{plan.estimate.steps} ({plan.estimate.steps_per_epoch} per epoch, {plan.estimate.epochs} epochs)",
        "Time": plan.estimate.time_line,
        "Memory on AWS": str(plan.memory or "not known for this model or machine"),
        "Cost": plan.estimate.cost_line,
        "Job name": plan.job_name,
    }
    code = {
        "The same launch in plain boto3": plan.boto3_code(),
        "The same with the SageMaker SDK": plan.sdk_code(),
    }
    return plan_card(facts, plan.findings, code)


def _data_uris(aws: Any, split: Split) -> dict[str, str]:
    root = f"s3://{aws.bucket}/workshop-kit/data/{split.provenance_id}"
    return {part: f"{root}/{part}/" for part in ("train", "validation")}


def _channel(name: str, uri: str, *, eula: bool = False) -> dict[str, Any]:
    source: dict[str, Any] = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    if eula:
        source["ModelAccessConfig"] = {"AcceptEula": True}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "CompressionType": "None"}


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default
