"""Keeps training going: the thread in the server that starts the worker when there is work and none is alive.

The worker is a process of its own and outlives the server; this thread finds it again by its lock. It also
does what a worker can't do about itself: stop one that has hung, and give up on a job when no worker can be
started at all.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from workshop_kit.local_aws.jobs import queue
from workshop_kit.local_aws.jobs.lock import WorkerLock
from workshop_kit.local_aws.jobs.machines import MACHINES
from workshop_kit.local_aws.store import Store

log = logging.getLogger(__name__)

TICK = 0.2
# A worker that has not shown a heartbeat for this long is hung. It beats once a second from a thread of its
# own, but a machine that swaps or a long step that holds the interpreter may delay that.
HUNG_AFTER = float(os.environ.get("WORKSHOP_WORKER_HUNG_SECONDS", "90"))
# A worker that was stopped in the middle of a write holds the store's lock, and everybody else waits for it. It is
# given less time than they have (store.BUSY_SECONDS).
LOCKED_SECONDS = 10.0
# How long a worker may take to obey StopTrainingJob before it is killed.
STOP_PATIENCE = float(os.environ.get("WORKSHOP_STOP_SECONDS", "15"))
# A worker that starts and dies without taking a job gets this many more tries.
MOST_STARTS = 3
START_SECONDS = 20.0
# No sooner than this after the last start: a worker that dies at once (a full disk) must not be a busy loop.
START_SPACING = 2.0


@dataclass
class Supervisor:
    """Start it once per server. `stop` ends the thread and leaves the worker alone."""

    store: Store
    home: Path
    _thread: threading.Thread | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _child: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _fruitless: int = 0
    _beat: tuple[object, float] = field(default_factory=lambda: (object(), 0.0))  # no beat equals a new object
    _stopping: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        """Begin to watch."""
        self._thread = threading.Thread(target=self._watch, name="job-supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. A worker goes on with its job; one without is ended, to give its memory back."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        worker = WorkerLock(self.home).holder()
        if worker and not queue.active(self.store, MACHINES):
            os.kill(worker, signal.SIGTERM)

    def _watch(self) -> None:
        while not self._ended.wait(TICK):
            try:
                self.tick()
            except Exception:
                # The thread must outlive any single fault (a full disk, a locked database): it tries again.
                log.exception("The job supervisor met a fault and goes on")
                self._ended.wait(2)

    def tick(self) -> None:
        """One look at the queue and the worker."""
        jobs = queue.active(self.store, MACHINES)
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if not jobs:
            self._fruitless = 0
            self._stopping.clear()
            return
        worker = WorkerLock(self.home).holder()
        if worker:
            # First of all: a worker that blocks the store would block the writes below.
            self._check_worker(worker, jobs)
        for job in jobs:
            if job.machine.stopping(job.document) and job.document["_Worker"] is None:
                queue.finish(self.store, job.machine, job.name, "Stopped")
        if worker is None:
            self._start_worker(jobs)

    def _start_worker(self, jobs: list[queue.Job]) -> None:
        if self._child is not None and time.monotonic() - self._started < START_SECONDS:
            return  # it is on its way to the lock
        if self._started and time.monotonic() - self._started < START_SPACING:
            return
        if any(job.document["_Worker"] for job in jobs):
            self._fruitless = 0
        if self._fruitless >= MOST_STARTS:
            path = self.home / "aws" / "logs" / "worker.log"
            for job in jobs:
                reason = f"InternalServerError: The training process could not be started; {path} says why."
                queue.finish(self.store, job.machine, job.name, "Failed", reason=reason)
            self._fruitless = 0
            return
        self._fruitless += 1
        self._started = time.monotonic()
        self._child = launch(self.home)

    def _check_worker(self, worker: int, jobs: list[queue.Job]) -> None:
        self._fruitless = 0
        now = time.monotonic()
        beat = self.store.get("worker", "heartbeat")
        if beat != self._beat[0]:
            self._beat = (beat, now)
        stopping = {job.key for job in jobs if job.machine.stopping(job.document) and job.document["_Worker"]}
        self._stopping = {name: self._stopping.get(name, now) for name in stopping}
        deaf = any(now - since > STOP_PATIENCE for since in self._stopping.values())
        silent = now - self._beat[1]
        hung = any(job.document["_Worker"] for job in jobs) and silent > HUNG_AFTER
        blocks = silent > LOCKED_SECONDS and not self.store.writable()
        if (deaf or hung or blocks) and WorkerLock(self.home).holder() == worker:
            log.warning("The training worker %d does not answer; it is killed", worker)
            os.kill(worker, signal.SIGKILL)
            self._beat = (object(), now)
            self._stopping.clear()


def launch(home: Path) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own, so that neither the server's end nor Ctrl-C ends it."""
    folder = home / "aws" / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "worker.log").open("ab") as log_file:
        return subprocess.Popen(
            [sys.executable, "-m", "workshop_kit.local_aws.jobs.worker", "--home", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
