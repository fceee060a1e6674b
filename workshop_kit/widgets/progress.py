"""A bar with the time left and a cancel button.

Three ways to use it, whatever the work:

    bar.run(work)              in the background: the notebook stays free and the button works everywhere
    await bar.run(work)        the cell waits; the button works where the kernel hears widgets meanwhile (ipykernel 7.4)
    work(progress=bar, ...)    the cell waits without listening: only interrupting the kernel stops the waiting

A notebook that is executed without a browser keeps the last line as text.
"""

from __future__ import annotations

import asyncio
import html
import sys
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import ipywidgets as widgets

from workshop_kit.errors import Cancelled, KitError
from workshop_kit.training.bedrock import CustomizationJob
from workshop_kit.training.cost import duration
from workshop_kit.training.jobs import TrainingJob
from workshop_kit.widgets.pump import Pump
from workshop_kit.widgets.style import Card, row, text

TERMINAL_SECONDS = 2.0


class Progress(Card):
    """Shows how far something is. Call it with an event that has done, total, seconds_left and, if it likes, text.

    It is also the `cancel` that long functions take: is_set() tells whether the button was pressed.
    """

    def __init__(self, title: str = "Progress", *, what: str = "", can_cancel: bool = True) -> None:
        self._pump = Pump()
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None
        self._result: Any = None
        self._problem: BaseException | None = None
        self._started = time.monotonic()
        self._told_terminal = 0.0
        self._handle: Any = None
        self.line = f"{title}: not started"
        self.finished = False
        self._title, self._what = title, what
        self.bar = widgets.FloatProgress(
            min=0, max=1, value=0, layout=widgets.Layout(flex="1 1 320px", width="auto", height="18px"), tooltip=title
        )
        self.percent = text("<b>0 %</b>")
        self.button = widgets.Button(
            description="Cancel", icon="stop", tooltip="Stop; what is finished is kept", layout={"width": "130px"}
        )
        self.button.on_click(lambda _: self.cancel())
        self.status = text()
        controls = row(self.bar, self.percent, *([self.button] if can_cancel else []), wrap=False)
        super().__init__(title, what, [controls, self.status])
        self._say("Waiting to start")

    # What long functions see.

    def __call__(self, event: Any) -> None:
        """Show an event; may be called from any thread."""
        self._pump.post(self._show, event)

    def is_set(self) -> bool:
        """Whether cancelling was asked for."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask for a stop, as the button does."""
        if self.finished:
            return
        self._cancelled.set()
        self.button.disabled = True
        self.button.description = "Stopping …"

    # Running something.

    def run(self, work: Callable[..., Any], *arguments: Any, **settings: Any) -> Progress:
        """Call work(..., progress=self, cancel=self) in the background and give this back at once; see `result`."""

        def inside() -> None:
            try:
                self._result = work(*arguments, progress=self, cancel=self, **settings)
            except BaseException as problem:
                self._problem = problem
            self._pump.post(self._end)

        self._started = time.monotonic()
        self._thread = threading.Thread(target=inside, name=f"workshop {self._title}", daemon=True)
        self._thread.start()
        return self

    def result(self, timeout: float | None = None) -> Any:
        """Wait for run() to end and give back what the work gave; raises what it raised."""
        if self._thread is None:
            raise KitError("Nothing was started: call run(work) first.")
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._thread.is_alive():
            self._thread.join(0.1)
            self._pump.drain()
            if deadline is not None and time.monotonic() > deadline:
                raise KitError(f"{self._title} is not finished after {timeout:g} s; it goes on in the background.")
        self._pump.drain()
        if self._problem is not None:
            raise self._problem
        return self._result

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for run() to end without blocking the kernel's loop, and give back what `result` does."""

        async def wait() -> Any:
            while self._thread is not None and self._thread.is_alive():
                await asyncio.sleep(0.1)
            return self.result()

        return wait().__await__()

    def show(self) -> Progress:
        """Display it here, once; the text that a front end without widgets shows is kept up to date."""
        if self._handle is None and in_kernel():
            from IPython.display import display

            self._handle = display(self, display_id=True)
        return self

    def close_with(self, problem: BaseException | None = None) -> None:
        """Say that it is over; `problem` is what ended it."""
        self._problem = problem
        self._pump.post(self._end)

    # How it looks.

    def _show(self, event: Any) -> None:
        done, total = getattr(event, "done", 0), getattr(event, "total", 0)
        left = getattr(event, "seconds_left", None)
        share = min(1.0, done / total) if total else 0.0
        self.bar.value = share
        self.percent.value = f"<b>{share * 100:.0f} %</b>" if total else ""
        told = getattr(event, "text", "") or f"{done} of {total} done"
        if getattr(event, "status", "") == "Completed" or (total and done >= total):
            self.bar.bar_style = "success"
        elif left is not None:
            told += f" · about {duration(left)} left"
        elif total and done < total:
            told += f" · {duration(time.monotonic() - self._started)} so far"
        self._say(told)

    def _end(self) -> None:
        self.finished = True
        self.button.disabled = True
        self.button.layout.visibility = "hidden"
        if self._problem is None:
            self.bar.value = 1.0
            self.bar.bar_style = "success"
            self.percent.value = "<b>100 %</b>"
            if not self.line.partition(": ")[2].startswith(("Finished", "Endpoint")):
                self._say(f"Done after {duration(time.monotonic() - self._started)}")
        else:
            self.bar.bar_style = "warning" if isinstance(self._problem, Cancelled) else "danger"
            self._say(str(self._problem) or type(self._problem).__name__)
        if self._handle is not None:
            self._handle.update(self)

    def _say(self, told: str) -> None:
        self.line = f"{self._title}: {told}"
        self.status.value = f"<p class='wk-help' role='status' aria-live='polite'>{html.escape(told)}</p>"
        now = time.monotonic()
        if not in_kernel() and now - self._told_terminal > TERMINAL_SECONDS:
            self._told_terminal = now
            print(self.line, file=sys.stderr)

    def as_text(self) -> str:
        """The last line."""
        return self.line


def watch(job: TrainingJob | CustomizationJob, *, background: bool = False) -> Any:
    """Show the progress of a job, SageMaker's or Bedrock's; waits, and gives the job back.

    With `background=True` it gives the Progress back at once: `await watch(job, background=True)` waits too and can be
    cancelled by its button, which stops the job. Without it, interrupting the kernel stops the waiting and leaves the
    job alone. Raises as the job's wait() does.
    """
    bar = Progress("Training", what=f"Job {job.name}", can_cancel=background).show()
    if background:
        return bar.run(job.wait)
    try:
        job.wait(progress=bar)
    except KeyboardInterrupt:
        problem = Cancelled(
            "You stopped waiting; the job goes on. Run the cell again to wait on, or stop the job with job.stop()."
        )
        bar.close_with(problem)
        raise problem from None
    except BaseException as problem:
        bar.close_with(problem)
        raise
    bar.close_with()
    return job


def in_kernel() -> bool:
    """Whether this runs in a notebook's kernel."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
