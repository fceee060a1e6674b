"""Rows from other tools: PartyRock-style text, markdown tables, JSON in fences, CSV, JSON and JSON Lines.

Every piece that looked like a row and could not be read is a finding with its line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit import formats
from workshop_kit.authoring.freetext import Piece, read_text
from workshop_kit.domains import Domain
from workshop_kit.errors import BadInput
from workshop_kit.formats.lines import MAX_DOCUMENT, open_checked, sniff
from workshop_kit.formats.reading import Loaded
from workshop_kit.formats.rows import ALIASES, from_row, printable
from workshop_kit.formats.writing import FORMULA_STARTS
from workshop_kit.records import Dataset, Example, Finding

_COLUMNS = ("instruction", "response", "context", "topic", "source")


@dataclass(frozen=True)
class Imported(Loaded):
    """What a file gave: the rows, what could not be read, and how the file was understood."""

    kind: str = ""


def import_file(path: str | Path, columns: Mapping[str, str] | None = None, domain: Domain | None = None) -> Imported:
    """Read an export into rows, however it is laid out.

    `columns` maps our names (instruction, response, context, topic) to a CSV file's own, where they differ. With a
    `domain`, rows get its topic that speaks most of what they speak of.
    Raises BadInput for a folder, a missing, empty or binary file, and a table without the two columns needed.
    """
    imported = _import(Path(path), columns)
    if domain is None:
        return imported
    return replace(imported, dataset=with_topics(imported.dataset, domain))


def merge(*datasets: Dataset, name: str = "dataset") -> Dataset:
    """All rows of several datasets in order, each row once; the first system prompt that there is."""
    rows = {example.id: example for dataset in reversed(datasets) for example in reversed(dataset.examples)}
    system = next((dataset.system for dataset in datasets if dataset.system), "")
    return Dataset(tuple(reversed(rows.values())), name, system)


def with_topics(dataset: Dataset, domain: Domain) -> Dataset:
    """The dataset with a topic of the domain for each row that has none of them: the one that shares its rarest words.

    A row that shares no word with any topic keeps what it had.
    """
    known = {topic.id for topic in domain.topics}
    words = {
        topic.id: _words(f"{topic.title} {topic.description}", *(p.text for p in domain.passages_for(topic.id)))
        for topic in domain.topics
    }
    spread = Counter(word for bag in words.values() for word in bag)

    def best(example: Example) -> str:
        asked = _words(example.instruction, example.response)
        scores = {id: sum(1 / spread[word] ** 2 for word in asked & bag) for id, bag in words.items()}
        top = max(scores, key=lambda id: scores[id])
        return top if scores[top] > 0 else example.topic

    examples = tuple(e if e.topic in known else replace(e, topic=best(e)) for e in dataset)
    return replace(dataset, examples=examples)


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w{4,}", text.lower())}


def _import(path: Path, columns: Mapping[str, str] | None) -> Imported:
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return _from_jsonl(path)
    text, findings = _read(path)
    start = text.lstrip()[:1]
    if suffix in (".csv", ".tsv"):
        kind, pieces = "table (CSV)", _csv(path, text, columns)
    elif suffix == ".json" or start in ("[", "{"):
        whole = _json(text)
        if whole is None and start == "{":
            return _from_jsonl(path)
        if whole is None:
            kind, pieces = "text", iter(read_text(text))
        else:
            kind, pieces = "JSON", whole
    elif _looks_like_csv(text):
        kind, pieces = "table (CSV)", _csv(path, text, columns)
    else:
        kind, pieces = "text", iter(read_text(text))
    examples: list[Example] = []
    lines: list[int] = []
    for piece in pieces:
        if piece.row is None:
            findings.append(
                Finding(
                    piece.severity,
                    piece.code,
                    piece.message,
                    str(path),
                    piece.line,
                    piece.column,
                    fix=piece.fix,
                )
            )
            continue
        parsed = from_row(piece.row)
        for p in parsed.problems:
            if p.code != "wrong-field-name":  # other names are what an import is for
                findings.append(Finding(p.severity, p.code, p.message, str(path), piece.line, 0, p.field, p.fix))
        if parsed.example:
            examples.append(parsed.example)
            lines.append(piece.line)
    if not examples:
        first = next((f" ({f})" for f in findings if f.severity == "error"), "")
        raise BadInput(f"No rows were found in {path}{first}; see that it holds questions with their answers.")
    return Imported(Dataset(tuple(examples), path.stem), tuple(findings), tuple(lines), kind)


def _from_jsonl(path: Path) -> Imported:
    loaded = formats.load(path)
    findings = tuple(f for f in loaded.findings if f.code != "wrong-field-name")
    if not loaded.dataset.examples:
        first = next((f" ({f})" for f in findings if f.severity == "error"), "")
        raise BadInput(f"No rows were found in {path}{first}; see that it holds questions with their answers.")
    return Imported(loaded.dataset, findings, loaded.lines, "JSON Lines")


def _read(path: Path) -> tuple[str, list[Finding]]:
    with open_checked(path) as file:
        encoding, findings = sniff(file, path)
        data = file.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise BadInput(f"{path} is larger than {MAX_DOCUMENT // 2**20} MiB; save its rows as JSON Lines.")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        # Office programs write CSV in the Windows code page; its five unused bytes become U+FFFD.
        text = data.decode("cp1252", "replace")
        message = "not UTF-8 from here on; read as Windows-1252, so look at accented letters"
        findings.append(Finding("warning", "not-utf8", message, str(path), line, fix="save the file as UTF-8"))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        findings.append(Finding("warning", "nul-byte", "NUL bytes were taken out", str(path), line))
        text = text.replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n"), [replace(f) for f in findings]


def _json(text: str) -> Iterator[Piece] | None:
    """The rows of a JSON document, wherever in it they are; None when the text is no single JSON value."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return iter(list(_walk(document, 1)))


