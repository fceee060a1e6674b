"""A run's state on disk: an adapter with its notes, and beside it what only a resumed run needs.

A checkpoint is a folder that is replaced as a whole: a kill leaves the old one or the new one.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop_kit.errors import KitError

FOLDER = "checkpoint"
STATE = "state.pt"


class TrainingFault(KitError):
    """The run can't go on; one sentence says why."""


def settled(kept: Path) -> Path:
    """The checkpoint's folder, put back in its place when a kill came between the two renames of save()."""
    old = kept.with_name(f"{kept.name}.old")
    if not kept.is_dir() and old.is_dir():
        old.rename(kept)
    return kept


def publish(kept: Path, output: Path) -> None:
    """The checkpoint's adapter as the artefact, without the state that only a resumed run needs."""
    shutil.rmtree(output, ignore_errors=True)
    shutil.copytree(kept, output, ignore=shutil.ignore_patterns(STATE))


def save(kept: Path, model: Any, state: dict[str, Any], write_notes: Callable[[Path], None]) -> None:
    """Replace the checkpoint by the model's adapter, its notes and `state` (which torch.save can write).

    Raises OSError (ENOSPC) when the disk is full; the earlier checkpoint is then still there.
    """
    try:
        _save(kept, model, state, write_notes)
    except Exception:
        # safetensors and torch tell a full disk in words of their own.
        if shutil.disk_usage(kept.parent).free < 1 << 20:
            raise OSError(errno.ENOSPC, "No space left on device", str(kept)) from None
        raise


def _save(kept: Path, model: Any, state: dict[str, Any], write_notes: Callable[[Path], None]) -> None:
    import torch

    new = kept.with_name(f"{kept.name}.new")
    old = kept.with_name(f"{kept.name}.old")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    model.save_pretrained(str(new))
    (new / "README.md").unlink(missing_ok=True)  # PEFT's model card speaks of a hub that this model is not on
    write_notes(new)
    torch.save(state, new / STATE)
    for path in new.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    shutil.rmtree(old, ignore_errors=True)
    if kept.is_dir():
        kept.rename(old)
    new.rename(kept)
    shutil.rmtree(old, ignore_errors=True)


def load(kept: Path, model: Any) -> dict[str, Any] | None:
    """Put a checkpoint's adapter into `model` and give its state; None when there is no checkpoint.

    Raises TrainingFault for a damaged one.
    """
    if not kept.is_dir():
        return None
    import torch
    from peft import load_peft_weights, set_peft_model_state_dict

    try:
        state = torch.load(kept / STATE, weights_only=True)
    except Exception as problem:
        raise TrainingFault(
            f"The checkpoint in {kept} is damaged ({type(problem).__name__}); launch the job again."
        ) from None
    set_peft_model_state_dict(model, load_peft_weights(str(kept)))
    return state
