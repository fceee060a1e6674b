"""Waiting for what passes, so that no submission is lost by it: AWS that is away or throttles, and the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from workshop_kit.errors import AwsProblem
from workshop_kit.league.asking import OUTAGE, patiently
from workshop_kit.league.store import submissions
from workshop_kit.league.store.database import Database

T = TypeVar("T")
# The database is away, or all its connections are taken: a submission is taken up again when it is back.
AWAY = (OperationalError, InterfaceError, TimeoutError)
DATABASE_PAUSE = 2.0
SOON = 10.0  # seconds that a wait lasts before its submission tells it


class Patience:
    """Makes the calls of one submission that may have to wait: for `lasting` seconds at least while AWS is at fault.

    What is waited for stands in the submission's `problem`, since when and why, until a call succeeds again.
    """

    def __init__(
        self, database: Database, id: str, stop: threading.Event, lasting: float, changed: Callable[[], None]
    ) -> None:
        self._database, self._id, self._stop, self._lasting, self._changed = database, id, stop, lasting, changed
        self._lock = threading.Lock()
        self._since: float | None = None
        self._told = ""

    def __call__(
        self,
        call: Callable[[], T],
        *,
        outage: Collection[str] = OUTAGE,
        given_up: Callable[[], bool] = lambda: False,
    ) -> T:
        """`call()`, made as `asking.patiently` makes it."""

        def tried() -> T:
            try:
                found = call()
            except AwsProblem as problem:
                if problem.code in outage:
                    self._waits(problem)
                raise
            self._goes_on()
            return found

        return patiently(tried, self._stop, lasting=self._lasting, outage=outage, given_up=given_up)

    def _waits(self, problem: AwsProblem) -> None:
        with self._lock:
            now = time.time()
            self._since = self._since or now
            told = f"Waiting since {time.strftime('%H:%M', time.gmtime(self._since))} UTC: {problem}"
            if now - self._since >= SOON and told != self._told:
                self._told = told
                self._keep(told)

    def _goes_on(self) -> None:
        if self._since is None:
            return
        with self._lock:
            told, self._since, self._told = self._told, None, ""
            if told:
                self._keep("")

    def _keep(self, told: str) -> None:
        with self._database.write() as connection:
            submissions.note_wait(connection, self._id, told)
        self._changed()
