import json
import math
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.local_aws.trainer.checkpoint import FOLDER as CHECKPOINT
from workshop_kit.local_aws.trainer.checkpoint import TrainingFault
from workshop_kit.local_aws.trainer.finetune import FineTuneSpec, finetune
from workshop_kit.local_aws.trainer.hyperparameters import HyperparameterError

SETTINGS = {
    "instruction_tuned": "True",
    "epoch": "3",
    "learning_rate": "0.02",
    "target_modules": "q_proj,v_proj,up_proj",
}


class Report:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.metrics: list[tuple[str, float]] = []

    def log(self, line: str) -> None:
        self.lines.append(line)

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        self.metrics.append((name, value))

    def progress(self, step: int, total: int) -> None:
        assert 0 < step <= total


def spec(model: Path, channel: Path, where: Path, **settings: str) -> FineTuneSpec:
    return FineTuneSpec(model, channel, None, SETTINGS | settings, where / "work", where / "out", 1)


def adapter(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def same(a: Path, b: Path) -> bool:
    first, second = adapter(a), adapter(b)
    return first.keys() == second.keys() and all((first[k] - second[k]).abs().max() < 1e-6 for k in first)


def test_training_lowers_the_loss_and_writes_jumpstarts_lines(tiny_model: Path, channel: Path, tmp_path: Path) -> None:
    report = Report()
    result = finetune(spec(tiny_model, channel, tmp_path), report, lambda: False)
    losses = [epoch["train_epoch_loss"] for epoch in result.history]
    assert result.epochs == 3 and not result.stopped and losses[-1] < losses[0]
    assert result.tokens_per_second > 0
    log = "\n".join(report.lines)
    evals = [float(x) for x in re.findall(r"eval_epoch_loss=tensor\(([0-9\.]+)", log)]
    perplexities = [float(x) for x in re.findall(r"eval_ppl=tensor\(([0-9\.]+)", log)]
    assert [round(e["eval_epoch_loss"], 4) for e in result.history] == evals
    assert perplexities[0] == pytest.approx(math.exp(evals[0]), rel=1e-3)
    assert len(re.findall(r"train_epoch_loss=([0-9\.]+)", log)) == 3
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {
        "adapter_config.json",
        "base_model.json",
        "training_info.json",
    }


def test_the_same_seed_gives_the_same_adapter_and_another_seed_another(tiny_model, channel, tmp_path: Path) -> None:
    for name, seed in (("a", "10"), ("b", "10"), ("c", "11")):
        finetune(spec(tiny_model, channel, tmp_path / name, seed=seed, epoch="1"), Report(), lambda: False)
    assert same(tmp_path / "a/out", tmp_path / "b/out")
    assert not same(tmp_path / "a/out", tmp_path / "c/out")


def test_a_stop_keeps_the_last_finished_epoch(tiny_model: Path, channel: Path, tmp_path: Path) -> None:
    report = Report()
    result = finetune(
        spec(tiny_model, channel, tmp_path, epoch="50"),
        report,
        lambda: any("Epoch 2:" in line for line in report.lines),
    )
    assert result.stopped and result.epochs == 2 and adapter(tmp_path / "out")


def test_a_stop_before_the_first_epoch_ends_leaves_no_model(tiny_model: Path, channel: Path, tmp_path: Path) -> None:
    report = Report()
    result = finetune(spec(tiny_model, channel, tmp_path), report, lambda: len(report.lines) > 2)
    assert result.stopped and result.epochs == 0 and not (tmp_path / "out").exists()


def test_a_run_killed_in_an_epoch_ends_like_one_that_was_not(tiny_model: Path, channel: Path, tmp_path: Path) -> None:
    finetune(spec(tiny_model, channel, tmp_path / "whole", epoch="4"), Report(), lambda: False)
    program = textwrap.dedent(
        f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_finetune import *
        class Slow(Report):
            def log(self, line): print(line, flush=True); time.sleep(0.15 if "step" in line else 0)
        finetune(spec(Path({str(tiny_model)!r}), Path({str(channel)!r}), Path({str(tmp_path / "cut")!r}), epoch="4"),
                 Slow(), lambda: False)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    seen = ""
    while "Epoch 2:" not in seen:
        line = process.stdout.readline()
        assert line, "it ended before it could be killed"
        seen += line
    process.stdout.readline()  # into the third epoch, past the checkpoint
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    report = Report()
    result = finetune(spec(tiny_model, channel, tmp_path / "cut", epoch="4"), report, lambda: False)
    assert any(line.startswith("Resuming after epoch 2") for line in report.lines)
    assert result.epochs == 4 and len(result.history) == 4
    assert same(tmp_path / "whole/out", tmp_path / "cut/out")


@pytest.mark.parametrize("stop", [False, True])
def test_a_kill_between_the_checkpoints_renames_loses_nothing(tiny_model, channel, tmp_path: Path, stop: bool) -> None:
    finetune(spec(tiny_model, channel, tmp_path, epoch="2"), Report(), lambda: False)
    kept = tmp_path / "work" / CHECKPOINT
    kept.rename(kept.with_name(f"{CHECKPOINT}.old"))
    result = finetune(spec(tiny_model, channel, tmp_path, epoch="2"), Report(), lambda: stop)
    assert result.epochs == 2 and adapter(tmp_path / "out")


def test_a_full_disk_leaves_the_earlier_checkpoint(tiny_model, channel, tmp_path: Path, monkeypatch) -> None:
    import torch

    finetune(spec(tiny_model, channel, tmp_path, epoch="1"), Report(), lambda: False)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        finetune(spec(tiny_model, channel, tmp_path, epoch="2"), Report(), lambda: False)
    monkeypatch.undo()
    report = Report()
    assert finetune(spec(tiny_model, channel, tmp_path, epoch="2"), report, lambda: False).epochs == 2
    assert any(line.startswith("Resuming after epoch 1") for line in report.lines)


def test_a_diverged_run_says_so(tiny_model: Path, channel: Path, tmp_path: Path, monkeypatch) -> None:
    import torch

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *_: 1.0)
    monkeypatch.setattr(torch.optim, "AdamW", lambda p, lr, **_: torch.optim.SGD(p, lr=1e18))
    with pytest.raises(TrainingFault, match="smaller learning_rate"):
        finetune(spec(tiny_model, channel, tmp_path), Report(), lambda: False)


def test_bad_input_is_told_before_anything_is_trained(tiny_model: Path, channel: Path, tmp_path: Path) -> None:
    with pytest.raises(HyperparameterError, match="lora_r"):
        finetune(spec(tiny_model, channel, tmp_path, lora_r="0"), Report(), lambda: False)
    with pytest.raises(BadInput, match="No training row is left"):
        finetune(spec(tiny_model, channel, tmp_path, max_input_length="4"), Report(), lambda: False)


def test_no_validation_rows_no_evaluation(tiny_model: Path, channel: Path, tmp_path: Path) -> None:
    result = finetune(
        spec(tiny_model, channel, tmp_path, validation_split_ratio="0", epoch="1"), Report(), lambda: False
    )
    assert "eval_epoch_loss" not in result.history[0]


def test_an_infinite_gradient_never_becomes_a_model(tiny_model, channel, tmp_path: Path, monkeypatch) -> None:
    import torch

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *_: torch.tensor(float("inf")))
    with pytest.raises(TrainingFault, match="gradient became inf"):
        finetune(spec(tiny_model, channel, tmp_path, epoch="1"), Report(), lambda: False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", ["1", "5"])
def test_the_evaluation_loss_is_the_mean_of_what_transformers_says_of_each_batch(
    tiny_model: Path, channel: Path, tmp_path: Path, size: str
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from workshop_kit.local_aws.trainer.data import IGNORED, batches, read_channel, tokenize
    from workshop_kit.local_aws.trainer.hyperparameters import parse

    held = tmp_path / "held"
    held.mkdir()
    rows = [
        {"instruction": "What?" * (n % 4 + 1), "context": "", "response": f"It costs {'$' * n} here."}
        for n in range(1, 43)  # lengths differ: within a batch, and between those that are read together
    ]
    (held / "validation.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    chosen = SETTINGS | {"epoch": "1", "per_device_eval_batch_size": size}
    made = FineTuneSpec(tiny_model, channel, held, chosen, tmp_path / "work", tmp_path / "out", 1)
    found = finetune(made, Report(), lambda: False).history[0]["eval_epoch_loss"]
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_model), str(tmp_path / "out")).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    pairs = read_channel(held, parse(chosen), None, template=channel)
    losses = []
    for batch in batches(tokenize(tokenizer, pairs, 256), int(size), None):
        longest = max(len(row.ids) for row in batch)
        ids = torch.tensor([list(row.ids) + [0] * (longest - len(row.ids)) for row in batch])
        mask = torch.tensor([[1] * len(row.ids) + [0] * (longest - len(row.ids)) for row in batch])
        labels = torch.tensor(
            [[IGNORED] * row.given + list(row.ids[row.given :]) + [IGNORED] * (longest - len(row.ids)) for row in batch]
        )
        with torch.no_grad():
            losses.append(model(input_ids=ids, attention_mask=mask, labels=labels).loss.item())
    assert len(losses) == math.ceil(42 / int(size))
    assert found == pytest.approx(sum(losses) / len(losses), abs=1e-5)
