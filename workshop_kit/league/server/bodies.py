"""What a request's fields may hold. Every body is a pydantic model without extra fields."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DEEPEST = 20


class Body(BaseModel):
    """A JSON object with the fields named and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _shown(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if not text.isprintable():
        raise ValueError("has characters that can't be shown; use letters, digits and signs")
    return text.strip()


def _kept(text: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has characters that no database keeps")
    return text


def Line(shortest: int, longest: int) -> Any:
    """One line of text that can be shown, without blanks around it."""
    return Annotated[str, Field(min_length=shortest, max_length=longest), AfterValidator(_shown)]


def Text(shortest: int, longest: int) -> Any:
    """Any text, of several lines perhaps."""
    return Annotated[str, Field(min_length=shortest, max_length=longest), AfterValidator(_kept)]


Id = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,40}$")]
QuestionId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.:-]{1,80}$")]


def depth(value: Any) -> int:
    """How deep a JSON value is nested, without recursion."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        found, level = todo.pop()
        deepest = max(deepest, level)
        inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
        todo += [(item, level + 1) for item in inner]
    return deepest
