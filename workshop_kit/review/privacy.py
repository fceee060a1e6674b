"""Private text in a dataset: found, shown without repeating it, and masked before anything is uploaded.

The default engine is a table of patterns and needs no download. The stronger one is presidio with its language model
(pip install 'workshop-kit[privacy]'), which also finds names that no phrase announces.
"""

from __future__ import annotations

import html
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workshop_kit.errors import BadInput, require
from workshop_kit.records import Dataset, html_table
from workshop_kit.review.patterns import PATTERNS

FIELDS = ("instruction", "context", "response")
# The system prompt belongs to no row: sightings in it have this row and the field "system".
SYSTEM_ROW = -1
# presidio's names for kinds -> ours; its others keep their own name in small letters.
_PRESIDIO = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "CREDIT_CARD": "card", "US_SSN": "id-number",
    "IBAN_CODE": "iban", "IP_ADDRESS": "ip-address", "PERSON": "name", "LOCATION": "place",
}  # fmt: skip


@dataclass(frozen=True)
class Sighting:
    """Private text in a field of a row: characters `start` to `end`; rows from 0, SYSTEM_ROW for the system prompt."""

    row: int
    field: str
    start: int
    end: int
    kind: str
    text: str
    confidence: float
    secret: bool = False

    @property
    def place(self) -> str:
        """Where it is, for people: rows from 1."""
        return "the system prompt" if self.row == SYSTEM_ROW else f"row {self.row + 1}, field '{self.field}'"

    @property
    def hint(self) -> str:
        """Enough to know it again, not enough to use it."""
        return f"{self.text[:1]}… ({self.end - self.start} characters)"


@dataclass(frozen=True)
class Private:
    """All sightings in a dataset, worst first: secrets, then by confidence."""

    dataset: Dataset
    sightings: tuple[Sighting, ...]

    def __len__(self) -> int:
        return len(self.sightings)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return dict(Counter(sighting.kind for sighting in self.sightings).most_common())

    def to_frame(self) -> Any:
        """A pandas DataFrame that shows where, not what."""
        import pandas as pd

        # Row 0 is the system prompt.
        rows = [[s.row + 1, s.field, s.kind, s.confidence, s.hint] for s in self.sightings]
        return pd.DataFrame(rows, columns=["row", "field", "kind", "confidence", "begins with"])

    def mask(self, keep: Sequence[str] = ()) -> Masked:
        """The dataset with a placeholder such as [EMAIL_1] for each private text; `keep` names kinds to leave.

        The same text gets the same placeholder wherever it stands.
        """
        return mask(self.dataset, [s for s in self.sightings if s.kind not in keep])

    def _repr_html_(self) -> str:
        if not self.sightings:
            return "<p>Nothing private was found. The search goes by form: names in running text can be missed.</p>"
        rows: list[list[object]] = [[s.row + 1, s.field, s.kind, s.hint] for s in self.sightings[:20]]
        counts = ", ".join(f"{n} {kind}" for kind, n in self.counts().items())
        more = f" (the first 20 of {len(self)})" if len(self) > 20 else ""
        table = html_table(["row", "field", "kind", "begins with"], rows, f"Private text{more}: {counts}")
        return table + preview_html(self.mask(), limit=5)


@dataclass(frozen=True)
class Masked:
    """A dataset with placeholders, the one it was, and how many texts each kind had."""

    dataset: Dataset
    before: Dataset
    replaced: Mapping[str, int]


