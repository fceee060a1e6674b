# ruff: noqa: E501  (one shape or row per line reads better than a wrapped table)
"""Imports: whatever shape an export has, its pairs are found, and what can't be read is placed."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import review
from workshop_kit.authoring import import_file, merge
from workshop_kit.authoring.freetext import read_text
from workshop_kit.domains import load_domain
from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Example

PAIR = ("How long is a loan?", "A loan lasts four days.")
SHAPES = {
    "Q and A": "Q: How long is a loan?\nA: A loan lasts four days.\n",
    "numbered labels": "1. Q: How long is a loan?\n   A: A loan lasts four days.\n",
    "bold labels": "**Question 1:** How long is a loan?\n\n**Answer:** A loan lasts four days.\n",
    "labels as headings": "### Question 1\nHow long is a loan?\n### Answer\nA loan lasts four days.\n",
    "instruction and response": "Instruction: How long is a loan?\nResponse: A loan lasts four days.\n",
    "bullets": "- **Q:** How long is a loan?\n- **A:** A loan lasts four days.\n",
    "a numbered list": "1. How long is a loan?\n   A loan lasts four days.\n",
    "a numbered list on one line": "1) How long is a loan? A loan lasts four days.\n",
    "a bold numbered list": "1. **How long is a loan?**\n\nA loan lasts four days.\n",
    "a markdown table": "| No | Question | Answer |\n|---|:---:|---|\n| 1 | How long is a loan? | A loan lasts four days. |\n",
    "JSON in a fence": '```json\n[{"question": "How long is a loan?", "answer": "A loan lasts four days."}]\n```\n',
    "JSON Lines in a fence": '```\n{"instruction": "How long is a loan?", "response": "A loan lasts four days."}\n```\n',
    "a JSON array in prose": 'Here:\n[{"prompt": "How long is a loan?", "completion": "A loan lasts four days."}]\nEnjoy!\n',
    "an object of pairs": '{"title": "x", "pairs": [{"q1": 1, "question": "How long is a loan?", "answer": "A loan lasts four days."}]}',
    "app widgets with text": '{"widgets": [{"name": "w", "value": "Q: How long is a loan?\\nA: A loan lasts four days.\\n"}]}',
    "CSV": "id,Question,Answer\n1,How long is a loan?,A loan lasts four days.\n",
    "CSV with semicolons": "question;answer\nHow long is a loan?;A loan lasts four days.\n",
    "tabs": "instruction\tresponse\nHow long is a loan?\tA loan lasts four days.\n",
    "JSON Lines": '{"question": "How long is a loan?", "answer": "A loan lasts four days."}\n',
    "OpenAI chat": '{"messages": [{"role": "user", "content": "How long is a loan?"}, '
    '{"role": "assistant", "content": "A loan lasts four days."}]}\n',
    "CRLF and a byte order mark": "\ufeffQ: How long is a loan?\r\nA: A loan lasts four days.\r\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_its_pair(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(SHAPES[shape].encode())
    imported = import_file(path)
    assert [(e.instruction, e.response) for e in imported.dataset] == [PAIR]
    assert not imported.errors
    assert len(imported.lines) == 1


EXPORT = """Your training data is ready!

# Borrowing {#borrowing}

Q: How long is a loan?
A: Four days.
It can be renewed once.

Q: This question has no answer
Q: What is the deposit?
A: 60 euros.
---
A: An answer that nobody asked for

## Repairs

```json
[
  {"question": "When is the workshop open?", "answer": "Tuesdays."},
  {"question": "Who mends wheels?", "answer": },
  {"question": "Is it free?"},
  {"instruction": "Where?", "response": "Behind the hall."}
]
```

