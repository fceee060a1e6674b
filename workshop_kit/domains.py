"""Domains: what a workshop is about, as a folder of data. Adding one needs no code.

    domain.json                title, brief, topics, personas, system prompts
    handbook.md                the source text: one `## Title {#topic-id}` section per topic
    examples.jsonl             practice rows (instruction, context, response, topic)
    practice_questions.jsonl   questions to try a model on
    hidden_questions.jsonl     the league's questions: their form is checked here, their text is never shown

A Domain holds everything but the hidden questions. The tables at the top are the schema.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop_kit import formats
from workshop_kit.errors import BadInput
from workshop_kit.formats.lines import values
from workshop_kit.records import Dataset, Finding, Persona, Topic, html_table
from workshop_kit.settings import datasets_root

SCHEMA_VERSION = 1
# field -> the type it must have; a type in a list means a non-empty list of objects with those fields.
DOMAIN_FIELDS: dict[str, Any] = {
    "schema_version": int,
    "id": str,
    "title": str,
    "brief": str,
    "language": str,
    "system_prompts": [{"id": str, "text": str}],
    "topics": [{"id": str, "title": str, "description": str}],
    "personas": [{"id": str, "name": str, "description": str}],
}
QUESTION_FIELDS: dict[str, Any] = {
    "id": str,
    "topic": str,
    "question": str,
    "reference_answer": str,
    "key_facts": [{"fact": str, "any_of": [str]}],
    "style": str,
}
QUESTION_KINDS = ("case", "lookup", "two-needs", "not-in-handbook")
FACT_KINDS = ("decision", "amount", "time", "name", "paper", "step", "condition", "reason", "unknown")
TONES = ("neutral", "kind")
FILES = ("domain.json", "handbook.md", "examples.jsonl", "practice_questions.jsonl", "hidden_questions.jsonl")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HEADING = re.compile(r"##\s+(?P<title>.+?)\s*\{#(?P<id>[^}]*)\}\s*")


@dataclass(frozen=True)
class SystemPrompt:
    """A system prompt to try."""

    id: str
    text: str


@dataclass(frozen=True)
class Passage:
    """A piece of the handbook on one topic."""

    topic: str
    title: str
    text: str
    source: str = ""


@dataclass(frozen=True)
class KeyFact:
    """A fact that a good answer holds, in any of several wordings.

    `kind` is one of FACT_KINDS or "" where the domain names none; `contradicts` are wordings that would be wrong here.
    """

    fact: str
    any_of: tuple[str, ...]
    kind: str = ""
    contradicts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The fact as a judge's prompt shows it; what is not told is left out."""
        told: dict[str, Any] = {"fact": self.fact, "any_of": list(self.any_of)}
        if self.kind:
            told["kind"] = self.kind
        return told | ({"contradicts": list(self.contradicts)} if self.contradicts else {})


@dataclass(frozen=True)
class Question:
    """A question with its rubric.

    `kind` is one of QUESTION_KINDS, `passage` the handbook's text that decides it, `tone` "kind" where the person
    who asks is in trouble; all three are '' where the domain does not say.
    """

    id: str
    topic: str
    question: str
    reference_answer: str
    key_facts: tuple[KeyFact, ...]
    style: str
    kind: str = ""
    passage: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Domain:
    """Everything a learner may see of a domain."""

    id: str
    title: str
    brief: str
    language: str
    topics: tuple[Topic, ...]
    personas: tuple[Persona, ...]
    system_prompts: tuple[SystemPrompt, ...]
    passages: tuple[Passage, ...] = field(repr=False)
    examples: Dataset = field(repr=False)
    practice_questions: tuple[Question, ...] = field(repr=False)
    folder: Path

    def topic(self, id: str) -> Topic:
        """The topic with this id; raises BadInput naming the ones there are."""
        for topic in self.topics:
            if topic.id == id:
                return topic
        raise BadInput(f"{self.id} has no topic '{id}'; it has {', '.join(t.id for t in self.topics)}.")

    def passages_for(self, topic: str) -> tuple[Passage, ...]:
        """The handbook's passages on one topic, in order."""
        return tuple(passage for passage in self.passages if passage.topic == topic)

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [
                topic.title,
                topic.description,
                len(self.passages_for(topic.id)),
                sum(example.topic == topic.id for example in self.examples),
            ]
            for topic in self.topics
        ]
        people = ", ".join(persona.name for persona in self.personas)
        return (
            f"<p><b>{html.escape(self.title)}</b> (<code>{html.escape(self.id)}</code>)<br>"
            f"{html.escape(self.brief)}<br>Asked by: {html.escape(people)}.</p>"
            + html_table(["topic", "about", "passages", "practice rows"], rows)
        )


