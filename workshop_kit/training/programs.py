"""A launch plan as a program: what the kit does, for whoever wants to do it without the kit."""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workshop_kit.training import cost

if TYPE_CHECKING:
    from workshop_kit.training.launching import LaunchPlan


def boto3_program(plan: Any, service: str, operation: str) -> str:
    """The launch in plain boto3, from a plan's request, region and endpoint_url.

    It runs as it is once the rows are uploaded.
    """
    where = f', endpoint_url="{plan.endpoint_url}"' if plan.endpoint_url else ""
    if not cost.charges(plan):
        # Local AWS wants a signature but knows no secrets.
        where += ',\n    aws_access_key_id="local", aws_secret_access_key="local"'
    request = pprint.pformat(plain(plan.request), sort_dicts=False, width=100)
    indented = request.replace("\n", "\n          ")
    return (
        "import boto3\n\n"
        f'{service} = boto3.client("{service}", region_name="{plan.region}"{where})\n'
        f"request = {indented}\n"
        f"{service}.{operation}(**request)\n"
    )


def sdk_program(plan: LaunchPlan) -> str:
    """The launch with the SageMaker Python SDK 3 (pip install "workshop-kit[sdk]"), once the rows are uploaded.

    The SDK makes up the job's name, and sends neither tags nor metric definitions: the kit would not find such a job.
    """
    uris = {c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in plan.request["InputDataConfig"]}
    settings = pprint.pformat(plain(plan.request["HyperParameters"]), sort_dicts=False, width=100)
    indented = settings.replace("\n", "\n                    ")
    return (
        "from sagemaker.core.jumpstart import JumpStartConfig\n"
        "from sagemaker.train import ModelTrainer\n"
        "from sagemaker.train.configs import Compute, InputData\n\n"
        "trainer = ModelTrainer.from_jumpstart_config(\n"
        f'    jumpstart_config=JumpStartConfig(model_id="{plan.recipe.model_id}", accept_eula=True),\n'
        f'    compute=Compute(instance_type="{plan.request["ResourceConfig"]["InstanceType"]}"),\n'
        f"    hyperparameters={indented},\n"
        f'    role="{plan.request["RoleArn"]}",\n'
        ")\n"
        "trainer.train(input_data_config=[\n"
        f'    InputData(channel_name="training", data_source="{uris["training"]}"),\n'
        f'    InputData(channel_name="validation", data_source="{uris["validation"]}"),\n'
        "])\n"
    )


def plain(value: Any) -> Any:
    """Mappings and tuples as dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
