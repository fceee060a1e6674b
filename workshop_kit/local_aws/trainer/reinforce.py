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
from workshop_kit.local_aws.trainer import artefact, checkpoint, groups
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
        times = settings.samples_per_prompt
        ids = [prompt_ids for _, prompt_ids in chosen]
        answers = self._sample(ids, times, settings.temperature)
        rewards = self._graded([prompt for prompt, _ in chosen for _ in range(times)], answers)
        graded = torch.tensor(rewards).view(len(chosen), times)
        spread = graded.std(dim=1, keepdim=True, unbiased=False)
        advantages = ((graded - graded.mean(dim=1, keepdim=True)) / (spread + 1e-4)).flatten()
        figures = self._update(ids, answers, advantages)
        self.step += 1
        note = {
            "step": self.step,
            "epoch": epoch + 1,
            "reward": float(graded.mean()),
            "reward_std": float(graded.std(unbiased=False)),
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
        if self.step in (1, 5) and float(graded.std(unbiased=False)) == 0:
            self.report.log(
                f"Every answer of step {self.step} got the same reward, {graded.flatten()[0]:g}: there is nothing to "
                "tell better from worse by; start from a model that can do the task at times, or reward parts of it"
            )

    def _graded(self, prompts: Sequence[Prompt], answers: Sequence[list[int]]) -> list[float]:
        texts = [self.tokenizer.decode(answer, skip_special_tokens=True) for answer in answers]
        return self.grade(prompts, texts)

    def _sample(self, prompts: Sequence[list[int]], times: int, temperature: float | None) -> list[list[int]]:
        """`times` answers to each prompt; the likeliest one without a temperature."""
        return groups.sample(
            self.model,
            prompts,
            times,
            pad=self.pad,
            ends=self.ends,
            max_new_tokens=self.settings.max_new_tokens,
            temperature=temperature,
        )

    def _update(self, prompts: Sequence[list[int]], answers: Sequence[list[int]], advantages: Any) -> dict[str, float]:
        torch = self.torch
        tokens = sum(map(len, answers))
        losses, surprise, drift = 0.0, 0.0, 0.0
        times = self.settings.samples_per_prompt
        at_once = max(1, MICRO_BATCH // times)
        for start in range(0, len(prompts), at_once):
            asked = prompts[start : start + at_once]
            part = slice(start * times, (start + len(asked)) * times)
            policy, mask = groups.log_probabilities(self.model, asked, answers[part], pad=self.pad)
            with torch.no_grad():
                before, _ = groups.log_probabilities(self.reference, asked, answers[part], pad=self.pad)
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

    def evaluate(self) -> None:
        """The mean reward of greedy answers to the evaluation prompts."""
        if not self.evals:
            return
        rewards: list[float] = []
        for start in range(0, len(self.evals), MICRO_BATCH):
            part = self.evals[start : start + MICRO_BATCH]
            answers = self._sample([ids for _, ids in part], 1, None)
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
