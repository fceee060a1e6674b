"""The training loop: LoRA with PEFT on a causal language model, in plain PyTorch.

A Llama model of some size goes through `fused.py` on the processor, in the number format that is faster there;
everything else through the model's own code, in fp32, on a GPU where there is one.

It follows JumpStart's Llama training: AdamW, the learning rate times 0.85 after every epoch, evaluation after every
epoch. Everything random comes from `seed`, and a checkpoint after every epoch holds all of its state, so a run that
was killed and resumed ends with the same adapter as one that was not.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workshop_kit.errors import BadInput
from workshop_kit.local_aws.jobs.threads import threads_for
from workshop_kit.local_aws.trainer import artefact, checkpoint, loglines
from workshop_kit.local_aws.trainer.checkpoint import TrainingFault
from workshop_kit.local_aws.trainer.data import IGNORED, Tokens, batches, read_channel, split, tokenize
from workshop_kit.local_aws.trainer.hyperparameters import Hyperparameters, parse
from workshop_kit.local_aws.trainer.placement import device, fused_of, load_base, where
from workshop_kit.local_aws.trainer.rates import rate_note, rate_scale
from workshop_kit.local_aws.turns import kind_of, render

DECAY = 0.85  # llama-recipes' StepLR gamma, a step per epoch
CLIP = 1.0
EVAL_ROWS = 32  # validation rows in one forward pass
LONGEST = 1024  # max_input_length -1: the smaller of this and what the model takes, as JumpStart says


class Reporter(Protocol):
    """Where the run tells how it is going."""

    def log(self, line: str) -> None:
        """A line for the job's log."""

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        """A figure: train_loss per step, train_epoch_loss and eval_epoch_loss per epoch."""

    def progress(self, step: int, total: int) -> None:
        """Optimizer steps done, of all."""


@dataclass(frozen=True)
class FineTuneSpec:
    """What to train on what, and where to keep the state and the result.

    `start_adapter` is the folder of an adapter to go on from, in place of a new one; its rank and layers then count.
    `warmup_steps`: so many optimizer steps over which the learning rate rises linearly to its value. `words`: the
    tokens' vectors are trained beside the adapter's matrices. `rate_is_local`: the learning rate is meant for the small
    model itself and is not scaled.
    """

    model_dir: Path | str
    train_dir: Path
    validation_dir: Path | None
    hyperparameters: Mapping[str, str]
    work_dir: Path
    output_dir: Path
    threads: int
    start_adapter: Path | None = None
    warmup_steps: int = 0
    words: bool = False
    rate_is_local: bool = False


@dataclass(frozen=True)
class FineTuneResult:
    """How it ended: epochs finished, the losses of each, tokens trained on per second, whether it was stopped early."""

    epochs: int
    history: tuple[dict[str, Any], ...]
    tokens_per_second: float
    stopped: bool


def finetune(
    spec: FineTuneSpec,
    report: Reporter,
    should_stop: Callable[[], bool],
    *,
    after_epoch: Callable[[int, Path, list[dict[str, Any]]], None] | None = None,
) -> FineTuneResult:
    """Fine-tune and write the adapter to `output_dir`; goes on from the checkpoint in `work_dir` if there is one.

    `should_stop` is asked after every step: the last checkpoint is then written out as the result, or nothing when no
    epoch was finished. `after_epoch` is called with each epoch's number, the folder of its adapter (which the next
    epoch replaces) and the losses so far. Raises HyperparameterError, BadInput for the data, and TrainingFault.
    """
    settings = parse(spec.hyperparameters, spec.model_dir)
    kept = checkpoint.settled(spec.work_dir / checkpoint.FOLDER)
    if should_stop():
        return _stopped(kept, spec.output_dir)
    run = _Run(spec, settings, report)
    run.resume(kept)
    while run.epoch < settings.epoch:
        if not run.one_epoch(should_stop):
            report.log("Stopping: the last finished epoch is kept")
            return _stopped(kept, spec.output_dir, run.speed())
        run.save(kept)
        if after_epoch is not None:
            after_epoch(run.epoch, kept, list(run.history))
    checkpoint.publish(kept, spec.output_dir)
    return FineTuneResult(run.epoch, tuple(run.history), run.speed(), stopped=False)


