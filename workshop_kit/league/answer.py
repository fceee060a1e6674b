"""What a model said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """An answer to one question; tokens and seconds where they were told."""

    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None
