"""Loss curves, the same as a table, and the verdict."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import ipywidgets as widgets

from workshop_kit.training.curves import METRICS, plot, text_table
from workshop_kit.training.diagnosis import Diagnosis, diagnose
from workshop_kit.training.runs import Run
from workshop_kit.widgets.style import Card, row, section, text


class CurvesView(Card):
    """One run, or several over each other; `.value` is the diagnosis of the (last) run.

    As plain calls: plot(run), text_table(run), diagnose(run).
    """

    def __init__(self, runs: Run | Sequence[Run]) -> None:
        self.runs = [runs] if isinstance(runs, Run) else list(runs)
        self.metric = widgets.ToggleButtons(
            options=[(name.capitalize(), name) for name in METRICS],
            value="loss",
            description="Show",
            tooltips=["Cross-entropy per token", "e to the loss: how many words the model hesitates between"],
            style={"description_width": "60px", "button_width": "110px"},
        )
        self.metric.observe(lambda _: self._draw(), names="value")
        self.picture, self.table, self.verdict = text(), text(), text()
        sides = widgets.Box(
            [self.picture, widgets.VBox([section("In numbers"), self.table])],
            layout=widgets.Layout(display="flex", flex_flow="row wrap", grid_gap="24px", align_items="flex-start"),
        )
        names = ", ".join(run.job_name for run in self.runs)
        super().__init__("Loss curves", names, [self.verdict, row(self.metric), sides])
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
        figure = plot(self.runs, self.metric.value, width=5.2, height=3.3)
        file = io.BytesIO()
        figure.savefig(file, format="png", facecolor="white")
        found = self.value
        told = html.escape(f"{METRICS[self.metric.value]} by epoch. {found.verdict}: {found.reason}", quote=True)
        data = base64.b64encode(file.getvalue()).decode()
        self.picture.value = f"<img style='max-width:100%;width:520px' alt='{told}' src='data:image/png;base64,{data}'>"
        self.table.value = "".join(_table(run, self.metric.value, len(self.runs) > 1) for run in self.runs)
        self.verdict.value = found._repr_html_()


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
