"""What a customization job writes: figures by step, as the CSV files that Bedrock puts beside the output.

    <output>/model-customization-job-<id>/training_artifacts/step_wise_training_metrics.csv
    <output>/model-customization-job-<id>/validation_artifacts/post_fine_tuning_validation/validation_metrics.csv

Bedrock's documentation names the columns step_number (from 0), epoch_number, training_loss or validation_loss, and
perplexity. Reinforcement adds columns of local AWS's own after them. Bedrock has been seen to write the validation file
below `validation/` too, so both are written. The files are brought up to date after every epoch or evaluation, so that
a run can be watched.
"""

from __future__ import annotations

import csv
import io
import json
import math
import time
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import customizations

Document = dict[str, Any]

_TRAIN = "train_loss"
_EVAL = ("eval_epoch_loss", "eval_reward")
# The trainer's names for what goes into a row of the training file, and the columns they get.
_COLUMNS = {
    "train_loss": "training_loss",
    "perplexity": "perplexity",
    "reward": "reward",
    "reward_std": "reward_std",
    "answer_tokens": "answer_tokens",
    "kl": "kl",
}


class Recorder:
    """A job's reporter. Figures are kept in a file of the job's folder, so that a resumed run goes on with them."""

    def __init__(self, ctx: Context, job: Document, folder: Path) -> None:
        self._ctx, self._job, self._file = ctx, job, folder / "figures.jsonl"
        self._rows: dict[tuple[str, int], tuple[int, float]] = {}  # (name, step) -> (epoch, value)
        folder.mkdir(parents=True, exist_ok=True)
        if self._file.is_file():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                try:
                    name, value, step, epoch = json.loads(line)
                except ValueError:
                    continue  # the line that a kill cut off
                self._rows[name, step] = epoch, value

    def log(self, line: str) -> None:
        """A line for whoever looks into local AWS; Bedrock itself shows none."""
        at = int(time.time() * 1000)
        lines = [(at, text) for text in line.splitlines() or [""]]
        self._ctx.store.append_log(customizations.LOG_GROUP, self._job["_Log"], lines)

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        """Keep a figure; after an evaluation or an epoch the files are written anew."""
        if name in _COLUMNS or name in _EVAL:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, value, step, epoch]) + "\n")
            self._rows[name, step] = epoch, value
        if name in (*_EVAL, "train_epoch_loss"):
            self.publish()

    def progress(self, step: int, total: int) -> None:
        """Bedrock tells nothing of steps while a job runs."""

    def last(self, name: str) -> float | None:
        """The latest value of a figure."""
        steps = [step for found, step in self._rows if found == name]
        return self._rows[name, max(steps)][1] if steps else None

    def publish(self) -> None:
        """Write the CSV files to the job's output."""
        root = f"{self._job['outputDataConfig']['s3Uri'].rstrip('/')}/model-customization-job-{self._job['_Id']}"
        if training := self._training():
            self._upload(training, f"{root}/training_artifacts/step_wise_training_metrics.csv")
        if validation := self._validation():
            for place in ("post_fine_tuning_validation", "validation"):
                self._upload(validation, f"{root}/validation_artifacts/{place}/validation_metrics.csv")

    def _training(self) -> list[list[object]]:
        names = [name for name in _COLUMNS if name == "perplexity" or any(found == name for found, _ in self._rows)]
        rows: list[list[object]] = []
        for step in sorted(step for name, step in self._rows if name == _TRAIN):
            epoch, loss = self._rows[_TRAIN, step]
            values = {name: self._rows[name, step][1] for name in names if (name, step) in self._rows}
            values.setdefault("perplexity", math.exp(min(loss, 80.0)))
            rows.append([step - 1, epoch - 1, *(_text(values.get(name)) for name in names)])
        return [["step_number", "epoch_number", *(_COLUMNS[name] for name in names)], *rows] if rows else []

    def _validation(self) -> list[list[object]]:
        name = next((name for name in _EVAL if any(found == name for found, _ in self._rows)), None)
        if name is None:
            return []
        head = ["validation_loss", "perplexity"] if name == "eval_epoch_loss" else ["validation_reward"]
        rows: list[list[object]] = []
        for step in sorted(step for found, step in self._rows if found == name):
            epoch, value = self._rows[name, step]
            figures = [value, math.exp(min(value, 80.0))] if len(head) == 2 else [value]
            # A reward is measured before the first step too: its step_number counts the steps made by then.
            rows.append([step - 1 if len(head) == 2 else step, epoch - 1, *map(_text, figures)])
        return [["step_number", "epoch_number", *head], *rows]

    def _upload(self, rows: list[list[object]], uri: str) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        path = self._file.with_name("upload.csv")
        path.write_text(text.getvalue(), encoding="utf-8")
        self._ctx.objects.upload_file(path, uri)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
