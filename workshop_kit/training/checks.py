"""Is a set of hyperparameters sound? Messages for the learner, one value at a time and as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from workshop_kit.errors import BadHyperparameter
from workshop_kit.records import Finding
from workshop_kit.training.hyperparameters import Hyperparameter, Recipe, Value

# Below this many rows, passes over the data are what turns learning into learning by heart.
SMALL_DATA = 400


class Settings(Protocol):
    """What a recipe of any kind can do with its settings."""

    def __getitem__(self, name: str) -> Hyperparameter:
        """One setting by name."""
        ...

    def defaults(self) -> dict[str, Value]:
        """Name -> default."""
        ...


def check_value(recipe: Settings, name: str, value: object) -> str:
    """What is wrong with one value, in one sentence; '' when nothing is."""
    try:
        recipe[name].read(value)
    except BadHyperparameter as problem:
        return str(problem)
    return ""


def read_values(recipe: Settings, values: Mapping[str, object]) -> tuple[dict[str, Value], tuple[Finding, ...]]:
    """The defaults with `values` put in, typed, and a finding of severity "error" for each value that can't be used."""
    read = recipe.defaults()
    findings = []
    for name, value in values.items():
        try:
            read[name] = recipe[name].read(value)
        except BadHyperparameter as problem:
            read.pop(name, None)
            findings.append(Finding("error", "value", str(problem), field=name))
    return read, tuple(findings)


def traps(recipe: Recipe, values: Mapping[str, Value], rows: int | None = None) -> tuple[Finding, ...]:
    """Combinations that can't work (errors) or seldom turn out well (warnings).

    `rows` is the number of training rows, if known. Rates are judged against the recipe's own default, since a
    small model's right rate is not a large one's.
    """
    found: list[Finding] = []

    def say(severity: str, code: str, field: str, message: str, fix: str) -> None:
        found.append(Finding(severity, code, message, field=field, fix=fix))

    if values.get("instruction_tuned") is True and values.get("chat_dataset") is True:
        say(
            "error",
            "two-formats",
            "chat_dataset",
            "instruction_tuned and chat_dataset are both on, but rows are either instructions or dialogs.",
            "Turn chat_dataset off: the kit's rows are instructions.",
        )
    elif values.get("chat_dataset") is True:
        say(
            "error",
            "rows-are-instructions",
            "chat_dataset",
            "chat_dataset is on, but the rows to be uploaded are instructions.",
            "Turn chat_dataset off and instruction_tuned on.",
        )
    elif values.get("instruction_tuned") is False:
        say(
            "warning",
            "raw-text",
            "instruction_tuned",
            "instruction_tuned is off: the rows are read as plain text and the question-answer form is not learned.",
            "Turn instruction_tuned on.",
        )
    if values.get("int8_quantization") is True and values.get("enable_fsdp") is True:
        say(
            "error",
            "int8-fsdp",
            "int8_quantization",
            "int8_quantization and enable_fsdp are both on, and JumpStart's training can't do both at once.",
            "Turn one of the two off.",
        )
    if values.get("add_input_output_demarcation_key") is True and values.get("instruction_tuned") is not False:
        say(
            "error",
            "mark-in-training-only",
            "add_input_output_demarcation_key",
            "add_input_output_demarcation_key is on: '### Response:' would stand before every answer in training, and "
            "the prompts of the endpoint and the league don't have it.",
            "Turn it off: the kit's chat prompt marks the answer itself.",
        )
    _lora(values, say)
    _amount(recipe, values, rows, say)
    return tuple(found)


def _lora(values, say) -> None:
    rank, alpha = values.get("lora_r"), values.get("lora_alpha")
    if not isinstance(rank, int) or not isinstance(alpha, (int, float)) or rank <= 0:
        return
    ratio = alpha / rank
    if ratio > 8:
        say(
            "warning",
            "alpha-ratio",
            "lora_alpha",
            f"alpha / r is {ratio:g}: the adapter is very loud, which acts like a learning rate that is too high.",
            f"Common are 1 to 4 times r, here {rank} to {4 * rank}.",
        )
    elif ratio < 0.5:
        say(
            "warning",
            "alpha-ratio",
            "lora_alpha",
            f"alpha / r is {ratio:g}: the adapter is barely heard, which acts like a learning rate that is too low.",
            f"Common are 1 to 4 times r, here {rank} to {4 * rank}.",
        )


def _amount(recipe: Recipe, values, rows, say) -> None:
    epochs, rate = values.get("epoch"), values.get("learning_rate")
    if rows is None or not isinstance(epochs, int) or not isinstance(rate, float):
        return
    used = recipe["learning_rate"].default if "learning_rate" in recipe else None
    usual_epochs = recipe["epoch"].default if "epoch" in recipe else None
    if not isinstance(used, float) or not isinstance(usual_epochs, int) or used <= 0:
        return
    times = (epochs * rate) / (usual_epochs * used)
    if rows < SMALL_DATA and times > 4:
        say(
            "warning",
            "overtraining",
            "epoch",
            f"{epochs} epochs at a rate of {rate:g} is {times:.0f} times the usual amount of learning, on only {rows} "
            "rows: expect the rows to be learned by heart.",
            "Take fewer epochs or a lower rate, or look at the curves in notebook 04 and keep the best epoch.",
        )
    batch = values.get("per_device_train_batch_size")
    if isinstance(batch, int) and rows < 4 * batch:
        say(
            "warning",
            "few-steps",
            "per_device_train_batch_size",
            f"A batch of {batch} rows makes {max(1, -(-rows // batch))} steps per epoch from {rows} rows.",
            "Take a smaller batch, so that the model gets more steps.",
        )
