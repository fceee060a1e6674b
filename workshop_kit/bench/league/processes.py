"""The processes of a league under measurement: PostgreSQL, servers, judging workers.

    python -m workshop_kit.bench.league.processes serve|work|bare ...

runs the league's own `serve` and `work` with the toy AWS in the place of the account's, or a bare server beside them.
"""

from __future__ import annotations

import argparse
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
    """A process of this module; it can be killed and started again with the same arguments."""

    def __init__(self, log: Path, *arguments: object) -> None:
        self._log, self._arguments = log, [str(argument) for argument in arguments]
        self.start()

    def start(self) -> None:
        """Start it; what it prints goes to the log."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "workshop_kit.bench.league.processes", *self._arguments]
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


def main(argv: list[str] | None = None) -> int:
    """Be one of the processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("serve", "work", "bare"))
    parser.add_argument("--home", type=Path)
    parser.add_argument("--domain", default="")
    parser.add_argument("--database", default="")
    parser.add_argument("--calls", type=Path)
    parser.add_argument("--latency", type=float, default=0.01)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--judging", action="store_true")
    parser.add_argument("--stalled", type=float, help="seconds after which a silent worker is taken for dead")
    parser.add_argument("--body", type=Path)
    args = parser.parse_args(argv)
    if args.role == "bare":
        return _bare(args.body.read_bytes(), args.port)

    import workshop_kit.aws
    from workshop_kit.bench.league.toy import ToyAws
    from workshop_kit.league.server.serve import serve, work

    workshop_kit.aws.connect = lambda **_: ToyAws(args.calls, args.latency)
    if args.role == "serve":
        return serve(args.home, args.domain, port=args.port, database=args.database, judging=args.judging)
    if args.stalled:
        from workshop_kit.league.judging import postgres as workers

        workers.STALLED, workers.HEARTBEAT, workers.RESCUE = args.stalled, args.stalled / 5, args.stalled / 3
    return work(args.home, args.domain, args.database)


def _bare(body: bytes, port: int) -> int:
    """The ceiling: one address that answers bytes from memory, served as the league is."""
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import Response

    app = FastAPI()

    @app.get("/api/standings")
    async def standings() -> Response:
        return Response(body, media_type="application/json")

    @app.get("/api/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    uvicorn.run(app, port=port, log_level="warning", timeout_keep_alive=65)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
