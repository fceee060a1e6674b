"""The bar at the top of a notebook: the step, its time, whether it is open, hints, a hand up, and catching up.

One thread asks the class; it posts what it hears to the pump, and the kernel's loop sets the traits.
"""

from __future__ import annotations

import html
import threading
import time
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from workshop_kit.classroom import attending, reporting
from workshop_kit.classroom.sharing import current_sharing
from workshop_kit.classroom.steps import Step, step_of
from workshop_kit.errors import LeagueProblem, NotYet
from workshop_kit.settings import DEFAULT_DOMAIN
from workshop_kit.training.cost import duration
from workshop_kit.widgets.catching_up import CatchUp
from workshop_kit.widgets.progress import in_kernel
from workshop_kit.widgets.pump import Pump
from workshop_kit.widgets.style import Card, row, text
from workshop_kit.workspace import Workspace

WAIT = 20.0  # seconds that a question to the class may stay open
PATIENCE = 30.0  # the longest pause after the class could not be reached
SHOWN_HINTS = 5


class PaceBar(Card):
    """Shows one step of the workshop; `gate` and `hints` are what it last heard.

    Without a class it says so. `live=False` asks once and starts no thread. `catching` loads valid work of `domain`
    for what comes before the step, into `workspace` (by default the one here), and brings one's own back; as plain
    calls, which ask unless told yes=True: catch_up() and bring_back().

    While the instructor keeps the step closed the notebook stops here: the bar is shown, goes on to listen, and NotYet
    is raised, so that "Run all" runs nothing after it. With `hold=False` it only says so.
    """

    def __init__(
        self,
        step: Step | str | int,
        *,
        live: bool = True,
        domain: str | Path = DEFAULT_DOMAIN,
        workspace: Workspace | None = None,
        aws: Any = None,
        hold: bool = True,
    ) -> None:
        self.step = step_of(step)
        self._pump, self._stop = Pump(), threading.Event()
        self._thread: threading.Thread | None = None
        self._place = attending.place()
        self._stuck = False
        self.hints: tuple[attending.Hint, ...] = ()
        self.gate = attending.Gate(self.step, True, attending.ALONE if self._place is None else attending.AWAY)
        self.status, self.said, self.told = text(), text(), text()
        self.button = widgets.Button(
            description="I am stuck", icon="hand-paper-o", tooltip="Tell the instructor", layout={"width": "150px"}
        )
        self.button.on_click(lambda _: self.ask())
        parts = [self.status, self.said]
        if self._place is not None:
            parts.append(row(self.button, self.told))
        self.catching = CatchUp(self.step, self._pump, workspace=workspace or Workspace.here(), domain=domain, aws=aws)
        parts.append(self.catching)
        super().__init__(f"Step {self.step}", "", parts)
        reporting.begin(self.step)
        self._show(None)
        if self._place is not None:
            self._first()
            if live:
                self._thread = threading.Thread(target=self._listen, name="pace of the class", daemon=True)
                self._thread.start()
        if hold and not self.gate:
            if in_kernel():
                from IPython.display import display

                display(self)
            raise NotYet(f"{self.gate} Run this cell again then.")

    def as_text(self) -> str:
        """The gate and the hints as text."""
        return "\n".join([str(self.gate), *(f"Hint: {hint.text}" for hint in self.hints)])

    def ask(self) -> None:
        """Raise a hand, or take it down, as the button does."""
        self.told.value = _line(attending.i_am_stuck(self.step, not self._stuck))
        self._stuck = not self._stuck
        self.button.description = "Not any more" if self._stuck else "I am stuck"

    def catch_up(self, *, yes: bool = False) -> str:
        """Ask, or with `yes` begin to load valid work for what comes before the step; gives a sentence at once."""
        return self.catching.catch_up(yes=yes)

    def bring_back(self, *, yes: bool = False) -> str:
        """Ask, or with `yes` begin to bring one's own work back; gives a sentence at once."""
        return self.catching.bring_back(yes=yes)

    def stop(self) -> None:
        """Listen no longer."""
        self._stop.set()

    def _first(self) -> None:
        try:
            self._revision = (pace := attending.fetch_pace(self._place)).revision
        except LeagueProblem:
            self._revision = -1
        else:
            self._show(pace)

    def _listen(self) -> None:
        pause, revision = 1.0, self._revision
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                pace = attending.fetch_pace(self._place, after=revision, wait=WAIT if revision >= 0 else 0.0)
            except LeagueProblem as problem:
                if problem.status in (401, 403):
                    return  # this workspace is not in the class any more
                self._stop.wait(pause)
                pause = min(2 * pause, PATIENCE)
                continue
            pause = 1.0
            if pace.revision != revision:
                revision = pace.revision
                self._pump.post(self._show, pace)
            elif time.monotonic() - began < 1.0:
                self._stop.wait(WAIT)  # it answered without waiting: don't ask again at once

    def _show(self, pace: attending.Pace | None) -> None:
        planned = self.step.minutes
        if pace is not None:
            self.gate = attending.gate_of(pace, self.step)
            self.hints = tuple(hint for hint in pace.hints if hint.step in ("", self.step.id))
            planned = pace.of(self.step)["minutes"]
        sign, word = ("✔", "Open") if self.gate.open else ("✖", "Closed")
        sharing = "" if self._place is None else _sharing()
        planned_time = "" if "planned" in self.gate.message else f"Planned time: {duration(60 * planned)}."
        told = " ".join(filter(None, (self.gate.message, planned_time, sharing)))
        self.status.value = (
            f"<p class='wk-help' role='status' aria-live='polite'><b>{sign} {word}.</b> {html.escape(told)}</p>"
        )
        notes = "".join(
            f"<div class='wk-note info' role='note'><b>Hint:</b> {html.escape(hint.text)}</div>"
            for hint in self.hints[:SHOWN_HINTS]
        )
        self.said.value = notes

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        self._pump.drain()
        return super()._repr_mimebundle_(**settings)


def _sharing() -> str:
    chosen = current_sharing()
    if not chosen.on:
        return "Your instructor does not see how far you are."
    return f"Your instructor sees how far you are{', without your name' if chosen.anonymous else ''}."


def _line(message: str) -> str:
    return f"<p class='wk-help' role='status'>{html.escape(message)}</p>"
