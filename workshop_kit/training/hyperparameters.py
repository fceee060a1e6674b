"""A recipe: what a model's fine-tuning can be told, with bounds and defaults as its hub document gives them.

AWS's document holds AWS's numbers and local AWS's document holds its own, so one code path serves both.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import BadHyperparameter, BadInput
from workshop_kit.records import html_table
from workshop_kit.settings import JUMPSTART_MODEL_ID
from workshop_kit.training.explain import GROUPS, Explanation, explain

HUB = "SageMakerPublicHub"
Value = int | float | bool | str


@dataclass(frozen=True)
class Hyperparameter:
    """One setting. `type` is "int", "float", "bool", "choice" or "text"; bounds are None where there are none."""

    name: str
    type: str
    default: Value | None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()
    explanation: Explanation = field(default_factory=lambda: explain(""))

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        if self.type == "bool":
            return "yes or no"
        if self.options:
            return "one of " + ", ".join(self.options)
        if self.type == "text":
            return "text"
        kind = "whole number" if self.type == "int" else "number"
        if self.minimum is None and self.maximum is None:
            return kind
        if self.maximum is None:
            return f"{kind}, at least {_plain(self.minimum)}"
        if self.minimum is None:
            return f"{kind}, at most {_plain(self.maximum)}"
        return f"{kind} from {_plain(self.minimum)} to {_plain(self.maximum)}"

    def read(self, value: object) -> Value:
        """`value` (typed or text) as this setting's type, within bounds.

        Raises BadHyperparameter with one sentence that names the setting, what was found and what is allowed.
        """
        try:
            read = self._typed(value)
        except (TypeError, ValueError, OverflowError):
            raise self._bad(value) from None
        if isinstance(read, float) and not math.isfinite(read):
            raise self._bad(value)
        if self.options and str(read) not in self.options:
            raise self._bad(value)
        if isinstance(read, (int, float)) and not isinstance(read, bool):
            low, high = self.minimum, self.maximum
            if (low is not None and read < low) or (high is not None and read > high):
                raise self._bad(value)
        return read

    def _typed(self, value: object) -> Value:
        text = str(value).strip()
        if self.type == "bool":
            if text.lower() not in ("true", "false"):
                raise ValueError
            return text.lower() == "true"
        if self.type == "int":
            if isinstance(value, bool):
                raise ValueError
            number = float(text)
            if number != int(number):
                raise ValueError
            return int(number)
        if self.type == "float":
            if isinstance(value, bool):
                raise ValueError
            return float(text)
        if self.name == "target_modules":
            text = ",".join(part.strip() for part in text.split(",") if part.strip())
        if not text:
            raise ValueError
        return text

    def _bad(self, value: object) -> BadHyperparameter:
        return BadHyperparameter(f"{self.name} is {value!r}; it must be a {self.bounds}.".replace("a one of", "one of"))


@dataclass(frozen=True)
class Recipe:
    """Everything needed to fine-tune one JumpStart model: settings, images, addresses and machines."""

    model_id: str
    label: str
    hyperparameters: tuple[Hyperparameter, ...]
    container: Mapping[str, str]
    training_image: str
    training_artifact: str
    training_script: str
    hosting_image: str
    hosting_artifact: str
    instance_types: tuple[str, ...]
    default_instance: str
    inference_instance: str
    volume_gb: int
    document: Mapping[str, Any] = field(repr=False, compare=False, default_factory=dict)

    def __getitem__(self, name: str) -> Hyperparameter:
        """One setting by name; raises BadHyperparameter for an unknown one, naming those there are."""
        for setting in self.hyperparameters:
            if setting.name == name:
                return setting
        raise BadHyperparameter(
            f"{self.model_id} has no hyperparameter {name!r}; it has {', '.join(s.name for s in self.hyperparameters)}."
        )

    def __contains__(self, name: object) -> bool:
        return any(setting.name == name for setting in self.hyperparameters)

    def defaults(self) -> dict[str, Value]:
        """Name -> default, for every setting that has one; rows are instruction rows, as the kit writes them."""
        values = {s.name: s.default for s in self.hyperparameters if s.default is not None}
        if "instruction_tuned" in values:
            # The kit uploads instruction rows with a template; the hub's default is raw text.
            values["instruction_tuned"] = True
        if "add_input_output_demarcation_key" in values:
            # The kit's template is a chat prompt, which says itself where the answer begins; JumpStart's mark would
            # stand in training and nowhere else.
            values["add_input_output_demarcation_key"] = False
        return values

    def by_group(self) -> dict[str, tuple[Hyperparameter, ...]]:
        """The settings in the order a form shows them."""
        groups = {group: tuple(s for s in self.hyperparameters if s.explanation.group == group) for group in GROUPS}
        return {group: settings for group, settings in groups.items() if settings}

    def image(self, instance_type: str, use: str = "training") -> str:
        """The container image for a machine: the hub may name one per instance family, or an alias of one."""
        default = self.training_image if use == "training" else self.hosting_image
        key = "TrainingInstanceTypeVariants" if use == "training" else "HostingInstanceTypeVariants"
        variants = self.document.get(key) or {}
        aliases, table = variants.get("Aliases") or {}, variants.get("Variants") or {}
        family = instance_type.removeprefix("ml.").split(".")[0]
        for name in (instance_type, family):
            entry = table.get(name) or {}
            image = (entry.get("Properties") or entry.get("properties") or {}).get("ImageUri") or (
                entry.get("Properties") or entry.get("properties") or {}
            ).get("image_uri")
            if image:
                return aliases.get(image) or aliases.get(image.removeprefix("$"), image)
        return default

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [s.name, _plain(s.default), s.bounds, s.explanation.what, s.explanation.too_low, s.explanation.too_high]
            for settings in self.by_group().values()
            for s in settings
        ]
        head = f"<p><b>{html.escape(self.model_id)}</b><br>{html.escape(self.label)}</p>"
        return head + html_table(["name", "default", "bounds", "what it does", "too low", "too high"], rows)


def recipe(aws: Any, model_id: str = JUMPSTART_MODEL_ID) -> Recipe:
    """Read a model's recipe from the hub (DescribeHubContent).

    Raises AwsProblem for an unknown id and BadInput when the document can't be used for fine-tuning.
    """
    answer = kit_call(
        aws.client("sagemaker").describe_hub_content,
        HubName=HUB,
        HubContentType="Model",
        HubContentName=model_id,
    )
    try:
        document = json.loads(answer["HubContentDocument"])
    except ValueError as problem:
        raise BadInput(f"The hub's document for {model_id} is not JSON ({problem}); try again.") from None
    return from_document(model_id, document)


def from_document(model_id: str, document: Mapping[str, Any]) -> Recipe:
    """A hub document as a Recipe. Raises BadInput when it does not describe a model that can be fine-tuned."""
    if not document.get("TrainingSupported", bool(document.get("Hyperparameters"))):
        raise BadInput(f"The hub says that {model_id} can't be fine-tuned; choose a model that can.")
    entries = document.get("Hyperparameters") or []
    own = [entry for entry in entries if str(entry.get("Scope", "algorithm")).lower() != "container"]
    container = {
        entry["Name"]: as_text(entry["Default"])
        for entry in entries
        if entry not in own and entry.get("Default") is not None
    }
    default_instance = document.get("DefaultTrainingInstanceType") or "ml.g5.2xlarge"
    return Recipe(
        model_id=model_id,
        label=str(document.get("Description") or document.get("ModelDisplayName") or model_id),
        hyperparameters=tuple(_hyperparameter(entry) for entry in own),
        container=MappingProxyType(container),
        training_image=document.get("TrainingEcrUri") or "",
        training_artifact=document.get("TrainingArtifactUri") or "",
        training_script=document.get("TrainingScriptUri") or "",
        hosting_image=document.get("HostingEcrUri") or "",
        hosting_artifact=document.get("HostingArtifactUri") or "",
        instance_types=tuple(document.get("SupportedTrainingInstanceTypes") or (default_instance,)),
        default_instance=default_instance,
        inference_instance=document.get("DefaultInferenceInstanceType") or default_instance,
        volume_gb=int(document.get("TrainingVolumeSize") or 30),
        document=MappingProxyType(dict(document)),
    )


def as_text(value: Value) -> str:
    """A value as SageMaker takes it: every hyperparameter is text, and booleans are True and False."""
    return format(value, "g") if isinstance(value, float) and value == 0 else str(value)


def _hyperparameter(entry: Mapping[str, Any]) -> Hyperparameter:
    name, default = entry["Name"], entry.get("Default")
    options = tuple(str(option) for option in entry.get("Options") or ())
    kind = str(entry.get("Type", "text")).lower()
    if {option.lower() for option in options} == {"true", "false"} or str(default).lower() in ("true", "false"):
        kind, options = "bool", ()
    elif kind in ("int", "integer"):
        kind = "int"
    elif kind in ("float", "double", "number"):
        kind = "float"
    else:
        kind = "choice" if options else "text"
    bare = Hyperparameter(name, kind, None)
    usable = default not in (None, "", "None")
    return Hyperparameter(
        name,
        kind,
        bare.read(default) if usable else None,
        _number(entry.get("Min")),
        _number(entry.get("Max")),
        options,
        explain(name),
    )


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
