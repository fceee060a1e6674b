"""What the judge is told: prompts, criteria and options, all in files that an organizer can edit.

    prompts/system.md      who the judge is
    prompts/pairwise.md    which of two answers is better
    prompts/rubric.md      what one answer is worth
    prompts/repair.md      what to say to a reply that can't be used
    criteria.json          [{"name", "description", "weight", "anchors": {"0": ..., "10": ...}}]
    options.json           {"longest_answer": characters, "flips": how they resolve, "judges": [model ids]}

An organizer's folder may hold any of these files; the shipped ones stand in for the others.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal, get_args

from workshop_kit.errors import BadInput
from workshop_kit.league.judge import shield
from workshop_kit.records import content_id, html_table

HERE = Path(__file__).parent
PROMPTS = ("system", "pairwise", "rubric", "repair")
FILES = (*(f"prompts/{name}.md" for name in PROMPTS), "criteria.json", "options.json")
_SHARED = ("task", "question", "reference", "key_facts", "criteria", "mark", "reply")
# prompt -> the names it may use, and of those the ones it can't do without.
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "system": ((), ()),
    "pairwise": (
        (*_SHARED, "answer_a", "answer_b"),
        ("question", "key_facts", "criteria", "answer_a", "answer_b", "reply"),
    ),
    "rubric": ((*_SHARED, "answer"), ("task", "question", "key_facts", "criteria", "answer", "reply")),
    "repair": (("problem",), ("problem",)),
}
Flips = Literal["flip", "decided", "scores"]
# With flips = "scores", means over both orders that lie closer than this are a tie.
CLOSE = 1.0
_NOTE = re.compile(r"\A\s*<!--.*?-->\n?", re.DOTALL)
_CRITERION = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Criterion:
    """One thing to score from 0 to 10: what it asks, how much it weighs, what some scores mean."""

    name: str
    description: str
    weight: float = 1.0
    anchors: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class JudgeSettings:
    """How answers are judged. Load it with `load`; a judgement carries its `id`.

    `flips` says what differing winners in the two orders come to: "flip" keeps every one as a flip, "decided" lets a
    winner in one order and a tie in the other count as that winner, "scores" lets the mean overall scores decide.
    `judges` are the model ids of a panel; with none, the league chooses its judge.
    """

    system: str
    pairwise: str
    rubric: str
    repair: str
    criteria: tuple[Criterion, ...]
    longest_answer: int = 6000
    flips: Flips = "flip"
    judges: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: str | Path | None = None) -> JudgeSettings:
        """The shipped settings, or those of an organizer's folder where it has its own files.

        Raises BadInput naming the file and what is wrong with it: the line of a stray '$', a placeholder that is
        missing or unknown, a criterion that can't be used, a file that none of this reads.
        """
        return _shipped() if folder is None else _read(Path(folder).expanduser())

    @property
    def id(self) -> str:
        """A content hash of the prompts, the criteria and the rules: the same id means judged in the same way.

        The judges are no part of it; each judgement names its own.
        """
        criteria = [[c.name, c.description, c.weight, c.anchors] for c in self.criteria]
        prompts = [self.system, self.pairwise, self.rubric, self.repair]
        return content_id([prompts, criteria, self.longest_answer, self.flips, shield.VERSION])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the criteria, in order."""
        return tuple(criterion.name for criterion in self.criteria)

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [c.name, c.description, f"{c.weight:g}", "; ".join(f"{n}: {said}" for n, said in c.anchors)]
            for c in self.criteria
        ]
        prompts = "".join(
            f"<details><summary>{name}.md</summary><pre style='white-space:pre-wrap'>"
            f"{html.escape(getattr(self, name))}</pre></details>"
            for name in PROMPTS
        )
        table = html_table(["criterion", "what it asks", "weight", "anchors"], rows, f"Judge settings {self.id}")
        return table + prompts


def write_prompts(folder: str | Path) -> tuple[Path, ...]:
    """Copies of the shipped files to edit, for `JudgeSettings.load(folder)`; a file that is there stays as it is.

    Gives the paths that were written. Raises BadInput when the folder can't be written.
    """
    root = Path(folder).expanduser()
    written = []
    try:
        for name in FILES:
            path = root / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes((HERE / name).read_bytes())
                written.append(path)
    except OSError as problem:
        raise BadInput(f"{root} can't be written ({problem.strerror}); choose another folder.") from None
    return tuple(written)


@cache
def _shipped() -> JudgeSettings:
    return _read(HERE)


