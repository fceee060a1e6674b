"""Loss curves, the same as a table, and the verdict."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from workshop_kit.errors import KitError, NotYet
from workshop_kit.training.curves import METRICS, plot, plot_steps, text_table
from workshop_kit.training.diagnosis import Diagnosis, diagnose
from workshop_kit.training.runs import Run
from workshop_kit.widgets.pump import Pump
from workshop_kit.widgets.style import Card, figure_html, note, row, section, text


class CurvesView(Card):
    """One run, or several over each other; `.value` is the diagnosis of the (last) run.

    `relaunch(change)`, if given, is what a button does with the hyperparameters that the coach would change; what it
    returns is then in `.relaunched`. As plain calls: plot(run), plot_steps(run), text_table(run), diagnose(run).
    """

    def __init__(self, runs: Run | Sequence[Run], relaunch: Callable[[dict[str, Any]], Any] | None = None) -> None:
        self.runs = [runs] if isinstance(runs, Run) else list(runs)
        self.relaunched: Any = None
        self._relaunch = relaunch
        self.metric = widgets.ToggleButtons(
            options=[*((name.capitalize(), name) for name in METRICS), ("Steps", "steps")],
            value="loss",
            description="Show",
            tooltips=[
                "Cross-entropy per token",
                "e to the loss: how many words the model hesitates between",
                "The training loss of every step, smoothed",
            ],
            style={"description_width": "60px", "button_width": "110px"},
        )
        self.metric.observe(lambda _: self._draw(), names="value")
        self.log_axis = widgets.Checkbox(value=False, description="logarithmic", indent=False, layout={"width": "auto"})
        self.log_axis.observe(lambda _: self._draw(), names="value")
        self.again = widgets.Button(icon="repeat", button_style="primary", layout={"width": "auto", "display": "none"})
        self.again.on_click(lambda _: self._launch())
        self.told = text()
        self.picture, self.table, self.verdict = text(), text(), text()
        sides = widgets.Box(
            [self.picture, widgets.VBox([section("In numbers"), self.table])],
            layout=widgets.Layout(display="flex", flex_flow="row wrap", grid_gap="24px", align_items="flex-start"),
        )
        names = ", ".join(run.job_name for run in self.runs)
        super().__init__(
            "Loss curves", names, [self.verdict, row(self.again), self.told, row(self.metric, self.log_axis), sides]
        )
        self._draw()

    @property
    def value(self) -> Diagnosis:
        """The diagnosis of the last run."""
        return diagnose(self.runs[-1])

    def as_text(self) -> str:
        """The curves as a table, and the verdict."""
        return "\n\n".join([*(text_table(run) for run in self.runs), str(self.value)])

    def show(self, *runs: Run) -> CurvesView:
        """Show other runs."""
        self.runs = list(runs)
        self._draw()
        return self

    def _draw(self) -> None:
        shown = self.metric.value
        if shown == "steps":
            figure = plot_steps(self.runs, log=self.log_axis.value, width=5.2, height=3.3)
        else:
            figure = plot(self.runs, shown, log=self.log_axis.value, width=5.2, height=3.3)
        found = self.value
        what = "Training loss by step" if shown == "steps" else f"{METRICS[shown]} by epoch"
        self.picture.value = figure_html(figure, f"{what}. {found.verdict}: {found.reason}", "520px")
        self.table.value = "".join(
            _table(run, "loss" if shown == "steps" else shown, len(self.runs) > 1) for run in self.runs
        )
        self.verdict.value = found._repr_html_()
        offered = bool(found.change and self._relaunch)
        self.again.layout.display = "" if offered else "none"
        self.again.description = "Relaunch with " + ", ".join(f"{k} = {v}" for k, v in found.change.items())
        self.again.tooltip = "Start a new training job that differs in this alone"

    def _launch(self) -> None:
        if self._relaunch is None:
            return
        self.again.disabled = True
        try:
            self.relaunched = self._relaunch(dict(self.value.change))
        except KitError as problem:
            self.told.value = note(str(problem), "error")
        else:
            self.told.value = note("A new job was started; watch it in the next cell.", "ok")
        finally:
            self.again.disabled = False


class LiveCurves(CurvesView):
    """The curves of a job that is still running, drawn anew as epochs end; stops looking when the job is over.

    `load()` gives the run as far as it is (load_run or load_customization), and raises NotYet before its first epoch.
    As a plain call: load it again.
    """

    def __init__(self, load: Callable[[], Run], *, every: float = 2.0) -> None:
        super().__init__(Run("waiting for the first epoch", ()))
        self._pump, self._ended = Pump(), threading.Event()
        self._thread = threading.Thread(target=self._look, args=(load, every), name="workshop curves", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()

    def wait(self, timeout: float = 600.0) -> LiveCurves:
        """Wait until the job is over, drawing meanwhile."""
        until = time.monotonic() + timeout
        while self._thread.is_alive() and time.monotonic() < until:
            self._thread.join(0.1)
            self._pump.drain()
        self._pump.drain()
        return self

    def _look(self, load: Callable[[], Run], every: float) -> None:
        while not self._ended.is_set():
            try:
                run = load()
            except NotYet:
                pass
            except KitError as problem:
                self._pump.post(self._tell, str(problem))
                return
            else:
                self._pump.post(self.show, run)
                if run.status in ("Completed", "Failed", "Stopped"):
                    return
            self._ended.wait(every)

    def _tell(self, message: str) -> None:
        self.told.value = note(message, "error")


def _table(run: Run, metric: str, named: bool) -> str:
    best = diagnose(run).best_epoch
    rows = "".join(
        f"<tr{' class=best' * (point.epoch == best)}><td>{point.epoch}{' (best)' * (point.epoch == best)}</td>"
        f"<td>{_cell(getattr(point, f'train_{metric}'))}</td><td>{_cell(getattr(point, f'eval_{metric}'))}</td></tr>"
        for point in run.epochs
    )
    title = f"<p class='wk-name'>{html.escape(run.job_name)}</p>" if named else ""
    return (
        f"{title}<table class='wk-table'><thead><tr><th scope='col'>epoch</th><th scope='col'>training</th>"
        f"<th scope='col'>evaluation</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
