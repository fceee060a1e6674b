"""The worker's second thread: shows that it lives, and sees when the job in hand should stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from workshop_kit.local_aws.jobs.queue import Job
from workshop_kit.local_aws.store import Store

log = logging.getLogger("workshop_kit.worker")

TICK = 0.3
BEAT_SECONDS = 1.0


class Watch:
    """Beats once a second; `should_stop()` turns true when the job was stopped or its time is up."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._job: Job | None = None
        self._reason = ""
        self._deadline = float("inf")

    def start(self) -> None:
        """Begin to beat."""
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    @contextmanager
    def over(self, job: Job) -> Iterator[None]:
        """Watch over a job for the length of the block."""
        self._reason, self._deadline, self._job = "", float("inf"), job
        self._look()
        try:
            yield
        finally:
            self._job = None

    def limit(self, deadline: float) -> None:
        """The job must not run beyond `deadline` (seconds since 1970)."""
        self._deadline = deadline

    @property
    def reason(self) -> str:
        """Why the job should stop: "", or the status it will have ("Stopped", "MaxRuntimeExceeded")."""
        if not self._reason and time.time() > self._deadline:
            self._reason = "MaxRuntimeExceeded"
        return self._reason

    def should_stop(self) -> bool:
        """Asked by the trainer after every step; costs nothing."""
        return bool(self.reason)

    def _run(self) -> None:
        last = 0.0
        while True:
            try:
                self._look()
                if time.monotonic() - last > BEAT_SECONDS:
                    beat = {"pid": os.getpid(), "time": time.time(), "job": self._job and self._job.key}
                    self._store.put("worker", "heartbeat", beat)
                    last = time.monotonic()
            except Exception:
                # A full disk or a locked database must not end the watch; the job itself will meet the fault
                # too.
                log.exception("The watch met a fault and goes on")
            time.sleep(TICK)

    def _look(self) -> None:
        job = self._job
        if job is None or self._reason:
            return
        document = self._store.get(job.machine.kind, job.name)
        if document is not None and job.machine.stopping(document) and job is self._job:
            self._reason = "Stopped"