def find_private(dataset: Dataset, *, engine: Any = "patterns") -> Private:
    """Look for private text in every field, and in the system prompt.

    `engine` is "patterns", "presidio", or an object with presidio's analyze(text=, language=). Where sightings overlap,
    the surer and then the longer one stands. Raises MissingExtra for presidio without its extra.
    """
    look = _by_patterns
    if engine != "patterns":
        analyzer = engine
        if engine == "presidio":
            analyzer = require("presidio_analyzer", extra="privacy").AnalyzerEngine()

        def look(text: str) -> Iterator[tuple[int, int, str, float, bool]]:
            # presidio knows few secrets: the patterns go on looking for those.
            yield from (found for found in _by_patterns(text) if found[4])
            for found in analyzer.analyze(text=text, language="en"):
                yield (
                    found.start,
                    found.end,
                    _PRESIDIO.get(found.entity_type, found.entity_type.lower()),
                    found.score,
                    False,
                )

    seen: list[Sighting] = []
    places = [(row, field, getattr(example, field)) for row, example in enumerate(dataset) for field in FIELDS]
    for row, field, text in [(SYSTEM_ROW, "system", dataset.system), *places]:
        if text:
            seen += _apart(Sighting(row, field, a, b, kind, text[a:b], sure, secret)
                           for a, b, kind, sure, secret in look(text))  # fmt: skip
    return Private(dataset, tuple(sorted(seen, key=lambda s: (not s.secret, -s.confidence, s.row, s.start))))


def mask(dataset: Dataset, sightings: Sequence[Sighting]) -> Masked:
    """Put placeholders for the sightings; numbers run through the dataset, one for each different text of a kind."""
    by_place: dict[tuple[int, str], list[Sighting]] = {}
    for sighting in sorted(sightings, key=lambda s: (s.row, ("system", *FIELDS).index(s.field), s.start)):
        by_place.setdefault((sighting.row, sighting.field), []).append(sighting)
    names: dict[tuple[str, str], str] = {}
    counts: Counter[str] = Counter()
    for found in by_place.values():
        for s in found:
            if (s.kind, s.text) not in names:
                counts[s.kind] += 1
                names[s.kind, s.text] = f"[{s.kind.replace('-', '_').upper()}_{counts[s.kind]}]"
    examples, system = list(dataset.examples), dataset.system
    for (row, field), found in by_place.items():
        text = system if row == SYSTEM_ROW else getattr(dataset.examples[row], field)
        for s in reversed(found):
            text = text[: s.start] + names[s.kind, s.text] + text[s.end :]
        if row == SYSTEM_ROW:
            system = text
        else:
            examples[row] = replace(examples[row], **{field: text})
    return Masked(replace(dataset, examples=tuple(examples), system=system), dataset, dict(counts))


def preview_html(masked: Masked, limit: int = 10) -> str:
    """The rows that a mask changes, as they will be."""
    changed = [
        (row, after)
        for row, (before, after) in enumerate(zip(masked.before, masked.dataset, strict=True))
        if before != after
    ]
    if not changed:
        return "<p>Nothing to mask.</p>"
    rows: list[list[object]] = [[row + 1, e.instruction, e.response] for row, e in changed[:limit]]
    more = f" ({limit} of {len(changed)} rows)" if len(changed) > limit else ""
    return html_table(["row", "question", "answer"], rows, f"With placeholders{html.escape(more)}:")


def require_yes(private: Private, yes: bool = False) -> None:
    """Stop an upload of rows with private text; `yes` says that a person looked and wants it.

    Raises BadInput that names how much of what was found, and where first.
    """
    if yes or not private.sightings:
        return
    first = min(private.sightings, key=lambda s: s.row)
    counts = ", ".join(f"{n} {kind}" for kind, n in private.counts().items())
    raise BadInput(
        f"{private.dataset.name} holds private text ({counts}; first in {first.place}); "
        "mask it (private.mask().dataset), or say that it may be uploaded with private_ok=True."
    )


def _by_patterns(text: str) -> Iterator[tuple[int, int, str, float, bool]]:
    for pattern in PATTERNS:
        for match in pattern.regex.finditer(text):
            found = match[pattern.group]
            if pattern.check is None or pattern.check(found):
                yield (
                    match.start(pattern.group),
                    match.end(pattern.group),
                    pattern.kind,
                    pattern.confidence,
                    pattern.secret,
                )


def _apart(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The surest of those that overlap."""
    kept: list[Sighting] = []
    for s in sorted(sightings, key=lambda s: (not s.secret, -s.confidence, s.start - s.end, s.start)):
        place = bisect_left(kept, s.start, key=lambda other: other.start)
        before, after = kept[place - 1 : place], kept[place : place + 1]
        if all(other.end <= s.start for other in before) and all(other.start >= s.end for other in after):
            kept.insert(place, s)
    return kept
