"""The findings of a review, by severity."""

from __future__ import annotations

import ipywidgets as widgets

from workshop_kit.records import Dataset, html_table
from workshop_kit.review import Review
from workshop_kit.widgets.style import Card, facts, row, text

MOST_ROWS = 100


class ReviewTable(Card):
    """Findings, filtered; `.value` is the cleaned dataset that the choices below give.

    As a plain call: review.clean(near_duplicates=...).
    """

    def __init__(self, review: Review) -> None:
        self.review = review
        kinds = list(dict.fromkeys(finding.severity for finding in review.findings))
        self.severity = widgets.ToggleButtons(
            options=[("All", ""), *((kind.capitalize(), kind) for kind in kinds)],
            description="Show",
            tooltip="Which findings to show",
            style={"description_width": "60px", "button_width": "100px"},
        )
        self.near = widgets.Checkbox(
            value=True,
            description="Drop near duplicates too",
            indent=False,
            tooltip="Of rows that say nearly the same, keep the first",
            layout=widgets.Layout(width="auto"),
        )
        self.summary, self.table = text(), text()
        for control in (self.severity, self.near):
            control.observe(lambda _: self._draw(), names="value")
        super().__init__("Review", review.dataset.name, [self.summary, row(self.severity, self.near), self.table])
        self._draw()

    def as_text(self) -> str:
        """The counts."""
        return (
            f"Review: {len(self.review.findings)} findings, {len(self.value)} of {len(self.review.dataset)} rows kept"
        )

    @property
    def value(self) -> Dataset:
        """The rows that are kept, mended where that is safe."""
        return self.review.clean(near_duplicates=self.near.value)

    def _draw(self) -> None:
        kept = self.value
        self.summary.value = facts(
            [
                ("rows", str(len(self.review.dataset))),
                ("findings", str(len(self.review.findings))),
                ("duplicate rows", str(self.review.duplicates)),
                ("rows kept", str(len(kept))),
            ]
        )
        chosen = [f for f in self.review.findings if self.severity.value in ("", f.severity)]
        rows: list[list[object]] = [[f.severity, f.line or "", f.field, f.message, f.fix] for f in chosen[:MOST_ROWS]]
        more = f" (the first {MOST_ROWS} of {len(chosen)})" if len(chosen) > MOST_ROWS else ""
        self.table.value = (
            html_table(["severity", "line", "field", "what", "what to do"], rows, f"{len(chosen)} findings{more}")
            if chosen
            else "<p class='wk-help'>Nothing found.</p>"
        )