def _stopped(kept: Path, output: Path, speed: float = 0.0) -> FineTuneResult:
    import json

    if not kept.is_dir():
        return FineTuneResult(0, (), speed, stopped=True)
    checkpoint.publish(kept, output)
    history = json.loads((kept / artefact.TRAINING_NOTE).read_text(encoding="utf-8"))["epochs"]
    return FineTuneResult(len(history), tuple(history), speed, stopped=True)


def adapted(base: Any, settings: Hyperparameters, start: Path | None, *, words: bool = False) -> Any:
    """`base` with an adapter to train: a new one by `settings`, or the one in the folder `start`.

    `words` trains the tokens' vectors too: the small base has never met most English words, and low-rank matrices alone
    do not teach it to tell them apart (1,200 travel questions: loss 0.44 without and 0.01 with it after 900 steps).
    Raises TrainingFault when the model has none of the layers, or the adapter does not fit the model.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    from workshop_kit.local_aws.trainer.dropout import quicken

    if start is not None:
        try:
            return quicken(PeftModel.from_pretrained(base, str(start), is_trainable=True))
        except (OSError, ValueError, RuntimeError) as problem:
            first = str(problem).strip().splitlines()[0]
            raise TrainingFault(f"The model to go on from does not fit the base model here: {first}") from None
    try:
        config = LoraConfig(
            r=settings.lora_r,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules=list(settings.target_modules),
            task_type="CAUSAL_LM",
            trainable_token_indices={"embed_tokens": list(range(base.config.vocab_size))} if words else None,
        )
        return quicken(get_peft_model(base, config))
    except ValueError as problem:
        raise TrainingFault(
            f"The model has no layers for target_modules {','.join(settings.target_modules)}: {problem}"
        ) from None


class _Run:
    """A run's model, data and state between epochs."""

    def __init__(self, spec: FineTuneSpec, settings: Hyperparameters, report: Reporter) -> None:
        import torch
        from transformers import AutoTokenizer
        from transformers.utils import logging as library_log

        library_log.set_verbosity_error()
        library_log.disable_progress_bar()
        torch.manual_seed(settings.seed)
        self.torch, self.spec, self.settings, self.report = torch, spec, settings, report
        self.model_dir = str(spec.model_dir)
        self.tokenizer = AutoTokenizer.from_pretrained(self.model_dir)
        self.device = device()
        base, kind = load_base(self.model_dir, self.device, spec.threads)
        self.threads = threads_for(base.num_parameters(), spec.threads)
        torch.set_num_threads(self.threads)
        self.train_rows, self.eval_rows = self._data(base)
        self.model = adapted(base, settings, spec.start_adapter, words=spec.words)
        self.fused = fused_of(self.model, self.device)
        self.trained = trained = [p for p in self.model.parameters() if p.requires_grad]
        scale = 1.0 if spec.rate_is_local else rate_scale(self.model_dir, base.num_parameters())
        rate = settings.learning_rate * scale
        self.optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.0, fused=True)
        if scale != 1:
            report.log(rate_note(settings.learning_rate, scale))
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=1, gamma=DECAY)
        self.steps_per_epoch = math.ceil(len(self.train_rows) / settings.per_device_train_batch_size)
        self.epoch, self.history = 0, []
        self._tokens, self._seconds = 0, 0.0
        report.log(
            f"Trainable parameters: {sum(p.numel() for p in trained):,} of "
            f"{sum(p.numel() for p in self.model.parameters()):,}; {len(self.train_rows)} training and "
            f"{len(self.eval_rows)} validation rows; {where(self.device, self.threads)}, "
            f"{str(kind).removeprefix('torch.')}"
        )
        if settings.int8_quantization or (settings.enable_fsdp and "enable_fsdp" in spec.hyperparameters):
            report.log("int8_quantization and enable_fsdp have no effect here: this is one processor without a GPU")

    def _data(self, base: Any) -> tuple[list[Tokens], list[Tokens]]:
        settings = self.settings
        pairs = read_channel(self.spec.train_dir, settings, self._chat)
        if self.spec.validation_dir:
            train = pairs
            held = read_channel(self.spec.validation_dir, settings, self._chat, template=self.spec.train_dir)
        else:
            train, held = split(pairs, settings)
        train, held = train[: settings.max_train_samples], held[: settings.max_val_samples]
        most = getattr(base.config, "max_position_embeddings", LONGEST)
        length = min(settings.max_input_length or LONGEST, self.tokenizer.model_max_length, most)
        train_rows = tokenize(self.tokenizer, train, length)
        eval_rows = tokenize(self.tokenizer, held, length)
        if not train_rows:
            raise BadInput(
                f"No training row is left: {len(pairs)} rows were read, {len(held)} of them held out for validation, "
                f"and rows are cut at {length} tokens; add rows or raise max_input_length."
            )
        dropped = len(train) + len(held) - len(train_rows) - len(eval_rows)
        if dropped:
            self.report.log(f"{dropped} rows were left out: their prompts alone exceed {length} tokens")
        return train_rows, eval_rows

    def _chat(self, turns: list[dict[str, str]]) -> str:
        if not self.tokenizer.chat_template:
            raise TrainingFault("The model's tokenizer has no chat template; chat_dataset needs one.")
        kind = kind_of(self.tokenizer.get_vocab(), self.tokenizer.chat_template)
        if kind == "chatml":
            return render(turns, kind)  # as at the endpoint: no system prompt that nobody wrote
        return self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)

    def one_epoch(self, should_stop: Callable[[], bool]) -> bool:
        """Train for one epoch and evaluate; False when stopped before its end."""
        torch, settings = self.torch, self.settings
        number, total = self.epoch + 1, self.steps_per_epoch * settings.epoch
        # The order of an epoch hangs on its number alone, so that a resumed run meets the same one.
        chance = random.Random(f"{settings.seed}/{number}")
        torch.manual_seed(settings.seed * 100_003 + number)
        self.model.train()
        if self.fused is not None:
            self.fused.renew_masks()
        started, losses = time.monotonic(), []
        for step, rows in enumerate(batches(self.train_rows, settings.per_device_train_batch_size, chance), start=1):
            if should_stop():
                return False
            began = time.monotonic()
            loss = self._loss(rows)
            value = loss.item()
            if not math.isfinite(value):
                raise TrainingFault(
                    f"The loss became {value} in epoch {number}, step {step}: the training diverged; use a smaller "
                    "learning_rate."
                )
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.trained, CLIP)
            if not math.isfinite(norm):
                raise TrainingFault(
                    f"The gradient became {float(norm)} in epoch {number}, step {step}: the training diverged; use a "
                    "smaller learning_rate."
                )
            self._warm_up(self.epoch * self.steps_per_epoch + step)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self._tokens += sum(len(row.ids) for row in rows)
            self._seconds += time.monotonic() - began
            losses.append(value)
            done = self.epoch * self.steps_per_epoch + step
            self.report.log(loglines.step(number, settings.epoch, step, self.steps_per_epoch, value))
            self.report.metric("train_loss", value, done, number)
            self.report.progress(done, total)
        if self.spec.warmup_steps:
            # The scheduler multiplies the rate it finds, which a warm-up over an epoch's end has not yet reached.
            for group, rate in zip(self.optimizer.param_groups, self.scheduler.get_last_lr(), strict=True):
                group["lr"] = rate
        self.scheduler.step()
        self.epoch = number
        note: dict[str, Any] = {"epoch": number, "train_epoch_loss": sum(losses) / len(losses)}
        if self.eval_rows:
            note["eval_epoch_loss"] = self.evaluate()
            self.report.log(loglines.evaluation(note["eval_epoch_loss"]))
            self.report.metric("eval_epoch_loss", note["eval_epoch_loss"], number * self.steps_per_epoch, number)
        self.report.log(loglines.epoch(number, note["train_epoch_loss"], time.monotonic() - started))
        self.report.metric("train_epoch_loss", note["train_epoch_loss"], number * self.steps_per_epoch, number)
        self.history.append(note)
        return True

    def _warm_up(self, number: int) -> None:
        """Set the rate of optimizer step `number` (from 1) while the run is warming up; afterwards leave it be."""
        steps = self.spec.warmup_steps
        if number <= steps + 1:
            share = min(1.0, number / (steps + 1))
            for group, rate in zip(self.optimizer.param_groups, self.scheduler.get_last_lr(), strict=True):
                group["lr"] = rate * share

    def evaluate(self) -> float:
        """The mean loss over the validation rows' batches, as JumpStart takes it.

        Batches are read several at a time: one row alone, JumpStart's default, leaves the processor waiting.
        """
        self.model.eval()
        cut = list(batches(self.eval_rows, self.settings.per_device_eval_batch_size, None))
        several = max(1, EVAL_ROWS // self.settings.per_device_eval_batch_size)
        losses: list[float] = []
        with self.torch.no_grad():
            for start in range(0, len(cut), several):
                together = cut[start : start + several]
                sums = self._row_losses([row for rows in together for row in rows])
                first = 0
                for rows in together:
                    part = sums[first : (first := first + len(rows))]
                    losses.append(sum(loss for loss, _ in part) / sum(count for _, count in part))
        return sum(losses) / len(losses)

    def _loss(self, rows: Sequence[Tokens]) -> Any:
        """The mean loss over the answer tokens of a batch."""
        ids, mask, labels = self._tensors(rows)
        if self.fused is not None:
            return self.fused.losses(ids, labels, training=True)[0]
        return self.model(input_ids=ids, attention_mask=mask, labels=labels).loss

    def _row_losses(self, rows: Sequence[Tokens]) -> list[tuple[float, int]]:
        """Each row's summed loss, and over how many tokens."""
        ids, mask, labels = self._tensors(rows)
        wanted = labels[:, 1:]
        counts = (wanted != IGNORED).sum(1)
        if self.fused is not None:
            each = self.fused.losses(ids, labels, training=False)[1]
            sums = [part.sum() for part in each.split(counts.tolist())]
        else:
            logits = self.model(input_ids=ids, attention_mask=mask).logits[:, :-1]
            all_tokens = self.torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none"
            )
            sums = list(all_tokens.sum(1))
        return [(float(total), int(count)) for total, count in zip(sums, counts, strict=True)]

    def _tensors(self, rows: Sequence[Tokens]) -> tuple[Any, Any, Any]:
        torch = self.torch
        pad = self.tokenizer.pad_token_id
        pad = pad if pad is not None else self.tokenizer.eos_token_id or 0
        longest = max(len(row.ids) for row in rows)
        ids = torch.full((len(rows), longest), pad)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        labels = torch.full((len(rows), longest), IGNORED)
        for n, row in enumerate(rows):
            size = len(row.ids)
            ids[n, :size] = torch.tensor(row.ids)
            mask[n, :size] = 1
            labels[n, row.given : size] = ids[n, row.given : size]
        return ids.to(self.device), mask.to(self.device), labels.to(self.device)

    def save(self, kept: Path) -> None:
        """Replace the checkpoint by the state after this epoch."""
        state = {
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "epoch": self.epoch,
            "history": self.history,
        }
        checkpoint.save(
            kept,
            self.model,
            state,
            lambda folder: artefact.write_notes(folder, self.model_dir, self.settings, self.history),
        )

    def resume(self, kept: Path) -> None:
        """Take up the state of a checkpoint, if there is one."""
        state = checkpoint.load(kept, self.model)
        if state is None:
            return
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.epoch, self.history = state["epoch"], state["history"]
        self.report.log(f"Resuming after epoch {self.epoch} of {self.settings.epoch}")

    def speed(self) -> float:
        """Training tokens per second of the forward and backward passes so far."""
        return self._tokens / self._seconds if self._seconds else 0.0
