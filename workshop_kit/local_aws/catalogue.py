"""Which models local AWS has, under which ids, and what each one truly is.

A stand-in is never described as the model whose place it takes: JumpStart's ids are accepted so that the
same request works on AWS and here, and every description says what answers here instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path

from workshop_kit.base_model import TINY, told
from workshop_kit.local_aws.models.cache import model_folder
from workshop_kit.local_aws.models.manifest import MODELS

WEIGHTS = Path(__file__).parent / "weights"
HUB = "SageMakerPublicHub"
PROVIDER = "Workshop Kit (local)"

# Where the hub document says the stand-ins' files are. There are no such objects: the bucket is only a name
# by which a request shows which model it means.
ARTIFACT_BUCKET = "workshop-local-jumpstart"


@dataclass(frozen=True)
class JumpStartModel:
    """A JumpStart id that local AWS accepts; the base model stands in for it."""

    model_id: str
    version: str
    stands_for: str

    @property
    def label(self) -> str:
        """One line that says what really runs under this id."""
        return f"local stand-in: {base_label()}, not {self.stands_for}"

    @property
    def training_uri(self) -> str:
        """The S3 prefix that a training job's `model` channel names."""
        return f"s3://{ARTIFACT_BUCKET}/{self.model_id}/training/"

    @property
    def script_uri(self) -> str:
        """The S3 address that a training job's `code` channel names."""
        return f"s3://{ARTIFACT_BUCKET}/{self.model_id}/transfer_learning/sourcedir.tar.gz"

    @property
    def hosting_uri(self) -> str:
        """The S3 prefix that a model without fine-tuning names."""
        return f"s3://{ARTIFACT_BUCKET}/{self.model_id}/hosting/"


@dataclass(frozen=True)
class BedrockModel:
    """A model behind Bedrock's Converse and InvokeModel.

    `stands_for` is set where the id is another model's: it is accepted, and described as what it is. Such an id is not
    listed as one to ask, so that nothing takes the stand-in for the model; `customizable` is the id under which it is
    listed as one to fine-tune, and `customizations` says how.
    """

    model_id: str
    name: str
    description: str
    kind: str  # "base" and "reference" are weights; "writer" and "judge" are rules, see standins/
    stands_for: str = ""
    customizable: str = ""
    customizations: tuple[str, ...] = ()
    protocol: str = "llama"  # the body that InvokeModel takes: "llama" or "nova"


def _nova(model_id: str, name: str, kind: str, window: str, *customizations: str) -> BedrockModel:
    return BedrockModel(
        model_id,
        f"Workshop {kind}",
        f"Answers requests for Amazon {name} on this machine; it is not {name}.",
        kind,
        stands_for=f"Amazon {name}",
        customizable=f"{model_id}:{window}" if window else "",
        customizations=customizations,
        protocol="nova",
    )


JUMPSTART: dict[str, JumpStartModel] = {
    model.model_id: model
    for model in (
        JumpStartModel("meta-textgeneration-llama-3-2-1b-instruct", "1.0.0", "Llama 3.2 1B Instruct"),
        JumpStartModel("meta-textgeneration-llama-3-2-3b-instruct", "1.0.0", "Llama 3.2 3B Instruct"),
    )
}

BEDROCK: dict[str, BedrockModel] = {
    model.model_id: model
    for model in (
        BedrockModel(
            "workshop.base-v1:0",
            "Workshop base",
            "The small base model that fine-tuning starts from; it knows no domain's particulars.",
            "base",
        ),
        BedrockModel(
            "workshop.reference-v1:0",
            "Workshop reference",
            "The opponent in the league: the base itself, untuned, or the tiny base's longer-trained sibling.",
            "reference",
        ),
        BedrockModel(
            "workshop.writer-v1:0",
            "Workshop writer",
            "Rules, not a neural network: writes topics, questions and answers from the passage in the prompt.",
            "writer",
        ),
        BedrockModel(
            "workshop.judge-v1:0",
            "Workshop judge",
            "Rules, not a neural network: compares two answers by key facts, relevance, repetition and likelihood.",
            "judge",
        ),
        _nova("amazon.nova-micro-v1:0", "Nova Micro", "base", "128k", "FINE_TUNING", "DISTILLATION"),
        _nova("amazon.nova-lite-v1:0", "Nova Lite", "base", "300k", "FINE_TUNING", "DISTILLATION"),
        _nova("amazon.nova-2-lite-v1:0", "Nova 2 Lite", "base", "256k", "FINE_TUNING", "REINFORCEMENT_FINE_TUNING"),
        _nova("amazon.nova-pro-v1:0", "Nova Pro", "reference", "300k", "FINE_TUNING", "DISTILLATION"),
        _nova("amazon.nova-premier-v1:0", "Nova Premier", "reference", ""),
    )
}
# Inference profiles put a region's name before the id.
PROFILES = ("us.", "eu.", "apac.", "global.", "jp.", "au.")
# Models that a distillation job takes as its teacher.
TEACHERS = ("amazon.nova-pro-v1:0", "amazon.nova-premier-v1:0")


