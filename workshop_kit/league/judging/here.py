"""Judging in threads of the server's own process: for a league in a SQLite file, which one process owns."""

from __future__ import annotations

import logging
import threading

from workshop_kit.league.judging.submission import SubmissionJudge
from workshop_kit.league.store.submissions import unfinished

log = logging.getLogger(__name__)
LOOK = 3.0  # seconds after which an idle thread looks for submissions that nobody has told it of


class JudgingHere:
    """Takes submissions in the order they came; `at_once` of them are under way together."""

    def __init__(self, judge: SubmissionJudge, *, at_once: int = 2) -> None:
        self._judge = judge
        self._waiting: dict[str, None] = {}  # in order, each once
        self._taken: set[str] = set()
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, name=f"judging-{number}", daemon=True) for number in range(at_once)
        ]

    def start(self) -> None:
        """Take up what an earlier server left, then wait for more."""
        self._look()
        for thread in self._threads:
            thread.start()

    def add(self, id: str) -> None:
        """Judge a queued submission as soon as its turn comes."""
        with self._changed:
            self._waiting[id] = None
            self._changed.notify()

    def stop(self) -> None:
        """Stop after the questions under way; what is left is taken up at the next start."""
        self._judge.stop.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=30)

    def _look(self) -> None:
        with self._judge.database.read() as connection:
            found = unfinished(connection)
        with self._changed:
            self._waiting |= dict.fromkeys(id for id in found if id not in self._taken)

    def _next(self) -> str | None:
        """The first that waits and that no other thread is at; None when there is none for a while."""
        with self._changed:
            free = next((id for id in self._waiting if id not in self._taken), None)
            if free is None:
                self._changed.wait(LOOK)
                free = next((id for id in self._waiting if id not in self._taken), None)
            if free is not None and not self._judge.stop.is_set():
                del self._waiting[free]
                self._taken.add(free)
                return free
        return None

    def _run(self) -> None:
        while not self._judge.stop.is_set():
            try:
                id = self._next()
                if id is None:
                    self._look()
                    continue
                try:
                    self._judge.run(id)
                finally:
                    with self._changed:
                        self._taken.discard(id)
                        self._changed.notify_all()
            except Exception:
                log.exception("judging stumbled; it goes on")
                self._judge.stop.wait(LOOK)
