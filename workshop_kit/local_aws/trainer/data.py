"""The training channel: JSON Lines to prompts and completions, and from those to batches of token ids.

As in JumpStart: `*.jsonl` with an optional template.json {"prompt", "completion"} for instruction tuning, rows of
{"dialog": [{"role", "content"}, ...]} (or "messages") for chat, any text files for domain adaptation. The loss is
taken on completions alone: what the model is given in use is not what it should learn to say. Prompts get the
tokenizer's opening token and completions its closing one where they don't have them, or a tuned model would not know
how to stop.
"""

from __future__ import annotations

import json
import math
import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.local_aws.trainer.hyperparameters import Hyperparameters
from workshop_kit.local_aws.turns import kind_of, translate

# JumpStart's default template, for data that brings none.
DEFAULT_TEMPLATE = {
    "prompt": "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n"
    "### Input:\n{context}\n\n",
    "completion": "{response}",
}
DEMARCATION = "### Response:\n"
IGNORED = -100
BUCKET = 8  # batches are cut from this many, sorted by length, so that little is padding


@dataclass(frozen=True)
class Pair:
    """What the model is given, and what it should say."""

    prompt: str
    completion: str


@dataclass(frozen=True)
class Tokens:
    """Token ids, the first `given` of which carry no loss."""

    ids: tuple[int, ...]
    given: int


