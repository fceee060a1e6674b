"""The queue in front of the paged engine: who is answered together, and in which turn.

Everything waiting for one model (a base, and an adapter or none) is worked on together, and newcomers join while nobody
waits for another. Where somebody does, the turn ends with what has begun, and the model of whoever has waited longest
is next.
"""

from __future__ import annotations

import logging
import os
import queue
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workshop_kit.local_aws.inference.requests import Refused, Request

if TYPE_CHECKING:
    from workshop_kit.local_aws.inference.paged import Paged
    from workshop_kit.local_aws.inference.server import _Work as Work

KEPT = 2  # bases held in memory
log = logging.getLogger(__name__)


class PagedDesk:
    """Takes work from any thread; `run` is the engine's own. What can't be loaded goes to `other`."""

    def __init__(
        self, threads: int, home: Path, make: Callable[[Work], Request], other: Callable[[Work], None]
    ) -> None:
        self._threads, self._home, self._make, self._other = threads, home, make, other
        self._pending: list[Work] = []
        self._begun: dict[int, Work] = {}
        self._models: OrderedDict[str, Paged] = OrderedDict()
        self._current: tuple[str, str | None] | None = None
        self.unfit: set[str] = set()  # bases and adapters that this engine could not load
        self.waiting: queue.Queue[Work] = queue.Queue()
        self.last = time.monotonic()
        self.busy = False

    def take(self, work: Work) -> None:
        """Queue what is asked."""
        self.last = time.monotonic()
        self.waiting.put(work)

    @property
    def idle(self) -> float:
        """Seconds without anything to do."""
        return 0.0 if self.busy or not self.waiting.empty() else time.monotonic() - self.last

    def run(self) -> None:
        try:
            while True:
                self._pending.append(self.waiting.get())
                self.busy = True
                time.sleep(0.005)  # those who ask at the same moment begin together
                while self._pending or self._begun:
                    while not self.waiting.empty():
                        self._pending.append(self.waiting.get())
                    self._turn()
                self.last, self.busy = time.monotonic(), False
        except BaseException:
            log.exception("the paged engine failed")
            os._exit(1)  # without it every request would wait for ever

    def _turn(self) -> None:
        """Begin what may begin, and do one step of what is running."""
        keys = [_key(work) for work in self._pending]
        if not self._begun and keys:
            self._current = keys[0]
            if not self._open(self._current):
                return
        if self._begun and any(key != self._current for key in keys):
            joining = []
        else:
            joining = [work for work in self._pending if _key(work) == self._current]
        self._pending = [work for work in self._pending if work not in joining]
        model = self._models[self._current[0]]
        try:
            for work in joining:
                self._begin(model, work)
            if model.busy:
                model.step()
        except Exception as problem:
            log.exception("answering with %s failed", model.base)
            for work in list(self._begun.values()):
                self._end(work, {"refused": f"The model failed: {type(problem).__name__}: {problem}"})
            self._models.pop(model.base, None)

    def _open(self, key: tuple[str, str | None]) -> bool:
        """Have a model ready; when it can't be, everybody who waits for it is sent to the other engine."""
        from workshop_kit.local_aws.inference.paged import Paged

        base, adapter = key
        try:
            if base not in self._models:
                while len(self._models) >= KEPT:
                    self._models.popitem(last=False)
                self._models[base] = Paged(base, self._threads, self._home)
            self._models.move_to_end(base)
            self._models[base].select(adapter)
            return True
        except (Refused, ImportError) as problem:
            log.warning("transformers answers instead: %s", problem)
            self.unfit.add(adapter or base)
            sent = [work for work in self._pending if _key(work) == key]
            self._pending = [work for work in self._pending if work not in sent]
            for work in sent:
                self._other(work)
            return False

    def _begin(self, model: Paged, work: Work) -> None:
        if work.gone.is_set():
            work.out.put(None)
            return
        self._begun[id(work)] = work
        try:
            if "texts" in work.body:
                tokens = bool(work.body.get("tokens"))
                model.score(work.body["texts"], tokens, lambda found: self._end(work, {"scores": found}))
                return
            request = self._make(work)
            model.prepare(request)
            model.answer(request, lambda: self._end(work, _last(request)))
        except Refused as problem:
            self._end(work, {"refused": str(problem)})
        except (TypeError, ValueError) as problem:
            # A value of the wrong type is this request's own fault; the others are answered.
            self._end(work, {"refused": f"A setting is not of the kind it must be: {problem}."})

    def _end(self, work: Work, reply: dict[str, Any]) -> None:
        work.out.put(reply)
        work.out.put(None)
        self._begun.pop(id(work), None)


def _key(work: Work) -> tuple[str, str | None]:
    return work.body["base"], work.body.get("adapter")


def _last(request: Request) -> dict[str, Any]:
    return {"text": "", "tokens": 0, "finish": request.finish, "input_tokens": len(request.ids)}
