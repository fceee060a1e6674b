"""The coach: what the curves of a run say, in one verdict with its reason.

Let e1..en be the evaluation losses and t1..tn the training losses by epoch. A change in evaluation loss counts only if
it is larger than a tolerance: 2 % of the lowest evaluation loss, or four times the curve's own jitter (its distance
from the nearest curve that falls and then rises), or, with fewer than 50 validation rows, 0.25 / sqrt(rows) of the
lowest loss, whichever is largest. A curve counts as still falling when its last epoch lowered it by more than 8 %, and
the training loss is not yet below 15 % of it. The numbers were chosen on one half of sixty real runs and checked on the
other half; coach_figures.py has the figures.

What curves can't tell: evaluation rows of another kind than the training rows look just like overfitting.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.training.runs import Run

VERDICTS = ("underfitting", "good fit", "overfitting", "diverged", "too little evidence")
FEW_VALIDATION_ROWS = 50
STILL_FALLING = 0.08  # share of the evaluation loss that the last epoch took off
EXHAUSTED = 0.15  # below this share of the evaluation loss, the training loss has nothing left to teach
_LONGER = "Train for 4 epochs or more."


@dataclass(frozen=True)
class Diagnosis:
    """A verdict on a run.

    `best_epoch` is the first epoch whose evaluation loss is within the noise of the lowest. `generalization_gap` is the
    last evaluation loss minus the last training loss (natural logarithm, per token). `change` holds the hyperparameters
    that the next run might take; empty when there is nothing to change. `confidence` is the chance (0.5 to 1) that the
    verdict would stand if the evaluation loss were off by its noise: the normal distribution's share below margin /
    tolerance, the margin being the distance to where the verdict would change.
    """

    verdict: str
    reason: str
    best_epoch: int | None
    generalization_gap: float | None
    next_step: str
    tolerance: float = 0.0
    change: dict[str, Any] = field(default_factory=dict)
    confidence: float = 0.5

    @property
    def sureness(self) -> str:
        """The confidence in words."""
        return "sure" if self.confidence >= 0.9 else "fairly sure" if self.confidence >= 0.7 else "unsure"

    def __str__(self) -> str:
        return f"{self.verdict} ({self.sureness}): {self.reason} {self.next_step}"

    def _repr_html_(self) -> str:
        colour = {"good fit": "#009E73", "too little evidence": "#6b7280"}.get(self.verdict, "#D55E00")
        gap = "" if self.generalization_gap is None else f" · gap {self.generalization_gap:+.3f}"
        best = "" if self.best_epoch is None else f"best epoch {self.best_epoch}"
        return (
            f"<div style='border-left:6px solid {colour};padding:4px 12px;margin:8px 0'>"
            f"<p style='margin:0'><b>{html.escape(self.verdict.capitalize())}</b> "
            f"<span style='opacity:.75'>{best}{gap} · {self.sureness} ({self.confidence:.0%})</span></p>"
            f"<p style='margin:4px 0 0'>{html.escape(self.reason)}</p>"
            f"<p style='margin:4px 0 0'><b>Next:</b> {html.escape(self.next_step)}</p></div>"
        )


def diagnose(run: Run) -> Diagnosis:
    """Judge a run by its curves; never raises, says "too little evidence" when they can't carry a verdict."""
    if diverged := _diverged(run):
        rate = _rate(run)
        return Diagnosis(
            "diverged",
            diverged,
            None,
            None,
            "Lower the learning rate"
            + (f", say to {rate / 5:.1g}" if rate else " to a fifth")
            + ", and look at lora_alpha if it is far above lora_r.",
            change={"learning_rate": float(f"{rate / 5:.1g}")} if rate else {},
            confidence=1.0,
        )
    both = [
        (p.epoch, p.train_loss, p.eval_loss) for p in run.epochs if p.train_loss is not None and p.eval_loss is not None
    ]
    if len(both) < 2:
        return _too_little(
            f"Epochs with both a training and an evaluation loss: {len(both)}; a verdict needs at least 2.",
            both,
        )
    if run.validation_rows is not None and run.validation_rows < 5:
        return _too_little(
            f"The evaluation loss comes from only {run.validation_rows} rows: it is mostly noise.",
            both,
            "Hold out more rows in notebook 02.",
        )
    return _judge(run, both)


