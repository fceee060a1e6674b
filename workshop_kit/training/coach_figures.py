"""How right the overfit coach is, on real runs with labels: python -m workshop_kit.training.coach_figures RUNS.json

The runs come from `python -m workshop_kit.local_aws.foundry.coach_runs`, which also says how they are labelled. The
coach's numbers were chosen on the runs with seed 1; those with seed 2 are the check.

precision = right verdicts / verdicts of that kind; recall = right verdicts / runs of that kind. "too little evidence"
is no verdict: it costs recall, not precision. Borderline runs are left out, since no verdict on them is right.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.training.diagnosis import diagnose
from workshop_kit.training.runs import EpochPoint, Run, StepPoint

KINDS = ("underfitting", "good fit", "overfitting", "diverged")
NONE = "too little evidence"


@dataclass(frozen=True)
class Figures:
    """For one verdict: runs of that kind, verdicts of that kind, right ones, and runs left without a verdict."""

    kind: str
    runs: int
    told: int
    right: int
    open: int

    @property
    def precision(self) -> float:
        """The share of these verdicts that are right; 1 where none was given."""
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """The share of these runs that got the right verdict."""
        return self.right / self.runs if self.runs else 1.0


def read_run(entry: dict[str, Any]) -> Run:
    """One entry of the file as a Run, with what the coach is shown of it."""
    numbers = [math.nan if loss is None else loss for loss in entry["steps"]]
    batch = int(entry["settings"].get("per_device_train_batch_size", 4))
    per_epoch = math.ceil(entry["train_rows"] / batch)
    epochs = [
        EpochPoint(number, math.nan if train is None else train, math.nan if held is None else held)
        for number, (train, held) in enumerate(zip(entry["train"], entry["eval"], strict=True), start=1)
    ]
    return Run(
        entry["shape"],
        tuple(epochs),
        tuple(StepPoint(n + 1, n // per_epoch + 1, loss) for n, loss in enumerate(numbers)),
        hyperparameters=entry["settings"],
        train_rows=entry["train_rows"],
        validation_rows=entry["validation_rows"],
    )


def figures(entries: Iterable[dict[str, Any]]) -> list[Figures]:
    """Precision and recall of each verdict over labelled runs."""
    pairs = [(entry["label"], diagnose(read_run(entry)).verdict) for entry in entries if entry["label"] in KINDS]
    return [
        Figures(
            kind,
            sum(label == kind for label, _ in pairs),
            sum(told == kind for _, told in pairs),
            sum(label == told == kind for label, told in pairs),
            sum(label == kind and told == NONE for label, told in pairs),
        )
        for kind in KINDS
    ]


def table(entries: Sequence[dict[str, Any]]) -> str:
    """The figures as a Markdown table: all runs, and those that no number was chosen on."""
    every, check = figures(entries), figures([entry for entry in entries if entry["seed"] == 2])
    lines = [
        "| verdict | runs | precision | recall | without a verdict | precision, check half | recall, check half |",
        "|---|---|---|---|---|---|---|",
    ]
    for both, half in zip(every, check, strict=True):
        lines.append(
            f"| {both.kind} | {both.runs} | {both.precision:.0%} | {both.recall:.0%} | {both.open} | "
            f"{half.precision:.0%} | {half.recall:.0%} |"
        )
    clear = sum(found.runs for found in every)
    lines += ["", f"{clear} runs with a clear label, {len(entries) - clear} borderline ones left out."]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
