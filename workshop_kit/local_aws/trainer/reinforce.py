"""Reinforcement fine-tuning: the model answers, a reward function grades, and what was graded better is made likelier.

Group-relative policy optimization (Shao et al. 2024, DeepSeekMath, arXiv:2402.03300) with one update for each batch of
answers, so that no ratio has to be clipped. For a prompt with G sampled answers and rewards r1..rG, an answer's
advantage is (r - mean) / (standard deviation + 0.0001); the loss is

    - sum over tokens of advantage * log p(token) / number of tokens  +  KL * mean over tokens of (q/p - log(q/p) - 1)

with p the policy's probability of the token and q that of the model the run started from. Tokens are averaged over the
whole batch (as Yu et al. 2025, DAPO, arXiv:2503.14476, do), so that long answers are not favoured by a division.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.local_aws.jobs.threads import threads_for
from workshop_kit.local_aws.trainer import artefact, checkpoint
from workshop_kit.local_aws.trainer.checkpoint import TrainingFault
from workshop_kit.local_aws.trainer.conversations import Prompt, Turn
from workshop_kit.local_aws.trainer.finetune import Reporter, adapted
from workshop_kit.local_aws.trainer.reinforce_settings import ReinforceSettings

CLIP = 1.0
MICRO_BATCH = 64  # answers in one forward pass
# Graded answers: the prompt's turns and the answer as the last one, with the row's other fields.
Graded = list[float]
Grader = Callable[[Sequence[Prompt], Sequence[str]], Graded]


@dataclass(frozen=True)
class ReinforceSpec:
    """What to reinforce on what, and where to keep the state and the result."""

    model_dir: Path | str
    prompts: Sequence[Prompt]
    eval_prompts: Sequence[Prompt]
    settings: ReinforceSettings
    work_dir: Path
    output_dir: Path
    threads: int
    start_adapter: Path | None = None


@dataclass(frozen=True)
class ReinforceResult:
    """How it ended: steps made, and for each {"step", "epoch", "reward", "train_loss", ...}."""

    steps: int
    history: tuple[dict[str, Any], ...]
    stopped: bool


def reinforce(spec: ReinforceSpec, grade: Grader, report: Reporter, should_stop: Callable[[], bool]) -> ReinforceResult:
    """Train and write the adapter to `output_dir`; goes on from the checkpoint in `work_dir` if there is one.

    `grade(prompts, answers)` gives one reward for each pair. When stopped, the last checkpoint is the result, or
    nothing where there is none. Raises BadInput for prompts that can't be used, TrainingFault, and whatever `grade`
    raises.
    """
    kept = checkpoint.settled(spec.work_dir / checkpoint.FOLDER)
    run = _Run(spec, grade, report)
    run.resume(kept)
    if run.step == 0 and not should_stop():
        run.evaluate()
    while run.step < run.total:
        if should_stop():
            if kept.is_dir():
                checkpoint.publish(kept, spec.output_dir)
            return ReinforceResult(run.step, tuple(run.history), stopped=True)
        run.one_step()
        if run.step % spec.settings.eval_interval == 0 or run.step == run.total:
            run.evaluate()
            run.save(kept)
    checkpoint.publish(kept, spec.output_dir)
    return ReinforceResult(run.step, tuple(run.history), stopped=False)


class _Run:
    """A run's model, prompts and state between steps."""

    def __init__(self, spec: ReinforceSpec, grade: Grader, report: Reporter) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging as library_log

        library_log.set_verbosity_error()
        library_log.disable_progress_bar()
        settings = spec.settings
        torch.manual_seed(settings.seed)
        self.torch, self.spec, self.settings, self.grade, self.report = torch, spec, settings, grade, report
        self.tokenizer = AutoTokenizer.from_pretrained(str(spec.model_dir))
        if not self.tokenizer.chat_template:
            raise TrainingFault("The model's tokenizer has no chat template; prompts are conversations and need one.")
        self.pad = self.tokenizer.pad_token_id
        self.pad = self.pad if self.pad is not None else self.tokenizer.eos_token_id or 0
        base = AutoModelForCausalLM.from_pretrained(str(spec.model_dir), dtype=torch.float32)
        torch.set_num_threads(threads_for(base.num_parameters(), spec.threads))
        self.ends = self._ends(base)
        self.model = adapted(base, settings.adapter, spec.start_adapter)
        # Without dropout the probabilities with which an answer was drawn are those it is graded under.
        self.model.eval()
        self.reference = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            [p for p in self.model.parameters() if p.requires_grad], lr=settings.learning_rate, weight_decay=0.0
        )
        self.prompts = self._encode(spec.prompts)
        self.evals = self._encode(spec.eval_prompts)
        if not self.prompts:
            raise BadInput(
                f"No prompt is left: all {len(spec.prompts)} are longer than maxPromptLength "
                f"({settings.max_prompt_length} tokens)."
            )
        self.per_epoch = math.ceil(len(self.prompts) / settings.batch_size)
        self.total = self.per_epoch * settings.epochs
        self.step, self.history = 0, []
        report.log(
            f"{len(self.prompts)} prompts, {settings.samples_per_prompt} answers to each, {self.total} steps of "
            f"{settings.batch_size} prompts; {len(self.evals)} evaluation prompts"
        )

    def _ends(self, base: Any) -> list[int]:
        told = base.generation_config.eos_token_id
        found = {self.tokenizer.eos_token_id, *(told if isinstance(told, list) else [told])}
        vocabulary = self.tokenizer.get_vocab()
        found |= {vocabulary[token] for token in ("<|eot_id|>", "<|end_of_text|>") if token in vocabulary}
        return sorted(end for end in found if end is not None)

    def _encode(self, prompts: Sequence[Prompt]) -> list[tuple[Prompt, list[int]]]:
        found = []
        for prompt in prompts:
            turns: list[Turn] = list(prompt.messages)
            text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
            if len(ids) <= self.settings.max_prompt_length:
                found.append((prompt, ids))
        if len(found) < len(prompts):
            self.report.log(f"{len(prompts) - len(found)} prompts were left out: they exceed maxPromptLength")
        return found

    def one_step(self) -> None:
        """Answer a batch of prompts, have the answers graded, and move the policy once."""
        torch, settings = self.torch, self.settings
        epoch, place = divmod(self.step, self.per_epoch)
        # Order and samples hang on the numbers of epoch and step alone, so that a resumed run meets the same ones.
        order = list(range(len(self.prompts)))
        random.Random(f"{settings.seed}/{epoch}").shuffle(order)
        chosen = [self.prompts[n] for n in order[place * settings.batch_size : (place + 1) * settings.batch_size]]
        torch.manual_seed(settings.seed * 100_003 + self.step)
        rows = [row for row in chosen for _ in range(settings.samples_per_prompt)]
        answers = self._sample([ids for _, ids in rows], greedy=False)
        rewards = self._graded([prompt for prompt, _ in rows], answers)
        groups = torch.tensor(rewards).view(len(chosen), settings.samples_per_prompt)
        spread = groups.std(dim=1, keepdim=True, unbiased=False)
        advantages = ((groups - groups.mean(dim=1, keepdim=True)) / (spread + 1e-4)).flatten()
        figures = self._update([ids for _, ids in rows], answers, advantages)
        self.step += 1
        note = {
            "step": self.step,
            "epoch": epoch + 1,
            "reward": float(groups.mean()),
            "reward_std": float(groups.std(unbiased=False)),
            "answer_tokens": sum(map(len, answers)) / len(answers),
            **figures,
        }
        self.history.append(note)
        for name in ("train_loss", "reward", "reward_std", "answer_tokens", "perplexity", "kl"):
            self.report.metric(name, note[name], self.step, epoch + 1)
        self.report.progress(self.step, self.total)
        self.report.log(
            f"Step {self.step}/{self.total}: reward {note['reward']:.4f} (spread {note['reward_std']:.4f}), "
            f"{note['answer_tokens']:.1f} tokens an answer, loss {note['train_loss']:.4f}, KL {note['kl']:.4f}"
        )
        if self.step in (1, 5) and float(groups.std(unbiased=False)) == 0:
            self.report.log(
                f"Every answer of step {self.step} got the same reward, {groups.flatten()[0]:g}: there is nothing to "
                "tell better from worse by; start from a model that can do the task at times, or reward parts of it"
            )

    def _graded(self, prompts: Sequence[Prompt], answers: Sequence[list[int]]) -> list[float]:
        texts = [self.tokenizer.decode(answer, skip_special_tokens=True) for answer in answers]
        return self.grade(prompts, texts)

    def _sample(self, prompts: Sequence[list[int]], *, greedy: bool) -> list[list[int]]:
        """An answer's token ids for each prompt, the closing token included where the model gave one."""
        torch = self.torch
        longest = max(map(len, prompts))
        ids = torch.tensor([[self.pad] * (longest - len(p)) + p for p in prompts])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
        how = {"do_sample": False} if greedy else {"do_sample": True, "temperature": self.settings.temperature}
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=self.settings.max_new_tokens,
                eos_token_id=self.ends,
                pad_token_id=self.pad,
                top_k=0,
                top_p=1.0,
                **how,
            )
        return [self._until_end(row[longest:].tolist()) for row in out]

    def _until_end(self, said: list[int]) -> list[int]:
        for place, token in enumerate(said):
            if token in self.ends:
                return said[: place + 1]
        return said

    def _update(self, prompts: Sequence[list[int]], answers: Sequence[list[int]], advantages: Any) -> dict[str, float]:
        torch = self.torch
        tokens = sum(map(len, answers))
        losses, surprise, drift = 0.0, 0.0, 0.0
        for start in range(0, len(prompts), MICRO_BATCH):
            part = slice(start, start + MICRO_BATCH)
            policy, mask = self._log_probabilities(self.model, prompts[part], answers[part])
            with torch.no_grad():
                before, _ = self._log_probabilities(self.reference, prompts[part], answers[part])
            away = before - policy
            kl = (away.exp() - away - 1) * mask
            gain = advantages[part, None] * policy * mask
            loss = (-gain.sum() + self.settings.kl * kl.sum()) / tokens
            loss.backward()
            losses += loss.item()
            surprise -= (policy.detach() * mask).sum().item()
            drift += kl.detach().sum().item()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        if not math.isfinite(losses) or not math.isfinite(norm):
            raise TrainingFault(f"The loss became {losses} in step {self.step + 1}; use a smaller learningRate.")
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"train_loss": losses, "perplexity": math.exp(min(80.0, surprise / tokens)), "kl": drift / tokens}

    def _log_probabilities(self, model: Any, prompts: Any, answers: Any) -> tuple[Any, Any]:
        """Log-probabilities of the answers' tokens, one row an answer, and the mask of the real ones."""
        torch = self.torch
        lead, tail = max(map(len, prompts)), max(map(len, answers))
        ids = torch.full((len(prompts), lead + tail), self.pad)
        mask = torch.zeros_like(ids)
        for n, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
            ids[n, lead - len(prompt) : lead + len(answer)] = torch.tensor(prompt + answer)
            mask[n, lead - len(prompt) : lead + len(answer)] = 1
        places = (mask.cumsum(1) - 1).clamp(min=0)
        logits = model(input_ids=ids, attention_mask=mask, position_ids=places, logits_to_keep=tail + 1).logits[:, :-1]
        found = logits.log_softmax(-1).gather(-1, ids[:, lead:, None]).squeeze(-1)
        return found, mask[:, lead:]

    def evaluate(self) -> None:
        """The mean reward of greedy answers to the evaluation prompts."""
        if not self.evals:
            return
        rewards: list[float] = []
        for start in range(0, len(self.evals), MICRO_BATCH):
            part = self.evals[start : start + MICRO_BATCH]
            answers = self._sample([ids for _, ids in part], greedy=True)
            rewards += self._graded([prompt for prompt, _ in part], answers)
        mean = sum(rewards) / len(rewards)
        epoch = min(self.step // self.per_epoch + 1, self.settings.epochs)
        if self.history:
            self.history[-1]["eval_reward"] = mean
        self.report.metric("eval_reward", mean, self.step, epoch)
        self.report.log(f"Evaluation after step {self.step}: reward {mean:.4f} on {len(rewards)} prompts")

    def save(self, kept: Path) -> None:
        """Replace the checkpoint by the state after this step."""
        notes = [{**entry} for entry in self.history]
        state = {"optimizer": self.optimizer.state_dict(), "step": self.step, "history": notes}
        model_dir, adapter = str(self.spec.model_dir), self.settings.adapter
        checkpoint.save(kept, self.model, state, lambda folder: artefact.write_notes(folder, model_dir, adapter, notes))

    def resume(self, kept: Path) -> None:
        """Take up the state of a checkpoint, if there is one."""
        state = checkpoint.load(kept, self.model)
        if state is None:
            return
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.history = state["step"], state["history"]
        self.report.log(f"Resuming after step {self.step} of {self.total}")
