"""Telling the class how far one is: in the background, and never at the notebook's cost.

Reports wait in a bounded queue; one daemon thread sends them. What can't be sent after a few tries is dropped, and
what waits when sharing ends or changes too: no exception, no output and no waiting ever comes out of here.
"""

from __future__ import annotations

import queue
import random
import secrets
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import requests

from workshop_kit.classroom.attending import place
from workshop_kit.classroom.sharing import current_sharing
from workshop_kit.classroom.steps import Step, step_of

WAITING = 200  # reports at most; the oldest goes when there are more
TRIES = 4
PAUSE = 1.0  # seconds before the second try, doubled each time
TIMEOUT = 5.0
BATCH = 20


@dataclass(frozen=True)
class _Item:
    anonymous: str
    body: dict[str, Any]
    round: int = 0


class Reporter:
    """One queue and its thread, started with the first report."""

    def __init__(self, *, pause: float = PAUSE, timeout: float = TIMEOUT) -> None:
        self._queue: queue.Queue[_Item] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._round, self._dropping = 0, threading.Event()
        self._thread: threading.Thread | None = None
        self._pause, self._timeout = pause, timeout
        self.sent = self.dropped = 0

    def put(self, item: _Item) -> None:
        """Queue a report; returns at once."""
        item = replace(item, round=self._round)
        while True:
            try:
                self._queue.put_nowait(item)
                break
            except queue.Full:
                try:
                    self._queue.get_nowait()
                    self._queue.task_done()
                    self.dropped += 1
                except queue.Empty:
                    pass
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="classroom reports", daemon=True)
                self._thread.start()

    def flush(self, seconds: float) -> bool:
        """Wait until nothing waits any more, at most so long; whether that is so."""
        until = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.02)
        return not self._queue.unfinished_tasks

    def drop(self, seconds: float) -> bool:
        """Send nothing of what waits; whether, after at most so long, no sending is under way any more."""
        self._round += 1  # what was put before is of an earlier one
        self._dropping.set()
        return self.flush(seconds)

    def _run(self) -> None:
        held: _Item | None = None
        while True:
            first = held or self._queue.get()
            held, batch = None, [first]
            while len(batch) < BATCH:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if (more.anonymous, more.round) != (first.anonymous, first.round):
                    held = more
                    break
                batch.append(more)
            try:
                done = self._send(batch)
            except Exception:
                done = False  # whatever it is, it is no affair of the notebook's
            self.sent += len(batch) if done else 0
            self.dropped += 0 if done else len(batch)
            for _ in batch:
                self._queue.task_done()

    def _wanted(self, item: _Item) -> bool:
        """Whether what was agreed to when an item was put is so still."""
        sharing = current_sharing()
        return item.round == self._round and sharing.on and sharing.anonymous == item.anonymous

    def _send(self, batch: list[_Item]) -> bool:
        self._dropping.clear()
        where = place()  # asked here, for a server of one's own may take its time to answer
        if where is None:
            return False
        body: dict[str, Any] = {"reports": [item.body for item in batch]}
        if batch[0].anonymous:
            body["anonymous"] = batch[0].anonymous
        for attempt in range(TRIES):
            if attempt:
                self._dropping.wait(self._pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))
            if not self._wanted(batch[0]):
                return False
            try:
                reply = requests.post(
                    f"{where.url}/api/class/reports",
                    json=body,
                    headers={"Authorization": f"Bearer {where.token}"},
                    timeout=self._timeout,
                )
            except requests.RequestException:
                continue
            if reply.status_code < 300:
                return True
            if reply.status_code not in (429, 502, 503, 504):
                return False  # it will not be taken however often it is sent
        return False


_reporter = Reporter()
_begun: dict[str, float] = {}


def begin(step: Step | str | int) -> None:
    """Note that a step begins now, and tell the class if that was agreed to."""
    try:
        id = step_of(step).id
        _begun[id] = time.monotonic()
        _tell(id, {"kind": "begin"})
    except Exception:
        pass


def report(step: Step | str | int, ok: bool, seconds: float | None = None) -> None:
    """Tell the class that a checkpoint was ok or not yet; nothing happens unless sharing is on and a class was joined.

    `seconds` since the step was begun; known by itself where begin() was called in this notebook.
    """
    try:
        id = step_of(step).id
        if seconds is None and id in _begun:
            seconds = time.monotonic() - _begun[id]
        _tell(id, {"kind": "check", "ok": bool(ok)} | ({} if seconds is None else {"seconds": round(seconds, 1)}))
    except Exception:
        pass


def flush(seconds: float = 5.0) -> bool:
    """Wait at most so long until what was reported is sent; whether nothing waits any more."""
    return _reporter.flush(seconds)


def drop(seconds: float = TIMEOUT + 1) -> bool:
    """Send nothing of what waits; whether, after at most so long, no sending is under way any more."""
    return _reporter.drop(seconds)


def _tell(id: str, told: dict[str, Any]) -> None:
    sharing = current_sharing()
    if not sharing.on:
        return
    _reporter.put(_Item(sharing.anonymous, {"key": secrets.token_hex(8), "step": id} | told))
