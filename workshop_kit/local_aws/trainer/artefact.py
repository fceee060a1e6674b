"""The model artefact: a PEFT adapter, and beside it a note on the base it belongs to and how it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.trainer.hyperparameters import Hyperparameters

BASE_NOTE, TRAINING_NOTE = "base_model.json", "training_info.json"


@lru_cache(maxsize=8)
def fingerprint(model_dir: str) -> str:
    """SHA-256 over a model folder's weights, '' for a model of a hub: tells which base an adapter was made for."""
    digest = hashlib.sha256()
    files = sorted(Path(model_dir).glob("*.safetensors")) if Path(model_dir).is_dir() else []
    for path in files:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest() if files else ""


def write_notes(folder: Path, model_dir: str, settings: Hyperparameters, history: list[dict[str, Any]]) -> None:
    """Write the notes beside an adapter: which base, which settings, the losses of every epoch."""
    base = {"model_id": Path(model_dir).name, "sha256": fingerprint(model_dir)}
    (folder / BASE_NOTE).write_text(json.dumps(base, indent=2) + "\n", encoding="utf-8")
    made = {"hyperparameters": asdict(settings), "epochs": history}
    (folder / TRAINING_NOTE).write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
