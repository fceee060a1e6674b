"""Judging in threads of the server's own process: for a league in a SQLite file, which one process owns."""

from __future__ import annotations

import queue
import threading

from workshop_kit.league.judging.submission import SubmissionJudge
from workshop_kit.league.store.submissions import unfinished


class JudgingHere:
    """Takes submissions in the order they came; `at_once` of them are under way together."""

    def __init__(self, judge: SubmissionJudge, *, at_once: int = 2) -> None:
        self._judge = judge
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name=f"judging-{number}", daemon=True) for number in range(at_once)
        ]

    def start(self) -> None:
        """Take up what an earlier server left, then wait for more."""
        with self._judge.database.read() as connection:
            for id in unfinished(connection):
                self._waiting.put(id)
        for thread in self._threads:
            thread.start()

    def add(self, id: str) -> None:
        """Judge a queued submission as soon as its turn comes."""
        self._waiting.put(id)

    def stop(self) -> None:
        """Stop after the questions under way; what is left is taken up at the next start."""
        self._judge.stop.set()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=30)

    def _run(self) -> None:
        while (id := self._waiting.get()) is not None and not self._judge.stop.is_set():
            with self._lock:
                free = id not in self._taken
                self._taken.add(id)
            if not free:
                # Another thread is at it; it may just have failed and this be the retry.
                self._waiting.put(id)
                self._judge.stop.wait(0.05)
                continue
            try:
                self._judge.run(id)
            finally:
                with self._lock:
                    self._taken.discard(id)
