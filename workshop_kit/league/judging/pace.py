"""Calls to a model within a rate that all workers share."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from workshop_kit.aws import Aws, whole_reply
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.rates import AHEAD, take_slot

MARGIN, LATE = 1.05, 0.04
LAPSED = 3  # slots in a row after which a host that is always late makes its call all the same


class Paced:
    """An Aws whose Converse waits for its turn; everything else is the Aws's own.

    The rate is the event's `calls_per_second` at the moment of each call: a new one holds from the next call on.
    `patiently` makes each single call, and may make it again: of a verdict that takes several, those that were answered
    are not asked once more. An `account` other than the league's has a rate of its own. `waited` is how many seconds
    calls have waited for their turn.
    """

    def __init__(
        self,
        aws: Aws,
        database: Database,
        stop: threading.Event,
        patiently: Callable[[Callable[[], Any]], Any] = lambda call: call(),
        *,
        account: str = "",
    ) -> None:
        self._aws, self._database, self._stop, self.patiently = aws, database, stop, patiently
        self._account, self.waited = account, 0.0

    def client(self, service: str) -> Any:
        """The Aws's client; Bedrock's runtime is paced."""
        found = self._aws.client(service)
        return _Runtime(self, found) if service == "bedrock-runtime" else found

    def choose_model(self, role: str) -> str:
        """As Aws.choose_model."""
        return self._aws.choose_model(role)

    def wait(self, model: str) -> None:
        """Return when the next call to `model` may be made.

        A slot that was slept through has lapsed: a call made late falls together with those of later slots. So calls
        come up to LATE seconds after their slots, which lie MARGIN wider apart than the rate asks, and no second sees
        more calls than the rate allows.
        """
        began = time.monotonic()
        self._turn(f"{self._account} {model}".strip()[:200])
        self.waited += time.monotonic() - began

    def _turn(self, name: str) -> None:
        lapsed = 0
        while True:
            with self._database.read() as connection:
                rate = settings_of(connection).calls_per_second
            if rate is None:
                return
            with self._database.write() as connection:
                asked = time.monotonic()
                seconds = take_slot(connection, name, rate / MARGIN)
            if seconds is None:
                self._sleep(random.uniform(0.5, 1.0) * AHEAD)
                continue
            due = asked + seconds
            self._sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() - due <= LATE or lapsed == LAPSED:
                return
            lapsed += 1

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise LeagueProblem("The league is being stopped; judging goes on when it is started again.")


class _Runtime:
    def __init__(self, paced: Paced, runtime: Any) -> None:
        self._paced, self._runtime = paced, runtime

    def converse(self, **request: Any) -> Any:
        def in_turn(**request: Any) -> Any:
            self._paced.wait(request["modelId"])
            return self._runtime.converse(**request)

        return self._paced.patiently(lambda: whole_reply(in_turn, "output", **request))
