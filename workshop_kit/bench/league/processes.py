"""The processes of a league under measurement: PostgreSQL, and those of __main__.py."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from workshop_kit.errors import LeagueProblem


def postgres_binaries() -> Path | None:
    """Where Debian's packages put PostgreSQL's programs, the newest version; None when it is not installed."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@contextmanager
def postgres() -> Iterator[str]:
    """A real PostgreSQL on a free port of 127.0.0.1 in a temporary folder, with its own settings but for the number
    of connections; its URL without a database. Raises LeagueProblem when it is not installed."""
    binaries = postgres_binaries()
    if binaries is None:
        raise LeagueProblem("There is no PostgreSQL in /usr/lib/postgresql; apt-get install postgresql.")
    folder = Path(tempfile.mkdtemp(prefix="workshop-pg-"))
    # PostgreSQL refuses to run as root.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    run = {"check": True, "capture_output": True, "cwd": folder, **user}
    subprocess.run([binaries / "initdb", "-D", "data", "-U", "league", "-A", "trust"], **run)
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c max_connections=200"
    subprocess.run([binaries / "pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start"], **run)
    try:
        yield f"postgresql://league@127.0.0.1:{port}"
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", "data", "-m", "immediate", "stop"], **run)
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str) -> str:
    """The URL of a new, empty database."""
    import psycopg

    name = f"league_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Child:
    """A process of __main__.py; it can be killed and started again with the same arguments."""

    def __init__(self, log: Path, *arguments: object) -> None:
        self._log, self._arguments = log, [str(argument) for argument in arguments]
        self.start()

    def start(self) -> None:
        """Start it; what it prints goes to the log."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "workshop_kit.bench.league", *self._arguments]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        self._process.kill()
        self._process.wait()

    def ready(self, url: str, seconds: float = 30.0) -> None:
        """Return when the server answers. Raises RuntimeError with its last line when it does not."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if requests.get(f"{url}/api/health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        said = self._log.read_text(errors="replace").strip().splitlines()
        raise RuntimeError(f"the server did not answer: {said[-1] if said else 'it said nothing'}")


@contextmanager
def children() -> Iterator[list[Child]]:
    """A list of children; whoever is in it at the end is killed."""
    found: list[Child] = []
    try:
        yield found
    finally:
        for child in found:
            child.kill()


def pss(pid: int) -> int:
    """The memory of a process in bytes, pages it shares counted by share; 0 where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, in the program and in the kernel; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
