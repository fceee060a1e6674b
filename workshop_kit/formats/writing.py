"""A Dataset -> a file, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.formats.prompt import llama3_template
from workshop_kit.formats.rows import FORMATS, LOSES, to_row
from workshop_kit.records import Dataset

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CSV_COLUMNS = ("instruction", "response", "context", "topic", "source")
# Legal inside JSON text, but some readers split lines at them.
_LINE_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def json_line(row: dict[str, Any]) -> str:
    """One row as one line of JSON, with its line end; every reader sees it as one line."""
    return json.dumps(row, ensure_ascii=False).translate(_LINE_BREAKS) + "\n"


def write_jsonl(dataset: Dataset, path: str | Path, format: str = "instruction") -> Path:
    """Write one row per line in `format` (see FORMATS); a reader sees the old file or the new, never a part.

    Raises BadInput when the file can't be written; what stood there before is kept.
    """
    lines = (json_line(to_row(example, format, dataset.system)) for example in dataset)
    return _write(Path(path), lines)


def write_jumpstart(dataset: Dataset, folder: str | Path, name: str = "train.jsonl") -> Path:
    """Write a JumpStart training channel into `folder`, rows and template.json; returns the rows' path.

    The template is the Llama 3 prompt with the dataset's system prompt, and the context if any row has one.
    """
    folder = Path(folder)
    template = llama3_template(dataset.system, any(example.context for example in dataset))
    _write(folder / "template.json", [json.dumps(template, indent=2, ensure_ascii=False) + "\n"])
    return write_jsonl(dataset, folder / name)


@dataclass(frozen=True)
class Exported:
    """A file that was written, and what of the rows it has no place for."""

    path: Path
    rows: int
    lost: tuple[str, ...]

    def __str__(self) -> str:
        left = f"; the format has no place for {', '.join(self.lost)}" if self.lost else ""
        return f"{self.rows} rows in {self.path}{left}."


def export(dataset: Dataset, path: str | Path, format: str = "instruction") -> Exported:
    """Write a dataset for another tool: any of FORMATS as JSON Lines, or "csv"; reading it back loses only `.lost`.

    "instruction" gets its template.json beside it, which is where the system prompt goes. A reader of "csv" trims white
    space at the ends of cells and unifies line ends; a cell that a spreadsheet would run as a formula gets an
    apostrophe in front, which import_file takes off again. Raises BadInput for an
    unknown format or a file that can't be written.
    """
    path = Path(path)
    used = {
        "system": bool(dataset.system),
        "topic": any(e.topic for e in dataset),
        "source": any(e.source for e in dataset),
    }
    if format == "csv":
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(CSV_COLUMNS)
        writer.writerows([spreadsheet_cell(getattr(example, name)) for name in CSV_COLUMNS] for example in dataset)
        _write(path, [out.getvalue()])
        loses: tuple[str, ...] = ("system",)
    elif format in FORMATS:
        write_jsonl(dataset, path, format)
        loses = LOSES[format]
        if format == "instruction":
            template = llama3_template(dataset.system, any(example.context for example in dataset))
            text = json.dumps(template, indent=2, ensure_ascii=False) + "\n"
            _write(path.with_name("template.json"), [text])
            loses = ()
    else:
        raise BadInput(f"There is no format '{format}'; choose one of {', '.join((*FORMATS, 'csv'))}.")
    return Exported(path, len(dataset), tuple(name for name in loses if used[name]))


def spreadsheet_cell(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe in front where it would."""
    return "'" + text if text.lstrip("'")[:1] in FORMULA_STARTS and text.lstrip("'") else text


def _write(path: Path, lines: Any) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise BadInput(f"{path} can't be written: {problem.strerror or problem}.") from None
    except UnicodeEncodeError:
        raise BadInput(f"{path} was not written: a row holds half of a surrogate pair; review the dataset.") from None
    return path
