"""Which base model local AWS fine-tunes and answers with on this machine, decided once for each workspace.

WORKSHOP_BASE_MODEL decides where it is set: "tiny" (the model in this package, for tests and very small machines), an
id of `workshop-kit models`, a folder, or a model's id on a hub. Where it is unset, the base is the small real model if
this machine has the memory for it and local AWS could get it, else the tiny one. Local AWS keeps its decision in the
workspace, because jobs and endpoints of one base do not fit another. Asking costs no network and no heavy import.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "WORKSHOP_BASE_MODEL"
TINY = "tiny"
DEFAULT = "smollm2-135m-instruct"
# What training and answering together need, beside the notebook.
NEEDED_BYTES = 2_500_000_000


@dataclass(frozen=True)
class BaseChoice:
    """The base of a workspace: `name` is "tiny", an id of `workshop-kit models`, a folder or a hub's id.

    `reason` is a sentence for the learner where it is the tiny model though nobody asked for it; else "".
    """

    name: str
    reason: str = ""

    @property
    def tiny(self) -> bool:
        """Whether it is the tiny model."""
        return self.name == TINY


def told() -> str:
    """What WORKSHOP_BASE_MODEL says, or ""."""
    return os.environ.get(VARIABLE, "").strip()


def base_choice(home: Path) -> BaseChoice:
    """The base of the workspace `home`: as the environment says, else as decided, else as it will likely be.

    What a local AWS that was started with another environment serves counts as decided.
    """
    if told():
        return BaseChoice(told())
    return serving(home) or decided(home) or expected()


def expected() -> BaseChoice:
    """The choice by this machine's memory alone, before anybody tried to get the model."""
    memory = total_memory()
    if memory and memory < NEEDED_BYTES:
        return BaseChoice(
            TINY,
            f"This machine has {memory / 1e9:.1f} GB of memory and {DEFAULT} needs {NEEDED_BYTES / 1e9:.1f} GB, so the "
            f"tiny model stands in for it; {VARIABLE}={DEFAULT} insists.",
        )
    return BaseChoice(DEFAULT)


def note(home: Path) -> Path:
    """Where a workspace's decision is kept."""
    return Path(home) / "aws" / "base.json"


def decided(home: Path) -> BaseChoice | None:
    """The decision that local AWS has kept in this workspace, or None."""
    try:
        kept = json.loads(note(home).read_text(encoding="utf-8"))
        return BaseChoice(str(kept["name"]), str(kept["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def serving(home: Path) -> BaseChoice | None:
    """The base that this workspace's local AWS was last started with, if its note is there; it leaves with it."""
    try:
        kept = json.loads((Path(home) / "aws" / "server.json").read_text(encoding="utf-8"))["base"]
        return BaseChoice(str(kept["name"]), str(kept["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(home: Path, choice: BaseChoice) -> None:
    """Keep a decision in the workspace; whole or not at all."""
    path = note(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps({"name": choice.name, "reason": choice.reason}), encoding="utf-8")
    os.replace(temporary, path)


def total_memory() -> int:
    """The memory that this process may use, in bytes: the machine's, or its container's if less; 0 if unknown."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        machine = 0
    limits = [machine, *_container_limits()]
    return min((limit for limit in limits if limit > 0), default=0)


def _container_limits() -> list[int]:
    """The memory limits of this process's control groups (Linux), version 2 or 1, in bytes."""
    root = Path("/sys/fs/cgroup")
    files = [root / "memory.max", root / "memory" / "memory.limit_in_bytes"]
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        group = root / "memory" if controllers else root
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        if not controllers or "memory" in controllers.split(","):
            below = group / path.lstrip("/")
            files += [folder / name for folder in (below, *below.parents) if folder.is_relative_to(group)]
    limits = []
    for file in files:
        try:
            limits.append(int(file.read_text()))
        except (OSError, ValueError):
            continue  # no such group, or "max"
    return limits
