"""A file of rows -> rows and findings: tolerant, placed by line and column, flat in memory for JSON Lines.

One bad line never hides the others: it becomes a finding and reading goes on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workshop_kit.errors import BadInput
from workshop_kit.formats.lines import values
from workshop_kit.formats.prompt import system_of
from workshop_kit.formats.rows import from_row
from workshop_kit.records import Dataset, Example, Finding, html_table


@dataclass(frozen=True)
class Row:
    """One readable row: where it was and what it says."""

    line: int
    example: Example
    system: str = ""


@dataclass(frozen=True)
class Loaded:
    """A file as read: the usable rows and everything that was odd, each with its place."""

    dataset: Dataset
    findings: tuple[Finding, ...]
    lines: tuple[int, ...] = field(default=(), repr=False)  # the line of each example

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that cost a row."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def _repr_html_(self) -> str:
        shown: list[list[object]] = [
            [f.severity, f.line or "", f.column or "", f.field, f.message, f.fix] for f in self.findings[:50]
        ]
        title = f"{len(self.findings)} findings" + (", the first 50:" if len(self.findings) > 50 else "")
        table = html_table(["severity", "line", "column", "field", "what", "mend"], shown, title)
        return self.dataset._repr_html_() + (table if self.findings else "<p>Nothing odd was found.</p>")


def load(path: str | Path, format: str | None = None) -> Loaded:
    """Read a whole file; bad rows become findings, never exceptions.

    A template.json beside it, as write_jumpstart leaves it, brings the system prompt back.
    Raises BadInput when there is nothing that could be read as rows at all.
    """
    path = Path(path)
    examples: list[Example] = []
    lines: list[int] = []
    findings: list[Finding] = []
    systems: Counter[str] = Counter()
    for item in stream(path, format):
        if isinstance(item, Row):
            examples.append(item.example)
            lines.append(item.line)
            systems[item.system] += 1
        else:
            findings.append(item)
    system = systems.most_common(1)[0][0] if systems else ""
    if len(systems) > 1:
        findings.append(
            Finding("warning", "mixed-systems", f"{len(systems)} system prompts; the commonest is kept", str(path))
        )
    system = system or _template_system(path, findings)
    return Loaded(Dataset(tuple(examples), path.stem, system), tuple(findings), tuple(lines))


def read_dataset(path: str | Path, format: str | None = None) -> Dataset:
    """Read a file that should be in order.

    Raises BadInput with the first error's place, and how many more there are.
    """
    loaded = load(path, format)
    if loaded.errors:
        more = len(loaded.errors) - 1
        rest = f" (and {more} more: review the file to see them all)" if more else ""
        fix = f"; {loaded.errors[0].fix}" if loaded.errors[0].fix else ""
        raise BadInput(f"{loaded.errors[0]}{fix}{rest}.")
    if not loaded.dataset.examples:
        raise BadInput(f"{path} holds no rows; it needs one JSON object per line.")
    return loaded.dataset


def stream(path: str | Path, format: str | None = None) -> Iterator[Row | Finding]:
    """Rows and findings in the order of the file, one line in memory at a time.

    Raises BadInput for a folder, a missing file, an unreadable or an evidently different kind of file.
    """
    path = Path(path)
    name = str(path)
    for line, value, finding in values(path):
        if finding is not None:
            yield finding
            continue
        parsed = from_row(value, format)
        example_id = parsed.example.id if parsed.example and parsed.problems else ""  # a hash for each row costs
        for p in parsed.problems:
            yield Finding(p.severity, p.code, p.message, name, line, 0, p.field, p.fix, example_id, p.mendable)
        if parsed.example:
            yield Row(line, parsed.example, parsed.system)


def _template_system(path: Path, findings: list[Finding]) -> str:
    beside = path.parent / "template.json"
    if not beside.is_file():
        return ""
    try:
        template = json.loads(beside.read_text(encoding="utf-8-sig"))
        if not isinstance(template, dict) or not {"prompt", "completion"} <= set(template):
            raise ValueError("it needs the fields 'prompt' and 'completion'")
    except (OSError, ValueError) as problem:
        findings.append(
            Finding("error", "bad-template", f"unreadable: {problem}", str(beside), getattr(problem, "lineno", 0))
        )
        return ""
    return system_of(template)
