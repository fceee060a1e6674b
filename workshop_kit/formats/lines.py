"""A file -> JSON values, each with its line, or a finding that says what is wrong there; one line in memory at a time.

Accepted with a note or a warning: a byte order mark, CRLF line ends, UTF-16, one JSON array instead of lines. Refused
in one sentence: a folder, a missing or empty file, an archive, UTF-32.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from workshop_kit.errors import BadInput
from workshop_kit.formats.rows import printable
from workshop_kit.records import Finding

MAX_LINE = 4 * 1024 * 1024  # bytes; a training row is a few kilobytes, so a longer line is a mistake
MAX_DOCUMENT = 64 * 1024 * 1024  # bytes of one JSON document, which has to be held in memory
_MAGIC = {
    b"PK\x03\x04": "a zip archive (or an Office document)",
    b"\x1f\x8b": "gzip-compressed",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
}


def values(path: str | Path) -> Iterator[tuple[int, Any, Finding | None]]:
    """(line, decoded JSON value, None) for each good line, (line, None, finding) for whatever was odd."""
    path = Path(path)
    with open_checked(path) as file:
        encoding, notes = sniff(file, path)
        for note in notes:
            yield 0, None, note
        raw: Any = file if encoding == "utf-8" else _Recoded(file, encoding)
        number, crlf, started = 0, False, False
        while True:
            line = raw.readline(MAX_LINE + 1)
            if not line:
                return
            number += 1
            if len(line) > MAX_LINE and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = raw.readline(MAX_LINE)
                yield number, None, _finding(
                    path, number, "huge-line", f"the line is longer than {MAX_LINE // 2**20} MiB",
                    "write one row per line",
                )  # fmt: skip
                started = True
                continue
            if line.endswith(b"\r\n") and not crlf:
                crlf = True
                yield (
                    number,
                    None,
                    Finding("note", "crlf", "lines end with CRLF; that is accepted", str(path), number),
                )
            if not line.strip():
                continue
            if not started and line.strip()[:1] in b"[{" and not _complete(line):
                rest = raw.read(MAX_DOCUMENT + 1)
                document = _document(path, line + rest, number) if len(rest) <= MAX_DOCUMENT else None
                if document is not None:
                    yield from document
                    return
                raw = _Chained(rest, raw)
            started = True
            yield decode_line(path, number, line)


def decode_line(path: Path, number: int, line: bytes) -> tuple[int, Any, Finding | None]:
    """One line of UTF-8 JSON as (line, value, None) or (line, None, finding)."""
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as problem:
        column = len(line[: problem.start].decode("utf-8", "replace")) + 1
        message = f"byte 0x{line[problem.start]:02x} is not UTF-8"
        return number, None, _finding(path, number, "not-utf8", message, "save the file as UTF-8", column)
    if "\0" in text:
        column = text.index("\0") + 1
        return number, None, _finding(path, number, "nul-byte", "a NUL byte", "remove the byte", column)
    try:
        return number, _DECODER.decode(text), None
    except _Odd as problem:
        return (
            number,
            None,
            _finding(path, number, problem.code, str(problem), problem.fix, field=problem.field),
        )
    except json.JSONDecodeError as problem:
        message, fix = _explain(problem, text)
        return number, None, _finding(path, number, "broken-json", message, fix, problem.colno)
    except (RecursionError, ValueError) as problem:
        what = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem).split(";")[0]
        return (
            number,
            None,
            _finding(path, number, "broken-json", f"unreadable JSON: {what}", "write the row flat"),
        )


def open_checked(path: Path) -> BinaryIO:
    """Open for reading; one sentence when it can't be."""
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder, not a file; name the .jsonl file inside it.")
        return open(path, "rb")
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.jsonl"))[:5] if path.parent.is_dir() else []
        hint = f"; {path.parent} has {', '.join(near)}" if near else ""
        raise BadInput(f"There is no file {path}{hint}.") from None
    except OSError as problem:
        raise BadInput(f"{path} can't be read: {problem.strerror or problem}.") from None
    except ValueError:
        raise BadInput(f"{str(path)!r} is not a file name.") from None


def sniff(file: BinaryIO, path: Path) -> tuple[str, list[Finding]]:
    """The file's encoding, with findings about it; leaves the file after any byte order mark.

    Raises BadInput for empty, UTF-32 and evidently binary files.
    """
    head = file.read(4096)
    if not head:
        raise BadInput(f"{path} is empty; it needs one JSON object per line.")
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise BadInput(f"{path} is {what}, not text; unpack or export it first.")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise BadInput(f"{path} is encoded as UTF-32; save it as UTF-8.")
    name = str(path)
    if head.startswith(codecs.BOM_UTF8):
        file.seek(3)
        return "utf-8", [Finding("note", "bom", "starts with a byte order mark; it is left out", name, 1, 1)]
    encoding = ""
    if head.startswith(codecs.BOM_UTF16_LE):
        encoding = "utf-16-le"
    elif head.startswith(codecs.BOM_UTF16_BE):
        encoding = "utf-16-be"
    file.seek(2 if encoding else 0)
    if not encoding and len(head) >= 4:
        # Without a mark: in UTF-16 plain text every other byte is zero, always on the same side.
        even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
        if odd > 0.7 and even < 0.1:
            encoding = "utf-16-le"
        elif even > 0.7 and odd < 0.1:
            encoding = "utf-16-be"
    if encoding:
        message = "is encoded as UTF-16; it was decoded, but training jobs read UTF-8 only"
        return encoding, [Finding("warning", "utf-16", message, name, 1, 0, fix="save it as UTF-8", mendable=True)]
    return "utf-8", []