def _judge(run: Run, both: list[tuple[int, float, float]]) -> Diagnosis:
    epochs = [number for number, _, _ in both]
    train = [loss for _, loss, _ in both]
    evals = [loss for _, _, loss in both]
    lowest = min(evals)
    tolerance = _tolerance(evals, run.validation_rows)
    noise = max(0.002 * lowest, _jitter(evals) if len(evals) >= 5 else 0.0)
    best = next(i for i, loss in enumerate(evals) if loss <= lowest + noise)
    gap = evals[-1] - train[-1]
    known: dict[str, Any] = {"best_epoch": epochs[best], "generalization_gap": gap, "tolerance": tolerance}
    last = epochs[-1]

    def sure(margin: float) -> dict[str, Any]:
        return known | {"confidence": max(0.5, 0.5 * (1 + math.erf(margin / max(tolerance, 1e-9) / math.sqrt(2))))}

    # A turn is seen by the mean of the last points after the lowest, and one point alone must rise twice as far: one
    # jump at the end is not a turn. The lowest of many noisy points is low by luck, so its neighbours speak too.
    at = evals.index(lowest)
    after = evals[at + 1 :][-3:]
    floor = sorted(evals[max(0, at - 1) : at + 2])[1] if len(evals) >= 8 and at > 0 and after else lowest
    needed = tolerance if len(after) > 1 else 2 * tolerance
    turned = bool(after) and sum(after) / len(after) - floor > needed and evals[-1] - lowest > tolerance
    if turned and train[-1] < train[at]:
        return Diagnosis(
            "overfitting",
            f"The evaluation loss was lowest at epoch {epochs[at]} ({lowest:.3f}) and rose to "
            f"{evals[-1]:.3f} by epoch {last}, while the training loss went on falling to {train[-1]:.3f}.",
            next_step=f"Set epoch to {epochs[best]}, or add rows that ask the same facts in other words."
            + _other_kind(best),
            change={"epoch": epochs[best]},
            **sure(sum(after) / len(after) - floor),
        )
    fallen = evals[0] - evals[-1]
    if train[-1] < 0.4 * evals[-1] and gap > 0.25 and fallen < 0.1 * evals[0]:
        return Diagnosis(
            "overfitting",
            f"The training loss fell to {train[-1]:.3f} but the evaluation loss stayed near {evals[-1]:.3f}: the rows "
            "are learned by heart and nothing carries over.",
            next_step="Add more and more varied rows, or lower lora_r and the number of epochs.",
            change={"epoch": max(1, epochs[best])},
            **sure(gap),
        )
    slope = (evals[-2] - evals[-1]) / evals[-2]
    learning = train[-1] > EXHAUSTED * evals[-1]
    if slope > STILL_FALLING and learning and (len(both) > 2 or evals[-2] - evals[-1] > tolerance):
        more = _more_epochs(last)
        return Diagnosis(
            "underfitting",
            f"The evaluation loss was still falling at the end, by {slope:.0%} in the last epoch, to {evals[-1]:.3f}.",
            next_step=f"Train longer, say {more} epochs.",
            change={"epoch": more},
            **sure(evals[-2] - evals[-1]),
        )
    if len(both) == 2 and learning and train[0] - train[-1] > 0.05 * train[0]:
        return _too_little("Two epochs can't show whether the evaluation loss has levelled out.", both, _LONGER)
    train_fall = (train[0] - train[-1]) / train[0] if train[0] else 0.0
    if train_fall < 0.05 and fallen < max(tolerance, 0.05 * evals[0]) and train[-1] > 0.3:
        rate = _rate(run)
        return Diagnosis(
            "underfitting",
            f"The losses hardly moved in {len(both)} epochs (training {train[0]:.3f} to {train[-1]:.3f}): "
            "too little is learned per step.",
            next_step="Raise the learning rate"
            + (f", say to {rate * 3:.1g}" if rate else "")
            + ", or adapt all linear layers.",
            change={"learning_rate": float(f"{rate * 3:.1g}")} if rate else {},
            **sure(max(tolerance, 0.05 * evals[0]) - fallen),
        )
    return Diagnosis(
        "good fit",
        f"The evaluation loss came down to {lowest:.3f} and levelled out, without turning up again (last "
        f"{evals[-1]:.3f}, training {train[-1]:.3f}).",
        next_step="Deploy it in notebook 05 and read its answers: a low loss is not yet a good answer.",
        **sure(min(needed - (sum(after) / len(after) - floor if after else 0.0), STILL_FALLING * evals[-2])),
    )


