"""JumpStart's hyperparameters for Llama 3.x text generation: names, types, bounds and defaults.

AWS_DEFAULTS are JumpStart's own. `published` is what local AWS lists and uses: the same names and bounds, with a
model's own defaults where its folder has some (the tiny model of a million parameters needs a larger learning rate
than one of three billion). Values arrive as strings, as the SageMaker API has them.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import KitError

AWS_DEFAULTS: dict[str, str] = {
    "epoch": "5",
    "learning_rate": "0.0001",
    "instruction_tuned": "False",
    "chat_dataset": "False",
    "per_device_train_batch_size": "4",
    "per_device_eval_batch_size": "1",
    "max_train_samples": "-1",
    "max_val_samples": "-1",
    "max_input_length": "-1",
    "validation_split_ratio": "0.2",
    "train_data_split_seed": "0",
    "seed": "10",
    "preprocessing_num_workers": "None",
    "lora_r": "8",
    "lora_alpha": "32",
    "lora_dropout": "0.05",
    "target_modules": "q_proj,v_proj",
    "int8_quantization": "False",
    "enable_fsdp": "True",
    "add_input_output_demarcation_key": "True",
}
# name -> (least, most); None is open. Ranges of counts that may also be -1 ("all") start there and leave out 0.
_BOUNDS: dict[str, tuple[float, float]] = {
    "epoch": (1, 1000),
    "learning_rate": (1e-8, 1),
    "per_device_train_batch_size": (1, 1000),
    "per_device_eval_batch_size": (1, 1000),
    "max_train_samples": (-1, 10**9),
    "max_val_samples": (-1, 10**9),
    "max_input_length": (-1, 10**6),
    "validation_split_ratio": (0, 1),
    "train_data_split_seed": (0, 2**31 - 1),
    "seed": (0, 2**31 - 1),
    "preprocessing_num_workers": (1, 1024),
    "lora_r": (1, 1024),
    "lora_alpha": (1, 4096),
    "lora_dropout": (0, 1),
}
_FLOATS = {"learning_rate", "validation_split_ratio", "lora_dropout"}
_MINUS_ONE_IS_ALL = {"max_train_samples", "max_val_samples", "max_input_length"}
_BELOW_ONE = {"validation_split_ratio", "lora_dropout"}
_BOOLEANS = {
    "instruction_tuned",
    "chat_dataset",
    "int8_quantization",
    "enable_fsdp",
    "add_input_output_demarcation_key",
}
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
OWN_BASE = Path(__file__).resolve().parents[1] / "weights" / "base"
DEFAULTS_FILE = "hyperparameter_defaults.json"


class HyperparameterError(KitError):
    """One hyperparameter that can't be used: its name, the value found and the reason."""

    def __init__(self, name: str, value: str, reason: str) -> None:
        super().__init__(f"Hyperparameter {name} is '{value}': {reason}")
        self.name, self.value, self.reason = name, value, reason


@dataclass(frozen=True)
class Hyperparameters:
    """Checked values. Lengths in tokens; counts of -1 in the input are None here: all there are."""

    epoch: int
    learning_rate: float
    instruction_tuned: bool
    chat_dataset: bool
    per_device_train_batch_size: int
    per_device_eval_batch_size: int
    max_train_samples: int | None
    max_val_samples: int | None
    max_input_length: int | None
    validation_split_ratio: float
    train_data_split_seed: int
    seed: int
    preprocessing_num_workers: int | None
    lora_r: int
    lora_alpha: int
    lora_dropout: float
    target_modules: tuple[str, ...]
    int8_quantization: bool
    enable_fsdp: bool
    add_input_output_demarcation_key: bool


def defaults(base: Path | str = OWN_BASE) -> dict[str, str]:
    """The defaults in force for a base model: JumpStart's, but for what the model folder's own table says."""
    try:
        own = json.loads((Path(base) / DEFAULTS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        own = {}
    return AWS_DEFAULTS | {name: str(value) for name, value in own.items() if name in AWS_DEFAULTS}


def _entry(name: str, default: str) -> dict[str, Any]:
    if name in _BOOLEANS:
        return {"Name": name, "Type": "text", "Default": default, "Options": ["True", "False"], "Scope": "algorithm"}
    if name not in _BOUNDS:
        return {"Name": name, "Type": "text", "Default": default, "Scope": "algorithm"}
    least, most = _BOUNDS[name]
    kind = "float" if name in _FLOATS else "int"
    return {
        "Name": name,
        "Type": kind,
        "Default": default,
        "Min": f"{least:g}" if kind == "float" else str(int(least)),
        "Max": f"{most:g}" if kind == "float" else str(int(most)),
        "Scope": "algorithm",
    }


def published(base: Path | str = OWN_BASE) -> tuple[dict[str, Any], ...]:
    """The hyperparameters as a hub document lists them, with the defaults for a base model."""
    return tuple(_entry(name, value) for name, value in defaults(base).items())


def parse(told: Mapping[str, str], base: Path | str = OWN_BASE) -> Hyperparameters:
    """Check hyperparameters as the API sends them; what is left out takes its default for the base model.

    Raises HyperparameterError for the first that is unknown, of the wrong type, out of range, or at odds with another.
    """
    for name, value in told.items():
        if name not in AWS_DEFAULTS:
            near = difflib.get_close_matches(name, AWS_DEFAULTS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(AWS_DEFAULTS))}."
            raise HyperparameterError(name, str(value), f"there is no such hyperparameter; {hint}")
    given = defaults(base) | {name: str(value) for name, value in told.items()}
    values: dict[str, Any] = {name: _value(name, text.strip()) for name, text in given.items()}
    if values["int8_quantization"] and values["enable_fsdp"]:
        # enable_fsdp is on by default; asking for int8 alone must not trip over a default.
        if "enable_fsdp" in told:
            raise HyperparameterError(
                "int8_quantization", given["int8_quantization"], "it can't be True together with enable_fsdp."
            )
        values["enable_fsdp"] = False
    if values["instruction_tuned"] and values["chat_dataset"]:
        raise HyperparameterError(
            "chat_dataset", given["chat_dataset"], "it can't be True together with instruction_tuned; choose one."
        )
    return Hyperparameters(**values)


def _value(name: str, text: str) -> Any:
    if name in _BOOLEANS:
        if text.lower() not in ("true", "false"):
            raise HyperparameterError(name, text, "it must be True or False.")
        return text.lower() == "true"
    if name == "target_modules":
        modules = tuple(part.strip() for part in text.split(",") if part.strip())
        wrong = [module for module in modules if module not in MODULES]
        if wrong or not modules:
            raise HyperparameterError(name, text, f"it must be a list with commas of: {', '.join(MODULES)}.")
        return tuple(dict.fromkeys(modules))
    if name == "preprocessing_num_workers" and text in ("None", ""):
        return None
    least, most = _BOUNDS[name]
    kind = "a number" if name in _FLOATS else "a whole number"
    try:
        value: float = float(text) if name in _FLOATS else int(text)
    except ValueError:
        raise HyperparameterError(name, text, f"it must be {kind} from {least:g} to {most:g}.") from None
    if not math.isfinite(value) or not least <= value <= most or (name in _BELOW_ONE and value >= 1):
        below = " (1 itself not allowed)" if name in _BELOW_ONE else ""
        raise HyperparameterError(name, text, f"it must be {kind} from {least:g} to {most:g}{below}.")
    if name in _MINUS_ONE_IS_ALL:
        if value == 0:
            raise HyperparameterError(name, text, "it must be -1 (for all) or a whole number above 0.")
        return None if value == -1 else value
    return value
