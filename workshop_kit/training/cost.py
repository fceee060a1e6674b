"""How long and how dear a job will be, before it is launched. Estimates, each with its source.

Prices are on-demand, US East (N. Virginia), in USD, as public price lists showed them; they differ by region and
change: the bill is what counts. https://aws.amazon.com/sagemaker/ai/pricing/ and https://aws.amazon.com/bedrock/pricing/
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PRICES_AS_OF = "2025"
PRICES_FROM = "on-demand prices in US East (N. Virginia) of 2025, aws.amazon.com/sagemaker/ai/pricing; yours may differ"


@dataclass(frozen=True)
class Instance:
    """A machine: GPUs, memory of one GPU in GiB, and USD per hour for training or hosting."""

    name: str
    gpus: int
    gpu_memory_gb: int
    usd_per_hour: float


INSTANCES: dict[str, Instance] = {
    instance.name: instance
    for instance in (
        Instance("ml.g5.xlarge", 1, 24, 1.408),
        Instance("ml.g5.2xlarge", 1, 24, 1.515),
        Instance("ml.g5.4xlarge", 1, 24, 2.03),
        Instance("ml.g5.12xlarge", 4, 24, 7.09),
        Instance("ml.g5.24xlarge", 4, 24, 10.18),
        Instance("ml.g5.48xlarge", 8, 24, 20.36),
        Instance("ml.g6.2xlarge", 1, 24, 1.222),
        Instance("ml.g6.12xlarge", 4, 24, 5.752),
    )
}


# USD per 1,000 tokens trained on, by the model's id. Public lists of 2025 agree, and AWS's report of an intent
# classifier (about 5,000 rows, 3 epochs, Nova Micro: 2.18 USD) fits them. https://aws.amazon.com/bedrock/pricing/
NOVA_TRAINING: dict[str, float] = {
    "amazon.nova-micro-v1": 0.001,
    "amazon.nova-lite-v1": 0.002,
    "amazon.nova-pro-v1": 0.008,
}
CUSTOM_MODEL_MONTH = 1.95  # USD for keeping one custom model for a month
BEDROCK_PRICES_FROM = "public price lists of 2025 for US East, aws.amazon.com/bedrock/pricing; yours may differ"

# One public report for Llama 3.2 3B with LoRA: 16,065 rows, one epoch, 1 h 15 in all on one ml.g5.2xlarge.
AWS_ROWS_PER_SECOND = 16_065 / (75 * 60)
AWS_START_SECONDS = 420.0  # finding a machine, pulling the image, downloading the weights; typical, not promised
# The kit's small model on two cores, 300 rows and 4 epochs, all linear layers.
LOCAL_ROWS_PER_SECOND = 30.0
LOCAL_START_SECONDS = 12.0


@dataclass(frozen=True)
class Estimate:
    """What a training job is expected to take. `usd` is what is charged here; `aws_usd` what AWS would charge."""

    rows: int
    epochs: int
    effective_batch: int
    steps_per_epoch: int
    steps: int
    seconds: float
    usd: float
    aws_usd: float | None
    aws_seconds: float
    basis: str

    @property
    def time_line(self) -> str:
        """The time in words."""
        return f"about {duration(self.seconds)} ({self.basis})"

    @property
    def cost_line(self) -> str:
        """The cost in words."""
        if self.aws_usd is None:
            there = "the kit has no price for this instance type"
        else:
            there = f"about {self.aws_usd:.2f} USD for {duration(self.aws_seconds)} ({PRICES_FROM})"
        if self.usd == 0:
            return f"0 USD: this runs on your own machine. The same job on AWS, estimated: {there}"
        return f"estimated {there}"


def charges(aws: Any) -> bool:
    """Whether calls cost money: an endpoint on the loopback interface has nobody behind it to send a bill."""
    host = urlsplit(getattr(aws, "endpoint_url", None) or "").hostname or ""
    return host not in ("127.0.0.1", "localhost", "::1")


def estimate(*, rows: int, epochs: int, batch: int, accumulation: int = 1, instance_type: str, paid: bool) -> Estimate:
    """Steps, time and cost of a job.

    steps per epoch = ceil(rows / (batch x GPUs x accumulation)); seconds = start-up + rows x epochs / rows per second
    (x GPUs on AWS); USD = hours x price per hour. The rates are one public report and one measurement: expect them to
    be right within a factor of two, not to the minute.
    """
    machine = INSTANCES.get(instance_type)
    gpus = machine.gpus if machine and paid else 1
    effective = batch * gpus * accumulation
    per_epoch = max(1, math.ceil(rows / effective))
    aws_seconds = AWS_START_SECONDS + rows * epochs / (AWS_ROWS_PER_SECOND * (machine.gpus if machine else 1))
    aws_usd = machine.usd_per_hour * aws_seconds / 3600 if machine else None
    local_seconds = LOCAL_START_SECONDS + rows * epochs / LOCAL_ROWS_PER_SECOND
    return Estimate(
        rows=rows,
        epochs=epochs,
        effective_batch=effective,
        steps_per_epoch=per_epoch,
        steps=per_epoch * epochs,
        seconds=aws_seconds if paid else local_seconds,
        usd=(aws_usd or 0.0) if paid else 0.0,
        aws_usd=aws_usd,
        aws_seconds=aws_seconds,
        basis="from one public report for Llama 3.2 3B, plus start-up" if paid else "the small model on two cores",
    )


def duration(seconds: float) -> str:
    """Seconds in words: 45 s, 3 min, 1 h 15 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
