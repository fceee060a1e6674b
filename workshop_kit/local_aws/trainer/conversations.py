"""The rows of Bedrock's customization jobs: supervised conversations, prompts to distil, prompts to reinforce.

Supervised and distillation rows have the form bedrock-conversation-2024, reinforcement rows OpenAI's chat form with a
`reference_answer`. Every fault is told with its line and field; what a job needs in numbers is checked here too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput

SCHEMA = "bedrock-conversation-2024"
LEAST_ROWS, MOST_ROWS = 8, 20_000
LEAST_PROMPTS = 100
# Words with which a prompt must not begin, as the guidelines for preparing data say.
BAD_STARTS = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")

Turn = dict[str, str]


@dataclass(frozen=True)
class Prompt:
    """A row to reinforce on: the turns up to the user's last, and everything else that the row holds."""

    id: str
    messages: tuple[Turn, ...]
    metadata: dict[str, Any]


def read_conversations(path: Path, *, answered: bool = True) -> list[list[Turn]]:
    """The conversations of a file as lists of {"role", "content"}, the system prompt first where there is one.

    With `answered`, every one must end with the assistant's turn; without, an assistant's last turn is left out, since
    the teacher writes it. Raises BadInput with the line and field of the first fault.
    """
    found = [_conversation(row, where, answered) for where, row in _rows(path)]
    _count(path, len(found), LEAST_ROWS)
    return found


def read_prompts(path: Path, *, least: int = LEAST_PROMPTS) -> list[Prompt]:
    """The rows of a reinforcement file. Raises BadInput with the line and field of the first fault."""
    found: list[Prompt] = []
    seen: set[str] = set()
    for number, (where, row) in enumerate(_rows(path), start=1):
        turns = _openai_turns(row, where)
        if "reference_answer" not in row:
            raise BadInput(f"{where}: field 'reference_answer' is missing; the reward function needs it.")
        told = str(row.get("id") or f"sample-{number:05d}")
        if told in seen:
            raise BadInput(f"{where}: the id '{told}' was used before; give every row its own.")
        seen.add(told)
        rest = {name: value for name, value in row.items() if name not in ("messages", "id")}
        found.append(Prompt(told, tuple(turns), rest))
    _count(path, len(found), least)
    return found


def write_dialogs(conversations: list[list[Turn]], path: Path) -> None:
    """Write conversations as the trainer's chat rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for turns in conversations:
            file.write(json.dumps({"dialog": turns}, ensure_ascii=False) + "\n")


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as problem:
        raise BadInput(f"{path.name} is not UTF-8 text ({problem.reason} at byte {problem.start}).") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as problem:
            what = getattr(problem, "msg", "it is nested too deeply")
            raise BadInput(f"{where} is not JSON: {what}; a row is one JSON object.") from None
        if not isinstance(row, dict):
            raise BadInput(f"{where} is not a JSON object; a row is one JSON object.")
        yield where, row


def _count(path: Path, rows: int, least: int) -> None:
    if not least <= rows <= MOST_ROWS:
        raise BadInput(f"{path.name} holds {rows} rows; a job takes from {least} to {MOST_ROWS:,}.")


def _conversation(row: dict[str, Any], where: str, answered: bool) -> list[Turn]:
    if row.get("schemaVersion") != SCHEMA:
        raise BadInput(f"{where}: field 'schemaVersion' is {row.get('schemaVersion')!r}; it must be '{SCHEMA}'.")
    turns = [
        {"role": "system", "content": text} for text in _texts(row.get("system") or [], f"{where}: field 'system'")
    ]
    if len(turns) > 1:
        turns = [{"role": "system", "content": "\n\n".join(turn["content"] for turn in turns)}]
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadInput(f"{where}: field 'messages' must be a list of turns.")
    for number, message in enumerate(messages):
        place = f"{where}: field 'messages[{number}]'"
        if not isinstance(message, dict):
            raise BadInput(f"{place} is not an object.")
        turns.append({"role": _role(message, number, place), "content": _content(message, place)})
    _started(turns, where)
    return _ended(turns, where, answered)


def _role(message: dict[str, Any], number: int, place: str) -> str:
    wanted = ("user", "assistant")[number % 2]
    if message.get("role") != wanted:
        raise BadInput(
            f"{place} has the role {message.get('role')!r}; turns alternate, and this one is the {wanted}'s."
        )
    return wanted


def _content(message: dict[str, Any], place: str) -> str:
    text = "\n".join(_texts(message.get("content"), f"{place}, 'content'"))
    if not text.strip():
        raise BadInput(f"{place} is empty.")
    return text


def _texts(blocks: Any, place: str) -> list[str]:
    if not isinstance(blocks, list) or not all(
        isinstance(block, dict) and isinstance(block.get("text"), str) for block in blocks
    ):
        raise BadInput(f'{place} must be a list of {{"text": ...}}; the models here read text alone.')
    return [block["text"] for block in blocks]


def _started(turns: list[Turn], where: str) -> None:
    for turn in turns:
        if bad := next((start for start in BAD_STARTS if turn["content"].lstrip().startswith(start)), ""):
            raise BadInput(f"{where}: a text begins with '{bad}', which marks turns inside the model; leave it out.")


def _ended(turns: list[Turn], where: str, answered: bool) -> list[Turn]:
    if answered and turns[-1]["role"] != "assistant":
        raise BadInput(f"{where}: the last turn must be the assistant's: it is what is learned.")
    return turns[:-1] if not answered and turns[-1]["role"] == "assistant" else turns


def _openai_turns(row: dict[str, Any], where: str) -> list[Turn]:
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadInput(f"{where}: field 'messages' must be a list of turns.")
    turns = []
    for number, message in enumerate(messages):
        place = f"{where}: field 'messages[{number}]'"
        if not isinstance(message, dict) or message.get("role") not in ("system", "developer", "user", "assistant"):
            raise BadInput(f"{place} needs a role: system, user or assistant.")
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            raise BadInput(f"{place} needs a text as its content.")
        role = "system" if message["role"] == "developer" else message["role"]
        turns.append({"role": role, "content": message["content"]})
    if turns[-1]["role"] != "user":
        raise BadInput(f"{where}: the last turn must be the user's; the model answers it.")
    return turns