def list_domains() -> list[str]:
    """The ids of the domains in the datasets folder, sorted."""
    return sorted(p.name for p in datasets_root().iterdir() if (p / "domain.json").is_file())


def load_domain(id_or_path: str | Path) -> Domain:
    """Load a domain by its id, or any folder by its path.

    Raises BadInput with the first fault, by file, line and field.
    """
    folder = _folder(id_or_path)
    findings: list[Finding] = []
    document = _read_document(folder, findings)
    passages: tuple[Passage, ...] = ()
    examples = Dataset((), folder.name)
    practice: tuple[Question, ...] = ()
    if document:
        topics = tuple(t["id"] for t in document["topics"])
        passages = _read_handbook(folder, topics, findings)
        examples = _read_examples(folder, topics, findings)
        practice = _read_questions(folder / "practice_questions.jsonl", topics, findings)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors or not document:
        more = f" (and {len(errors) - 1} more: workshop-kit domain check {folder})" if len(errors) > 1 else ""
        raise BadInput(f"{errors[0]}{more}.")
    return Domain(
        document["id"],
        document["title"],
        document["brief"],
        document["language"],
        tuple(Topic(t["id"], t["title"], t["description"]) for t in document["topics"]),
        tuple(Persona(p["id"], p["name"], p["description"]) for p in document["personas"]),
        tuple(SystemPrompt(s["id"], s["text"]) for s in document["system_prompts"]),
        passages,
        examples,
        practice,
        folder,
    )


def load_questions(path: Path, topics: Iterable[str] | None = None) -> tuple[Question, ...]:
    """Read a file of questions with rubrics.

    Raises BadInput with the first fault's place.
    """
    findings: list[Finding] = []
    questions = _read_questions(path, tuple(topics) if topics is not None else None, findings)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise BadInput(f"{errors[0]}.")
    return questions


def questions_from(rows: Iterable[Any], topics: Iterable[str], where: str) -> tuple[Question, ...]:
    """Questions with rubrics from rows of plain data; raises BadInput with the first fault, by its row in `where`."""
    findings: list[Finding] = []
    numbered = ((number, row, None) for number, row in enumerate(rows, start=1))
    questions = _read_questions(Path(where), tuple(topics), findings, numbered)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise BadInput(f"{errors[0]}.")
    return questions


def plain(text: str) -> str:
    """A text's words in small letters, by which two questions are the same."""
    return _plain(text)


def validate_domain(id_or_path: str | Path) -> list[Finding]:
    """Check a whole domain folder, the hidden questions included; no finding quotes a hidden question.

    Raises BadInput only when there is no such folder.
    """
    folder = _folder(id_or_path)
    findings: list[Finding] = []
    document = _read_document(folder, findings)
    topics = tuple(t["id"] for t in document["topics"]) if document else None
    _read_handbook(folder, topics, findings)
    examples = _read_examples(folder, topics, findings)
    practice = _read_questions(folder / "practice_questions.jsonl", topics, findings)
    hidden_path = folder / "hidden_questions.jsonl"
    hidden = _read_questions(hidden_path, topics, findings)
    known = {_plain(q.question): "practice_questions.jsonl" for q in practice}
    known |= {_plain(e.instruction): "examples.jsonl" for e in examples}
    for question in hidden:
        where = known.get(_plain(question.question))
        if where:
            message = f"question {question.id} also stands in {where}, where learners see it"
            findings.append(_error("leaked", message, hidden_path, field="question", fix="reword one of them"))
    return findings


def _folder(id_or_path: str | Path) -> Path:
    told = Path(id_or_path).expanduser()
    if told.is_dir():
        return told.resolve()
    if isinstance(id_or_path, str) and _ID.fullmatch(id_or_path):
        root = datasets_root()
        if (root / id_or_path).is_dir():
            return root / id_or_path
        raise BadInput(f"There is no domain '{id_or_path}' in {root}; it has {', '.join(list_domains()) or 'none'}.")
    raise BadInput(f"There is no domain folder at {told}.")