| Question | Answer |
|----------|--------|
| Cell? | Yes. |
| Too | many | cells |
"""


def test_a_mixed_export_keeps_every_pair_and_places_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "partyrock-export.txt"
    path.write_text(EXPORT)
    imported = import_file(path)
    assert [(line, e.topic, e.instruction) for line, e in zip(imported.lines, imported.dataset, strict=True)] == [
        (5, "borrowing", "How long is a loan?"),
        (10, "borrowing", "What is the deposit?"),
        (19, "repairs", "When is the workshop open?"),
        (22, "repairs", "Where?"),
        (28, "repairs", "Cell?"),
    ]
    assert imported.dataset.examples[0].response == "Four days.\nIt can be renewed once."
    found = [(f.line, f.code) for f in imported.findings if f.severity == "error"]
    assert sorted(found) == [
        (9, "no-answer"), (13, "no-question"), (20, "broken-json"), (21, "missing-field"), (29, "wrong-width"),
    ]  # fmt: skip
    assert any(f.code == "other-text" and f.line == 1 for f in imported.findings)
    assert "no answer to" in imported._repr_html_()
    assert len(review.review(imported).errors) == 5


def test_lists_and_code_inside_an_answer_stay_in_it(tmp_path: Path) -> None:
    path = tmp_path / "export.md"
    path.write_text("Q: How?\nA: So:\n1. Go.\n2. Pay.\n```python\nprint(1)\n```\n\nQ: And?\nA: Done.\n")
    first, second = import_file(path).dataset
    assert first.response == "So:\n1. Go.\n2. Pay.\n```python\nprint(1)\n```"
    assert second.response == "Done."


def test_a_tools_closing_words_are_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text("Q: One?\nA: Yes.\n\nQ: Two?\nA:\n\nI hope this helps! Let me know if you need more.\n")
    imported = import_file(path)
    assert [e.response for e in imported.dataset] == ["Yes."]
    assert [(f.line, f.code) for f in imported.findings] == [(4, "no-answer"), (7, "other-text")]


def test_rows_get_the_topic_of_the_domain_that_speaks_of_them(bicycle_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text(
        "Q: Is a deposit due?\nA: 60 euros.\n\nQ: Who mends punctures?\nA: The workshop.\n\nQ: Zzz?\nA: Yyy.\n"
    )
    imported = import_file(path, domain=load_domain(bicycle_folder))
    assert [e.topic for e in imported.dataset] == ["borrowing", "repairs", ""]


def test_merging_keeps_each_row_once_in_order() -> None:
    one, two, three = (Example(f"q{n}?", "a.") for n in range(3))
    merged = merge(Dataset((one, two)), Dataset((two, three), "other", "Be brief."), name="all")
    assert merged == Dataset((one, two, three), "all", "Be brief.")


def test_a_csv_file_names_its_faulty_lines_and_its_missing_columns(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('Frage,Antwort\n"a, b",c\nd,e,f\n\n"g\nh",i\nj,\n')
    with pytest.raises(BadInput, match="no column for 'instruction'.*'Frage', 'Antwort'.*columns="):
        import_file(path)
    imported = import_file(path, columns={"instruction": "Frage", "response": "Antwort"})
    assert [e.instruction for e in imported.dataset] == ["a, b", "g\nh"]
    assert imported.lines == (2, 5)
    assert [(f.line, f.code) for f in imported.findings] == [(3, "wrong-width"), (7, "empty-field")]


def test_a_windows_csv_file_is_read_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("question,answer\nWas kostet das?,Fünf €.\n".encode("cp1252"))
    imported = import_file(path)
    assert imported.dataset.examples[0].response == "Fünf €."
    assert [(f.code, f.line) for f in imported.findings] == [("not-utf8", 2)]


def test_utf_16_exports_are_read(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(codecs.BOM_UTF16_LE + "Q: ¿Qué?\nA: Así.\n".encode("utf-16-le"))
    assert import_file(path).dataset.examples[0].instruction == "¿Qué?"


@pytest.mark.parametrize(
    ("content", "words"),
    [("Just a letter.\nNothing more.", "No rows were found"), ("", "is empty"), ("{}", "No rows")],
)
def test_a_file_without_rows_is_one_sentence(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "export.txt"
    path.write_text(content)
    with pytest.raises(BadInput, match=words):
        import_file(path)


def test_a_missing_export_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.txt"):
        with pytest.raises(BadInput, match="folder|no file"):
            import_file(path)


@settings(max_examples=300)
@given(data=st.binary(max_size=200), suffix=st.sampled_from(["txt", "csv", "json", "jsonl", "md"]))
def test_no_bytes_make_an_import_fall_over(tmp_path_factory, data: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"export.{suffix}"
    path.write_bytes(data)
    try:
        imported = import_file(path)
    except BadInput as problem:
        assert len(str(problem).splitlines()) <= 1
    else:
        assert len(imported.lines) == len(imported.dataset) > 0


marks = ["Q: a?", "A: b", "1. c?", "d", "", "```json", "```", "[", "{", '{"question": "x", "answer": "y"}', "]", "---",
         "| Question | Answer |", "|--|--|", "| e | f |", "| e | f | g |", "# T", "**Question:** h", "**Answer:**"]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(marks), max_size=25))
def test_any_mixture_of_marks_is_read_to_its_end(lines: list[str]) -> None:
    pieces = read_text("\n".join(lines))
    assert all(1 <= piece.line <= len(lines) for piece in pieces)
    answered = sum(lines[n] == "Q: a?" and lines[n + 1] == "A: b" for n in range(len(lines) - 1))
    fenced = any(line.startswith("```") or line[:1] in "[{" for line in lines if line)
    if not fenced:
        assert sum(piece.row is not None and piece.row["instruction"] == "a?" for piece in pieces) >= answered
