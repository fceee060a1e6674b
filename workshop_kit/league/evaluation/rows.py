"""The rows of an evaluation: what the learner gives, checked, and as Bedrock reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Example

MOST_ROWS = 1000


@dataclass(frozen=True)
class EvaluationRow:
    """A prompt, the reference answer ("" for none), and the answer to score ("" where the job asks the model)."""

    prompt: str
    reference: str = ""
    answer: str = ""
    category: str = ""


Rows = Iterable[EvaluationRow | Sequence[str]]


def read_rows(rows: Rows, asked: bool) -> tuple[EvaluationRow, ...]:
    """Rows as EvaluationRows; `asked` when the job is to ask the model. Raises BadInput naming the row."""
    found = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, EvaluationRow):
            if not isinstance(row, list | tuple) or not 1 <= len(row) <= 4:
                raise BadInput(f"Row {number} is not (prompt, reference, answer) nor an EvaluationRow.")
            row = EvaluationRow(*row)
        for name in ("prompt", "reference", "answer", "category"):
            _check_text(getattr(row, name), number, name)
        if not row.prompt.strip():
            raise BadInput(f"Row {number} has no prompt.")
        if asked and row.answer:
            raise BadInput(f"Row {number} has an answer, but the job is to ask the model; leave out one of the two.")
        found.append(row)
    if not 1 <= len(found) <= MOST_ROWS:
        raise BadInput(f"There are {len(found)} rows; an evaluation job takes 1 to {MOST_ROWS:,}.")
    if not asked and not any(row.answer for row in found):
        raise BadInput("No row has an answer to score; give answers, or name the model that the job is to ask.")
    return tuple(found)


def _check_text(text: object, number: int, name: str) -> None:
    if not isinstance(text, str):
        raise BadInput(f"Row {number}: the {name} is {type(text).__name__}, not text.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(f"Row {number}: the {name} holds half a character; write it anew.") from None


def record(row: EvaluationRow, source: str) -> dict[str, Any]:
    """A row as Bedrock reads it; `source` is "" where the job asks the model."""
    found: dict[str, Any] = {"prompt": row.prompt}
    if row.reference:
        found["referenceResponse"] = row.reference
    if row.category:
        found["category"] = row.category
    if source:
        found["modelResponses"] = [{"response": row.answer, "modelIdentifier": source}]
    return found


def as_dataset(rows: tuple[EvaluationRow, ...]) -> Dataset:
    """Rows as examples, for the search for private text."""
    return Dataset(tuple(Example(row.prompt, f"{row.answer}\n{row.reference}".strip()) for row in rows))
