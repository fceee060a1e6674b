"""One league under measurement: its database, its domain, its processes, in a folder that goes away with it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from workshop_kit.bench.league.processes import Child, children, free_port, new_database
from workshop_kit.bench.league.toy import write_domain
from workshop_kit.league.store import Database, open_database


class Stage:
    """Use it through `stage`."""

    def __init__(self, folder: Path, database_url: str, questions: int, latency: float, running: list[Child]) -> None:
        self.folder, self.database_url, self._running = folder, database_url, running
        self.domain, self.calls = write_domain(folder, questions), folder / "calls"
        self._latency, self.port = latency, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database: Database = open_database(database_url)

    def child(self, role: str, *more: object) -> Child:
        """Start a process of the league."""
        same = ("--home", self.folder / "home", "--domain", self.domain, "--database", self.database_url)
        calls = ("--calls", self.calls, "--latency", self._latency)
        self._running.append(Child(self.folder / f"{role}.log", role, *same, *calls, *more))
        return self._running[-1]

    def serve(self, *, judging: bool = False) -> Child:
        """Start the server and return when it answers."""
        server = self.child("serve", "--port", self.port, *(("--judging",) if judging else ()))
        server.ready(self.url)
        return server

    def submit(self, participant: str, key: str, endpoint: str = "right-60", seconds: float = 60.0) -> str:
        """Send a submission until the server confirms it, however often it dies; its id.

        Raises RuntimeError when it does not within `seconds`, or refuses.
        """
        target = {"kind": "sagemaker", "endpoint": endpoint}
        body = {"participant": participant, "target": target, "key": key}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                reply = requests.post(f"{self.url}/api/submissions", json=body, timeout=30)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if reply.status_code == 202:
                return reply.json()["id"]
            if reply.status_code != 503:
                raise RuntimeError(f"a submission was refused: {reply.text[:200]}")
        raise RuntimeError(f"a submission was not confirmed within {seconds:.0f} s")


@contextmanager
def stage(postgres: str | None, *, questions: int = 5, latency: float = 0.01) -> Iterator[Stage]:
    """A stage on a new database of a PostgreSQL server, or on a SQLite file."""
    with tempfile.TemporaryDirectory(prefix="workshop-bench-") as folder, children() as running:
        url = new_database(postgres) if postgres else str(Path(folder) / "league.sqlite")
        made = Stage(Path(folder), url, questions, latency, running)
        try:
            yield made
        finally:
            for child in running:
                child.kill()
            made.database.close()


def ask_load(plan: dict[str, Any]) -> Any:
    """What a process of the load generator tells of a plan."""
    command = [sys.executable, "-m", "workshop_kit.bench.league", "load"]
    told = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True)
    if told.returncode:
        raise RuntimeError(f"the load generator ended: {told.stderr.strip().splitlines()[-1]}")
    return json.loads(told.stdout)
