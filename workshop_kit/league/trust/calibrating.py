"""Calibrations of an event's judges, one after the other in the background, within the event's rate."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress

from workshop_kit.aws import Aws
from workshop_kit.domains import Domain
from workshop_kit.errors import KitError
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.judge.calibration import calibrate
from workshop_kit.league.judging.pace import Paced
from workshop_kit.league.store import calibrations
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.events import settings_of

log = logging.getLogger(__name__)
PAIRS = 90  # at most; each is judged in both orders


class Calibrating:
    """Runs calibrations of one server; `close` ends them."""

    def __init__(self, database: Database, aws: Aws, domain: Domain, settings: JudgeSettings) -> None:
        self._database, self._aws, self._domain, self._settings = database, aws, domain, settings
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def close(self) -> None:
        """Stop after the calls under way, and note that what ran was stopped."""
        self.stop.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def start(self, who: str) -> int:
        """Begin a calibration of every judge of the event that is not in one; gives how many began.

        Raises AwsProblem when the account has no judge.
        """
        with self._database.read() as connection:
            told = settings_of(connection).judges
        judges = list(told or self._settings.judges or (self._aws.choose_model("judge"),))
        with self._database.write() as connection:
            ids = calibrations.begin(connection, judges, self._settings.id, who)
            fresh = [found for found in calibrations.newest(connection) if found.id in ids]
        if fresh:
            thread = threading.Thread(target=self._run, args=(fresh,), name="calibration", daemon=True)
            self._threads = [*(known for known in self._threads if known.is_alive()), thread]
            thread.start()
        return len(fresh)

    def _run(self, found: list[calibrations.Calibration]) -> None:
        over = threading.Event()
        far = {one.id: (0, 0) for one in found}
        beating = threading.Thread(target=self._beat, args=(far, over), name="calibration beat", daemon=True)
        beating.start()
        try:
            for one in found:
                self._calibrate(one, far)
        finally:
            over.set()
            beating.join()

    def _calibrate(self, one: calibrations.Calibration, far: dict[str, tuple[int, int]]) -> None:
        def progress(done: int, total: int) -> None:
            far[one.id] = (done, total)

        aws = Paced(self._aws, self._database, self.stop)
        try:
            try:
                result = calibrate(
                    aws,  # type: ignore[arg-type]
                    one.judge,
                    self._domain,
                    settings=self._settings,
                    limit=PAIRS,
                    progress=progress,
                    cancel=self.stop,
                )
            except KitError as problem:
                far.pop(one.id)
                with self._database.write() as connection:
                    calibrations.fail(connection, one.id, str(problem))
                return
            far.pop(one.id)
            if self.stop.is_set():
                # The last calls may have been refused because the league was being stopped.
                with self._database.write() as connection:
                    calibrations.fail(connection, one.id, "The calibration was stopped.")
                return
            with self._database.write() as connection:
                calibrations.finish(connection, one.id, result)
        except Exception:
            far.pop(one.id, None)
            log.exception("the calibration of %s failed", one.judge)
            # If the database is away too it counts as failed after a while, without a beat.
            with suppress(Exception), self._database.write() as connection:
                calibrations.fail(connection, one.id, "The server failed in this calibration; its log has the reason.")

    def _beat(self, far: dict[str, tuple[int, int]], over: threading.Event) -> None:
        told: dict[str, tuple[int, int]] = {}
        last = time.monotonic()
        while not over.wait(1.0):
            due = time.monotonic() - last > calibrations.BEAT
            now = dict(far)
            changed = {id: pace for id, pace in now.items() if due or told.get(id) != pace}
            if not changed:
                continue
            try:
                with self._database.write() as connection:
                    for id, (done, total) in changed.items():
                        calibrations.alive(connection, id, done, total)
            except Exception:
                log.exception("the progress of a calibration was not kept")
                continue
            told, last = now, time.monotonic()
