"""The tags on everything the kit makes in an account: what is the kit's own, and which data it comes from."""

from __future__ import annotations

import os
import re

from workshop_kit.aws import TAG

OWNED = TAG["Key"]
DATASET = "workshop-kit:dataset"
TRAIN_ROWS = "workshop-kit:train-rows"
VALIDATION_ROWS = "workshop-kit:validation-rows"
JOB = "workshop-kit:job"
MODEL = "workshop-kit:model"
TEAM = "workshop-kit:team"

_NOT_ALLOWED = re.compile(r"[^\w\s.:/=+\-@]")


def make_tags(**values: str) -> list[dict[str, str]]:
    """The kit's mark and `values` (named as above: dataset=, job=, ...) as SageMaker takes them.

    The team that WORKSHOP_TEAM names is added, so that an instructor can tell who runs what.
    """
    names = {
        "dataset": DATASET,
        "train_rows": TRAIN_ROWS,
        "validation_rows": VALIDATION_ROWS,
        "job": JOB,
        "model": MODEL,
        "team": TEAM,
    }
    if (team := os.environ.get("WORKSHOP_TEAM", "").strip()) and "team" not in values:
        values = values | {"team": team}
    pairs = {OWNED: TAG["Value"]} | {names[key]: _NOT_ALLOWED.sub("_", value)[:256] for key, value in values.items()}
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def as_dict(tags: list[dict[str, str]]) -> dict[str, str]:
    """Key -> value."""
    return {tag["Key"]: tag["Value"] for tag in tags}
