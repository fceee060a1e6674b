"""A customization job's CSV files, as Bedrock puts them beside its output, read into a Run."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, NotYet
from workshop_kit.training.bedrock.jobs import CustomizationJob
from workshop_kit.training.runs import EpochPoint, RewardPoint, Run, StepPoint
from workshop_kit.training.tags import DATASET, TRAIN_ROWS, VALIDATION_ROWS

TRAINING = "training_artifacts/step_wise_training_metrics.csv"
# Bedrock has been seen to use either place.
VALIDATION = (
    "validation_artifacts/post_fine_tuning_validation/validation_metrics.csv",
    "validation_artifacts/validation/validation_metrics.csv",
)


def load_customization(aws: Any, job: CustomizationJob | str) -> Run:
    """The curves of a customization job: losses by step and epoch, and rewards for reinforcement.

    A running job gives what is there so far. Raises NotYet when there is nothing yet, AwsProblem for an unknown job.
    """
    job = job if isinstance(job, CustomizationJob) else CustomizationJob(aws, job)
    described = job.describe()
    root = f"{described['outputDataConfig']['s3Uri'].rstrip('/')}/model-customization-job-"
    root += described["jobArn"].rsplit("/", 1)[-1]
    training = _table(aws, f"{root}/{TRAINING}")
    if not training:
        why = described.get("failureMessage") or f"its status is {described['status']}"
        raise NotYet(f"Customization job {job.name} has written no figures yet ({why}).")
    validation = next((table for place in VALIDATION if (table := _table(aws, f"{root}/{place}"))), [])
    settings = dict(described.get("hyperParameters") or {})
    rft = (described.get("customizationConfig") or {}).get("rftConfig") or {}
    settings |= {name: str(value) for name, value in (rft.get("hyperParameters") or {}).items()}
    if "epochCount" in settings:
        settings |= {"epoch": settings["epochCount"]}
    if "learningRate" in settings:
        settings |= {"learning_rate": settings["learningRate"]}
    tags = _tags(aws, described["jobArn"])
    return Run(
        job.name,
        _epochs(training, validation),
        _steps(training),
        described["status"],
        settings,
        tags.get(DATASET, ""),
        _whole(tags.get(TRAIN_ROWS)),
        _whole(tags.get(VALIDATION_ROWS)),
        described.get("outputModelArn", ""),
        _rewards(training, validation),
    )


def _table(aws: Any, uri: str) -> list[dict[str, float]]:
    """A CSV file's rows as numbers; empty when there is no such file. Cells without a number are left out."""
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    try:
        body = kit_call(aws.client("s3").get_object, Bucket=bucket, Key=key)["Body"].read()
    except AwsProblem as problem:
        if problem.code in ("NoSuchKey", "404"):
            return []
        raise
    rows = []
    for line in csv.DictReader(io.StringIO(body.decode("utf-8-sig"))):
        row: dict[str, float] = {}
        for name, text in line.items():
            try:
                row[str(name).strip()] = float(text)
            except (TypeError, ValueError):
                continue
        if "step_number" in row:
            rows.append(row)
    return rows


def _first(rows: list[dict[str, float]]) -> int:
    """What to add to epoch numbers so that they count from 1: files have been seen to begin with 0."""
    return 1 if rows and min(row.get("epoch_number", 1) for row in rows) == 0 else 0


def _steps(rows: list[dict[str, float]]) -> tuple[StepPoint, ...]:
    first = _first(rows)
    return tuple(
        StepPoint(int(row["step_number"]) + 1, int(row.get("epoch_number", 0)) + first, row["training_loss"])
        for row in rows
        if "training_loss" in row
    )


def _epochs(training: list[dict[str, float]], validation: list[dict[str, float]]) -> tuple[EpochPoint, ...]:
    """The mean training loss of each epoch, and the last validation loss measured in it."""
    first = _first(training)
    losses: dict[int, list[float]] = {}
    for row in training:
        if "training_loss" in row:
            losses.setdefault(int(row.get("epoch_number", 0)) + first, []).append(row["training_loss"])
    held: dict[int, float] = {}
    for row in validation:
        if "validation_loss" in row:
            held[int(row.get("epoch_number", 0)) + _first(validation)] = row["validation_loss"]
    points = []
    for epoch in sorted(losses.keys() | held.keys()):
        train = sum(losses[epoch]) / len(losses[epoch]) if epoch in losses else None
        points.append(EpochPoint(epoch, train, held.get(epoch), _exp(train), _exp(held.get(epoch))))
    return tuple(points)


def _rewards(training: list[dict[str, float]], validation: list[dict[str, float]]) -> tuple[RewardPoint, ...]:
    sampled = [RewardPoint(int(row["step_number"]) + 1, row["reward"]) for row in training if "reward" in row]
    # An evaluation's step_number counts the steps made by then.
    greedy = [
        RewardPoint(int(row["step_number"]), row["validation_reward"], True)
        for row in validation
        if "validation_reward" in row
    ]
    return (*sampled, *greedy)


def _exp(loss: float | None) -> float | None:
    return None if loss is None else math.exp(loss) if loss < 700 else math.inf


def _tags(aws: Any, arn: str) -> dict[str, str]:
    found = kit_call(aws.client("bedrock").list_tags_for_resource, resourceARN=arn)["tags"]
    return {tag["key"]: tag["value"] for tag in found}


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
