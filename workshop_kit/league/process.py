"""One league server per workspace: started unasked, found again, stopped."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from workshop_kit.errors import LeagueProblem
from workshop_kit.workspace import write_atomically

# Rooms of the server, each a module with routes(context). Some lie on floors above the league's: they are
# named here and imported when the server runs, never by the league itself.
ROOMS: tuple[str, ...] = ("workshop_kit.league.finale.routes", "workshop_kit.classroom.routes")


@dataclass(frozen=True)
class LeagueInfo:
    """A running league server."""

    url: str
    domain: str
    pid: int


def folder(home: Path) -> Path:
    """The league's folder in a workspace; made if it is missing."""
    path = home / "league"
    path.mkdir(parents=True, exist_ok=True)
    return path


def find(home: Path) -> LeagueInfo | None:
    """The server of this workspace, if one answers."""
    try:
        info = LeagueInfo(**json.loads((home / "league" / "league.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    try:
        told = requests.get(f"{info.url}/api/health", timeout=5).json()
    except (requests.RequestException, ValueError):
        return None
    # Another program may have got the port since: it must be this workspace's own server that answers.
    return info if isinstance(told, dict) and told.get("pid") == info.pid else None


def start(home: Path, domain: str, port: int = 0, timeout: float = 60.0) -> LeagueInfo:
    """The server of this workspace, started in the background if there is none; many callers start one.

    Raises LeagueProblem when it does not answer within `timeout` seconds, or serves another domain.
    """
    with _starting(home):
        info = find(home) or _start(home, domain, port, timeout)
    if info.domain != domain:
        raise LeagueProblem(
            f"The league server of {home} asks the questions of '{info.domain}', not of '{domain}'; stop it with "
            "'workshop-kit stop' or work in another workspace."
        )
    return info


def _start(home: Path, domain: str, port: int, timeout: float) -> LeagueInfo:
    logs = folder(home) / "logs"
    logs.mkdir(exist_ok=True)
    path = logs / "server.log"
    command = [sys.executable, "-m", "workshop_kit.league.server", "--home", str(home), "--domain", domain]
    with path.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | {"WORKSHOP_HOME": str(home)},
        )
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if info := find(home):
            return info
        if process.poll() is not None:
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise LeagueProblem(
                f"The league server did not start: {lines[-1] if lines else 'no reason given'} ({path})"
            )
        time.sleep(0.1)
    process.terminate()
    raise LeagueProblem(f"The league server did not answer within {timeout:.0f} s; its log is {path}.")


def stop(home: Path) -> bool:
    """Stop the workspace's server; False when none runs. What it was judging is taken up at the next start."""
    info = find(home)
    if not info:
        return False
    _signal(info.pid, signal.SIGTERM)
    until = time.monotonic() + 20
    # It stops answering before it has ended; whoever starts the next one needs its lock.
    while find(home) or _serving(home):
        if time.monotonic() > until:
            _signal(info.pid, signal.SIGKILL)
        time.sleep(0.1)
    return True


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _serving(home: Path) -> bool:
    """Whether a server of this workspace holds its lock."""
    try:
        with only_server(home, patience=0.0):
            return False
    except LeagueProblem:
        return True


def announce(home: Path, info: LeagueInfo) -> None:
    """Leave word of a server that listens."""
    write_atomically(folder(home) / "league.json", json.dumps(asdict(info)) + "\n")


@contextmanager
def only_server(home: Path, patience: float = 10.0) -> Iterator[None]:
    """Hold the workspace's lock while serving.

    A server that no longer answers is given `patience` seconds to end. Raises LeagueProblem when another one holds
    the lock.
    """
    until = time.monotonic() + patience
    with (folder(home) / "server.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                info = find(home)
                if not info and time.monotonic() < until:
                    time.sleep(0.1)
                    continue
                raise LeagueProblem(
                    f"A league server runs for {home} already{f' at {info.url}' if info else ''}; use that one, or "
                    "stop it with 'workshop-kit stop'."
                ) from None
        yield


@contextmanager
def _starting(home: Path) -> Iterator[None]:
    with (folder(home) / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
