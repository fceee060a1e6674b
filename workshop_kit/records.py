"""The values that flow through the kit: examples, topics, personas, datasets. All frozen."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, field


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
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(e.topic)}</td>"
            f"<td style='text-align:left'>{html.escape(e.instruction)}</td>"
            f"<td style='text-align:left'>{html.escape(e.response)}</td></tr>"
            for e in self.examples[:5]
        )
        more = f"<p>… and {len(self) - 5} more rows.</p>" if len(self) > 5 else ""
        return (
            f"<p><b>{html.escape(self.name)}</b>: {len(self)} rows, id <code>{self.provenance_id}</code></p>"
            "<table><thead><tr><th>topic</th><th>instruction</th><th>response</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>{more}"
        )


def content_id(value: object) -> str:
    """Twelve hexadecimal digits of the SHA-256 of `value` as canonical JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
