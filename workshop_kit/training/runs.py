"""A run: what a training job's log says about its learning, as frozen numbers."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workshop_kit.errors import NotYet
from workshop_kit.records import content_id, html_table
from workshop_kit.training.jobs import TrainingJob
from workshop_kit.training.logs import Reader
from workshop_kit.training.tags import DATASET, TRAIN_ROWS, VALIDATION_ROWS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class EpochPoint:
    """The losses (natural logarithm, per token) and perplexities (e to the loss) at the end of one epoch."""

    epoch: int
    train_loss: float | None
    eval_loss: float | None
    train_perplexity: float | None = None
    eval_perplexity: float | None = None


@dataclass(frozen=True)
class StepPoint:
    """The training loss of one step; `step` counts from 1 through all epochs."""

    step: int
    epoch: int
    loss: float


@dataclass(frozen=True)
class RewardPoint:
    """A mean reward: of the answers sampled in a step, or (`evaluation`) of greedy ones after so many steps."""

    step: int
    reward: float
    evaluation: bool = False


@dataclass(frozen=True)
class Run:
    """One training job's curves, with the settings it ran with and the data it came from."""

    job_name: str
    epochs: tuple[EpochPoint, ...]
    steps: tuple[StepPoint, ...] = ()
    status: str = "Completed"
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    dataset_id: str = ""
    train_rows: int | None = None
    validation_rows: int | None = None
    model_uri: str = ""
    rewards: tuple[RewardPoint, ...] = ()

    @property
    def provenance_id(self) -> str:
        """A content hash of the job's name, its data, its settings and its losses."""
        losses = [[point.epoch, point.train_loss, point.eval_loss] for point in self.epochs]
        return content_id([self.job_name, self.dataset_id, dict(self.hyperparameters), losses])

    def to_frame(self) -> pd.DataFrame:
        """One row per epoch: epoch, train_loss, eval_loss, train_perplexity, eval_perplexity."""
        import pandas as pd

        columns = ["epoch", "train_loss", "eval_loss", "train_perplexity", "eval_perplexity"]
        return pd.DataFrame([[getattr(p, name) for name in columns] for p in self.epochs], columns=columns)

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [p.epoch, _number(p.train_loss), _number(p.eval_loss), _number(p.eval_perplexity, 2)] for p in self.epochs
        ]
        caption = f"Run {self.job_name} ({self.status}), data {self.dataset_id or 'unknown'}"
        return html_table(["epoch", "training loss", "evaluation loss", "evaluation perplexity"], rows, caption)


def load_run(aws: Any, job_name: str | TrainingJob) -> Run:
    """Read a job's curves from its CloudWatch log; a running job gives what there is so far.

    Raises AwsProblem when there is no such job and NotYet when its log has no epoch yet.
    """
    job = job_name if isinstance(job_name, TrainingJob) else TrainingJob(aws, job_name)
    described, tags = job.describe(), job.tags()
    run = run_from_lines(
        job.log_lines(),
        job.name,
        status=described["TrainingJobStatus"],
        hyperparameters=MappingProxyType(dict(described.get("HyperParameters") or {})),
        dataset_id=tags.get(DATASET, ""),
        train_rows=_whole(tags.get(TRAIN_ROWS)),
        validation_rows=_whole(tags.get(VALIDATION_ROWS)),
        model_uri=described.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
    )
    if not run.epochs:
        reason = described.get("FailureReason")
        why = f"it failed: {reason}" if reason else f"its status is {described['TrainingJobStatus']}"
        raise NotYet(f"The log of training job {job.name} has no finished epoch yet ({why}).")
    return run


def run_from_lines(lines: Iterable[str], job_name: str = "run", **known: Any) -> Run:
    """A Run from log lines; `known` are further fields of Run."""
    reader = Reader()
    for line in lines:
        reader.read(line)
    epochs = tuple(
        EpochPoint(
            epoch.number,
            epoch.train_loss,
            epoch.eval_loss,
            epoch.train_perplexity or _exp(epoch.train_loss),
            epoch.eval_perplexity or _exp(epoch.eval_loss),
        )
        for epoch in reader.ordered()
    )
    steps = tuple(
        StepPoint(number, epoch, loss) for number, ((epoch, _), loss) in enumerate(sorted(reader.steps.items()), 1)
    )
    return Run(job_name, epochs, steps, **known)


def _exp(loss: float | None) -> float | None:
    # Perplexity is e to the mean loss per token; beyond 700 a float has no room for it.
    return None if loss is None else math.exp(loss) if loss < 700 else math.inf


def _number(value: float | None, digits: int = 4) -> str:
    return "" if value is None else html.escape(f"{value:.{digits}f}")


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
