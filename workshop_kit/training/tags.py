"""The tags on everything the kit makes in an account: what is the kit's own, and which data it comes from."""

from __future__ import annotations

import re

from workshop_kit.aws import TAG

OWNED = TAG["Key"]
DATASET = "workshop-kit:dataset"
TRAIN_ROWS = "workshop-kit:train-rows"
VALIDATION_ROWS = "workshop-kit:validation-rows"
JOB = "workshop-kit:job"
MODEL = "workshop-kit:model"

_NOT_ALLOWED = re.compile(r"[^\w\s.:/=+\-@]")


def make_tags(**values: str) -> list[dict[str, str]]:
    """The kit's mark and `values` (named as above: dataset=, job=, ...) as SageMaker takes them."""
    names = {
        "dataset": DATASET,
        "train_rows": TRAIN_ROWS,
        "validation_rows": VALIDATION_ROWS,
        "job": JOB,
        "model": MODEL,
    }
    pairs = {OWNED: TAG["Value"]} | {names[key]: _NOT_ALLOWED.sub("_", value)[:256] for key, value in values.items()}
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def as_dict(tags: list[dict[str, str]]) -> dict[str, str]:
    """Key -> value."""
    return {tag["Key"]: tag["Value"] for tag in tags}