def _other_kind(best: int) -> str:
    """What to look at when the first epoch was the best: the curves of that can't be told from plain overfitting."""
    if best:
        return ""
    return (
        " Since the first epoch was the best, look too whether the evaluation rows are of the same kind as the others."
    )


def _tolerance(evals: Sequence[float], validation_rows: int | None) -> float:
    lowest = min(evals)
    floors = [0.02 * lowest]
    if len(evals) >= 5:
        floors.append(4 * _jitter(evals))
    if validation_rows is not None and 0 < validation_rows < FEW_VALIDATION_ROWS:
        floors.append(0.25 / math.sqrt(validation_rows) * lowest)
    # However noisy, a rise by a third is one.
    return min(max(floors), 0.33 * lowest)


def _jitter(evals: Sequence[float]) -> float:
    """The deviation of the losses from the best curve that falls and then rises: learning, then overfitting.

    Both halves are least-squares monotone fits (pooling adjacent violators), tried at every turning point.
    """
    squares = min(
        _misfit([-loss for loss in evals[:turn]]) + _misfit(evals[turn:]) for turn in range(1, len(evals) + 1)
    )
    return math.sqrt(squares / (len(evals) - 3))


def _misfit(values: Sequence[float]) -> float:
    """The sum of squares between `values` and the rising curve nearest to them."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    fitted = [total / count for total, count in pools for _ in range(count)]
    return sum((value - fit) ** 2 for value, fit in zip(values, fitted, strict=True))


def _diverged(run: Run) -> str:
    by_epoch = [(f"epoch {p.epoch}", loss) for p in run.epochs for loss in (p.train_loss, p.eval_loss)]
    losses = [(where, loss) for where, loss in by_epoch if loss is not None]
    losses += [(f"step {p.step}", p.loss) for p in run.steps]
    for where, loss in losses:
        if not math.isfinite(loss):
            return f"The loss stopped being a number at {where}."
    if len(run.steps) >= 8:
        # A rate far too high breaks the model within the first epoch, and the means of epochs never show what it was.
        start, end = min(p.loss for p in run.steps[:2]), [p.loss for p in run.steps[-max(4, len(run.steps) // 10) :]]
        late = sum(end) / len(end)
        if late > 1.3 * start + 0.3:
            return f"The training loss grew: from {start:.3f} in the first steps to {late:.3f} in the last."
    train = [p.train_loss for p in run.epochs if p.train_loss is not None]
    if len(train) >= 2:
        low = min(train)
        if train[-1] > 1.3 * low and train[-1] > train[0]:
            return f"The training loss grew: from {low:.3f} at its lowest to {train[-1]:.3f} at the end."
        if train[-1] > 2 * low + 0.2:
            return f"The training loss grew again: from {low:.3f} to {train[-1]:.3f} at the end."
    return ""


def _too_little(reason: str, both: Sequence[Any], next_step: str = "Train for 3 epochs or more.") -> Diagnosis:
    gap = both[-1][2] - both[-1][1] if both else None
    return Diagnosis("too little evidence", reason, both[-1][0] if len(both) == 1 else None, gap, next_step)


def _more_epochs(epochs: int) -> int:
    return epochs + max(2, epochs // 2)


def _rate(run: Run) -> float | None:
    try:
        rate = float(run.hyperparameters.get("learning_rate", ""))
    except ValueError:
        return None
    return rate if rate > 0 else None
