"""Any model with the handbook open: it is asked with the nearest passages in its prompt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workshop_kit.domains import Passage
from workshop_kit.playground.endpoints import Model
from workshop_kit.retrieval import OpenBook


@dataclass(frozen=True)
class OpenBookModel:
    """A model that looks each question up in a handbook; it takes a Model's place everywhere."""

    model: Model
    book: OpenBook = field(repr=False)

    @property
    def label(self) -> str:
        """The model's label and what it has before it."""
        return f"{self.model.label or getattr(self.model, 'name', '')}, {self.book.label}"

    def passages(self, question: str) -> tuple[Passage, ...]:
        """What the model is shown with a question."""
        return self.book.passages(question)

    def ask(self, question: str, system: str | None = None, **settings: Any) -> Any:
        """As the model's own `ask`, with the passages after the question."""
        return self.model.ask(self.book.prompt(question), system, **settings)


def with_open_book(model: Model, book: OpenBook) -> OpenBookModel:
    """The model with the book open beside it."""
    return OpenBookModel(model, book)