_NEXT_OBJECT = re.compile(r"\n[ \t]*\{")


class _Odd(ValueError):
    """JSON that Python would accept but no training service should be given."""

    def __init__(self, code: str, message: str, fix: str, field: str = "") -> None:
        super().__init__(message)
        self.code, self.fix, self.field = code, fix, field


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise _Odd(
            "repeated-field",
            f"the field '{printable(twice)}' appears twice in one object",
            "keep one of the two",
            twice,
        )
    return row


def _constant(name: str) -> Any:
    raise _Odd("not-a-value", f"{name} is not JSON", "write null or a number")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def _explain(problem: json.JSONDecodeError, text: str) -> tuple[str, str]:
    """The parser's complaint in plainer words, with a likely cause."""
    at = text[problem.pos : problem.pos + 1]
    if problem.msg.startswith("Extra data"):
        return "broken JSON: something follows the row's closing brace", "write one object per line"
    if "Invalid control character" in problem.msg:
        return "broken JSON: a raw tab or control character inside a text", "write it as \\t or \\n"
    if problem.pos >= len(text.rstrip()):
        return "broken JSON: the line ends in the middle of the row", "complete the row"
    if "Unterminated string" in problem.msg:
        return "broken JSON: the text that starts here is never closed", "close the quotes"
    if at == "'":
        return "broken JSON: single quotes", 'use double quotes (") around names and texts'
    if "property name" in problem.msg:
        return "broken JSON: a field name in double quotes should stand here", "look for a trailing comma"
    if "delimiter" in problem.msg:
        wanted = problem.msg.split("'")[1] if "'" in problem.msg else "a mark"
        return f"broken JSON: '{wanted}' is missing here", f"add '{wanted}' or escape a quote before it"
    return f"broken JSON: {problem.msg[0].lower()}{problem.msg[1:]}", "mend the line"


def _finding(path: Path, line: int, code: str, message: str, fix: str, column: int = 0, field: str = "") -> Finding:
    return Finding("error", code, message, str(path), line, column, field, fix)


def _complete(line: bytes) -> bool:
    """Whether a first line that starts like JSON is one whole value, as far as its end tells."""
    text = line.strip()
    if text[:1] == b"[":
        return False
    return text not in (b"{",) and not text.endswith((b",", b"{", b"["))


def _document(path: Path, data: bytes, first: int) -> list[tuple[int, Any, Finding | None]] | None:
    """The rows of one JSON array, or of objects spread over lines; None when the text is neither."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    where = 0
    out: list[tuple[int, Any, Finding | None]] = []
    array = text.lstrip()[:1] == "["
    if array:
        where = text.index("[") + 1
    line, counted = first, 0
    while True:
        while where < len(text) and text[where] in " \t\r\n,":
            where += 1
        line, counted = line + text.count("\n", counted, where), where
        if where >= len(text) or (array and text[where] == "]"):
            break
        try:
            value, where = _DECODER.raw_decode(text, where)
        except (ValueError, RecursionError) as problem:
            if not out:
                return None
            if isinstance(problem, json.JSONDecodeError):
                (message, fix), at = _explain(problem, text), first + problem.lineno - 1
                out.append((at, None, _finding(path, at, "broken-json", message, fix, problem.colno)))
            else:
                out.append((line, None, _finding(path, line, "broken-json", str(problem), "mend the row")))
            # The next object that starts on a line of its own is where reading can go on.
            again = _NEXT_OBJECT.search(text, max(where, getattr(problem, "pos", where)))
            if again is None:
                break
            where = again.end() - 1
            continue
        out.append((line, value, None))
    what = "the file is one JSON array" if array else "rows are spread over several lines"
    note = Finding(
        "warning", "not-lines", f"{what}; training jobs need one object per line", str(path), first,
        fix="save it as JSON Lines", mendable=True,
    )  # fmt: skip
    return [(0, None, note), *out] if out else None


class _Chained:
    """Bytes already read, then the rest of the file, through readline()."""

    def __init__(self, head: bytes, tail: Any) -> None:
        self._head, self._tail = io.BytesIO(head), tail

    def readline(self, limit: int) -> bytes:
        line = self._head.readline(limit)
        if line.endswith(b"\n") or len(line) >= limit:
            return line
        return line + self._tail.readline(limit - len(line))


class _Recoded:
    """A UTF-16 file as UTF-8 bytes, through readline() and read()."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="\n")

    def readline(self, limit: int) -> bytes:
        return self._text.readline(limit).encode("utf-8", "replace")

    def read(self, limit: int) -> bytes:
        return self._text.read(limit).encode("utf-8", "replace")
