"""The hyperparameters of Bedrock's customization jobs for Nova, and what they mean for the small stand-in.

Names, bounds and defaults of supervised fine-tuning are those of Nova's guide; those of reinforcement are bounded by
Bedrock's API model, which gives no defaults: the ones here are the kit's own. A model of a million parameters needs a
far higher learning rate than Nova, so the rate told is multiplied by a fixed factor, and the job's log says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.local_aws.trainer import hyperparameters
from workshop_kit.local_aws.trainer.reinforce_settings import ReinforceSettings

# Rate in the stand-in's training / rate told. Measured on the travel intents and the sums: with the defaults below the
# stand-in learns well, at the upper bounds it is spoilt.
SUPERVISED_RATE = 100.0
REINFORCED_RATE = 20.0
DISTILLATION_RESPONSE = 1000
LONGEST_ANSWER = 256  # tokens; what the stand-in can be asked for in a reinforcement step
LONGEST_PROMPT = 768

# name -> (least, most, default, whole number)
SUPERVISED: dict[str, tuple[float, float, float, bool]] = {
    "epochCount": (1, 5, 2, True),
    "learningRate": (1e-6, 1e-4, 1e-5, False),
    "learningRateWarmupSteps": (0, 100, 10, True),
    "batchSize": (1, 1, 1, True),
}
# Older texts and samples call the rate so; the values are the same.
ALIASES = {"learningRateMultiplier": "learningRate"}

_ADAPTER = {
    "chat_dataset": "True",
    "instruction_tuned": "False",
    "lora_r": "16",
    "lora_alpha": "32",
    "lora_dropout": "0.0",
    "target_modules": ",".join(hyperparameters.MODULES),
    "validation_split_ratio": "0",
}


@dataclass(frozen=True)
class Supervised:
    """Checked hyperparameters of supervised fine-tuning; `learning_rate` as it was told."""

    epochs: int
    learning_rate: float
    warmup_steps: int

    @property
    def local_rate(self) -> float:
        """The learning rate that the stand-in is trained with."""
        return self.learning_rate * SUPERVISED_RATE

    def trainer(self) -> dict[str, str]:
        """The same for the trainer."""
        return _ADAPTER | {
            "epoch": str(self.epochs),
            "learning_rate": repr(self.local_rate),
            "per_device_train_batch_size": "1",
            "per_device_eval_batch_size": "16",
        }


def supervised(told: Mapping[str, str]) -> Supervised:
    """Read the hyperparameters of a supervised or distillation job; what is left out takes its default.

    Raises BadInput, naming the first that is unknown, of the wrong kind or out of range.
    """
    values = {name: entry[2] for name, entry in SUPERVISED.items()}
    seen: dict[str, str] = {}
    for given, text in told.items():
        name = ALIASES.get(given, given)
        if name not in SUPERVISED:
            raise BadInput(f"Hyperparameter {given} is not known; known are {', '.join(SUPERVISED)}.")
        if name in seen:
            raise BadInput(f"Hyperparameters {seen[name]} and {given} mean the same; give one of them.")
        seen[name] = given
        least, most, _, whole = SUPERVISED[name]
        try:
            value = float(text)
        except (TypeError, ValueError):
            value = math.nan
        if not least <= value <= most or (whole and value != int(value)):
            kind = "a whole number" if whole else "a number"
            raise BadInput(f"Hyperparameter {given} is '{text}'; it must be {kind} from {least:g} to {most:g}.")
        values[name] = value
    return Supervised(int(values["epochCount"]), values["learningRate"], int(values["learningRateWarmupSteps"]))


def reinforced(told: Mapping[str, Any]) -> ReinforceSettings:
    """Read the hyperparameters of a reinforcement job; the API's own model has bounded them already.

    Raises BadInput for lengths that no model here can take.
    """
    for name in ("maxPromptLength", "inferenceMaxTokens"):
        if name in told and told[name] < 1:
            raise BadInput(f"Hyperparameter {name} is {told[name]}; it must be at least 1.")
    return ReinforceSettings(
        epochs=told.get("epochCount", 2),
        batch_size=told.get("batchSize", 32),
        learning_rate=told.get("learningRate", 5e-5) * REINFORCED_RATE,
        samples_per_prompt=told.get("trainingSamplePerPrompt", 8),
        max_new_tokens=min(told.get("inferenceMaxTokens", LONGEST_ANSWER), LONGEST_ANSWER),
        max_prompt_length=min(told.get("maxPromptLength", LONGEST_PROMPT), LONGEST_PROMPT),
        eval_interval=told.get("evalInterval", 5),
        adapter=hyperparameters.parse(_ADAPTER),
    )


def rate_note(told: float, used: float) -> str:
    """A line for the log about the learning rate."""
    return (
        f"learningRate {told:g} is taken times {used / told:g} ({used:g}): the stand-in is far smaller than Nova, and "
        "small models learn with larger rates"
    )
