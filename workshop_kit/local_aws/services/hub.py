"""SageMakerPublicHub: the JumpStart entries that local AWS accepts, described as the stand-ins they are.

The document has what the SageMaker SDK's ModelTrainer.from_jumpstart_config reads, and the trainer's own
hyperparameters with their bounds: a small model needs other numbers than Llama, and a caller who reads them
here runs the same code on AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import resources
from workshop_kit.local_aws.trainer.hyperparameters import published

Document = dict[str, Any]

SCHEMA_VERSION = "2.3.0"
PUBLISHED = 1_735_689_600.0  # 2025-01-01: a fixed date, since these entries are part of the program
INSTANCES = [f"ml.{family}.{size}" for family in ("g5", "g6") for size in ("2xlarge", "4xlarge", "12xlarge")]
METRICS = (
    ("huggingface-textgeneration:eval-loss", r"eval_epoch_loss=tensor\(([0-9\.]+)"),
    ("huggingface-textgeneration:eval-ppl", r"eval_ppl=tensor\(([0-9\.]+)"),
    ("huggingface-textgeneration:train-loss", r"train_epoch_loss=([0-9\.]+)"),
)


def describe_hub_content(ctx: Context, request: Document) -> Document:
    """DescribeHubContent."""
    model = catalogue.JUMPSTART.get(request["HubContentName"])
    arn = _content_arn(ctx, request["HubContentName"], "")
    if request["HubName"].rsplit("/", 1)[-1] != catalogue.HUB or request["HubContentType"] != "Model" or model is None:
        raise AwsError(
            "ResourceNotFound",
            f"Hub content {arn} does not exist; local AWS's {catalogue.HUB} holds the models "
            f"{', '.join(sorted(catalogue.JUMPSTART))}.",
        )
    version = request.get("HubContentVersion")
    if version not in (None, "*", model.version):
        raise AwsError("ResourceNotFound", f"Hub content {arn}{version} does not exist; version {model.version} does.")
    return resources.public(_summary(ctx, model)) | {
        "HubName": catalogue.HUB,
        "HubArn": f"arn:aws:sagemaker:{ctx.region}:aws:hub/{catalogue.HUB}",
        "HubContentMarkdown": _markdown(model),
        "HubContentDocument": json.dumps(document(ctx, model)),
    }


def list_hub_contents(ctx: Context, request: Document) -> Document:
    """ListHubContents."""
    if request["HubName"].rsplit("/", 1)[-1] != catalogue.HUB:
        raise AwsError("ResourceNotFound", f"Hub {request['HubName']} does not exist; local AWS has {catalogue.HUB}.")
    summaries = []
    if request["HubContentType"] == "Model":
        summaries = [_summary(ctx, model) for model in catalogue.JUMPSTART.values()]
    rows, token = resources.page(
        resources.filtered(summaries, request, name="HubContentName"),
        request,
        keys={
            "HubContentName": lambda row: row["HubContentName"],
            "CreationTime": lambda row: row["CreationTime"],
            "HubContentStatus": lambda row: row["HubContentStatus"],
        },
        name="HubContentName",
        default_order="Ascending",
        default_sort="HubContentName",
    )
    return resources.listing("HubContentSummaries", rows, token)


def document(ctx: Context, model: catalogue.JumpStartModel) -> Document:
    """The HubContentDocument of a stand-in."""
    registry = f"{ctx.account_id}.dkr.ecr.{ctx.region}.amazonaws.com"
    return {
        "Url": "",
        "Description": model.label,
        "MinSdkVersion": "3.0.0",
        "ModelTypes": ["OPEN_WEIGHTS"],
        "Provider": catalogue.PROVIDER,
        "Framework": "huggingface",
        "Task": "text generation",
        "DataType": "text",
        "Capabilities": ["TRAINING", "FINE_TUNING", "VALIDATION"],
        "ResourceNameBase": model.model_id,
        "GatedBucket": True,
        "TrainingSupported": True,
        "FineTuningSupported": True,
        "ValidationSupported": True,
        "IncrementalTrainingSupported": False,
        "Hyperparameters": list(published(catalogue.base_model())),
        "TrainingEcrUri": f"{registry}/workshop-local-training:{model.version}",
        "TrainingScriptUri": model.script_uri,
        "TrainingArtifactUri": model.training_uri,
        "TrainingArtifactS3DataType": "S3Prefix",
        "TrainingArtifactCompressionType": "None",
        "TrainingMetrics": [{"Name": name, "Regex": regex} for name, regex in METRICS],
        "DefaultTrainingInstanceType": "ml.g5.2xlarge",
        "SupportedTrainingInstanceTypes": INSTANCES,
        "TrainingInstanceTypeVariants": {"Aliases": {}, "Variants": {}},
        "TrainingVolumeSize": 30,
        "TrainingEnableNetworkIsolation": False,
        "DisableOutputCompression": False,
        "MaxRuntimeInSeconds": 3600,
        "HostingEcrUri": f"{registry}/workshop-local-inference:{model.version}",
        "HostingArtifactUri": model.hosting_uri,
        "HostingArtifactS3DataType": "S3Prefix",
        "HostingArtifactCompressionType": "None",
        "HostingUseScriptUri": False,
        "InferenceEnvironmentVariables": [],
        "InferenceEnableNetworkIsolation": True,
        "DefaultInferenceInstanceType": "ml.g5.2xlarge",
        "SupportedInferenceInstanceTypes": INSTANCES,
        "InferenceVolumeSize": 30,
        "DefaultPayloads": {
            "question": {
                "ContentType": "application/json",
                "PromptKey": "inputs",
                "OutputKeys": {"generated_text": "generated_text"},
                "Body": {
                    "inputs": "What is a permit?",
                    "parameters": {"max_new_tokens": 64, "temperature": 0.6},
                },
            }
        },
    }


def _content_arn(ctx: Context, name: str, version: str) -> str:
    return f"arn:aws:sagemaker:{ctx.region}:aws:hub-content/{catalogue.HUB}/Model/{name}/{version}"


def _summary(ctx: Context, model: catalogue.JumpStartModel) -> Document:
    return {
        "HubContentName": model.model_id,
        "HubContentArn": _content_arn(ctx, model.model_id, model.version),
        "HubContentVersion": model.version,
        "HubContentType": "Model",
        "DocumentSchemaVersion": SCHEMA_VERSION,
        "HubContentDisplayName": f"{catalogue.base_name()} (in place of {model.stands_for})",
        "HubContentDescription": model.label,
        "SupportStatus": "Supported",
        "HubContentSearchKeywords": ["local", "stand-in"],
        "HubContentStatus": "Available",
        "CreationTime": PUBLISHED,
        "LastModifiedTime": PUBLISHED,
    }


def _markdown(model: catalogue.JumpStartModel) -> str:
    return (
        f"# {model.model_id}\n\nOn this machine the id is answered by a {model.label}. Requests have the "
        "form that JumpStart's have; what the model knows, and how well it learns, is its own."
    )


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "DescribeHubContent": describe_hub_content,
    "ListHubContents": list_hub_contents,
}