def _error(
    code: str, message: str, file: Path, line: int = 0, column: int = 0, field: str = "", fix: str = ""
) -> Finding:
    return Finding("error", code, message, str(file), line, column, field, fix)


def _check(value: object, shape: Any, path: str) -> Iterable[tuple[str, str]]:
    """(field path, what is wrong) for each way in which `value` differs from `shape`."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield path, "should be an object"
            return
        for name, inner in shape.items():
            inside = f"{path}.{name}" if path else name
            if name in value:
                yield from _check(value[name], inner, inside)
            else:
                yield inside, "is missing"
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield path, "should be a list with at least one entry"
            return
        for number, item in enumerate(value):
            yield from _check(item, shape[0], f"{path}[{number}]")
    elif shape is str and not (isinstance(value, str) and value.strip()):
        yield path, "is empty" if isinstance(value, str) else "should be text"
    elif shape is int and (not isinstance(value, int) or isinstance(value, bool)):
        yield path, "should be a whole number"


def _read_document(folder: Path, findings: list[Finding]) -> dict[str, Any] | None:
    path = folder / "domain.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as problem:
        findings.append(_error("broken-json", problem.msg.lower(), path, problem.lineno, problem.colno))
        return None
    except (OSError, ValueError) as problem:
        message = "the file is missing" if isinstance(problem, FileNotFoundError) else f"can't be read: {problem}"
        findings.append(_error("missing-file", message, path))
        return None
    faults = [_error("schema", what, path, field=where) for where, what in _check(document, DOMAIN_FIELDS, "")]
    if not faults:
        if document["schema_version"] != SCHEMA_VERSION:
            message = f"schema_version is {document['schema_version']}; this kit reads {SCHEMA_VERSION}"
            faults.append(_error("schema", message, path, field="schema_version"))
        if document["id"] != folder.name:
            message = f"the id is '{document['id']}' but the folder is named '{folder.name}'"
            faults.append(_error("wrong-id", message, path, field="id", fix="make them the same"))
        for group in ("topics", "personas", "system_prompts"):
            faults += _id_faults([entry["id"] for entry in document[group]], group, path)
    findings += faults
    return None if faults else document


def _id_faults(ids: list[str], group: str, path: Path) -> Iterable[Finding]:
    for number, id in enumerate(ids):
        place = f"{group}[{number}].id"
        if not _ID.fullmatch(id):
            yield _error("wrong-id", f"'{id}' should be lower-case words joined by hyphens", path, field=place)
        if id in ids[:number]:
            yield _error("repeated-id", f"'{id}' appears twice", path, field=place)


def _read_handbook(folder: Path, topics: tuple[str, ...] | None, findings: list[Finding]) -> tuple[Passage, ...]:
    """One passage per paragraph of a topic's section."""
    path = folder / "handbook.md"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        message = "the file is missing" if isinstance(problem, FileNotFoundError) else f"can't be read: {problem}"
        findings.append(_error("missing-file", message, path))
        return ()
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    topic = title = ""
    paragraph: list[str] = []
    began = 0

    def close() -> None:
        if topic and paragraph:
            passages.append(Passage(topic, title, " ".join(paragraph), f"{path.name}, line {began}"))
        paragraph.clear()

    for number, line in enumerate(text.splitlines(), 1):
        heading = _HEADING.fullmatch(line)
        if heading:
            close()
            topic, title = heading["id"], heading["title"]
            if topic in seen:
                message = f"the section #{topic} is there twice (first in line {seen[topic]})"
                findings.append(_error("repeated-section", message, path, number))
            seen.setdefault(topic, number)
            if topics is not None and topic not in topics:
                message = f"the section #{topic} is no topic of domain.json"
                findings.append(_error("unknown-topic", message, path, number))
        elif line.startswith("## "):
            close()
            topic = ""
            findings.append(
                _error("bad-heading", "the heading has no {#topic-id}", path, number, fix="## Title {#topic-id}")
            )
        elif not line.strip() or line.startswith("#"):
            close()
        else:
            began = began if paragraph else number
            paragraph.append(line.strip())
    close()
    for topic in topics or ():
        if not any(passage.topic == topic for passage in passages):
            message = f"the topic '{topic}' has no text"
            findings.append(_error("missing-section", message, path, fix=f"add ## Title {{#{topic}}} and its facts"))
    return tuple(passages)


