"""One's own work kept aside, and brought back: a list of renames that is written down before it begins.

A change that was interrupted is finished by the next call. What was loaded is known by its content, so that it is
never taken for one's own.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput, NotYet
from workshop_kit.records import content_id
from workshop_kit.workspace import Workspace, write_atomically

# What each artefact is on disk, in the order in which they are made.
FILES = {
    "dataset": ("dataset.jsonl", "dataset.json"),
    "split": ("split", "split.json"),
    "training_job": ("training_job.json",),
}
PLAN, STAGE, ASIDE = "catch-up.json", ".catch-up", "own-work"
OWN, LOADED = "own", "loaded"  # how the folders' names begin
KNOWN = "loaded.json"  # in ASIDE: the ids of all that a catch-up ever loaded


def restore_own_work(workspace: Workspace, which: str | Path | None = None) -> Path:
    """Bring back what a catch-up moved aside, the newest or a folder `which`; what is in its place goes aside in turn.

    So does what was loaded and made from that. Gives the folder in which that is now. Raises NotYet when nothing of
    one's own was moved aside.
    """
    finish_interrupted(workspace)
    root = workspace.work() / ASIDE
    folders = sorted(path for path in root.glob("*-*") if (path / "moved.json").is_file())
    folders = [path for path in folders if (path.name == Path(which).name if which is not None else is_own(path))]
    if not folders:
        raise NotYet(f"Nothing of your own was moved aside in {root}.")
    source = folders[-1]
    names = json.loads((source / "moved.json").read_text(encoding="utf-8"))["names"]
    kinds = [kind for kind in FILES if set(FILES[kind]) & set(names)]
    later = list(FILES)[list(FILES).index(kinds[0]) :] if kinds else []
    goes = [*kinds, *(kind for kind in later if kind not in kinds and was_loaded(workspace, kind))]
    target = _new_folder(root, _stem(workspace, goes))
    out = [name for kind in FILES if kind in goes for name in FILES[kind]]
    moves = [(workspace.work(name), target / name) for name in out]
    moves += [(source / name, workspace.work(name)) for name in names]
    _carry_out(workspace, moves, drop=[source / "moved.json"], note=target / "moved.json", names=out)
    return target


def own_work_aside(workspace: Workspace) -> Path | None:
    """The folder that restore_own_work() would bring back, None when there is none. Makes no folder itself."""
    root = workspace.root / "work" / ASIDE
    return max((path for path in root.glob(f"{OWN}-*") if (path / "moved.json").is_file()), default=None)


def is_own(folder: Path) -> bool:
    """Whether a folder of what was moved aside holds anything of one's own."""
    return folder.name.startswith(f"{OWN}-")


def was_loaded(workspace: Workspace, kind: str) -> bool:
    """Whether the artefact that is there now is one that a catch-up loaded."""
    return _id(workspace, kind) in _known(workspace)


def finish_interrupted(workspace: Workspace) -> bool:
    """Finish a change that was interrupted; whether there was one."""
    plan = workspace.work() / PLAN
    if not plan.exists():
        return False
    try:
        told = json.loads(plan.read_text(encoding="utf-8"))
        told = {"moves": [(a, b) for a, b in told["moves"]], **{name: told[name] for name in ("drop", "note", "names")}}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"{plan} is damaged ({problem}); look into the folders it names and delete it.") from None
    _run(told, plan)
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
    there = [kind for kind in FILES if kind in loaded and any(workspace.work(name).exists() for name in FILES[kind])]
    moves = [(stage / "work" / name, workspace.work(name)) for name in names]
    aside = _new_folder(workspace.work() / ASIDE, _stem(workspace, there)) if there else None
    if aside is not None:
        moves = [*((workspace.work(name), aside / name) for name in names), *moves]
    _note_loaded(workspace, Workspace(stage), loaded)
    _carry_out(workspace, moves, drop=[], note=aside / "moved.json" if aside else None, names=names)
    return aside


def _stem(workspace: Workspace, kinds: list[str]) -> str:
    """How the folder for what is there now is called."""
    there = [kind for kind in kinds if _id(workspace, kind)]
    return OWN if any(not was_loaded(workspace, kind) for kind in there) else LOADED


def _id(workspace: Workspace, kind: str) -> str:
    """A hash of an artefact's files; '' when there is none."""
    paths = [path for name in FILES[kind] for path in (workspace.work(name), *workspace.work(name).rglob("*"))]
    told = {str(p.relative_to(workspace.work())): p.read_text("utf-8", "replace") for p in paths if p.is_file()}
    return content_id(told) if told else ""


def _known(workspace: Workspace) -> list[str]:
    try:
        return list(json.loads((workspace.work() / ASIDE / KNOWN).read_text(encoding="utf-8"))["ids"])
    except (OSError, ValueError, KeyError, TypeError):
        return []  # then what was loaded passes for one's own, and is kept as such


def _note_loaded(workspace: Workspace, staged: Workspace, loaded: list[str]) -> None:
    """Note what is about to be put in place; the id of what never comes there does no harm."""
    ids = dict.fromkeys([*_known(workspace), *(_id(staged, kind) for kind in loaded)])
    write_atomically(workspace.work() / ASIDE / KNOWN, json.dumps({"ids": list(ids)}) + "\n")


def _carry_out(
    workspace: Workspace, moves: list[tuple[Path, Path]], *, drop: list[Path], note: Path | None, names: list[str]
) -> None:
    """Write the renames down, then make them; `note`, which makes a folder one to bring back, comes last."""
    # Only what is there now is moved: when the list is run again, a source that is gone has been moved already.
    there = [(a, b) for a, b in moves if a.exists()]
    plan = workspace.work() / PLAN
    told = {
        "moves": [[str(a), str(b)] for a, b in there],
        "drop": [str(path) for path in drop],
        "note": str(note) if note is not None else None,
        "names": names,
    }
    write_atomically(plan, json.dumps(told) + "\n")
    _run(told, plan)


def _run(told: dict[str, Any], plan: Path) -> None:
    for a, b in ((Path(a), Path(b)) for a, b in told["moves"]):
        if not b.exists() and a.exists():
            b.parent.mkdir(parents=True, exist_ok=True)
            os.rename(a, b)
    for path in told["drop"]:
        Path(path).unlink(missing_ok=True)
    if told["note"] is not None:
        write_atomically(Path(told["note"]), json.dumps({"names": told["names"], "at": time.time()}) + "\n")
    plan.unlink(missing_ok=True)


def _new_folder(root: Path, stem: str) -> Path:
    name = time.strftime(f"{stem}-%Y%m%d-%H%M%S")
    path, number = root / name, 1
    while path.exists():
        number += 1
        path = root / f"{name}-{number:02d}"
    path.mkdir(parents=True)
    return path
