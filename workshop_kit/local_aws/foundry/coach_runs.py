"""Real runs with labels, for testing the overfit coach: python -m workshop_kit.local_aws.foundry.coach_runs OUT.json

Each run is trained by the trainer of local AWS and evaluated twice after every epoch: on the small set that the coach
is shown, and on LARGE other rows of the same kind that it never sees. It is trained on beyond the epochs that the coach
is shown, too. The label comes from the large set and the further epochs alone, by the rules of `label`, so it does not
hang on the coach's own.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.foundry.measure import ALL, DATASETS, DOMAINS, TEMPLATE, WEIGHTS
from workshop_kit.local_aws.trainer.checkpoint import TrainingFault
from workshop_kit.local_aws.trainer.data import read_channel, tokenize
from workshop_kit.local_aws.trainer.finetune import FineTuneSpec, _Run
from workshop_kit.local_aws.trainer.hyperparameters import parse

LARGE = 140
# The rules of the label: shares of the large set's loss.
TURNED, STILL_FALLING = 0.08, 0.12


@dataclass(frozen=True)
class Shape:
    """A kind of run: rows to train on, rows to evaluate with, epochs shown, and settings."""

    name: str
    rows: int
    evaluated: int
    epochs: int
    settings: dict[str, str]
    other_domain: bool = False


SHAPES = (
    Shape("two epochs", 120, 40, 2, {}),
    Shape("rate too low", 120, 40, 4, {"learning_rate": "0.0001"}),
    Shape("q and v, rank 4", 120, 40, 3, {"target_modules": "q_proj,v_proj", "lora_r": "4"}),
    Shape("six epochs", 120, 40, 6, {}),
    Shape("ten epochs", 120, 40, 10, {}),
    Shape("half the rate", 120, 40, 10, {"learning_rate": "0.001"}),
    Shape("few rows, 24 epochs", 40, 40, 24, {}),
    Shape("few rows, rank 64", 30, 40, 24, {"lora_r": "64", "lora_alpha": "128"}),
    Shape("very few rows", 20, 40, 16, {"learning_rate": "0.004"}),
    Shape("rate far too high", 80, 40, 4, {"learning_rate": "0.3"}),
    Shape("rate too high", 80, 40, 6, {"learning_rate": "0.05"}),
    Shape("one row at a time, high rate", 100, 40, 8, {"per_device_train_batch_size": "1", "learning_rate": "0.006"}),
    Shape("eight rows to evaluate", 120, 8, 8, {}),
    Shape("three rows to evaluate", 120, 3, 6, {}),
    Shape("wrong data", 120, 40, 8, {}, other_domain=True),
)


class _Quiet:
    def __init__(self) -> None:
        self.steps: list[float] = []

    def log(self, line: str) -> None:
        pass

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        if name == "train_loss":
            self.steps.append(value)

    def progress(self, step: int, total: int) -> None:
        pass


def label(run: dict[str, Any]) -> str:
    """The label of a run from its losses on the large set.

    diverged: the training broke off, or the large set's loss ended above where it was before training; overfitting: it
    ended more than TURNED above its lowest; underfitting: epochs beyond those shown lowered it by more than
    STILL_FALLING; good fit: otherwise. A run whose figure lies between half of a mark and the mark is "borderline":
    there is no right verdict on it.
    """
    shown, further = run["large"], run["further"]
    if len(shown) < int(run["settings"]["epoch"]) or shown[-1] is None or shown[-1] > run["before"]:
        return "diverged"
    turned = shown[-1] / min(shown) - 1
    gain = 1 - min(further) / shown[-1] if further else 0.0
    if turned > TURNED or gain > STILL_FALLING:
        return "overfitting" if turned > TURNED else "underfitting"
    return "borderline" if turned > TURNED / 2 or gain > STILL_FALLING / 2 else "good fit"


def train(shape: Shape, domain: str, seed: int) -> dict[str, Any]:
    """Train one run and label it."""
    rows = _rows(domain)
    random.Random(f"{domain}/{seed}").shuffle(rows)
    held = _rows(next(name for name in DOMAINS if name != domain)) if shape.other_domain else rows
    train_rows, eval_rows, large = rows[: shape.rows], held[120 : 120 + shape.evaluated], held[160 : 160 + LARGE]
    further = max(2, shape.epochs // 2)
    told = {
        "instruction_tuned": "True",
        "target_modules": ALL,
        "seed": str(seed),
        "add_input_output_demarcation_key": "False",
    }
    told |= shape.settings | {"epoch": str(shape.epochs + further)}
    reporter = _Quiet()
    with tempfile.TemporaryDirectory() as place:
        for name, part in (("train", train_rows), ("eval", eval_rows), ("large", large)):
            _write(Path(place) / name, part)
        spec = FineTuneSpec(
            WEIGHTS / "base", Path(place) / "train", Path(place) / "eval", told, Path(place) / "w", Path(place) / "o", 1
        )
        settings = parse(told)
        run = _Run(spec, settings, reporter)
        pairs = read_channel(Path(place) / "large", settings, run._chat)
        unseen = tokenize(run.tokenizer, pairs, 512)
        before = _mean(_losses(run, unseen))
        shown, after = [], []
        try:
            for epoch in range(shape.epochs + further):
                run.one_epoch(lambda: False)
                losses = _losses(run, unseen)
                (shown if epoch < shape.epochs else after).append(losses)
        except TrainingFault:
            pass
    history = run.history[: shape.epochs]
    made = {
        "shape": shape.name,
        "domain": domain,
        "seed": seed,
        "settings": shape.settings | {"epoch": str(shape.epochs)},
        "train_rows": shape.rows,
        "validation_rows": shape.evaluated,
        "before": round(before, 4),
        "train": [_short(note["train_epoch_loss"]) for note in history],
        "eval": [_short(note["eval_epoch_loss"]) for note in history],
        "steps": [_short(loss) for loss in reporter.steps[: run.steps_per_epoch * shape.epochs]],
        "large": [_short(_mean(losses)) for losses in shown],
        "further": [_short(_mean(losses)) for losses in after],
    }
    return made | {"label": label(made)}


def _short(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _losses(run: _Run, rows: Sequence[Any]) -> list[float]:
    """The mean loss per token of each row."""
    torch, found = run.torch, []
    run.model.eval()
    with torch.no_grad():
        for start in range(0, len(rows), 20):
            part = rows[start : start + 20]
            ids, mask, labels = run._tensors(part)
            logits = run.model(input_ids=ids, attention_mask=mask).logits[:, :-1]
            losses = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), labels[:, 1:], ignore_index=-100, reduction="none"
            )
            counts = (labels[:, 1:] != -100).sum(1)
            found += (losses.sum(1) / counts).tolist()
    return found


def _rows(domain: str) -> list[dict[str, str]]:
    text = (DATASETS / domain / "examples.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _write(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    folder.mkdir(parents=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "template.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Train every shape in both domains with two seeds and write the file; what it holds is not trained again."""
    out = Path(argv[0])
    runs = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else []
    runs = [run | {"label": label(run)} for run in runs]
    out.write_text(json.dumps(runs), encoding="utf-8")
    done = {(run["shape"], run["domain"], run["seed"]) for run in runs}
    for seed in (1, 2):
        for domain in DOMAINS:
            for shape in SHAPES:
                if (shape.name, domain, seed) in done:
                    continue
                runs.append(train(shape, domain, seed))
                print(shape.name, domain, seed, runs[-1]["label"], runs[-1]["eval"], runs[-1]["large"], flush=True)
                out.write_text(json.dumps(runs), encoding="utf-8")
    print(Counter(run["label"] for run in runs), len(runs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