def _read(folder: Path) -> JudgeSettings:
    own = {name for name in FILES if (folder / name).is_file()}
    if not own:
        raise BadInput(
            f"{folder} holds none of the judge's files ({', '.join(FILES)}); write_prompts(folder) makes them."
        )
    if folder != HERE:
        strays = [*folder.glob("*.json"), *folder.glob("*.md"), *folder.glob("prompts/*")]
        for path in sorted(strays):
            if str(path.relative_to(folder)) not in FILES:
                raise BadInput(
                    f"{path} is no file of the judge; rename it to one of {', '.join(FILES)} or move it away."
                )
    paths = {name: (folder if name in own else HERE) / name for name in FILES}
    prompts = {name: _prompt(paths[f"prompts/{name}.md"], name) for name in PROMPTS}
    return JudgeSettings(**prompts, criteria=_criteria(paths["criteria.json"]), **_options(paths["options.json"]))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise BadInput(f"{path} can't be read ({problem}); it must be text in UTF-8.") from None


def _prompt(path: Path, name: str) -> str:
    text = _text(path)
    note = _NOTE.match(text)
    skipped = note[0].count("\n") if note else 0
    body = text[note.end() :] if note else text
    if not body.strip():
        raise BadInput(f"{path} is empty; put the prompt back in, or delete the file to use the shipped one.")
    allowed, needed = NAMES[name]
    used = set()
    for found in Template.pattern.finditer(body):
        line = skipped + body.count("\n", 0, found.start()) + 1
        if found["invalid"] is not None:
            raise BadInput(f"{path}, line {line}: a '$' starts no name; write '$$' for a dollar sign.")
        word = found["named"] or found["braced"]
        if word and word not in allowed:
            offer = ", ".join("$" + other for other in allowed) or "no names at all"
            raise BadInput(f"{path}, line {line}: there is no ${word}; this prompt can use {offer}.")
        if word:
            used.add(word)
    missing = [other for other in needed if other not in used]
    if missing:
        raise BadInput(f"{path} leaves out {', '.join('$' + m for m in missing)}; put it back in on a line of its own.")
    return body.strip() + "\n"


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as problem:
        raise BadInput(f"{path}, line {problem.lineno}, column {problem.colno}: {problem.msg.lower()}.") from None
    except RecursionError:
        raise BadInput(f"{path} is nested too deeply to be read.") from None


def _criteria(path: Path) -> tuple[Criterion, ...]:
    rows = _json(path)
    if not isinstance(rows, list) or not rows:
        raise BadInput(f"{path} should be a list with at least one criterion.")
    found: list[Criterion] = []
    for number, row in enumerate(rows):
        where = f"{path}, criterion {number + 1}"
        if not isinstance(row, dict) or set(row) - {"name", "description", "weight", "anchors"}:
            raise BadInput(f"{where} should be an object with name, description, weight and anchors, and nothing else.")
        name, description, weight = row.get("name"), row.get("description"), row.get("weight", 1)
        if not isinstance(name, str) or not _CRITERION.fullmatch(name):
            raise BadInput(f"{where}: the name {name!r} should be small letters, digits and underscores.")
        if name in [criterion.name for criterion in found]:
            raise BadInput(f"{where}: the name '{name}' is taken; each criterion needs its own.")
        if not isinstance(description, str) or not description.strip():
            raise BadInput(f"{where} ({name}): the description is missing; say what the judge should look at.")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1000:
            raise BadInput(f"{where} ({name}): the weight is {weight!r}; it must be a number above 0, at most 1000.")
        found.append(Criterion(name, description, float(weight), _anchors(row.get("anchors", {}), f"{where} ({name})")))
    return tuple(found)


def _anchors(given: Any, where: str) -> tuple[tuple[int, str], ...]:
    scores = {str(n): n for n in range(11)}
    if not isinstance(given, dict) or not all(k in scores and isinstance(v, str) for k, v in given.items()):
        raise BadInput(f'{where}: the anchors should map scores from "0" to "10" to what they mean.')
    return tuple(sorted((scores[key], said) for key, said in given.items()))


def _options(path: Path) -> dict[str, Any]:
    given = _json(path)
    if not isinstance(given, dict) or set(given) - {"longest_answer", "flips", "judges"}:
        raise BadInput(f"{path} should be an object with longest_answer, flips and judges, and nothing else.")
    longest, flips, judges = given.get("longest_answer", 6000), given.get("flips", "flip"), given.get("judges", [])
    if isinstance(longest, bool) or not isinstance(longest, int) or not 200 <= longest <= 100_000:
        raise BadInput(f"{path}: longest_answer is {longest!r}; it must be a whole number from 200 to 100000.")
    if flips not in get_args(Flips):
        raise BadInput(f"{path}: flips is {flips!r}; it must be one of {', '.join(get_args(Flips))}.")
    if not isinstance(judges, list) or not all(isinstance(j, str) and j.strip() for j in judges):
        raise BadInput(f"{path}: judges should be a list of model ids; an empty list leaves the choice to the league.")
    if len(set(judges)) < len(judges):
        raise BadInput(f"{path}: a judge stands twice in the list; its vote would count twice.")
    return {"longest_answer": longest, "flips": flips, "judges": tuple(judges)}