def _walk(value: Any, line: int) -> Iterator[Piece]:
    """Objects that look like rows, and rows inside longer texts, of any JSON value."""
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, line)
    elif isinstance(value, dict):
        names = {str(key).lower() for key in value}
        wanted = [{name, *ALIASES[name]} & names for name in ("instruction", "response")]
        if all(wanted) or "messages" in names or "dialog" in names:
            yield Piece(line, value)
        elif any(wanted) and all(not isinstance(item, (dict, list)) for item in value.values()):
            yield Piece(line, value)  # half a row: from_row says what is missing
        else:
            for item in value.values():
                yield from _walk(item, line)
    elif isinstance(value, str) and "\n" in value:
        yield from read_text(value)


def _looks_like_csv(text: str) -> bool:
    head = text.lstrip().split("\n", 1)[0]
    if not any(mark in head for mark in ",;\t") or "|" in head:
        return False
    cells = {cell.strip().strip('"').lower() for mark in ",;\t" for cell in head.split(mark)}
    return all({name, *ALIASES[name]} & cells for name in ("instruction", "response"))


def _csv(path: Path, text: str, columns: Mapping[str, str] | None) -> Iterator[Piece]:
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
    except (StopIteration, csv.Error):
        raise BadInput(f"{path} has no header line; its first line names the columns.") from None
    where = _positions(path, header, columns or {})
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Piece(line, None, "error", "broken-csv", f"broken CSV: {problem}", "close the quotes")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            message = f"{len(cells)} cells where the header has {len(header)}"
            yield Piece(line, None, "error", "wrong-width", message, "put quotes around texts with commas")
            continue
        yield Piece(line, {name: _cell(cells[at]) for name, at in where.items()})


def _cell(text: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it as a formula."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS) else text


def _positions(path: Path, header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    unknown = sorted(set(columns) - set(_COLUMNS))
    if unknown:
        raise BadInput(f"columns names '{unknown[0]}'; it can name {', '.join(_COLUMNS)}.")
    lower = [cell.lower() for cell in header]
    where: dict[str, int] = {}
    for name in _COLUMNS:
        names = [columns[name].strip().lower()] if name in columns else [name, *ALIASES.get(name, ())]
        found = next((lower.index(other) for other in names if other in lower), None)
        if found is not None:
            where[name] = found
        elif name in ("instruction", "response") or name in columns:
            there = ", ".join(f"'{printable(cell)}'" for cell in header[:8])
            raise BadInput(
                f"{path} has no column for '{name}' (columns found: {there}); "
                f"say which one it is with columns={{'{name}': '...'}}."
            )
    return where
