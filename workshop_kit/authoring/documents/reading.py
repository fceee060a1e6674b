"""A document as sections of plain text, each with the place it came from.

Files are other people's: sizes are bounded before anything is unpacked, scripts and styles are dropped, and a file
that holds no text says so instead of giving no rows.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop_kit.errors import BadInput, require

MOST_BYTES = 50 * 2**20
MOST_TEXT = 5_000_000  # characters of text taken from one file
SUFFIXES = {
    ".pdf": "pdf", ".docx": "docx", ".html": "html", ".htm": "html", ".xhtml": "html", ".csv": "csv", ".tsv": "csv",
    ".md": "markdown", ".markdown": "markdown", ".txt": "text", ".text": "text", ".rst": "text", "": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A run of text under one heading; `place` is such as "page 3" or "line 12"."""

    title: str
    text: str
    place: str


@dataclass(frozen=True)
class Document:
    """A file's text."""

    name: str
    kind: str
    sections: tuple[Section, ...]

    @property
    def words(self) -> int:
        """How many words there are."""
        return sum(len(section.text.split()) for section in self.sections)


def read_document(path: str | Path) -> Document:
    """Read a document's text.

    Raises BadInput for what can't be read (missing, too large, encrypted, damaged, without text) and MissingExtra
    where a parser is not installed.
    """
    path = Path(path)
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name the files in it.")
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise BadInput(f"{path} is no kind of document that can be read; use {', '.join(s for s in SUFFIXES if s)}.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than {MOST_BYTES // 2**20} MiB; split it.")
        data = path.read_bytes()
    except OSError as problem:
        raise BadInput(f"{path} can't be read: {problem.strerror or problem}.") from None
    if data.startswith(b"%PDF-"):
        kind = "pdf"  # whatever its name says
    read = {"pdf": _pdf, "docx": _docx, "html": _html, "csv": _csv, "markdown": _markdown, "text": _text}[kind]
    sections, total = [], 0
    for section in read(path, data):
        text = _tidy(section.text)
        if text:
            total += len(text)
            if total > MOST_TEXT:
                raise BadInput(f"{path} holds more than {MOST_TEXT:,} characters of text; split it.")
            sections.append(Section(_tidy(section.title)[:120], text, section.place))
    if not sections:
        scanned = " (a scan holds pictures of text: run it through OCR first)" if kind == "pdf" else ""
        raise BadInput(f"{path} holds no text{scanned}; choose another file.")
    return Document(path.name, kind, tuple(sections))


def _tidy(text: str) -> str:
    """One space between words, no control characters, words that a line end cut in two made whole."""
    text = re.sub(r"(\w)[-\u00ad]\n\s*([a-z])", r"\1\2", text)
    text = "".join(mark if mark.isprintable() or mark.isspace() else " " for mark in text)
    return re.sub(r"\s+", " ", text).strip()


def _decode(path: Path, data: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:4096]:
        raise BadInput(f"{path} is no text file; name it by what it is (.pdf, .docx) or choose another.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _pdf(path: Path, data: bytes) -> Iterator[Section]:
    pypdf = require("pypdf", extra="documents")
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadInput(f"{path} is protected by a password; save it without one.")
        for number, page in enumerate(reader.pages, 1):
            yield Section("", page.extract_text() or "", f"page {number}")
    except BadInput:
        raise
    except Exception as problem:  # a damaged file makes the parser fail in many ways
        raise BadInput(f"{path} is damaged or no PDF ({type(problem).__name__}); open it and save it anew.") from None


def _docx(path: Path, data: bytes) -> Iterator[Section]:
    docx = require("docx", extra="documents")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 4 * MOST_BYTES:
                raise BadInput(f"{path} unpacks to more than {4 * MOST_BYTES // 2**20} MiB; split it.")
        document = docx.Document(io.BytesIO(data))
        title, lines, began = "", [], 1
        for number, block in enumerate(document.iter_inner_content(), 1):
            if hasattr(block, "rows"):
                lines += [". ".join(dict.fromkeys(cell.text.strip() for cell in row.cells)) + "." for row in block.rows]
            elif (block.style.name or "").startswith(("Heading", "Title")) and block.text.strip():
                yield Section(title, "\n".join(lines), f"paragraph {began}")
                title, lines, began = block.text, [], number
            else:
                lines.append(block.text)
        yield Section(title, "\n".join(lines), f"paragraph {began}")
    except BadInput:
        raise
    except Exception as problem:
        raise BadInput(f"{path} is damaged or no DOCX ({type(problem).__name__}); open it and save it anew.") from None


def _html(path: Path, data: bytes) -> Iterator[Section]:
    bs4 = require("bs4", extra="documents")
    soup = bs4.BeautifulSoup(_decode(path, data), "html.parser")
    for node in soup(["script", "style", "noscript", "template", "nav", "svg", "iframe", "head"]):
        node.decompose()
    title, lines, began = "", [], 1
    for node in soup.find_all(["h1", "h2", "h3", "h4", "p", "li", "td", "th", "dd", "dt", "blockquote", "pre"]) or [
        soup
    ]:
        if node.name in ("h1", "h2", "h3", "h4"):
            yield Section(title, "\n".join(lines), f"line {began}")
            title, lines, began = node.get_text(" "), [], node.sourceline or began
        elif not node.find(["p", "li", "td", "blockquote"]):  # its parts come by themselves
            lines.append(_ended(node.get_text(" ")))
    yield Section(title, "\n".join(lines), f"line {began}")


def _csv(path: Path, data: bytes) -> Iterator[Section]:
    text = _decode(path, data)
    head = text.split("\n", 1)[0]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count)))
    except csv.Error as problem:
        raise BadInput(f"{path} is no table that can be read ({problem}); save it as CSV again.") from None
    names = [name.strip() for name in rows[0]] if rows else []
    for number, row in enumerate(rows[1:], 2):
        facts = [f"{name}: {value.strip()}" for name, value in zip(names, row, strict=False) if value.strip()]
        if facts:
            yield Section(path.stem, _ended("; ".join(facts)), f"row {number}")


def _markdown(path: Path, data: bytes) -> Iterator[Section]:
    title, lines, began, fenced = "", [], 1, False
    for number, line in enumerate(_decode(path, data).splitlines(), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (match := re.match(r"#{1,6}\s+(.+?)\s*#*\s*(?:\{#[^}]*\})?\s*$", line)):
            yield Section(title, "\n".join(lines), f"line {began}")
            title, lines, began = match[1], [], number
        else:
            plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line)
            plain = re.sub(r"^\s*(?:[-*+]|\d+[.)])\s+|[*_`|]{1,3}", " ", plain)
            if re.search(r"\w", plain):
                lines.append(_ended(plain) if line.lstrip().startswith(("-", "*", "+")) else plain)
    yield Section(title, "\n".join(lines), f"line {began}")


def _text(path: Path, data: bytes) -> Iterator[Section]:
    number = 1
    for block in re.split(r"(\n\s*\n)", _decode(path, data).replace("\r\n", "\n")):
        if block.strip():
            yield Section("", block, f"line {number}")
        number += block.count("\n")


def _ended(text: str) -> str:
    """A list entry or a cell as a sentence of its own."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:;" else text + "."
