"""One row of JSON <-> one Example, in each format the training services know.

instruction   JumpStart instruction tuning: instruction, context, response (JumpStart ignores the topic)
chat          JumpStart chat tuning: {"dialog": [{"role", "content"}, ...]}
openai        the same turns under "messages"
bedrock       bedrock-conversation-2024, for Nova fine-tuning (it has no place for a topic)
rft           Bedrock reinforcement fine-tuning: "messages" with a "reference_answer"
completion    {"prompt", "completion"}, as older tuning services and many tools have it
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshop_kit.records import Example

FORMATS = ("instruction", "chat", "openai", "bedrock", "rft", "completion")
# What a format has no place for; an export says so.
LOSES = {
    "instruction": ("system",), "chat": ("source",), "openai": ("source",), "bedrock": ("topic", "source"),
    "rft": ("source",), "completion": ("system", "source"),
}  # fmt: skip
BEDROCK_SCHEMA = "bedrock-conversation-2024"
# Names other tools use for the same thing; read as ours, with a note.
ALIASES = {
    "instruction": ("question", "prompt", "input", "query", "user"),
    "response": ("answer", "completion", "output", "assistant"),
}
_CONTEXT = re.compile(r"<context>\n(.*?)\n</context>\n\n(.*)", re.DOTALL)


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with a row, or odd about it when `severity` is not "error"."""

    severity: str
    code: str
    field: str
    message: str
    fix: str = ""
    mendable: bool = False


@dataclass(frozen=True)
class Parsed:
    """The outcome for one row: an example (None when an error stops it), its system prompt, and problems."""

    example: Example | None
    system: str
    problems: tuple[RowProblem, ...]


def detect(row: Mapping[str, Any]) -> str:
    """Which format a row is in; "instruction" when nothing else fits."""
    if "reference_answer" in row and "messages" in row:
        return "rft"
    if "schemaVersion" in row:
        return "bedrock"
    if "dialog" in row:
        return "chat"
    if "messages" in row:
        turns = row["messages"]
        nested = isinstance(turns, list) and any(
            isinstance(turn, dict) and isinstance(turn.get("content"), list) for turn in turns
        )
        return "bedrock" if nested else "openai"
    if "prompt" in row and "completion" in row and "instruction" not in row:
        return "completion"
    return "instruction"


def to_row(example: Example, format: str = "instruction", system: str = "") -> dict[str, Any]:
    """The row for one example; `system` goes where the format has a place for it."""
    if format == "instruction":
        row: dict[str, Any] = {
            "instruction": example.instruction,
            "context": example.context,
            "response": example.response,
        }
        if example.source:
            row["source"] = example.source
    elif format in ("chat", "openai"):
        turns = _turns(example, system)
        row = {"dialog" if format == "chat" else "messages": [*turns, _message("assistant", example.response)]}
    elif format == "bedrock":
        row = {"schemaVersion": BEDROCK_SCHEMA}
        if system:
            row["system"] = [{"text": system}]
        row["messages"] = [
            {"role": "user", "content": [{"text": _with_context(example)}]},
            {"role": "assistant", "content": [{"text": example.response}]},
        ]
        return row
    elif format == "completion":
        row = {"prompt": _with_context(example), "completion": example.response}
    elif format == "rft":
        row = {"id": example.id, "messages": _turns(example, system), "reference_answer": example.response}
    else:
        raise ValueError(f"unknown format {format!r}; one of {', '.join(FORMATS)}")
    if example.topic:
        row["topic"] = example.topic
    return row


