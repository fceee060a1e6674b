"""Fine-tuning beside TRL's SFTTrainer and HF's Trainer with PEFT: same model, rows, settings, threads and seed.

Each contestant runs in a fresh process, one after the other: `python -m workshop_kit.local_aws.bench_train NAME DIR`.
Tokens are real ones, without padding. "steady" is, for the peers, all of their epochs after the first, and for ours the
forward and backward passes and optimizer steps of all epochs. Ours lowers the rate by 0.85 an epoch, as JumpStart's
training does, and the peers keep theirs: the losses show that all of them learn, not who does best. "whole job" is from
the start of the peer's process to its saved adapter, and for local AWS from CreateTrainingJob to Completed with a warm
worker.
The work of a LoRA step is counted as 4 N T + 6 L T floating-point operations for T tokens, N frozen and L adapter
weights in matrices (frozen weights need no gradients of their own), and set beside the rate of plain fp32 matrix
products of the model's own shapes, measured in the same run.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from workshop_kit.errors import require
from workshop_kit.local_aws.jobs.threads import threads_for, usable_threads
from workshop_kit.local_aws.trainer.data import IGNORED, read_channel, split, tokenize
from workshop_kit.local_aws.trainer.finetune import LONGEST, FineTuneSpec, finetune
from workshop_kit.local_aws.trainer.hyperparameters import parse

WEIGHTS = Path(__file__).resolve().parent / "weights" / "base"
REPO = Path(__file__).resolve().parents[2]
ROWS = REPO / "datasets" / "tiny" / "state-local-services" / "examples.jsonl"
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
PEERS = {"trl": "TRL SFTTrainer", "trainer": "Trainer + PEFT"}


class _Silent:
    def log(self, line: str) -> None:
        pass

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        pass

    def progress(self, step: int, total: int) -> None:
        pass


def measure() -> list[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}: speeds and shares are better higher, losses, times, memory lower."""
    require("accelerate", extra="bench")
    require("trl", extra="bench")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        channel = work / "train"
        channel.mkdir()
        (channel / "train.jsonl").write_bytes(ROWS.read_bytes())
        (channel / "template.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")
        found = {name: _contestant(name, work) for name in ("ours", *PEERS)}
        gemm = _contestant("gemm", work)
        warm = _whole_job(work)
    ours, rows = found["ours"], []

    def row(what: str, mine: float, theirs: float | None, unit: str) -> None:
        rows.append({"benchmark": "train", "what": what, "ours": mine, "peer": theirs, "unit": unit})

    for name, label in PEERS.items():
        peer = found[name]
        row(f"steady state ({label})", ours["steady"], peer["steady"], "tokens/s")
        row(f"evaluation loss at the end ({label})", ours["loss"], peer["loss"], "nats")
        row(f"whole job, warm worker against a process ({label})", warm, peer["whole"], "s")
        row(f"whole job, process against process ({label})", ours["whole"], peer["whole"], "s")
        row(f"peak memory of the process ({label})", ours["rss"], peer["rss"], "MiB")
    row("matrix products of the model's shapes (of 1024 x 1024)", gemm["own"], gemm["square"], "GFLOP/s")
    row("operations of a training step (of the model's shapes)", ours["gflops"], gemm["own"], "GFLOP/s")
    return rows


def _contestant(name: str, work: Path) -> dict[str, float]:
    """Run one contestant in a process of its own and read what it measured."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "workshop_kit.local_aws.bench_train", name, str(work)]
    # Not from the repository's root: its datasets/ folder would be taken for the library that TRL looks for.
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1]) | {"whole": time.perf_counter() - started}


def _whole_job(work: Path) -> float:
    """Seconds from CreateTrainingJob to Completed on local AWS, for the second job: the worker is warm then."""
    import boto3

    from workshop_kit.local_aws import find_or_start, stop

    home = work / "home"
    info = find_or_start(home)
    try:
        told = {"endpoint_url": info.url, "region_name": info.region}
        told |= {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
        s3, sagemaker = boto3.client("s3", **told), boto3.client("sagemaker", **told)
        s3.create_bucket(Bucket="bench", CreateBucketConfiguration={"LocationConstraint": info.region})
        for name in ("train.jsonl", "template.json"):
            s3.put_object(Bucket="bench", Key=f"rows/{name}", Body=(work / "train" / name).read_bytes())
        hub = sagemaker.describe_hub_content(
            HubName="SageMakerPublicHub",
            HubContentType="Model",
            HubContentName="meta-textgeneration-llama-3-2-3b-instruct",
        )
        document = json.loads(hub["HubContentDocument"])
        seconds = 0.0
        for name in ("warm-up", "measured"):
            seconds = _job(sagemaker, document, name, info.region)
        return seconds
    finally:
        stop(home)


def _job(sagemaker: Any, document: dict[str, Any], name: str, region: str) -> float:
    def channel(channel_name: str, uri: str, **more: Any) -> dict[str, Any]:
        source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"} | more
        return {"ChannelName": channel_name, "DataSource": {"S3DataSource": source}}

    started = time.perf_counter()
    sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": document["TrainingEcrUri"], "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole",
        HyperParameters=SETTINGS,
        InputDataConfig=[
            channel("training", "s3://bench/rows/"),
            channel("model", document["TrainingArtifactUri"], ModelAccessConfig={"AcceptEula": True}),
        ],
        OutputDataConfig={"S3OutputPath": "s3://bench/out"},
        ResourceConfig={"InstanceType": "ml.g5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    while True:
        job = sagemaker.describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped"):
            break
        time.sleep(0.1)
    if job["TrainingJobStatus"] != "Completed":
        raise RuntimeError(job.get("FailureReason"))
    return time.perf_counter() - started


def _ours(work: Path) -> dict[str, float]:
    spec = FineTuneSpec(WEIGHTS, work / "train", None, SETTINGS, work / "state", work / "out", usable_threads())
    # The trainer times its own steps; evaluation and checkpoints are no part of a step, and not of the peers' either.
    result = finetune(spec, _Silent(), lambda: False)
    speed = result.tokens_per_second
    frozen, adapter = _matrix_weights()
    return {
        "steady": speed,
        "loss": float(result.history[-1]["eval_epoch_loss"]),
        "gflops": speed * (4 * frozen + 6 * adapter) / 1e9,
    }


def _matrix_weights() -> tuple[int, int]:
    """Frozen weights in matrices (the output layer too), and those of the adapter."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    settings = parse(SETTINGS)
    model = AutoModelForCausalLM.from_pretrained(WEIGHTS)
    frozen = sum(p.numel() for p in model.parameters() if p.dim() == 2)
    config = LoraConfig(r=settings.lora_r, target_modules=list(settings.target_modules))
    return frozen, sum(p.numel() for p in get_peft_model(model, config).parameters() if p.requires_grad)


