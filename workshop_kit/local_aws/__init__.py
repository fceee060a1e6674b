"""Local AWS: a server on 127.0.0.1 that speaks the AWS wire protocols and keeps its state in the workspace.

One server per workspace. `find_or_start` gives every kernel the same one, and starts it anew after a crash. This
module is all that the rest of the kit sees of it, and it imports nothing heavy.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workshop_kit.errors import LocalAwsProblem, require

HEALTH = "/_workshop/health"
STOP_SECONDS = 15
ANSWER_SECONDS = 5
# Popen objects warn when they are collected while their process lives, which these are meant to do.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class ServerInfo:
    """A server that answers."""

    url: str
    region: str
    pid: int
    base: str = ""  # what answers and is fine-tuned there, in words

    def env(self) -> dict[str, str]:
        """The environment variables that point the AWS SDKs and the aws command at this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": self.region,
        }


def find(home: Path) -> ServerInfo | None:
    """The workspace's server if it answers, else None."""
    info = _note(home)
    if info is None or not str(info.get("url", "")).startswith("http://"):
        return None
    where = urlsplit(info["url"])
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", HEALTH)
        told = json.loads(connection.getresponse().read())
        # Another program, or another workspace's server, may have the port by now.
        if told["home"] == str(Path(home).resolve()):
            return ServerInfo(told["url"], told["region"], told["pid"], str(told.get("answers", "")))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        pass
    finally:
        connection.close()
    return None


def find_or_start(
    home: Path,
    *,
    port: int = 0,
    timeout: float = 30,
    progress: Callable[[str, float | None], None] | None = None,
) -> ServerInfo:
    """The workspace's server, started if there is none; safe when many processes ask at once.

    Its base model is fetched first if it is not on this machine, told to `progress(what, share)`. Raises
    LocalAwsProblem when no server answers within `timeout` seconds after that, ModelProblem when the model that
    WORKSHOP_BASE_MODEL names can't be used, MissingExtra when local AWS is not installed.
    """
    home = Path(home).resolve()
    found = find(home)
    if found:
        return found
    require("moto", extra="local")
    require("cheroot", extra="local")
    try:
        (home / "aws" / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise LocalAwsProblem(
            f"The workspace {home} can't be written ({problem.strerror}); set WORKSHOP_HOME to a folder that can."
        ) from None
    from workshop_kit.local_aws.models import settle

    settle(home, progress or (lambda what, share: None))
    deadline = time.monotonic() + timeout
    with _only_one(home / "aws" / "start.lock", deadline):
        process = None
        while time.monotonic() < deadline:
            found = find(home)
            if found:
                return found
            if process is None and not _held(home):
                process = _spawn(home, port or _last_port(home))
            elif process is not None and process.poll() is not None:
                if port or not _last_port(home):
                    break
                # The crashed server's port was the first choice, so that open clients find it again.
                (home / "aws" / "server.json").unlink(missing_ok=True)
                process = None
            time.sleep(0.05)
    log = home / "aws" / "logs"
    if _held(home):
        pid = (_note(home) or {}).get("pid", "unknown")
        raise LocalAwsProblem(
            f"Local AWS of {home} runs (process {pid}) but does not answer; end it with 'workshop-kit stop' and try "
            f"again; its log is in {log}."
        )
    raise LocalAwsProblem(f"Local AWS did not start{_last_words(log)}; its log is in {log}.")


def stop(home: Path) -> bool:
    """Stop the workspace's server; False when none was running.

    Raises LocalAwsProblem when it does not end.
    """
    home = Path(home).resolve()
    if not _held(home):
        return False
    pid = 0
    for number in (signal.SIGTERM, signal.SIGKILL):
        end, told = time.monotonic() + STOP_SECONDS, 0
        while time.monotonic() < end:
            # Looked up each time: the note of a server that is still starting may yet be its predecessor's.
            pid = int((_note(home) or {}).get("pid", 0))
            if pid and pid != told:
                told = pid
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            if not _held(home):
                return True
            time.sleep(0.05)
    raise LocalAwsProblem(f"Local AWS of {home} (process {pid}) does not stop; end that process by hand.")


def _spawn(home: Path, port: int) -> subprocess.Popen[bytes]:
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    with open(home / "aws" / "logs" / "server.out", "wb") as out:
        # A session of its own, so that interrupting or ending a kernel leaves the server to the other kernels.
        process = subprocess.Popen(
            [sys.executable, "-m", "workshop_kit.local_aws", "--home", str(home), "--port", str(port), "--checked"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )
    _started.append(process)
    return process


def _note(home: Path) -> dict | None:
    try:
        note = json.loads((Path(home) / "aws" / "server.json").read_text())
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None


def _last_port(home: Path) -> int:
    return urlsplit(str((_note(home) or {}).get("url", ""))).port or 0


def _last_words(folder: Path) -> str:
    try:
        lines = (folder / "server.out").read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return f" ({lines[-1]})" if lines else ""


def _held(home: Path) -> bool:
    """Whether a server process holds the workspace's lock."""
    try:
        with open(home / "aws" / "server.lock") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


@contextmanager
def _only_one(path: Path, deadline: float) -> Iterator[None]:
    with open(path, "a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise LocalAwsProblem(
                        f"Another process has been starting local AWS for too long (it holds {path})."
                    ) from None
                time.sleep(0.05)
        yield
