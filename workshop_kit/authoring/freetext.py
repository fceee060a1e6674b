"""Question-answer pairs in free text, as chat tools and PartyRock apps write them.

Understood: labelled blocks (Q:/A:, Question/Answer, Instruction/Response, plain, bold, numbered or as
headings), numbered lists of questions with their answers below or behind, markdown tables, and JSON in
fences or bare. Other headings name the topic of what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.formats.rows import ALIASES, printable

_MARKS = r"^\s*(?:[-*>•]\s+)?(?:#+\s*)?(?:\d+\s*[.)]\s*)?[*_]*"
_NAMES = {
    "instruction": "question|instruction|prompt|query|user|q",
    "response": "answer|response|completion|output|assistant|a",
    "context": "context",
    "topic": "topic|category",
}
_LABELS = {
    name: re.compile(rf"{_MARKS}(?:{names})\s*#?\d*[*_]*\s*[:：][*_]*\s*(?P<rest>.*)$", re.IGNORECASE)
    for name, names in _NAMES.items()
}
_HEADING_LABELS = {
    name: re.compile(rf"^\s*#+\s*[*_]*(?:{names})\s*#?\d*[*_]*\s*$", re.IGNORECASE) for name, names in _NAMES.items()
}
_HEADING = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*#*$")
_NUMBERED = re.compile(r"^\s*(?:#+\s*)?[*_]*\d+\s*[.)]\s+(?P<rest>.+)$")
# What a chat tool says to its user, after a blank line, is no part of the answer above it.
_CHATTER = re.compile(
    r"^\s*(?:I hope|Hope this|Let me know|Feel free|Would you like|Do you want me|Here (?:is|are)|Sure[,!])",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,}|={3,})\s*$")
_FENCE = re.compile(r"^\s*(?:```|~~~)(?P<kind>\w*)\s*$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")


@dataclass(frozen=True)
class Piece:
    """A row as a mapping, or (row None) what could not be read, with its line."""

    line: int
    row: dict[str, Any] | None
    severity: str = "error"
    code: str = ""
    message: str = ""
    fix: str = ""
    column: int = 0


@dataclass
class _Block:
    """A pair that is being read."""

    line: int
    numbered: bool
    mode: str = "instruction"
    parts: dict[str, list[str]] = field(default_factory=lambda: {n: [] for n in ("instruction", "response", "context")})

    def text(self, name: str) -> str:
        return "\n".join(self.parts[name]).strip()


def read_text(text: str) -> list[Piece]:
    """All pairs and findings of a text, in order; lines count from 1."""
    return list(_Reader(text.split("\n")).read())


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines, self.at = lines, 0
        self.block: _Block | None = None
        self.topic = ""
        self.other: list[int] = []  # lines that belong to no pair

    def read(self) -> Iterator[Piece]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if (fence := _FENCE.match(line)) and not self._inside_answer(fence["kind"]):
                yield from self._flush()
                yield from self._fenced()
            elif line.lstrip().startswith("|") and line.count("|") > 2:
                yield from self._flush()
                yield from self._table()
            elif line.lstrip()[:1] in ("[", "{") and (found := self._bare_json()) is not None:
                yield from self._flush()
                yield from found
            else:
                yield from self._line(line)
                self.at += 1
        yield from self._flush()
        if self.other:
            many = f"{len(self.other)} lines belong" if len(self.other) > 1 else "1 line belongs"
            message = f"{many} to no question or answer and stayed out of the rows"
            yield Piece(self.other[0], None, "note", "other-text", message)

    def _line(self, line: str) -> Iterator[Piece]:
        number = self.at + 1
        for name in _NAMES:
            match = _LABELS[name].match(line)
            if not match and not _HEADING_LABELS[name].match(line):
                continue
            rest = _plain(match["rest"]) if match else ""
            if name == "topic":
                yield from self._flush()
                self.topic = _slug(rest)
            elif name == "instruction":
                yield from self._flush()
                self.block = _Block(number, numbered=False)
                self._add(rest)
            elif self.block is None or (name == "response" and self.block.text("response")):
                yield from self._flush()
                what = "an answer" if name == "response" else "a context"
                yield Piece(number, None, "error", "no-question", f"{what} without a question", "add its question")
            else:
                self.block.mode = name
                self._add(rest)
            return
        numbered = _NUMBERED.match(line)
        if numbered and (self.block is None or self.block.numbered):
            yield from self._flush()
            self.block = _Block(number, numbered=True)
            question, mark, answer = _plain(numbered["rest"]).partition("?")
            self._add(question + mark)
            self.block.mode = "response"
            self._add(answer.lstrip(" *_-–—:"))
            return
        heading = _HEADING.match(line)
        if heading or _RULE.match(line):
            yield from self._flush()
            if heading:
                self.topic = _slug(heading["title"])
        elif self.block is not None and _CHATTER.match(line) and not self.lines[self.at - 1].strip():
            yield from self._flush()
            self.other.append(number)
        elif self.block is not None:
            self._add(line.rstrip())
        elif line.strip():
            self.other.append(number)

    def _add(self, text: str) -> None:
        assert self.block is not None
        part = self.block.parts[self.block.mode]
        if text.strip() or part:
            part.append(text)

    def _flush(self) -> Iterator[Piece]:
        block, self.block = self.block, None
        if block is None:
            return
        row = {name: block.text(name) for name in block.parts}
        row["instruction"] = _plain(row["instruction"])
        if block.numbered:
            row["response"] = re.sub(r"^\s*[-*•]\s+", "", row["response"])
        if not row["response"]:
            shown = printable(" ".join(row["instruction"].split()), 60)
            yield Piece(block.line, None, "error", "no-answer", f"no answer to '{shown}'", "add its answer")
        elif not row["instruction"]:
            yield Piece(block.line, None, "error", "no-question", "an answer without a question", "add its question")
        else:
            yield Piece(block.line, row | {"topic": self.topic})

    def _inside_answer(self, kind: str) -> bool:
        """A fence of code within an answer belongs to the answer; one marked json holds rows."""
        return self.block is not None and bool(self.block.text("response")) and kind.lower() not in ("json", "jsonl")

    def _fenced(self) -> Iterator[Piece]:
        begin = self.at
        end = next((n for n in range(begin + 1, len(self.lines)) if _FENCE.match(self.lines[n])), len(self.lines))
        inside = self.lines[begin + 1 : end]
        if end == len(self.lines):
            yield Piece(begin + 1, None, "warning", "open-fence", "the fence that opens here is never closed")
        body = "\n".join(inside)
        self.at = end + 1
        if body.lstrip()[:1] in ("[", "{"):
            yield from _json_rows(body, begin + 2, self.topic)
        else:
            for piece in _Reader(inside).read():
                yield Piece(piece.line + begin + 1, piece.row, piece.severity, piece.code, piece.message, piece.fix)

    def _bare_json(self) -> list[Piece] | None:
        """Rows from a JSON value that begins on this line; None when it is no JSON."""
        rest = "\n".join(self.lines[self.at :])
        begin = len(rest) - len(rest.lstrip())
        try:
            value, end = json.JSONDecoder().raw_decode(rest, begin)
        except (ValueError, RecursionError) as problem:
            if not re.match(r"\s*(?:\[\s*)?\{\s*\"", rest):
                return None
            line = self.at + getattr(problem, "lineno", 1)
            # One broken line must not cost the rest of the text.
            self.at += 1
            return [_broken(line, problem)]
        if not isinstance(value, dict) and not (isinstance(value, list) and any(isinstance(v, dict) for v in value)):
            return None
        pieces = list(_json_rows(rest[begin:end], self.at + 1, self.topic))
        self.at += rest.count("\n", 0, end) + 1
        return pieces

    def _table(self) -> Iterator[Piece]:
        header = [_plain(cell).lower() for cell in _cells(self.lines[self.at])]
        begin, self.at = self.at, self.at + 1
        where: dict[str, int] = {}
        for name, others in {**ALIASES, "context": (), "topic": ("category",)}.items():
            found = next((header.index(other) for other in (name, *others) if other in header), None)
            if found is not None:
                where[name] = found
        usable = {"instruction", "response"} <= set(where)
        if not usable:
            message = f"a table without question and answer columns (columns: {printable(', '.join(header), 80)})"
            yield Piece(begin + 1, None, "error", "no-columns", message, "name the columns Question and Answer")
        while self.at < len(self.lines) and self.lines[self.at].lstrip().startswith("|"):
            line = self.lines[self.at]
            self.at += 1
            if not usable or _TABLE_RULE.match(line):
                continue
            cells = _cells(line)
            if len(cells) != len(header):
                message = f"{len(cells)} cells where the header has {len(header)}"
                yield Piece(self.at, None, "error", "wrong-width", message, "write '|' inside a cell as '\\|'")
                continue
            row = {name: cells[at].replace("<br>", "\n") for name, at in where.items()}
            yield Piece(self.at, {"topic": self.topic} | row)


def _json_rows(body: str, first: int, topic: str) -> Iterator[Piece]:
    """Rows of a JSON array, of one object, or of objects one after the other; broken ones are passed over."""
    decoder = json.JSONDecoder()
    where = body.index("[") + 1 if body.lstrip().startswith("[") else 0
    while True:
        while where < len(body) and body[where] in " \t\r\n,]":
            where += 1
        if where >= len(body):
            return
        line = first + body.count("\n", 0, where)
        try:
            value, where = decoder.raw_decode(body, where)
        except (ValueError, RecursionError) as problem:
            yield _broken(first + getattr(problem, "lineno", 1) - 1, problem)
            again = re.compile(r"\n\s*\{").search(body, max(where, getattr(problem, "pos", where)))
            if again is None:
                return
            where = again.end() - 1
            continue
        nested = [item for item in value.values() if isinstance(item, list)] if isinstance(value, dict) else []
        if len(nested) == 1 and all(isinstance(item, dict) for item in nested[0]) and "messages" not in value:
            yield from (Piece(line, item) for item in nested[0])  # {"pairs": [...]}
        elif isinstance(value, dict):
            yield Piece(line, {"topic": topic} | value)
        else:
            yield Piece(line, None, "error", "not-an-object", "an entry that is no object", "write {...} per row")


def _broken(line: int, problem: Exception) -> Piece:
    words = getattr(problem, "msg", "nested too deeply").lower()
    column = getattr(problem, "colno", 0)
    return Piece(line, None, "error", "broken-json", f"broken JSON: {words}", "mend the row", column)


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inside)]


def _plain(text: str) -> str:
    """Without the bold and quote marks around a whole text."""
    text = text.strip()
    for mark in ("**", "__", '"'):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text.replace("**", "") if text.count("**") == 1 else text


def _slug(title: str) -> str:
    anchor = re.search(r"\{#([\w-]+)\}\s*$", title)
    return anchor[1] if anchor else re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