def _read_examples(folder: Path, topics: tuple[str, ...] | None, findings: list[Finding]) -> Dataset:
    path = folder / "examples.jsonl"
    try:
        loaded = formats.load(path, "instruction")
    except BadInput as problem:
        findings.append(_error("missing-file", str(problem).rstrip("."), path))
        return Dataset((), folder.name)
    findings += loaded.findings
    for example, line in zip(loaded.dataset, loaded.lines, strict=True):
        if topics is not None and example.topic not in topics:
            message = f"'{example.topic}' is no topic of domain.json"
            findings.append(_error("unknown-topic", message, path, line, field="topic"))
    return Dataset(loaded.dataset.examples, folder.name)


def _read_questions(
    path: Path,
    topics: tuple[str, ...] | None,
    findings: list[Finding],
    rows: Iterable[tuple[int, Any, Finding | None]] | None = None,
) -> tuple[Question, ...]:
    """The questions of a file, or of `rows` as `values` would read them from it."""
    questions: list[Question] = []
    seen: dict[str, int] = {}
    try:
        for line, row, finding in values(path) if rows is None else rows:
            if finding is not None:
                findings.append(finding)
                continue
            problems = _check(row, QUESTION_FIELDS, "")
            faults = [_error("schema", what, path, line, field=place) for place, what in problems]
            faults += [] if faults else [_error("schema", what, path, line, field=at) for at, what in _optional(row)]
            if not faults and topics is not None and row["topic"] not in topics:
                message = "the topic is not one of domain.json"
                faults.append(_error("unknown-topic", message, path, line, field="topic"))
            if not faults and row["id"] in seen:
                message = f"the id {row['id']} appears twice (first in line {seen[row['id']]})"
                faults.append(_error("repeated-id", message, path, line, field="id"))
            findings += faults
            if faults:
                continue
            seen[row["id"]] = line
            facts = tuple(_key_fact(fact) for fact in row["key_facts"])
            answer = _plain(row["reference_answer"])
            for number, fact in enumerate(facts):
                if not any(_plain(wording) in answer for wording in fact.any_of):
                    findings.append(
                        Finding(
                            "error", "rubric", "the reference answer holds none of this fact's wordings", str(path),
                            line, field=f"key_facts[{number}].any_of", fix="add the wording the reference uses",
                        )
                    )  # fmt: skip
            questions.append(question_from(row))
    except BadInput as problem:
        findings.append(_error("missing-file", str(problem).rstrip("."), path))
    if not questions and not findings:
        findings.append(_error("empty-file", "the file holds no questions", path))
    return tuple(questions)


def question_from(row: Mapping[str, Any]) -> Question:
    """The question of a row that has been checked."""
    facts = tuple(_key_fact(fact) for fact in row["key_facts"])
    more = {name: row.get(name) or "" for name in ("kind", "passage", "tone")}
    return Question(row["id"], row["topic"], row["question"], row["reference_answer"], facts, row["style"], **more)


def _key_fact(fact: Mapping[str, Any]) -> KeyFact:
    contradicts = tuple(fact.get("contradicts") or ())
    return KeyFact(fact["fact"], tuple(fact["any_of"]), fact.get("kind") or "", contradicts)


def _optional(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """(field path, what is wrong) for the fields that a question may leave out."""
    for name, allowed in (("kind", QUESTION_KINDS), ("tone", TONES)):
        if row.get(name) not in (None, "", *allowed):
            yield name, f"should be one of {', '.join(allowed)}"
    if not isinstance(row.get("passage", ""), str):
        yield "passage", "should be text"
    for number, fact in enumerate(row["key_facts"]):
        if fact.get("kind") not in (None, "", *FACT_KINDS):
            yield f"key_facts[{number}].kind", f"should be one of {', '.join(FACT_KINDS)}"
        wordings = fact.get("contradicts", [])
        if not isinstance(wordings, list) or not all(isinstance(wording, str) for wording in wordings):
            yield f"key_facts[{number}].contradicts", "should be a list of texts"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
