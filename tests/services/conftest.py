"""A real server on a workspace of its own, with a tiny model of random weights as the base."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from workshop_kit.local_aws import find_or_start, stop
from workshop_kit.local_aws.jobs.lock import WorkerLock

MODEL_ID = "meta-textgeneration-llama-3-2-3b-instruct"
BUCKET = "practice"
ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ "
    "m['content'] }}<|eot_id|>{% endfor %}{% if add_generation_prompt "
    "%}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of a few thousand random parameters with a tokenizer of bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-model")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = [
        "<|begin_of_text|>",
        "<|end_of_text|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<|eot_id|>",
        "<|pad|>",
    ]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(specials)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=specials[0],
        eos_token="<|eot_id|>",
        pad_token="<|pad|>",
        additional_special_tokens=specials[1:5],
        chat_template=TEMPLATE,
        model_max_length=1024,
    )
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(wrapped),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=wrapped.bos_token_id,
        eos_token_id=wrapped.eos_token_id,
        pad_token_id=wrapped.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@dataclass
class Served:
    """A running server, its clients, and the things the tests do all the time."""

    home: Path
    info: Any

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client of this server."""
        return boto3.client(
            service,
            endpoint_url=self.info.url,
            region_name=self.info.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=120, **config),
        )

    def upload(self, prefix: str, rows: int = 8) -> str:
        """Put training rows under a prefix of the bucket; returns the S3 address."""
        lines = [
            json.dumps({"instruction": f"What is {n}?", "context": "", "response": f"It is number {n}."})
            for n in range(rows)
        ]
        body = "\n".join(lines).encode()
        self.client("s3").put_object(Bucket=BUCKET, Key=f"{prefix}/train.jsonl", Body=body)
        return f"s3://{BUCKET}/{prefix}/"

    def request(self, name: str, *, rows: int = 8, **hyperparameters: str) -> dict[str, Any]:
        """A CreateTrainingJob request as a boto3 caller writes it after reading the hub's document."""
        document = self.hub_document()
        given = {
            "epoch": "1",
            "instruction_tuned": "True",
            "per_device_train_batch_size": "4",
        } | hyperparameters
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": document["TrainingEcrUri"],
                "TrainingInputMode": "File",
                "MetricDefinitions": document["TrainingMetrics"],
            },
            "RoleArn": ROLE,
            "HyperParameters": given,
            "InputDataConfig": [
                channel("training", self.upload(f"data/{name}", rows)),
                channel("model", document["TrainingArtifactUri"], ModelAccessConfig={"AcceptEula": True}),
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/runs"},
            "ResourceConfig": {"InstanceType": "ml.g5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        }

    def hub_document(self) -> dict[str, Any]:
        """The hub's document of the 3B id."""
        content = self.client("sagemaker").describe_hub_content(
            HubName="SageMakerPublicHub", HubContentType="Model", HubContentName=MODEL_ID
        )
        return json.loads(content["HubContentDocument"])

    def job(self, name: str) -> dict[str, Any]:
        """DescribeTrainingJob."""
        return self.client("sagemaker").describe_training_job(TrainingJobName=name)

    def wait(self, name: str, until: Callable[[dict[str, Any]], bool] | None = None, seconds: float = 90) -> Any:
        """Poll a job until it is over, or until `until` says so."""
        return eventually(
            lambda: self.job(name),
            until or (lambda job: job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped")),
            seconds,
        )

    def lines(self, name: str) -> list[str]:
        """The job's log."""
        logs = self.client("logs")
        group = "/aws/sagemaker/TrainingJobs"
        found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        return [
            event["message"]
            for stream in found
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    @staticmethod
    def eventually(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 60) -> Any:
        """See the function."""
        return eventually(look, good, seconds)

    def worker(self) -> int | None:
        """The worker's process id, if it lives."""
        return WorkerLock(self.home).holder() or None


def channel(name: str, uri: str, **more: Any) -> dict[str, Any]:
    """One channel of InputDataConfig."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"} | more
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def eventually(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 60) -> Any:
    """Look until it is good, and return what was seen; fails with the last thing seen when it never is."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if good(seen):
            return seen
        assert time.monotonic() < deadline, f"still {seen} after {seconds} s"
        time.sleep(0.1)


SETTINGS = {"OMP_NUM_THREADS": "1", "WORKSHOP_WORKER_IDLE_SECONDS": "30", "WORKSHOP_STOP_SECONDS": "6"}
SETTINGS["WORKSHOP_BASE_MODEL"] = "tiny"


def _settings(tiny_model: Path) -> dict[str, str]:
    return SETTINGS | {"WORKSHOP_BASE_MODEL": str(tiny_model)}


@contextmanager
def _serving(tiny_model: Path, home: Path) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _settings(tiny_model).items():
            patch.setenv(name, value)
        served = Served(home, find_or_start(home))
        served.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": served.info.region}
        )
        try:
            yield served
        finally:
            stop(home)
            if (worker := served.worker()) is not None:
                os.kill(worker, signal.SIGKILL)


@pytest.fixture(scope="session")
def _whole_server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with _serving(tiny_model, tmp_path_factory.mktemp("home")) as running:
        names = [name for name in os.environ if name in SETTINGS]
        kept = {name: os.environ.pop(name) for name in names}
        os.environ["WORKSHOP_BASE_MODEL"] = "tiny"  # as tests/conftest.py says for all other tests
        yield running
        os.environ.update(kept)  # as the block above expects to find it


@pytest.fixture(scope="module")
def server(_whole_server: Served, tiny_model: Path) -> Iterator[Served]:
    """The server of all tests that leave it whole; its settings hold for them alone, not for other folders' tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _settings(tiny_model).items():
            patch.setenv(name, value)
        yield _whole_server


@pytest.fixture(scope="module")
def killable(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for a module that kills it and its worker."""
    with _serving(tiny_model, tmp_path_factory.mktemp("killable")) as running:
        yield running


@pytest.fixture
def fresh_server(tiny_model: Path, tmp_path: Path) -> Iterator[Served]:
    """A server that one test has for itself."""
    with _serving(tiny_model, tmp_path / "home") as running:
        yield running
