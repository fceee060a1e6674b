"""The opponent: which model a submission is compared with, and whether it is asked with the handbook open.

A large model on AWS is asked as it is. Local AWS's reference is the small base model itself, untuned: what it says of a
domain without the domain's handbook is worth nothing, so it is asked with the nearest passages in its prompt, unless
the event's setting `reference_open_book` says otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workshop_kit.aws import Aws, kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.league.answer import Answer
from workshop_kit.league.asking import model_answer
from workshop_kit.records import content_id
from workshop_kit.retrieval import OpenBook, label
from workshop_kit.training.cost import charges

# Local AWS says so in the name of a model that has learned nothing of any domain.
UNTUNED, LOCAL = "untuned", " (local)"


@dataclass(frozen=True)
class Opponent:
    """What the reference's answers rest on beside its id: `name` as local AWS lists it (the same id may stand for
    another model tomorrow), `passages` in its prompt (0: the book is closed), and `book`, the handbook's hash."""

    name: str = ""
    passages: int = 0
    book: str = ""

    def label(self, model: str) -> str:
        """The reference in words: what it is, and what it has in its prompt."""
        if UNTUNED not in self.name and not self.passages:
            return model
        what = self.name if UNTUNED in self.name else model
        book = f", {label(self.passages)}" if self.passages else ""
        return f"{what.removesuffix(LOCAL)}{book}{LOCAL if what.endswith(LOCAL) else ''}"

    def key(self, question: str) -> str:
        """Under what an answer to a question is kept; a hash of everything but the model's id that it depends on."""
        told = {name: value for name, value in asdict(self).items() if value}
        return content_id([question, told]) if told else content_id(question)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `opponent_from` reads."""
        return {name: value for name, value in asdict(self).items() if value}


def opponent_from(values: dict[str, Any] | None) -> Opponent:
    """What was kept of an opponent; unknown members are left out."""
    known = Opponent.__dataclass_fields__
    return Opponent(**{name: value for name, value in (values or {}).items() if name in known})


def opponent(aws: Aws, model: str, book: OpenBook | None, wanted: bool | None = None) -> Opponent:
    """What `model` will be as the reference; `wanted` None opens the book for local AWS's untuned model alone.

    Raises AwsProblem when AWS is away.
    """
    name = _local_name(aws, model)
    is_open = book is not None and (UNTUNED in name if wanted is None else wanted)
    return Opponent(name, book.count, book.id) if book is not None and is_open else Opponent(name)


def reference_answer_of(aws: Aws, model: str, question: str, how: Opponent, book: OpenBook | None) -> Answer:
    """The reference's answer to a question, greedily, with the book open if that is how it is asked."""
    return model_answer(aws, model, book.prompt(question) if book is not None and how.passages else question)


def _local_name(aws: Aws, model: str) -> str:
    """How local AWS lists a model; "" on AWS, where an id is one model for ever."""
    if charges(aws):
        return ""
    try:
        found = kit_call(aws.client("bedrock").get_foundation_model, modelIdentifier=model)
    except AwsProblem as problem:
        if problem.code in ("ResourceNotFoundException", "ValidationException"):
            return ""  # a deployment or an imported model: no foundation model
        raise
    return str(found["modelDetails"]["modelName"])
