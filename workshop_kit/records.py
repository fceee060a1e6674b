"""The values that flow through the kit: examples, topics, personas, datasets, findings. All frozen."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# Classes that tell MathJax to leave something alone: it takes what stands between two dollar signs for a formula.
NO_FORMULAS = "tex2jax_ignore mathjax_ignore"


@dataclass(frozen=True)
class Topic:
    """One subject within a domain."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Persona:
    """Somebody who asks questions."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True)
class Example:
    """One instruction-response row, with the context it rests on, if any."""

    instruction: str
    response: str
    context: str = ""
    topic: str = ""
    source: str = ""  # where the answer is from, such as "manual.pdf, page 3"; no part of the id

    @property
    def id(self) -> str:
        """A content hash of twelve hexadecimal digits: the same text always has the same id."""
        return content_id([self.instruction, self.context, self.response])


@dataclass(frozen=True)
class Dataset:
    """An ordered collection of examples under a name."""

    examples: tuple[Example, ...]
    name: str = "dataset"
    system: str = field(default="")

    @property
    def provenance_id(self) -> str:
        """A content hash of all rows in order; every later stage carries it."""
        return content_id([self.system, *[[e.instruction, e.context, e.response] for e in self.examples]])

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def _repr_html_(self) -> str:
        shown: list[list[object]] = [[e.topic, e.instruction, e.response] for e in self.examples[:5]]
        more = f"<p>… and {len(self) - 5} more rows.</p>" if len(self) > 5 else ""
        return (
            f"<p><b>{html.escape(self.name)}</b>: {len(self)} rows, id <code>{self.provenance_id}</code></p>"
            + html_table(["topic", "instruction", "response"], shown)
            + more
        )


@dataclass(frozen=True)
class Finding:
    """Something worth knowing about a file or a row, placed as exactly as it can be.

    `severity` is "error" (can't be used as it is), "warning" (usable, but look at it) or "note".
    `line` and `column` count from 1; 0 means that there is none. `field` is a path such as "dialog[1].role".
    `example_id` names the row a finding is about; `fix` says what mends it, and `mendable` whether
    the kit can do that by itself without changing what the row says.
    """

    severity: str
    code: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    field: str = ""
    fix: str = ""
    example_id: str = ""
    mendable: bool = False

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.file,
                f"line {self.line}" if self.line else "",
                f"column {self.column}" if self.column else "",
                f"field '{self.field}'" if self.field else "",
            )
            if part
        )
        return f"{place}: {self.message}" if place else self.message


def html_table(columns: list[str], rows: list[list[object]], caption: str = "") -> str:
    """A light table for a notebook, everything in it escaped and dollar signs what they are."""
    cell = "style='text-align:left;vertical-align:top;white-space:normal'"
    head = "".join(f"<th {cell}>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td {cell}>{html.escape(str(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    title = f"<p>{html.escape(caption)}</p>" if caption else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='{NO_FORMULAS}'>{title}{table}</div>"


def pandas() -> Any:
    """pandas, whose tables in notebooks show amounts in dollars as they are and take nothing for a formula."""
    import pandas as pd

    pd.set_option("display.html.use_mathjax", False)
    return pd


def content_id(value: object) -> str:
    """Twelve hexadecimal digits of the SHA-256 of `value` as canonical JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
