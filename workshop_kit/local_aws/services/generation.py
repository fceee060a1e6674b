"""Text from a model, for SageMaker endpoints and Bedrock alike: one door to the model server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.inference import client
from workshop_kit.local_aws.inference.client import ModelRef
from workshop_kit.local_aws.services import weights
from workshop_kit.local_aws.trainer.artefact import fingerprint


@dataclass(frozen=True)
class Settings:
    """How to generate. Temperature 0 takes the likeliest token each time; the lengths are in tokens."""

    max_new_tokens: int
    temperature: float
    top_p: float
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


class Answer:
    """An answer being made: iterate over its pieces of text; counts and `finish` are right when all is read.

    `finish` is "stop" (the model ended its turn), "length", or "stop_sequence".
    """

    def __init__(self) -> None:
        self.input_tokens = 0
        self.output_tokens = 0
        self.finish = "stop"

    def __iter__(self) -> Iterator[str]:
        return self._produce()

    def begun(self) -> Iterator[str]:
        """The pieces, with the first one made already: a fault shows before an answer's head is sent."""
        pieces = self._produce()
        first = next(pieces, "")
        return chain([first] if first else [], pieces)

    def _produce(self) -> Iterator[str]:
        raise NotImplementedError  # each kind of answer has its own


def model_ref(base: str, label: str) -> ModelRef:
    """A model that is served as it is."""
    return ModelRef(base, None, label)


def variant_ref(ctx: Context, variant: dict[str, Any]) -> ModelRef:
    """The model that an endpoint's variant serves. Raises UnusableWeights."""
    source = variant["Source"]
    if "base" in source:
        return ModelRef(catalogue.base_model(), None, catalogue.JUMPSTART[source["base"]].label)
    folder = Path(variant["Folder"])
    if not folder.is_dir():
        folder = weights.fetch(ctx, source)  # the cache was cleared
    label = f"{variant['ModelName']} ({source['uri']})"
    if (folder / "adapter_config.json").is_file():
        check_base(folder, catalogue.base_model())
        return ModelRef(catalogue.base_model(), str(folder), label)
    return ModelRef(str(folder), None, label)


def answer(
    ctx: Context,
    ref: ModelRef,
    prompt: str | list[dict[str, str]],
    settings: Settings,
    fault: Callable[[str, bool], Exception],
) -> Answer:
    """Begin an answer to a finished prompt (text) or to a conversation (a list of messages).

    `fault(message, refused)` makes the exception to raise when it can't be made: `refused` is true when the request
    is at fault (too long, say) and false when the model server is.
    """
    return _Generated(ctx, ref, prompt, settings, fault)


def check(ctx: Context, ref: ModelRef) -> None:
    """Have a model make one token, which loads it. Raises UnusableWeights when it can't."""
    settings = Settings(max_new_tokens=1, temperature=0.0, top_p=1.0)
    for _ in answer(ctx, ref, "Hello", settings, lambda message, refused: weights.UnusableWeights(message)):
        pass


class _Generated(Answer):
    """An answer from a model of weights."""

    def __init__(
        self, ctx: Context, ref: ModelRef, prompt: Any, settings: Settings, fault: Callable[[str, bool], Exception]
    ) -> None:
        super().__init__()
        self._pieces = client.generate(ctx.home, ref, prompt, asdict(settings))
        self._fault = fault

    def _produce(self) -> Iterator[str]:
        try:
            for chunk in self._pieces:
                self.output_tokens += chunk.tokens
                if chunk.finish:
                    self.finish, self.input_tokens = chunk.finish, chunk.input_tokens
                if chunk.text:
                    yield chunk.text
        except client.Refused as problem:
            raise self._fault(str(problem), True) from None
        except client.ModelServerGone as problem:
            raise self._fault(str(problem), False) from None


def check_base(folder: Path, base: str) -> None:
    """Raise UnusableWeights when the adapter was made for another base than the one here, `base`."""
    try:
        made_for = json.loads((folder / "base_model.json").read_text(encoding="utf-8"))
        wanted, name = made_for["sha256"], made_for["model_id"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise weights.UnusableWeights(
            f"The artefact has no usable base_model.json, so its base is unknown: {problem}."
        ) from None
    if wanted and wanted != _fingerprint(base, _age(base)):
        raise weights.UnusableWeights(
            f"The artefact was trained on another base model ({name}, sha256 {wanted[:12]}…) than the one here "
            f"({Path(base).name}); train again."
        )


def _age(base: str) -> int:
    return max((path.stat().st_mtime_ns for path in Path(base).glob("*.safetensors")), default=0)


@lru_cache(maxsize=8)
def _fingerprint(base: str, age: int) -> str:
    """Of a base that has not changed, since a real one takes a third of a second to read."""
    return fingerprint(base)
