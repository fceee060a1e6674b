"""A run's curves from CloudWatch's metrics, where its log can't be read or has been deleted.

Metrics have times, not epochs: the n-th value of a metric is taken for epoch n, which is what JumpStart's training
writes. CloudWatch keeps data points of a minute for 15 days, coarser ones for longer.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import NotYet
from workshop_kit.training.jobs import TrainingJob
from workshop_kit.training.runs import EpochPoint, Run

NAMESPACE = "/aws/sagemaker/TrainingJobs"
# What the names of JumpStart's metric definitions end in.
_ENDS = {"train": "train-loss", "eval": "eval-loss"}


def load_from_metrics(aws: Any, job_name: str | TrainingJob) -> Run:
    """A Run from a training job's CloudWatch metrics.

    Raises AwsProblem when there is no such job, NotYet when CloudWatch has no values of it.
    """
    job = job_name if isinstance(job_name, TrainingJob) else TrainingJob(aws, job_name)
    described = job.describe()
    definitions = described["AlgorithmSpecification"].get("MetricDefinitions") or []
    names = {
        which: next((entry["Name"] for entry in definitions if entry["Name"].endswith(end)), None)
        for which, end in _ENDS.items()
    }
    start = described.get("TrainingStartTime") or described["CreationTime"]
    end = described.get("TrainingEndTime") or datetime.now(UTC)
    losses = {which: _values(aws, job.name, name, start, end) if name else [] for which, name in names.items()}
    count = max(map(len, losses.values()))
    if not count:
        raise NotYet(f"CloudWatch has no loss of training job {job.name} yet; it may take some minutes.")
    epochs = []
    for number in range(count):
        train, held = (losses[which][number] if number < len(losses[which]) else None for which in ("train", "eval"))
        epochs.append(EpochPoint(number + 1, train, held, _exp(train), _exp(held)))
    return Run(
        job.name,
        tuple(epochs),
        status=described["TrainingJobStatus"],
        hyperparameters=MappingProxyType(dict(described.get("HyperParameters") or {})),
        model_uri=described.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
    )


def _values(aws: Any, job: str, name: str, start: datetime, end: datetime) -> list[float]:
    """A metric's values in the order of time, by the second."""
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": name,
        "Dimensions": [{"Name": "Host", "Value": f"{job}/algo-1"}],
    }
    query = {"Id": "loss", "MetricStat": {"Metric": metric, "Period": 1, "Stat": "Average"}}
    window = {"StartTime": start - timedelta(minutes=1), "EndTime": end + timedelta(minutes=1)}
    found: list[float] = []
    token = None
    while True:
        more = {"NextToken": token} if token else {}
        page = kit_call(
            aws.client("cloudwatch").get_metric_data,
            MetricDataQueries=[query],
            ScanBy="TimestampAscending",
            **window,
            **more,
        )
        found += page["MetricDataResults"][0]["Values"]
        token = page.get("NextToken")
        if not token:
            return found


def _exp(loss: float | None) -> float | None:
    return None if loss is None else math.exp(min(loss, 700.0))