def from_row(row: object, format: str | None = None) -> Parsed:
    """Read one decoded JSON value; never raises for bad input."""
    if not isinstance(row, dict):
        problem = RowProblem(
            "error",
            "not-an-object",
            "",
            f"the row is {_kind(row)}, not a JSON object",
            "write {...} per line",
        )
        return Parsed(None, "", (problem,))
    name = format or detect(row)
    problems: list[RowProblem] = []
    topic = _optional(row, "topic", problems)
    source = ""
    if name == "instruction":
        source = _optional(row, "source", [])  # a citation is a help, not a reason to refuse a row
        instruction = _text(row, "instruction", problems)
        response = _text(row, "response", problems)
        context, system = _optional(row, "context", problems), _optional(row, "system", problems)
    elif name == "completion":
        prompt = _checked(row.get("prompt"), "prompt", problems)
        response = _checked(row.get("completion"), "completion", problems)
        (context, instruction), system = _without_context(prompt), ""
    else:
        system, context, instruction, response = _conversation(row, name, problems)
    if any(problem.severity == "error" for problem in problems):
        return Parsed(None, system, tuple(problems))
    return Parsed(Example(instruction, response, context, topic, source), system, tuple(problems))


def printable(text: object, most: int = 40) -> str:
    """Somebody's text, short and fit to stand in a one-line message."""
    shown = "".join(mark if mark.isprintable() else "\ufffd" for mark in str(text))
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _turns(example: Example, system: str) -> list[dict[str, str]]:
    return [*([_message("system", system)] if system else []), _message("user", _with_context(example))]


def _with_context(example: Example) -> str:
    """The user's turn, the context in front between marks; reversible by _without_context."""
    if not example.context and not example.instruction.startswith("<context>"):
        return example.instruction
    escaped = example.context.replace("<\\", "<\\\\").replace("</context", "<\\/context")
    return f"<context>\n{escaped}\n</context>\n\n{example.instruction}"


def _without_context(text: str) -> tuple[str, str]:
    match = _CONTEXT.fullmatch(text)
    if not match:
        return "", text
    return match[1].replace("<\\/context", "</context").replace("<\\\\", "<\\"), match[2]


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _text(row: Mapping[str, Any], field: str, problems: list[RowProblem]) -> str:
    """A required text field of an instruction row, under its own name or a known other one."""
    key = field
    if field not in row:
        lower = {str(name).strip().lower(): name for name in row}
        found = next((lower[name] for name in (field, *ALIASES[field]) if name in lower), None)
        if found is None:
            known = {"instruction", "context", "response", "topic", "system", "source"}
            close = difflib.get_close_matches(field, [str(k) for k in row if k not in known], n=1, cutoff=0.7)
            there = ", ".join(f"'{printable(name)}'" for name in list(row)[:6]) or "none"
            problems.append(
                RowProblem(
                    "error",
                    "missing-field",
                    close[0] if close else field,
                    f"the field '{field}' is missing (fields found: {there})",
                    f"rename '{close[0]}' to '{field}'" if close else f"add '{field}'",
                )
            )
            return ""
        problems.append(
            RowProblem(
                "warning",
                "wrong-field-name",
                str(found),
                f"the field '{printable(found)}' is read as '{field}'",
                f"rename it to '{field}'",
                mendable=True,
            )
        )
        key = found
    return _checked(row[key], key, problems)


def _optional(row: Mapping[str, Any], field: str, problems: list[RowProblem]) -> str:
    value = row.get(field, "")
    if value is None:
        return ""
    if isinstance(value, str):
        return _checked(value, field, problems) if value else ""
    problems.append(
        RowProblem("error", "wrong-type", field, f"'{field}' is {_kind(value)}, not text", "write it in quotes")
    )
    return ""


def _checked(value: object, field: str, problems: list[RowProblem]) -> str:
    """`value` as text, with a problem noted when it is no text, empty, or can't be written as UTF-8."""
    if not isinstance(value, str):
        problems.append(
            RowProblem("error", "wrong-type", field, f"'{field}' is {_kind(value)}, not text", "write it in quotes")
        )
        return ""
    if not value.strip():
        what = "holds only white space" if value else "is empty"
        severity = "note" if field in ("context", "topic", "system") else "error"
        problems.append(RowProblem(severity, "empty-field", field, f"'{field}' {what}", "fill it or drop the row"))
    try:
        value.encode()
    except UnicodeEncodeError as problem:
        problems.append(
            RowProblem(
                "error",
                "bad-character",
                field,
                f"'{field}' holds half of a surrogate pair at character {problem.start + 1}",
                "replace the broken \\u escape",
            )
        )
    return value


