"""Calls to a model within a rate that all workers share."""

from __future__ import annotations

import threading
from typing import Any

from workshop_kit.aws import Aws
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.rates import take_slot


class Paced:
    """An Aws whose Converse waits for its turn; everything else is the Aws's own."""

    def __init__(self, aws: Aws, database: Database, per_second: float, stop: threading.Event) -> None:
        self._aws, self._database, self._per_second, self._stop = aws, database, per_second, stop

    def client(self, service: str) -> Any:
        """The Aws's client; Bedrock's runtime is paced."""
        found = self._aws.client(service)
        return _Runtime(self, found) if service == "bedrock-runtime" else found

    def choose_model(self, role: str) -> str:
        """As Aws.choose_model."""
        return self._aws.choose_model(role)

    def wait(self, model: str) -> None:
        """Return when the next call to `model` may be made."""
        with self._database.write() as connection:
            seconds = take_slot(connection, model[:200], self._per_second)
        if self._stop.wait(seconds):
            raise LeagueProblem("The league is being stopped; judging goes on when it is started again.")


class _Runtime:
    def __init__(self, paced: Paced, runtime: Any) -> None:
        self._paced, self._runtime = paced, runtime

    def converse(self, **request: Any) -> Any:
        self._paced.wait(request["modelId"])
        return self._runtime.converse(**request)
