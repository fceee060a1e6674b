"""The part of the pace bar that catches up: it asks before it moves anything, and offers one's own work back.

The plain calls are classroom's catch_up() and restore_own_work(), which wait; here the same is done by a thread, which
posts what it has to tell to the pump, so that the notebook goes on.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from workshop_kit.classroom.own_work import own_work_aside, restore_own_work
from workshop_kit.classroom.steps import STEPS, Step
from workshop_kit.errors import KitError
from workshop_kit.widgets.pump import Pump
from workshop_kit.widgets.style import GAP, row, text
from workshop_kit.workspace import Workspace

KEPT = (
    "Whatever of yours is good enough stays in use. The rest is kept aside, and 'My work back' brings it back. "
    "Nothing is deleted."
)
TRAINED = (
    " It takes a trained model: the job that this account has on this data, else a quick one is run now, which takes "
    "minutes and, on AWS, costs what notebook 03 says."
)
DEPLOYED = " The endpoint is none of it: deploy it in notebook 05."
AGAIN = "Run this notebook again from its first cell."
BUSY = "It is still at work; wait until it is done."


class CatchUp(widgets.VBox):
    """Loads valid work for what comes before a step; for the first step it only brings one's own work back.

    catch_up() and bring_back() are the buttons as plain calls: they ask, and with yes=True begin and return at once.
    `caught` is what was last loaded.
    """

    def __init__(self, step: Step, pump: Pump, *, workspace: Workspace, domain: str | Path, aws: Any = None) -> None:
        self.before = STEPS[step.number - 2] if step.number > 1 else None
        self.workspace, self.domain, self.aws = workspace, domain, aws
        self.caught: Any = None
        self._step, self._pump = step, pump
        self._thread: threading.Thread | None = None
        self._asked: Callable[[], str] | None = None
        self.button = widgets.Button(
            description="Catch up", icon="fast-forward", tooltip="Load valid work for what comes before this step"
        )
        self.back = widgets.Button(
            description="My work back", icon="undo", tooltip="Bring back what catching up has put aside"
        )
        self.yes = widgets.Button(description="Yes, do it", button_style="primary")
        self.no = widgets.Button(description="No, leave it")
        for button in (self.button, self.back, self.yes, self.no):
            button.layout.width = "150px"
        self.button.on_click(lambda _: self.catch_up())
        self.back.on_click(lambda _: self.bring_back())
        self.yes.on_click(lambda _: self._asked and self._asked())
        self.no.on_click(lambda _: self._settle("Nothing was moved."))
        self.said = text()
        self._question = row(self.yes, self.no)
        super().__init__(
            [row(self.button, self.back), self.said, self._question], layout=widgets.Layout(grid_gap=GAP, width="auto")
        )
        self._settle("")

    def catch_up(self, *, yes: bool = False) -> str:
        """Ask, or with `yes` begin to load what comes before the step; gives the question or what happens now."""
        if self.before is None:
            return self._say("This is the first step: there is nothing before it to load.")
        if self.busy:
            return BUSY
        more = (TRAINED if self.before.number >= 3 else "") + (DEPLOYED if self.before.number >= 5 else "")
        if not yes:
            return self._ask(f"Load valid work up to step {self.before}? {KEPT}{more}", lambda: self.catch_up(yes=True))
        return self._begin(self._load, f"Loading valid work up to step {self.before}.")

    def bring_back(self, *, yes: bool = False) -> str:
        """Ask, or with `yes` begin to bring one's own work back; gives the question or what happens now."""
        if self.busy:
            return BUSY
        aside = own_work_aside(self.workspace)
        if aside is None:
            return self._settle("Nothing of your own was put aside.")
        if not yes:
            return self._ask(
                f"Bring your own work back from {aside}? What is in its place now is kept aside in turn.",
                lambda: self.bring_back(yes=True),
            )
        return self._begin(self._restore, "Bringing your own work back.")

    @property
    def busy(self) -> bool:
        """Whether something is being loaded or brought back."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until what was begun is done, at most so long; whether it is."""
        if self._thread is not None:
            self._thread.join(seconds)
        self._pump.drain()
        return not self.busy

    def _load(self) -> str:
        # What it takes is imported when it is first used: a bar must not make a notebook's start slow.
        from workshop_kit.aws import connect
        from workshop_kit.classroom.catching_up import catch_up

        aws = self.aws
        if aws is None and self.before.number >= 3:
            aws = connect(home=self.workspace.root)

        def tell(seen: Any) -> None:
            self._pump.post(self._say, f"Training: {seen.text}")

        self.caught = catch_up(self.before, self.workspace, aws, domain=self.domain, progress=tell)
        told = str(self.caught).replace("restore_own_work(workspace) brings it back", "'My work back' brings it back")
        return f"{told} {AGAIN}"

    def _restore(self) -> str:
        went = restore_own_work(self.workspace)
        return f"Your own work is back; what was in its place is in {went}. {AGAIN}"

    def _begin(self, work: Callable[[], str], told: str) -> str:
        self._hide_question()
        for button in (self.button, self.back):
            button.disabled = True
        self._thread = threading.Thread(target=self._work, args=(work,), name="catching up", daemon=True)
        self._say(told)
        self._thread.start()
        return told

    def _work(self, work: Callable[[], str]) -> None:
        try:
            told = work()
        except KitError as problem:
            told = f"Nothing was moved: {problem}"
        except Exception as problem:  # the notebook must hear of it, whatever it is
            told = f"It did not work ({type(problem).__name__}: {problem}); call the instructor."
        self._pump.post(self._settle, told)

    def _ask(self, question: str, then: Callable[[], str]) -> str:
        self._asked = then
        self._question.layout.display = "flex"
        return self._say(question)

    def _hide_question(self) -> None:
        self._asked = None
        self._question.layout.display = "none"

    def _settle(self, told: str) -> str:
        """No question is open and nothing is under way."""
        self._hide_question()
        self.button.disabled = self.back.disabled = False
        self.button.layout.display = "none" if self.before is None else ""
        self.back.layout.display = "" if own_work_aside(self.workspace) else "none"
        return self._say(told)

    def _say(self, told: str) -> str:
        self.said.value = f"<p class='wk-help' role='status'>{html.escape(told)}</p>" if told else ""
        return told
