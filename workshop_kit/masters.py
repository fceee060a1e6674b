"""Make the attendees' notebooks from the masters, so that the two can't drift apart.

A master (`solutions/NN_name.ipynb`) runs from top to bottom with good answers in it. In its code cells,

    ### BEGIN SOLUTION
    epochs = 4
    ### END SOLUTION
    ### BEGIN STARTER
    # epochs = 1
    ### END STARTER

marks what the attendee's copy (`notebooks/NN_name.ipynb`) replaces: the solution is cut and the starter, one comment
sign removed from each of its lines, takes its place. Copies run too, with the starter's plain choices. Neither
kind of notebook is kept with outputs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput

_BEGIN_SOLUTION, _END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
_BEGIN_STARTER, _END_STARTER = "### BEGIN STARTER", "### END STARTER"


def attendee_source(source: str, where: str = "cell") -> str:
    """The attendee's version of one code cell.

    Raises BadInput when a mark is not closed, or closed without having been opened.
    """
    kept: list[str] = []
    inside = ""
    for line in source.splitlines():
        mark = line.strip()
        if mark in (_BEGIN_SOLUTION, _BEGIN_STARTER):
            if inside:
                raise BadInput(f"{where}: '{mark}' stands inside another marked block; close that one first.")
            inside = mark
        elif mark in (_END_SOLUTION, _END_STARTER):
            if inside != mark.replace("END", "BEGIN"):
                raise BadInput(f"{where}: '{mark}' has no matching BEGIN line before it.")
            inside = ""
        elif inside == _BEGIN_STARTER:
            kept.append(_uncomment(line, where))
        elif not inside:
            kept.append(line)
    if inside:
        raise BadInput(f"{where}: '{inside}' is never closed.")
    return "\n".join(kept)


def _uncomment(line: str, where: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    body = line.lstrip()
    if not body:
        return ""
    if not body.startswith("#"):
        raise BadInput(f"{where}: a starter line must be commented out, but found: {body}")
    return indent + body[1:].removeprefix(" ")


def attendee_notebook(master: dict[str, Any], name: str = "notebook") -> dict[str, Any]:
    """The attendee's copy of a master notebook (nbformat 4 as a dict), without outputs."""
    copy = json.loads(json.dumps(master))
    for number, cell in enumerate(copy["cells"], start=1):
        if cell["cell_type"] != "code":
            continue
        cell["source"] = attendee_source("".join(cell["source"]), f"{name}, cell {number}").splitlines(keepends=True)
        cell["outputs"] = []
        cell["execution_count"] = None
    return copy


def render(notebook: dict[str, Any]) -> str:
    """A notebook as the text that is committed: stable key order, one line per list item, a newline at the end."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def build(solutions: Path, notebooks: Path, *, check: bool = False) -> list[Path]:
    """Write every attendee copy; returns the paths that changed (with `check`, that would change).

    Raises BadInput when a master can't be read, naming it.
    """
    changed: list[Path] = []
    for path in sorted(solutions.glob("*.ipynb")):
        try:
            master = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as problem:
            raise BadInput(f"{path} is not a notebook ({problem}); restore it from version control.") from None
        text = render(attendee_notebook(master, path.name))
        target = notebooks / path.name
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            changed.append(target)
            if not check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
    return changed