def base_model() -> str:
    """The folder of the base model, or the hub id that WORKSHOP_BASE_MODEL names.

    Local AWS sets WORKSHOP_BASE_MODEL for its processes when it starts, to what was settled for its workspace.
    """
    if not base_is_foreign():
        return str(WEIGHTS / "base")
    if told() in MODELS:
        return str(model_folder(told()))
    # Jobs keep this, and other processes with other current folders read it: a folder is named absolutely.
    return str(Path(told()).resolve()) if Path(told()).is_dir() else told()


def base_is_foreign() -> bool:
    """Whether the base is another than the tiny model in this package."""
    return told() not in ("", TINY)


def base_is_known() -> bool:
    """Whether the base is a model that this kit gets and has measured."""
    return told() in MODELS


def reference_model() -> str:
    """The folder of the reference model, or its hub id: the base itself, untuned; the tiny base has a sibling.

    A real base knows English and no domain: the league asks it with passages of the handbook in its prompt.
    """
    return base_model() if base_is_foreign() else str(WEIGHTS / "reference")


def base_name() -> str:
    """The base model's name: the tiny one's, a known model's, or that of what WORKSHOP_BASE_MODEL names."""
    if told() in MODELS:
        return MODELS[told()].name
    return f"the model {Path(told()).name} that WORKSHOP_BASE_MODEL names" if base_is_foreign() else "workshop base"


def base_label() -> str:
    """The base model in words, with its size where the weights are on this machine, and its licence if it is known."""
    name = base_name()
    count = parameters(base_model())
    model = MODELS.get(told())
    parts = [name, f"{count:,} parameters" if count else "", f"licence {model.license}" if model else ""]
    return ", ".join(part for part in parts if part)


def weights_of(model: BedrockModel) -> str | None:
    """The folder or hub id of a Bedrock model's weights; None for one made of rules.

    Nova's larger models are the tiny model's sibling whatever the base is: as teachers they need what no untuned base
    has, something that they know.
    """
    if model.kind == "reference" and model.stands_for:
        return str(WEIGHTS / "reference")
    return {"base": base_model, "reference": reference_model}.get(model.kind, lambda: None)()


def weights_folder(kind: str) -> str:
    """The folder or hub id of "base" or "reference"."""
    return base_model() if kind == "base" else reference_model()


def weights_label(kind: str) -> str:
    """What "base" or "reference" is, in words, with its size."""
    if kind == "base" or base_is_foreign():
        return base_label()
    return f"workshop reference, {parameters(reference_model()):,} parameters"


def bedrock_model(identifier: str) -> BedrockModel | None:
    """The model of an id, with or without an inference profile's prefix or a context window's suffix."""
    for prefix in PROFILES:
        identifier = identifier.removeprefix(prefix)
    return BEDROCK.get(identifier) or next(
        (model for model in BEDROCK.values() if identifier and model.customizable == identifier), None
    )


def present(model: BedrockModel) -> bool:
    """Whether the model can answer here: one of weights needs its files, or a hub id to get them by."""
    weights = weights_of(model)
    if weights is None:
        return True
    if base_is_foreign() and told() not in MODELS:
        return True
    return (Path(weights) / "config.json").is_file()


def honest_name(model: BedrockModel) -> str:
    """The name that listings show: what it is, and that it is local."""
    weights = weights_of(model)
    if weights is None:
        return f"{model.name} (local, rule-based, not a neural network)"
    if model.stands_for:
        label = base_label() if model.kind == "base" else f"workshop reference, {parameters(weights):,} parameters"
        return f"{label} (local stand-in, not {model.stands_for})"
    if base_is_foreign():
        # "untuned" is the mark by which the league knows that this model is to be asked with the book open.
        return f"Base: {base_label()} (local)" if model.kind == "base" else _untuned()
    return f"{model.name} (local, {parameters(weights):,} parameters)"


def _untuned() -> str:
    """The reference of a real base: its name, its size where its weights are here, and that it is untuned."""
    count = parameters(base_model())
    return ", ".join(filter(None, [base_name(), f"{count:,} parameters" if count else "", "untuned (local)"]))


@lru_cache(maxsize=8)
def parameters(folder: str) -> int:
    """The number of parameters in a folder's safetensors files, read from their headers; 0 without files."""
    total = 0
    for path in sorted(Path(folder).glob("*.safetensors")):
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        total += sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    return total


def named_in(texts: Iterable[str]) -> JumpStartModel | None:
    """The JumpStart model whose id occurs in one of `texts`, the longest id first."""
    known = sorted(JUMPSTART, key=len, reverse=True)
    return next((JUMPSTART[key] for text in texts for key in known if key in text), None)
