"""JumpStart's log lines -> numbers: losses by epoch, losses by step, how far a job is.

The losses are found by the expressions that JumpStart publishes as its metric definitions. In JumpStart's logs the
evaluation of an epoch stands before the line that closes the epoch; other orders are understood too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NUMBER = r"([0-9.]+(?:[eE][-+]?[0-9]+)?|nan|inf)"
EVAL_LOSS = re.compile(rf"eval_epoch_loss=tensor\({_NUMBER}")
EVAL_PPL = re.compile(rf"eval_ppl=tensor\({_NUMBER}")
TRAIN_LOSS = re.compile(rf"train_epoch_loss={_NUMBER}")
TRAIN_PPL = re.compile(rf"train_perplexity={_NUMBER}")
EPOCH = re.compile(r"\bEpoch (\d+):")
# llama-recipes, on which JumpStart's script is built, has shown steps in these two ways.
STEPS = (
    re.compile(
        rf"Training Epoch:? ?(?P<epoch>\d+)(?:/(?P<epochs>\d+))?,? *step (?P<step>\d+)(?:/(?P<steps>\d+))? "
        rf"completed \(loss: {_NUMBER.replace('(', '(?P<loss>', 1)}"
    ),
    re.compile(rf"\bstep (?P<step>\d+) is completed and loss is {_NUMBER.replace('(', '(?P<loss>', 1)}"),
)
TOTAL_STEPS = re.compile(r"(?:total[ _]steps|max[ _]steps)\D{1,4}(\d+)", re.IGNORECASE)


@dataclass
class Epoch:
    """One epoch's numbers as far as the log has them."""

    number: int
    train_loss: float | None = None
    train_perplexity: float | None = None
    eval_loss: float | None = None
    eval_perplexity: float | None = None


@dataclass
class Reader:
    """Reads a log line by line; everything it knows so far is in its fields."""

    epochs: dict[int, Epoch] = field(default_factory=dict)
    steps: dict[tuple[int, int], float] = field(default_factory=dict)  # (epoch, step in epoch) -> loss
    epoch: int = 0
    epochs_total: int = 0
    step: int = 0
    total_steps: int = 0
    latest: str = ""
    _waiting: Epoch | None = None  # an evaluation whose epoch has not been named yet
    _eval_first: bool | None = None
    _closed: int = 0
    _from_zero: bool = False

    def read(self, line: str) -> None:
        """Take in one line; lines without numbers are passed over."""
        for pattern in STEPS:
            for found in pattern.finditer(line):
                self._step(found)
        if found := TOTAL_STEPS.search(line):
            self.total_steps = int(found[1])
        if found := EVAL_LOSS.search(line):
            self._evaluation(float(found[1]), _value(EVAL_PPL, line))
        if found := TRAIN_LOSS.search(line):
            named = EPOCH.search(line)
            self._close(int(named[1]) if named else self._closed + 1, float(found[1]), _value(TRAIN_PPL, line))

    def ordered(self) -> list[Epoch]:
        """The epochs in order."""
        return [self.epochs[number] for number in sorted(self.epochs)]

    def _evaluation(self, loss: float, perplexity: float | None) -> None:
        if self._eval_first is None:
            self._eval_first = not self._closed
        self.latest = f"evaluation loss {loss:.3f}"
        if self._eval_first:
            self._waiting = Epoch(0, eval_loss=loss, eval_perplexity=perplexity)
        else:
            epoch = self.epochs[self._closed]
            epoch.eval_loss, epoch.eval_perplexity = loss, perplexity

    def _close(self, number: int, loss: float, perplexity: float | None) -> None:
        epoch = self.epochs.setdefault(number, Epoch(number))
        epoch.train_loss, epoch.train_perplexity = loss, perplexity
        if self._waiting is not None:
            epoch.eval_loss, epoch.eval_perplexity = self._waiting.eval_loss, self._waiting.eval_perplexity
            self._waiting = None
        self._closed = number
        self.latest = f"training loss {loss:.3f}" + (
            f", evaluation loss {epoch.eval_loss:.3f}" if epoch.eval_loss is not None else ""
        )

    def _step(self, found: re.Match[str]) -> None:
        groups = found.groupdict()
        number = int(groups["step"])
        if groups.get("epoch"):
            self.epoch = int(groups["epoch"])
        elif not self.epoch or self.epoch <= self._closed:
            self.epoch = self._closed + 1
        if groups.get("epochs"):
            self.epochs_total = int(groups["epochs"])
        self.steps[(self.epoch, number)] = float(groups["loss"])
        if groups.get("steps"):
            per_epoch = int(groups["steps"])
            # llama-recipes counts the steps of an epoch from 0, others from 1.
            self._from_zero = self._from_zero or number == 0
            self.step = max(self.step, (self.epoch - 1) * per_epoch + number + self._from_zero)
            self.total_steps = per_epoch * max(self.epochs_total, self.epoch)
        else:
            self.step += 1


def _value(pattern: re.Pattern[str], line: str) -> float | None:
    found = pattern.search(line)
    return float(found[1]) if found else None
