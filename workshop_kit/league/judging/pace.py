"""Calls to a model within a rate that all workers share."""

from __future__ import annotations

import random
import threading
from typing import Any

from workshop_kit.aws import Aws
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.rates import AHEAD, take_slot


class Paced:
    """An Aws whose Converse waits for its turn; everything else is the Aws's own.

    The rate is the event's `calls_per_second` at the moment of each call: a new one holds from the next call on.
    """

    def __init__(self, aws: Aws, database: Database, stop: threading.Event) -> None:
        self._aws, self._database, self._stop = aws, database, stop

    def client(self, service: str) -> Any:
        """The Aws's client; Bedrock's runtime is paced."""
        found = self._aws.client(service)
        return _Runtime(self, found) if service == "bedrock-runtime" else found

    def choose_model(self, role: str) -> str:
        """As Aws.choose_model."""
        return self._aws.choose_model(role)

    def wait(self, model: str) -> None:
        """Return when the next call to `model` may be made."""
        seconds = None
        while seconds is None:
            with self._database.read() as connection:
                rate = settings_of(connection).calls_per_second
            if rate is None:
                return
            with self._database.write() as connection:
                seconds = take_slot(connection, model[:200], rate)
            if self._stop.wait(random.uniform(0.5, 1.0) * AHEAD if seconds is None else seconds):
                raise LeagueProblem("The league is being stopped; judging goes on when it is started again.")


class _Runtime:
    def __init__(self, paced: Paced, runtime: Any) -> None:
        self._paced, self._runtime = paced, runtime

    def converse(self, **request: Any) -> Any:
        self._paced.wait(request["modelId"])
        return self._runtime.converse(**request)
