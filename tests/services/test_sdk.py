"""The SageMaker SDK's ModelTrainer.from_jumpstart_config, from the hub's document to the artefact."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"
SCRIPT = """
import json, sys
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.jumpstart import JumpStartConfig
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData

trainer = ModelTrainer.from_jumpstart_config(
    jumpstart_config=JumpStartConfig(model_id="meta-textgeneration-llama-3-2-3b-instruct", accept_eula=True),
    compute=Compute(instance_type="ml.g5.2xlarge"),
    hyperparameters={"epoch": "1", "instruction_tuned": "True"},
    role=sys.argv[1],
    # Named, because the SDK asks STS at its public address for the account when it has to make a name up.
    sagemaker_session=Session(default_bucket="practice"),
)
trainer.train(input_data_config=[InputData(channel_name="training", data_source=sys.argv[2])], wait=True)
print("NAME", trainer._latest_training_job.training_job_name)
"""


def sdk_python():
    """A Python that has the SDK: this one, or the one that WORKSHOP_SDK_PYTHON names."""
    told = os.environ.get("WORKSHOP_SDK_PYTHON")
    if told:
        return told
    if importlib.util.find_spec("sagemaker") is None:
        pytest.skip("the SageMaker SDK is not installed: pip install 'workshop-kit[sdk]'")
    return sys.executable


def test_model_trainer_from_jumpstart_config_trains_here(server, tmp_path):
    python = sdk_python()
    script = tmp_path / "sdk.py"
    script.write_text(SCRIPT)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment |= server.info.env() | {"SAGEMAKER_TELEMETRY_OPT_OUT": "true"}
    done = subprocess.run(
        [python, str(script), ROLE, server.upload("data/sdk", rows=16)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    name = done.stdout.rsplit("NAME ", 1)[1].strip()
    job = server.job(name)
    assert job["TrainingJobStatus"] == "Completed"
    channels = {entry["ChannelName"] for entry in job["InputDataConfig"]}
    assert channels == {"training", "model", "code", "sm_drivers"}
    bounds = {entry["Name"]: entry for entry in server.hub_document()["Hyperparameters"]}
    assert set(job["HyperParameters"]) >= set(bounds), "the SDK sends the hub's defaults with the caller's own"
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://practice/")
    assert server.client("s3").head_object(Bucket="practice", Key=key)["ContentLength"] > 100
