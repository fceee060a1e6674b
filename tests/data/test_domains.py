# ruff: noqa: E501  (one fault per line reads better than a wrapped table)
"""Domains are data: a third one needs no code, and a faulty one says where."""

import json
from pathlib import Path

import pytest

from workshop_kit import domains
from workshop_kit.errors import BadInput


def test_a_third_domain_needs_no_code(bicycle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_DATASETS", str(bicycle_folder.parent))
    assert domains.list_domains() == ["bicycle-library"]
    assert domains.validate_domain("bicycle-library") == []
    domain = domains.load_domain("bicycle-library")
    assert [topic.id for topic in domain.topics] == ["borrowing", "repairs"]
    assert len(domain.passages_for("borrowing")) == 2
    assert "signature from a parent" in domain.passages_for("borrowing")[0].text
    assert len(domain.examples) == 1 and len(domain.practice_questions) == 1
    assert domains.load_domain(bicycle_folder) == domain


def test_a_domain_never_shows_hidden_questions(bicycle_folder: Path) -> None:
    domain = domains.load_domain(bicycle_folder)
    assert "trueing stand?" not in repr(domain) + domain._repr_html_()
    assert not any("hidden" in name for name in vars(domain))


def test_a_domain_shows_as_escaped_html(bicycle_folder: Path) -> None:
    edit(bicycle_folder, lambda d: d.update(title="<script>alert(1)</script>"))
    assert "<script>" not in domains.load_domain(bicycle_folder)._repr_html_()


def test_an_unknown_domain_names_the_ones_there_are(bicycle_folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("WORKSHOP_DATASETS", str(bicycle_folder.parent))
    with pytest.raises(BadInput, match="no domain 'bicycles'.*it has bicycle-library"):
        domains.load_domain("bicycles")
    with pytest.raises(BadInput, match="no topic 'sailing'; it has borrowing, repairs"):
        domains.load_domain("bicycle-library").topic("sailing")


def edit(folder: Path, change) -> None:
    path = folder / "domain.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def append(name: str, text: str):
    def spoil(folder: Path) -> None:
        with open(folder / name, "a", encoding="utf-8") as file:
            file.write(text)

    return spoil


def hidden(**change: object):
    def spoil(folder: Path) -> None:
        path = folder / "hidden_questions.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        rows[1] |= change
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    return spoil


FAULTS = {
    "no domain.json": (lambda f: (f / "domain.json").unlink(), "domain.json", "missing-file", 0, ""),
    "broken domain.json": (lambda f: (f / "domain.json").write_text('{\n"id": }'), "domain.json", "broken-json", 2, ""),
    "no title": (lambda f: edit(f, lambda d: d.pop("title")), "domain.json", "schema", 0, "title"),
    "no topics": (lambda f: edit(f, lambda d: d.update(topics=[])), "domain.json", "schema", 0, "topics"),
    "a topic without a title": (
        lambda f: edit(f, lambda d: d["topics"][1].pop("title")), "domain.json", "schema", 0, "topics[1].title",
    ),
    "a persona's name empty": (
        lambda f: edit(f, lambda d: d["personas"][0].update(name=" ")), "domain.json", "schema", 0, "personas[0].name",
    ),
    "a future schema": (
        lambda f: edit(f, lambda d: d.update(schema_version=9)), "domain.json", "schema", 0, "schema_version",
    ),
    "another id": (lambda f: edit(f, lambda d: d.update(id="x")), "domain.json", "wrong-id", 0, "id"),
    "a topic twice": (
        lambda f: edit(f, lambda d: d["topics"].append(d["topics"][0])), "domain.json", "repeated-id", 0, "topics[2].id",
    ),
    "an unknown section": (append("handbook.md", "\n## Sailing {#sailing}\n\nx\n"), "handbook.md", "unknown-topic", 15, ""),
    "a heading without an id": (append("handbook.md", "\n## Sailing\n\nx\n"), "handbook.md", "bad-heading", 15, ""),
    "a topic without text": (
        lambda f: (f / "handbook.md").write_text("## Repairs {#repairs}\n\nx"), "handbook.md", "missing-section", 0, "",
    ),
    "a broken example": (append("examples.jsonl", "{\n"), "examples.jsonl", "broken-json", 2, ""),
    "an example's unknown topic": (
        append("examples.jsonl", '{"instruction": "a", "response": "b", "topic": "x"}\n'), "examples.jsonl",
        "unknown-topic", 2, "topic",
    ),
    "no hidden questions": (
        lambda f: (f / "hidden_questions.jsonl").unlink(), "hidden_questions.jsonl", "missing-file", 0, "",
    ),
    "a hidden question's empty text": (hidden(question=""), "hidden_questions.jsonl", "schema", 2, "question"),
    "a hidden question without facts": (hidden(key_facts=[]), "hidden_questions.jsonl", "schema", 2, "key_facts"),
    "a fact without wordings": (
        hidden(key_facts=[{"fact": "a", "any_of": []}]), "hidden_questions.jsonl", "schema", 2, "key_facts[0].any_of",
    ),
    "a fact the reference lacks": (
        hidden(key_facts=[{"fact": "a", "any_of": ["zebra"]}]), "hidden_questions.jsonl", "rubric", 2,
        "key_facts[0].any_of",
    ),
    "a hidden id twice": (hidden(id="h1"), "hidden_questions.jsonl", "repeated-id", 2, "id"),
    "a hidden question that learners see": (
        hidden(question="How long may I keep a cargo bike?"), "hidden_questions.jsonl", "leaked", 0, "question",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_in_a_domain_is_placed(name: str, bicycle_folder: Path) -> None:
    spoil, file, code, line, field = FAULTS[name]
    spoil(bicycle_folder)
    found = [f for f in domains.validate_domain(bicycle_folder) if f.code == code]
    assert found
    assert (Path(found[0].file).name, found[0].line, found[0].field) == (file, line, field)
    if not file.startswith("hidden"):
        with pytest.raises(BadInput, match=file):
            domains.load_domain(bicycle_folder)


def test_no_finding_quotes_a_hidden_question(bicycle_folder: Path) -> None:
    secret = "Who sees to the trueing stand?"
    hidden(question=secret, key_facts=[{"fact": secret, "any_of": [secret]}], topic=secret, style="")(bicycle_folder)
    append("hidden_questions.jsonl", f'{{"question": "{secret}\n')(bicycle_folder)
    findings = domains.validate_domain(bicycle_folder)
    assert len(findings) >= 2
    assert not any("trueing" in str(f) + f.fix + repr(f) for f in findings)
