"""The settings of a reinforcement run; apart from the run, so that reading them imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from workshop_kit.local_aws.trainer.hyperparameters import Hyperparameters

KL = 0.02


@dataclass(frozen=True)
class ReinforceSettings:
    """Epochs over the prompts, prompts in a step, answers to a prompt, and lengths in tokens.

    `eval_interval`: so many steps between two evaluations (greedy answers to the evaluation prompts) and checkpoints.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    samples_per_prompt: int
    max_new_tokens: int
    max_prompt_length: int
    eval_interval: int
    adapter: Hyperparameters
    temperature: float = 1.0
    kl: float = KL
    seed: int = 10