def _peer_parts(work: Path) -> tuple[Any, Any, list[dict[str, Any]], list[dict[str, Any]], Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    settings = parse(SETTINGS)
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS)
    model = AutoModelForCausalLM.from_pretrained(WEIGHTS, dtype=torch.float32)
    torch.set_num_threads(threads_for(model.num_parameters(), usable_threads()))
    train, held = split(read_channel(work / "train", settings, str), settings)
    rows, evals = ([_features(row) for row in tokenize(tokenizer, pairs, LONGEST)] for pairs in (train, held))
    return model, tokenizer, rows, evals, settings


def _arguments(settings: Any, out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out),
        "num_train_epochs": settings.epoch,
        "learning_rate": settings.learning_rate,
        "per_device_train_batch_size": settings.per_device_train_batch_size,
        "per_device_eval_batch_size": 1,
        "weight_decay": 0.0,
        "lr_scheduler_type": "constant",
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": [],
        "use_cpu": True,
        "seed": settings.seed,
        "disable_tqdm": True,
    }


def _lora(settings: Any) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=settings.lora_r,
        lora_alpha=settings.lora_alpha,
        lora_dropout=0.0,
        target_modules=list(settings.target_modules),
        task_type="CAUSAL_LM",
    )


def _trainer(work: Path) -> dict[str, float]:
    from peft import get_peft_model
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    model, tokenizer, rows, evals, settings = _peer_parts(work)
    trainer = Trainer(
        model=get_peft_model(model, _lora(settings)),
        args=TrainingArguments(**_arguments(settings, work / "trainer")),
        train_dataset=rows,
        eval_dataset=evals,
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED),
    )
    return _trained(trainer, rows, work / "trainer-out")


def _trl(work: Path) -> dict[str, float]:
    from trl import SFTConfig, SFTTrainer

    from datasets import Dataset

    model, tokenizer, rows, evals, settings = _peer_parts(work)
    own = {"max_length": LONGEST, "gradient_checkpointing": False, "bf16": False, "packing": False}
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**_arguments(settings, work / "trl"), **own),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(evals),
        peft_config=_lora(settings),
        processing_class=tokenizer,
    )
    return _trained(trainer, rows, work / "trl-out")


def _trained(trainer: Any, rows: list[dict[str, Any]], out: Path) -> dict[str, float]:
    """Train a peer and read its figures; steady state leaves its first epoch out, as warm-up."""
    from transformers import TrainerCallback

    class Ends(TrainerCallback):
        def __init__(self) -> None:
            self.at: list[float] = []

        def on_epoch_end(self, *args: Any, **kwargs: Any) -> None:
            self.at.append(time.perf_counter())

    ends = Ends()
    trainer.add_callback(ends)
    trainer.train()
    tokens = sum(len(row["input_ids"]) for row in rows) * (len(ends.at) - 1)
    loss = float(trainer.evaluate()["eval_loss"])
    trainer.save_model(str(out))
    return {"steady": tokens / (ends.at[-1] - ends.at[0]), "loss": loss}


def _features(row: Any) -> dict[str, list[int]]:
    ids = list(row.ids)
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [IGNORED] * row.given + ids[row.given :]}


def _gemm(work: Path) -> dict[str, float]:
    """fp32 matrix products in GFLOP/s: the model's own shapes at a batch of four rows, and large square ones."""
    import torch
    from transformers import AutoConfig

    torch.set_num_threads(threads_for(0, usable_threads()))
    config = AutoConfig.from_pretrained(WEIGHTS)
    hidden, inner = config.hidden_size, config.intermediate_size
    tokens = 4 * 40

    def rate(m: int, k: int, n: int) -> float:
        a, b = torch.randn(m, k), torch.randn(k, n)
        for _ in range(20):
            a @ b
        count = max(20, int(2e9 / (2 * m * k * n)))
        started = time.perf_counter()
        for _ in range(count):
            a @ b
        return 2 * m * k * n * count / (time.perf_counter() - started) / 1e9

    shapes = [(hidden, hidden)] * 4 + [(hidden, inner)] * 2 + [(inner, hidden)]
    work_done = sum(2 * tokens * k * n for k, n in shapes)
    seconds = sum(2 * tokens * k * n / (rate(tokens, k, n) * 1e9) for k, n in shapes)
    return {"own": work_done / seconds / 1e9, "square": rate(1024, 1024, 1024)}


if __name__ == "__main__":
    contestant, place = sys.argv[1], Path(sys.argv[2])
    run = {"ours": _ours, "trainer": _trainer, "trl": _trl, "gemm": _gemm}[contestant]
    measured = run(place)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured | {"rss": peak}))
