"""Faulty files: each fault is found and placed, and costs no good row."""

import codecs
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from workshop_kit import formats
from workshop_kit.errors import BadInput

GOOD = b'{"instruction": "What is it?", "context": "", "response": "It is a test."}\n'
NON_ASCII = '{"instruction": "¿Qué?", "response": "Así."}\n'


@dataclass(frozen=True)
class Fault:
    """A file, and the one finding it must give."""

    content: bytes
    code: str
    line: int
    field: str = ""
    column: int | tuple[int, ...] = 0  # several where Python versions differ by one
    severity: str = "error"
    rows: int = 2  # good rows that must survive


def around(line: bytes) -> bytes:
    """A faulty line between two good ones."""
    return GOOD + line + b"\n" + GOOD


def chat(*turns: object, key: str = "dialog", **more: object) -> bytes:
    return json.dumps({key: list(turns), **more}).encode()


U = {"role": "user", "content": "q"}
A = {"role": "assistant", "content": "a"}

FAULTS = {
    "cut off in the middle": Fault(around(b'{"instruction": "a", "response": '), "broken-json", 2, column=34),
    "trailing comma": Fault(around(b'{"instruction": "a", "response": "b",}'), "broken-json", 2, column=(37, 38)),
    "single quotes": Fault(around(b"{'instruction': 'a', 'response': 'b'}"), "broken-json", 2, column=2),
    "missing comma": Fault(around(b'{"instruction": "a" "response": "b"}'), "broken-json", 2, column=21),
    "unescaped quote": Fault(around(b'{"instruction": "a "b" c", "response": "d"}'), "broken-json", 2, column=21),
    "unclosed text": Fault(around(b'{"instruction": "a", "response": "b}'), "broken-json", 2, column=34),
    "raw tab in a text": Fault(around(b'{"instruction": "a\tb", "response": "c"}'), "broken-json", 2, column=19),
    "two rows on one line": Fault(around(GOOD.strip() + GOOD.strip()), "broken-json", 2, column=len(GOOD)),
    "plain prose": Fault(around(b"Question: what?"), "broken-json", 2, column=1),
    "a markdown fence": Fault(around(b"```json"), "broken-json", 2, column=1),
    "NaN as a value": Fault(around(b'{"instruction": "a", "response": NaN}'), "not-a-value", 2),
    "a field twice": Fault(
        around(b'{"instruction": "a", "response": "b", "response": "c"}'), "repeated-field", 2, "response"
    ),
    "a list instead of an object": Fault(around(b'["a", "b"]'), "not-an-object", 2),
    "a string instead of an object": Fault(around(b'"a"'), "not-an-object", 2),
    "null instead of an object": Fault(around(b"null"), "not-an-object", 2),
    "response missing": Fault(around(b'{"instruction": "a"}'), "missing-field", 2, "response"),
    "both fields missing": Fault(around(b'{"topic": "a"}'), "missing-field", 2, "instruction"),
    "a misspelt field": Fault(around(b'{"instruction": "a", "respnse": "b"}'), "missing-field", 2, "respnse"),
    "another tool's field names": Fault(
        around(b'{"question": "a", "response": "b"}'), "wrong-field-name", 2, "question", severity="warning", rows=3
    ),
    "field names in capitals": Fault(
        around(b'{"Instruction": "a", "response": "b"}'), "wrong-field-name", 2, "Instruction", severity="warning",
        rows=3,
    ),
    "empty response": Fault(around(b'{"instruction": "a", "response": ""}'), "empty-field", 2, "response"),
    "white space only": Fault(around(b'{"instruction": " \\n ", "response": "b"}'), "empty-field", 2, "instruction"),
    "null response": Fault(around(b'{"instruction": "a", "response": null}'), "wrong-type", 2, "response"),
    "a number as response": Fault(around(b'{"instruction": "a", "response": 7}'), "wrong-type", 2, "response"),
    "a list as response": Fault(around(b'{"instruction": "a", "response": ["b"]}'), "wrong-type", 2, "response"),
    "an object as context": Fault(
        around(b'{"instruction": "a", "response": "b", "context": {}}'), "wrong-type", 2, "context"
    ),
    "half a surrogate pair": Fault(
        around(b'{"instruction": "a", "response": "\\ud83d"}'), "bad-character", 2, "response"
    ),
    "a NUL byte": Fault(around(b'{"instruction": "a\0", "response": "b"}'), "nul-byte", 2, column=19),
    "Latin-1 bytes": Fault(around('{"instruction": "é", "response": "b"}'.encode("latin-1")), "not-utf8", 2, column=18),
    "a huge line": Fault(around(b'{"instruction": "' + b"a" * 5_000_000 + b'"}'), "huge-line", 2),
    "nested far too deeply": Fault(around(b"[" * 100_000), "broken-json", 2),
    "a number of far too many digits": Fault(around(b'{"instruction": ' + b"1" * 5000 + b"}"), "broken-json", 2),
    "byte order mark": Fault(codecs.BOM_UTF8 + GOOD, "bom", 1, column=1, severity="note", rows=1),
    "CRLF": Fault(GOOD.replace(b"\n", b"\r\n") * 3, "crlf", 1, severity="note", rows=3),
    "UTF-16 with a mark": Fault(NON_ASCII.encode("utf-16") * 1, "utf-16", 1, severity="warning", rows=1),
    "UTF-16 big-endian": Fault(
        codecs.BOM_UTF16_BE + NON_ASCII.encode("utf-16-be"), "utf-16", 1, severity="warning", rows=1
    ),
    "UTF-16 without a mark": Fault(NON_ASCII.encode("utf-16-le"), "utf-16", 1, severity="warning", rows=1),
    "one JSON array": Fault(
        b"[\n" + GOOD.strip() + b",\n" + GOOD + b"]\n", "not-lines", 1, severity="warning", rows=2
    ),
    "a broken row inside an array": Fault(
        b"[\n" + GOOD.strip() + b',\n{"instruction": },\n' + GOOD + b"]\n", "broken-json", 3, column=17
    ),
    "rows over several lines": Fault(
        json.dumps(json.loads(GOOD), indent=2).encode() * 2, "not-lines", 1, severity="warning", rows=2
    ),
    "a comma after each row": Fault(GOOD.replace(b"}\n", b"},\n") * 2, "not-lines", 1, severity="warning", rows=2),
    "chat: an unknown role": Fault(
        around(chat(U, {"role": "bot", "content": "a"})), "wrong-role", 2, "dialog[1].role"
    ),
    "chat: no assistant at the end": Fault(around(chat(U, A, U)), "wrong-role", 2, "dialog"),
    "chat: the user twice": Fault(around(chat(U, U, A)), "wrong-role", 2, "dialog"),
    "chat: begins with the assistant": Fault(around(chat(A)), "wrong-role", 2, "dialog"),
    "chat: an empty turn": Fault(
        around(chat(U, {"role": "assistant", "content": ""})), "empty-field", 2, "dialog[1].content"
    ),
    "chat: no content": Fault(around(chat(U, {"role": "assistant"})), "missing-field", 2, "dialog[1].content"),
    "chat: a turn that is text": Fault(around(chat("q", A)), "wrong-type", 2, "dialog[0]"),
    "chat: no turns": Fault(around(chat()), "missing-field", 2, "dialog"),
    "bedrock: a wrong schema version": Fault(
        around(chat(U, A, key="messages", schemaVersion="bedrock-2023")), "wrong-schema", 2, "schemaVersion",
        severity="warning", rows=3,
    ),
    "bedrock: a picture as content": Fault(
        around(chat({"role": "user", "content": [{"image": {}}]}, A, key="messages")), "wrong-type", 2,
        "messages[0].content",
    ),
    "rft: an empty reference": Fault(
        around(chat(U, key="messages", reference_answer="")), "empty-field", 2, "reference_answer"
    ),
    "rft: a list as reference": Fault(
        around(chat(U, key="messages", reference_answer=[1])), "wrong-type", 2, "reference_answer"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_and_placed_and_costs_no_good_row(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(fault.content)
    loaded = formats.load(path)
    found = [f for f in loaded.findings if f.code == fault.code]
    assert found, f"not found; findings: {loaded.findings}"
    place = found[0]
    assert (place.severity, place.line, place.field) == (fault.severity, fault.line, fault.field)
    assert place.column in (fault.column if isinstance(fault.column, tuple) else (fault.column,))
    assert place.file == str(path)
    assert len(place.message) < 160 and "\n" not in place.message
    assert len(loaded.dataset) == fault.rows


def test_reading_strictly_names_the_first_fault_and_counts_the_others(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(GOOD + b"{\n" + b'{"instruction": "a"}\n')
    with pytest.raises(BadInput, match=r"line 2, column 2: broken JSON.*\(and 1 more"):
        formats.read_dataset(path)


REFUSED = {
    "empty": (b"", "is empty"),
    "a zip archive": (b"PK\x03\x04rest", "zip archive"),
    "gzip": (b"\x1f\x8brest", "gzip"),
    "a PDF": (b"%PDF-1.7", "a PDF"),
    "UTF-32": ("{}".encode("utf-32"), "UTF-32"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_kinds_of_file_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    content, words = REFUSED[name]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words) as caught:
        formats.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "near.jsonl").write_bytes(GOOD)
    with pytest.raises(BadInput, match="is a folder"):
        formats.load(tmp_path)
    with pytest.raises(BadInput, match=r"no file .*gone.jsonl; .* has near.jsonl"):
        formats.load(tmp_path / "gone.jsonl")


def test_reading_a_large_file_keeps_memory_flat(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "rows.jsonl"
    row = json.dumps({"instruction": "a" * 500, "response": "b" * 500}).encode() + b"\n"
    path.write_bytes(row * 20_000)  # 20 MB
    tracemalloc.start()
    assert sum(isinstance(item, formats.Row) for item in formats.stream(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
