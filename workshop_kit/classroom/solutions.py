"""The masters' answers to one step, for an instructor to release: the marked parts of its notebook's cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workshop_kit.classroom.steps import Step
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.settings import REPO_ROOT

MASTERS = REPO_ROOT / "solutions"
_BEGIN, _END = "### BEGIN ", "### END "


def solution_of(step: Step, folder: Path = MASTERS) -> list[dict[str, Any]]:
    """The cells that learners fill in, as the master has them: [{"cell": number from 1, "text"}].

    Raises LeagueProblem when this server has no masters beside it.
    """
    found = sorted(folder.glob(f"{step.number:02d}_*.ipynb"))
    if not found:
        raise LeagueProblem(f"This server has no solution of step {step}; run it from a checkout of the kit.", 404)
    try:
        cells = json.loads(found[0].read_text(encoding="utf-8"))["cells"]
        sources = [(n, "".join(c["source"])) for n, c in enumerate(cells, 1) if c["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"{found[0].name} is no notebook ({problem}); restore it from version control.") from None
    return [{"cell": n, "text": master_text(text)} for n, text in sources if f"{_BEGIN}SOLUTION" in text]


def master_text(source: str) -> str:
    """A master's cell without its marks and without what learners start from."""
    kept, inside = [], ""
    for line in source.splitlines():
        mark = line.strip()
        if mark.startswith(_BEGIN):
            inside = mark.removeprefix(_BEGIN)
        elif mark.startswith(_END):
            inside = ""
        elif inside != "STARTER":
            kept.append(line)
    return "\n".join(kept)