def _conversation(row: Mapping[str, Any], format: str, problems: list[RowProblem]) -> tuple[str, str, str, str]:
    """(system, context, instruction, response) of a chat row in any of the four conversation formats."""
    field = "dialog" if format == "chat" else "messages"
    raw = row.get(field)
    if not isinstance(raw, list) or not raw:
        what = f"'{field}' is {_kind(raw)}" if field in row else f"the field '{field}' is missing"
        problems.append(RowProblem("error", "missing-field", field, f"{what}; a list of turns is needed"))
        return "", "", "", ""
    turns: list[tuple[str, str]] = []
    for number, turn in enumerate(raw):
        place = f"{field}[{number}]"
        if not isinstance(turn, dict):
            problems.append(RowProblem("error", "wrong-type", place, f"the turn is {_kind(turn)}, not an object"))
            continue
        role = turn.get("role")
        if role not in ("system", "user", "assistant"):
            shown = json.dumps(role, ensure_ascii=True)[:40]
            problems.append(
                RowProblem(
                    "error",
                    "wrong-role",
                    f"{place}.role",
                    f"the role {shown} is not system, user or assistant",
                )
            )
            continue
        if "content" not in turn:
            problems.append(RowProblem("error", "missing-field", f"{place}.content", "the turn has no 'content'"))
            continue
        turns.append((role, _content(turn["content"], f"{place}.content", problems)))
    if any(problem.severity == "error" for problem in problems):
        return "", "", "", ""
    system = _bedrock_system(row, problems) if format == "bedrock" else ""
    if turns[0][0] == "system":
        system = turns.pop(0)[1]
    response = ""
    if format == "rft":
        response = _reference(row, problems)
    elif turns and turns[-1][0] == "assistant":
        response = turns.pop()[1]
    else:
        problems.append(RowProblem("error", "wrong-role", field, "the last turn is not the assistant's"))
    expected = ["user" if n % 2 == 0 else "assistant" for n in range(len(turns))]
    if not turns or [role for role, _ in turns] != expected or turns[-1][0] != "user":
        problems.append(
            RowProblem(
                "error",
                "wrong-role",
                field,
                "the turns don't alternate user, assistant, ... from a user's on",
            )
        )
        return system, "", "", response
    context, instruction = _without_context(turns[-1][1])
    if len(turns) > 1:
        # One Example holds one exchange; what was said before it is what that exchange rests on.
        earlier = "\n".join(f"{role}: {text}" for role, text in turns[:-1])
        context = f"{earlier}\n{context}" if context else earlier
        problems.append(RowProblem("note", "several-turns", field, "earlier turns are kept as the row's context"))
    return system, context, instruction, response


def _content(value: object, place: str, problems: list[RowProblem]) -> str:
    """A turn's text: a string, or a list of {"text"} parts as Bedrock and OpenAI write it."""
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in value]
        texts = [part for part in parts if isinstance(part, str)]
        if not texts or len(texts) < len(parts):
            problems.append(RowProblem("error", "wrong-type", place, f"'{place}' holds something other than text"))
            return ""
        value = "".join(texts)
    return _checked(value, place, problems)


def _bedrock_system(row: Mapping[str, Any], problems: list[RowProblem]) -> str:
    if row.get("schemaVersion") != BEDROCK_SCHEMA:
        shown = json.dumps(row.get("schemaVersion"), ensure_ascii=True)[:40]
        problems.append(
            RowProblem(
                "warning",
                "wrong-schema",
                "schemaVersion",
                f"schemaVersion is {shown}, not {BEDROCK_SCHEMA}",
                "write the schema's name",
                mendable=True,
            )
        )
    return _content(row["system"], "system", problems) if row.get("system") else ""


def _reference(row: Mapping[str, Any], problems: list[RowProblem]) -> str:
    value = row.get("reference_answer")
    if isinstance(value, dict):
        problems.append(
            RowProblem("note", "structured-answer", "reference_answer", "the reference is kept as JSON text")
        )
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return _checked(value, "reference_answer", problems)
