"""The standings, with a button that looks again."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ipywidgets as widgets

from workshop_kit.errors import KitError
from workshop_kit.widgets.style import Card, note, row, text


class BoardView(Card):
    """Shows what `fetch()` gives, now and at every press of the button; `.value` is the last that came.

    `fetch` is a function without arguments, such as league.client.standings, or the standings themselves.
    """

    def __init__(self, fetch: Callable[[], Any] | Any, title: str = "Leaderboard") -> None:
        self._fetch = fetch if callable(fetch) else lambda: fetch
        self.value: Any = None
        self.table, self.told = text(), text()
        self.button = widgets.Button(
            description="Look again",
            icon="refresh",
            tooltip="Ask the league for the standings",
            layout={"width": "140px"},
        )
        self.button.on_click(lambda _: self.refresh())
        super().__init__(title, "", [self.table, row(self.button, self.told)])
        self.refresh()

    def as_text(self) -> str:
        """The standings as text."""
        shown = getattr(self.value, "to_text", None)
        return shown() if shown else str(self.value)

    def refresh(self) -> BoardView:
        """Ask for the standings and show them; what was shown stays when that fails."""
        try:
            self.value = self._fetch()
        except KitError as problem:
            self.told.value = note(str(problem), "error")
            return self
        shown = getattr(self.value, "_repr_html_", None)
        self.table.value = shown() if shown else f"<pre>{html.escape(str(self.value))}</pre>"
        self.told.value = f"<p class='wk-help' role='status'>As of {datetime.now():%H:%M:%S}</p>"
        return self