def read_channel(
    folder: Path,
    settings: Hyperparameters,
    chat: Callable[[list[dict[str, str]]], str],
    template: Path | None = None,
) -> list[Pair]:
    """All rows of a channel's folder, in the order of file names; `chat` renders turns up to the assistant's.

    `template` names another folder whose template.json counts where this one has none, as for a validation channel.

    Raises BadInput with the file, line and field of the first fault, or when the folder holds no rows.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "template.json")
    rows = [path for path in files if path.suffix in (".jsonl", ".json")]
    if not settings.instruction_tuned and not settings.chat_dataset:
        texts = [path for path in files if path.suffix == ".txt"]
        pairs = [Pair("", _decode(path)) for path in texts if path.stat().st_size]
        if not pairs:
            hint = "; for instruction rows set instruction_tuned to True" if rows else ""
            raise BadInput(f"The training channel holds no .txt file for domain adaptation{hint}.")
        return pairs
    if not rows:
        raise BadInput(f"The training channel holds no .jsonl file; found {_names(files)}.")
    own = folder / "template.json"
    form = own if own.is_file() or template is None else template / "template.json"
    make = _dialog if settings.chat_dataset else _instruction(form, settings)
    found: list[Pair] = []
    for path in rows:
        for number, row in _rows(path):
            found.append(make(row, f"{path.name}, line {number}", chat))
    if not found:
        raise BadInput(f"The training channel holds no rows: {_names(rows)} is empty.")
    return found


def split(pairs: Sequence[Pair], settings: Hyperparameters) -> tuple[list[Pair], list[Pair]]:
    """Train and validation rows by the split ratio and its seed, where no validation channel was given."""
    order = list(range(len(pairs)))
    random.Random(settings.train_data_split_seed).shuffle(order)
    # Rounded up, so that even a handful of rows has one to check with; but never all of them.
    count = min(math.ceil(len(pairs) * settings.validation_split_ratio), max(0, len(pairs) - 1))
    held = set(order[:count])
    return [p for n, p in enumerate(pairs) if n not in held], [p for n, p in enumerate(pairs) if n in held]


def tokenize(tokenizer: Any, pairs: Sequence[Pair], length: int) -> list[Tokens]:
    """Token ids of every row, cut at `length` tokens; a row whose completion is cut away wholly is left out.

    Llama 3's marks of turns are written as the model's own. Text without a prompt is cut into blocks of that length.
    """
    found = []
    kind = kind_of(tokenizer.get_vocab(), tokenizer.chat_template)
    # ChatML's opening token belongs to a turn; before anything else it would open one that nobody closes.
    begin, end = "" if kind == "chatml" else tokenizer.bos_token or "", tokenizer.eos_token or ""
    for pair in pairs:
        pair = Pair(translate(pair.prompt, kind), translate(pair.completion, kind))
        prompt = pair.prompt if pair.prompt.startswith(begin) else begin + pair.prompt
        completion = pair.completion if pair.completion.endswith(end) else pair.completion + end
        given = tokenizer(prompt, add_special_tokens=False)["input_ids"] if prompt else []
        ids = given + tokenizer(completion, add_special_tokens=False)["input_ids"]
        if not pair.prompt:
            # Plain text has no question to keep together with its answer: all of it is used, a block after another.
            blocks = [ids[n : n + length] for n in range(0, len(ids), length)]
            found += [Tokens(tuple(block), 0) for block in blocks if len(block) > 1]
        # The first token has nothing before it to be told from.
        elif length > len(given) and len(ids) > max(1, len(given)):
            found.append(Tokens(tuple(ids[:length]), len(given)))
    return found


def batches(rows: Sequence[Tokens], size: int, chance: random.Random | None) -> Iterator[list[Tokens]]:
    """Rows in batches of similar lengths; shuffled when `chance` is given, in order when not."""
    order = list(rows)
    if chance:
        chance.shuffle(order)
    cut: list[list[Tokens]] = []
    for start in range(0, len(order), size * BUCKET):
        pool = sorted(order[start : start + size * BUCKET], key=lambda row: len(row.ids))
        cut += [pool[n : n + size] for n in range(0, len(pool), size)]
    if chance:
        chance.shuffle(cut)
    yield from cut


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths[:3]) or "nothing"


def _decode(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{path.name} is in UTF-16; save it as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise BadInput(f"{path.name}, line {line} is not UTF-8 text; save the file as UTF-8.") from None


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_decode(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as problem:
            what = getattr(problem, "msg", "it is nested too deeply")
            raise BadInput(f"{path.name}, line {number} is not JSON: {what}; a row is one JSON object.") from None
        if not isinstance(row, dict):
            raise BadInput(f"{path.name}, line {number} is not a JSON object; a row is one JSON object.")
        yield number, row


def _instruction(template: Path, settings: Hyperparameters) -> Callable[[dict[str, Any], str, Any], Pair]:
    forms = dict(DEFAULT_TEMPLATE)
    if template.is_file():
        try:
            told = json.loads(_decode(template))
        except ValueError as problem:
            raise BadInput(f"template.json is not JSON: {problem}.") from None
        if not isinstance(told, dict) or not all(isinstance(told.get(k), str) for k in ("prompt", "completion")):
            raise BadInput("template.json must be an object with two texts, 'prompt' and 'completion'.")
        forms = {name: told[name] for name in ("prompt", "completion")}
    fields: set[str] = set()
    for name, form in forms.items():
        try:
            wanted = {field for _, field, _, _ in string.Formatter().parse(form) if field is not None}
        except ValueError as problem:
            raise BadInput(f"template.json, field {name}: {problem}; write {{{{ and }}}} for braces.") from None
        if odd := [field for field in wanted if not field.isidentifier()]:
            raise BadInput(f"template.json, field {name}: '{{{odd[0]}}}' is not the name of a field.")
        fields |= wanted
    # Without a template of one's own the context may be missing, as in JumpStart's own default.
    optional = set() if template.is_file() else {"context"}

    def make(row: dict[str, Any], where: str, chat: Any) -> Pair:
        for field in fields - optional:
            if not isinstance(row.get(field), str):
                found = "is missing" if field not in row else "is not text"
                raise BadInput(f"{where}: field '{field}', which the template needs, {found}; has {_fields(row)}.")
        values = {field: row.get(field) or "" for field in fields}
        pair = Pair(forms["prompt"].format(**values), forms["completion"].format(**values))
        if not pair.completion.strip():
            raise BadInput(f"{where}: the completion is empty; a row needs something to learn.")
        if settings.add_input_output_demarcation_key:
            pair = Pair(pair.prompt + DEMARCATION, pair.completion)
        return pair

    return make


def _dialog(row: dict[str, Any], where: str, chat: Callable[[list[dict[str, str]]], str]) -> Pair:
    field = "dialog" if "dialog" in row else "messages"
    turns = row.get(field)
    if not isinstance(turns, list) or len(turns) < 2:
        raise BadInput(f"{where}: field 'dialog' must be a list of at least two turns; has {_fields(row)}.")
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise BadInput(f"{where}: turn {number} of '{field}' needs the texts 'role' and 'content'.")
        if turn.get("role") not in ("system", "user", "assistant"):
            raise BadInput(f"{where}: turn {number} of '{field}' has the role {turn.get('role')!r}.")
    if turns[-1]["role"] != "assistant" or not turns[-1]["content"].strip():
        raise BadInput(f"{where}: the last turn of '{field}' must be the assistant's and not empty.")
    return Pair(chat(turns[:-1]), turns[-1]["content"])


def _fields(row: dict[str, Any]) -> str:
    return ", ".join(f"'{name}'" for name in list(row)[:6]) or "no fields"
