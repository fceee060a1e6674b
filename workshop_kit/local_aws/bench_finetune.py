"""Fine-tuning speed beside Hugging Face's Trainer with PEFT: the same model, rows, settings and threads, in one run.

The trainer's own loop is timed by its forward and backward passes and optimizer steps; the peer by its own
train_runtime, without evaluation and saving. Both see the same rows; each makes its own batches.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from workshop_kit.errors import require
from workshop_kit.local_aws.jobs.threads import threads_for, usable_threads
from workshop_kit.local_aws.trainer.data import IGNORED, read_channel, split, tokenize
from workshop_kit.local_aws.trainer.finetune import LONGEST, FineTuneSpec, finetune
from workshop_kit.local_aws.trainer.hyperparameters import parse

WEIGHTS = Path(__file__).resolve().parent / "weights" / "base"
REPO = Path(__file__).resolve().parents[2]
ROWS = REPO / "datasets" / "state-local-services" / "examples.jsonl"
SETTINGS = {
    "instruction_tuned": "True",
    "epoch": "4",
    "lora_dropout": "0",
    "target_modules": "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj",
}
TEMPLATE = {
    "prompt": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{instruction}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "completion": "{response}<|eot_id|>",
}


class _Silent:
    def log(self, line: str) -> None:
        pass

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        pass

    def progress(self, step: int, total: int) -> None:
        pass


def measure() -> list[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}; tokens per second are better higher, losses lower."""
    require("accelerate", extra="test")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        channel = work / "train"
        channel.mkdir()
        (channel / "train.jsonl").write_bytes(ROWS.read_bytes())
        (channel / "template.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")
        spec = FineTuneSpec(WEIGHTS, channel, None, SETTINGS, work / "state", work / "out", usable_threads())
        ours = finetune(spec, _Silent(), lambda: False)
        speed, loss = _peer(channel, work / "peer")
    return [
        {
            "benchmark": "finetune",
            "what": "training (peer: Trainer + PEFT)",
            "ours": ours.tokens_per_second,
            "peer": speed,
            "unit": "tokens/s",
        },
        {
            "benchmark": "finetune",
            "what": "evaluation loss at the end (same peer)",
            "ours": ours.history[-1]["eval_epoch_loss"],
            "peer": loss,
            "unit": "nats",
        },
    ]


def _peer(channel: Path, out: Path) -> tuple[float, float]:
    """Tokens per second and final evaluation loss of Trainer + PEFT."""
    # From the repository's root its datasets/ folder would be taken for the library that Trainer looks for.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != REPO]
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, DataCollatorForSeq2Seq, Trainer, TrainingArguments

    settings = parse(SETTINGS)
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS)
    model = AutoModelForCausalLM.from_pretrained(WEIGHTS, dtype=torch.float32)
    torch.set_num_threads(threads_for(model.num_parameters(), usable_threads()))
    train, held = split(read_channel(channel, settings, str), settings)
    rows, evals = ([_features(row) for row in tokenize(tokenizer, pairs, LONGEST)] for pairs in (train, held))
    config = LoraConfig(
        r=settings.lora_r,
        lora_alpha=settings.lora_alpha,
        lora_dropout=0.0,
        target_modules=list(settings.target_modules),
    )
    trainer = Trainer(
        model=get_peft_model(model, config),
        args=TrainingArguments(
            output_dir=str(out),
            num_train_epochs=settings.epoch,
            learning_rate=settings.learning_rate,
            per_device_train_batch_size=settings.per_device_train_batch_size,
            per_device_eval_batch_size=1,
            weight_decay=0.0,
            lr_scheduler_type="constant",
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            use_cpu=True,
            seed=settings.seed,
            disable_tqdm=True,
        ),  # fmt: skip
        train_dataset=rows,
        eval_dataset=evals,
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED),
    )
    told = trainer.train()
    tokens = sum(len(row["input_ids"]) for row in rows) * settings.epoch
    return tokens / told.metrics["train_runtime"], float(trainer.evaluate()["eval_loss"])


def _features(row: Any) -> dict[str, list[int]]:
    ids = list(row.ids)
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [IGNORED] * row.given + ids[row.given :]}
