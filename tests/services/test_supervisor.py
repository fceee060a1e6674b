"""The supervisor against a worker that was stopped while it held the store's lock."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from workshop_kit.local_aws.jobs import queue, states, supervisor
from workshop_kit.local_aws.store import Store

WORKER = """
import os, signal, sys
from pathlib import Path
from workshop_kit.local_aws.jobs.lock import WorkerLock
from workshop_kit.local_aws.store import Store
home = Path(sys.argv[1])
lock = WorkerLock(home)
lock.acquire()
db = Store(home / "aws" / "state.db").connection
if sys.argv[2] == "blocks":
    db.execute("BEGIN IMMEDIATE")
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture
def watching(tmp_path, monkeypatch):
    (tmp_path / "aws").mkdir()
    store = Store(tmp_path / "aws" / "state.db")
    queue.submit(store, states.MACHINE, {"TrainingJobName": "job", "CreationTime": 1.0})
    store.update(states.KIND, "job", lambda job: job | {"_Worker": "somebody"})
    monkeypatch.setattr(supervisor, "LOCKED_SECONDS", 0.5)
    return supervisor.Supervisor(store, tmp_path)


@pytest.mark.parametrize("way", ["blocks", "harmless"])
def test_a_worker_stopped_in_the_middle_of_a_write_is_killed_and_one_stopped_elsewhere_is_not(watching, tmp_path, way):
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path), way], stdout=subprocess.PIPE)
    try:
        assert worker.stdout.readline() == b"ready\n"
        until = time.monotonic() + 4
        while worker.poll() is None and time.monotonic() < until:
            watching.tick()
            time.sleep(0.1)
        assert worker.returncode == (-signal.SIGKILL if way == "blocks" else None)
        assert watching.store.writable()
    finally:
        worker.kill()
        worker.wait()
