"""One's own work kept aside, and brought back: a list of renames that is written down before it begins.

A change that was interrupted is finished by the next call.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

from workshop_kit.errors import BadInput, NotYet
from workshop_kit.workspace import Workspace, write_atomically

# What each artefact is on disk, in the order in which they are made.
FILES = {
    "dataset": ("dataset.jsonl", "dataset.json"),
    "split": ("split", "split.json"),
    "training_job": ("training_job.json",),
}
PLAN, STAGE, ASIDE = "catch-up.json", ".catch-up", "own-work"


def restore_own_work(workspace: Workspace, which: str | Path | None = None) -> Path:
    """Bring back what a catch-up moved aside, the newest or the folder `which`; what was loaded goes aside in turn.

    Gives the folder in which the loaded artefacts are now. Raises NotYet when nothing was moved aside.
    """
    finish_interrupted(workspace)
    root = workspace.work() / ASIDE
    folders = sorted(path for path in root.glob("own-*") if (path / "moved.json").is_file())
    if which is not None:
        folders = [path for path in folders if path.name == Path(which).name]
    if not folders:
        raise NotYet(f"Nothing of your own was moved aside in {root}.")
    source = folders[-1]
    names = json.loads((source / "moved.json").read_text(encoding="utf-8"))["names"]
    target = _new_folder(root, "loaded")
    moves = [(workspace.work(name), target / name) for name in names]
    moves += [(source / name, workspace.work(name)) for name in names]
    _carry_out(workspace, moves, drop=[source / "moved.json"], note=target / "moved.json", names=names)
    return target


def finish_interrupted(workspace: Workspace) -> bool:
    """Finish a change that was interrupted; whether there was one."""
    plan = workspace.work() / PLAN
    if not plan.exists():
        return False
    try:
        told = json.loads(plan.read_text(encoding="utf-8"))
        moves = [(Path(a), Path(b)) for a, b in told["moves"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"{plan} is damaged ({problem}); look into the folders it names and delete it.") from None
    _run(moves, [Path(path) for path in told["drop"]], plan)
    shutil.rmtree(workspace.work() / STAGE, ignore_errors=True)
    return True


def fresh_stage(workspace: Workspace) -> Path:
    """An empty folder to prepare artefacts in."""
    stage = workspace.work() / STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    return stage


def set_aside(workspace: Workspace, stage: Path, loaded: list[str]) -> Path | None:
    """Put what was staged in place, and what was there aside; gives the folder where that is, None if nothing was."""
    names = [name for kind in dict.fromkeys(loaded) for name in FILES[kind]]
    if not names:
        return None
    if "split" in loaded:  # the note holds the folder's place, which is the one it goes to
        note = json.loads((stage / "work" / "split.json").read_text(encoding="utf-8"))
        Workspace(stage).remember("split", note | {"folder": str(workspace.work("split"))})
    aside = _new_folder(workspace.work() / ASIDE, "own")
    moves = [(workspace.work(name), aside / name) for name in names]
    moves += [(stage / "work" / name, workspace.work(name)) for name in names]
    there = any(workspace.work(name).exists() for name in names)
    _carry_out(workspace, moves, drop=[], note=aside / "moved.json", names=names)
    return aside if there else None


def _carry_out(
    workspace: Workspace, moves: list[tuple[Path, Path]], *, drop: list[Path], note: Path, names: list[str]
) -> None:
    """Write the renames down, then make them."""
    write_atomically(note, json.dumps({"names": names, "at": time.time()}) + "\n")
    # Only what is there now is moved: when the list is run again, a source that is gone has been moved already.
    there = [(a, b) for a, b in moves if a.exists()]
    plan = workspace.work() / PLAN
    told = {"moves": [[str(a), str(b)] for a, b in there], "drop": [str(path) for path in drop]}
    write_atomically(plan, json.dumps(told) + "\n")
    _run(there, drop, plan)


def _run(moves: list[tuple[Path, Path]], drop: list[Path], plan: Path) -> None:
    for a, b in moves:
        if not b.exists() and a.exists():
            b.parent.mkdir(parents=True, exist_ok=True)
            os.rename(a, b)
    for path in drop:
        path.unlink(missing_ok=True)
    plan.unlink(missing_ok=True)


def _new_folder(root: Path, stem: str) -> Path:
    name = time.strftime(f"{stem}-%Y%m%d-%H%M%S")
    path, number = root / name, 1
    while path.exists():
        number += 1
        path = root / f"{name}-{number:02d}"
    path.mkdir(parents=True)
    return path
