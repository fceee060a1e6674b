"""Settle which base a workspace has, and see to it that the model is on this machine before local AWS starts."""

from __future__ import annotations

from pathlib import Path

from workshop_kit.base_model import TINY, VARIABLE, BaseChoice, decided, expected, keep, note, told
from workshop_kit.errors import MissingExtra, ModelProblem
from workshop_kit.local_aws.models.checking import check_folder
from workshop_kit.local_aws.models.getting import get
from workshop_kit.local_aws.models.manifest import MODELS
from workshop_kit.local_aws.models.progress import Progress, silent


def settle(home: Path, progress: Progress = silent, *, checked: bool = False) -> BaseChoice:
    """The base of the workspace `home`, with its model in the cache; a first decision is kept in the workspace.

    What WORKSHOP_BASE_MODEL names is used or refused, never replaced. Where it is unset, a machine with too little
    memory, or without a way to get the model, has the tiny one and the reason. `checked` says that the process that
    started this one has looked at the folder. Raises ModelProblem.
    """
    asked = told()
    if asked:
        _provide(asked, progress, checked)
        return BaseChoice(asked)
    before = decided(home)
    if before is None:
        choice = _first(progress)
        before = decided(home)  # another kernel may have decided while this one waited
        if before is None:
            keep(home, choice)
            return choice
    if before.name in MODELS:
        try:
            get(before.name, progress)
        except (ModelProblem, MissingExtra) as problem:
            raise ModelProblem(
                f"The workspace {home} works with {MODELS[before.name].name}, which is not on this machine any more: "
                f"{problem} Or start over with the tiny model: {VARIABLE}={TINY}."
            ) from None
    return before


def _first(progress: Progress) -> BaseChoice:
    choice = expected()
    if choice.tiny:
        return choice
    try:
        get(choice.name, progress)
        return choice
    except (ModelProblem, MissingExtra) as problem:
        return BaseChoice(TINY, f"The tiny model answers here: {problem}")


def _provide(asked: str, progress: Progress, checked: bool) -> None:
    if asked in MODELS:
        get(asked, progress)
    elif asked != TINY and Path(asked).is_dir():
        if not checked:
            check_folder(Path(asked))
    elif asked != TINY and (asked.startswith((".", "/", "~")) or asked.count("/") > 1):
        raise ModelProblem(f"{VARIABLE} names the folder {asked}, which is not there.")


def think_again(home: Path) -> bool:
    """Forget a decision for the tiny model that was made for want of another; True when there was one."""
    before = decided(home)
    if before is None or not before.tiny:
        return False
    note(home).unlink(missing_ok=True)
    return True
