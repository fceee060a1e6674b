"""The standings, with a button that looks again and a box that keeps looking."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ipywidgets as widgets

from workshop_kit.errors import KitError
from workshop_kit.widgets.pump import Pump
from workshop_kit.widgets.style import Card, figure_html, note, row, section, text

EVERY = 5.0


class BoardView(Card):
    """Shows what `fetch()` gives, now, at every press of the button, and every few seconds while "live" is on.

    `fetch` is a function without arguments, such as league.standings, or the standings themselves; `.value` is the last
    that came. `mine`, if given, gives one's own place (league.me). As plain calls: standings(), me(),
    standings().plot().
    """

    def __init__(
        self, fetch: Callable[[], Any] | Any, title: str = "Leaderboard", *, mine: Callable[[], Any] | None = None
    ) -> None:
        self._fetch = fetch if callable(fetch) else lambda: fetch
        self._mine, self._pump = mine, Pump()
        self._stop = threading.Event()  # of the thread that looks; each has its own
        self._stop.set()
        self.value: Any = None
        self.table, self.told, self.own, self.picture = text(), text(), text(), text()
        self.button = widgets.Button(
            description="Look again",
            icon="refresh",
            tooltip="Ask the league for the standings",
            layout={"width": "140px"},
        )
        self.button.on_click(lambda _: self.refresh())
        self.live = widgets.Checkbox(value=False, description="keep looking", indent=False, layout={"width": "auto"})
        self.live.observe(lambda change: self._keep_looking(change["new"]), names="value")
        super().__init__(
            title,
            "",
            [self.own, self.table, row(self.button, self.live, self.told), section("Progress"), self.picture],
        )
        self.refresh()

    def as_text(self) -> str:
        """The standings as text."""
        shown = getattr(self.value, "to_text", None)
        return shown() if shown else str(self.value)

    def refresh(self) -> BoardView:
        """Ask for the standings and show them; what was shown stays when that fails."""
        try:
            self._show(self._ask())
        except KitError as problem:
            self._tell(str(problem))
        return self

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        super().close()

    def _ask(self) -> tuple[Any, Any]:
        return self._fetch(), self._mine() if self._mine else None

    def _show(self, found: tuple[Any, Any]) -> None:
        self.value, mine = found
        shown = getattr(self.value, "_repr_html_", None)
        self.table.value = shown() if shown else f"<pre>{html.escape(str(self.value))}</pre>"
        self.own.value = mine._repr_html_() if mine is not None else ""
        curves = getattr(self.value, "progress", ())
        plotted = getattr(self.value, "plot", None)
        self.picture.value = figure_html(plotted(), "Best win rate of the first teams") if plotted and curves else ""
        self.told.value = f"<p class='wk-help' role='status'>As of {datetime.now():%H:%M:%S}</p>"

    def _tell(self, problem: str) -> None:
        self.told.value = note(problem, "error")

    def _keep_looking(self, on: bool) -> None:
        self._stop.set()
        if on:
            self._stop = threading.Event()
            threading.Thread(target=self._look, args=(self._stop,), name="board", daemon=True).start()

    def _look(self, stop: threading.Event) -> None:
        """In a thread of its own: ask, and have the kernel's loop show it."""
        while not stop.is_set():
            try:
                self._pump.post(self._show, self._ask())
            except KitError as problem:
                self._pump.post(self._tell, str(problem))
            except Exception as problem:
                # Whatever it is, looking goes on: a board that stands still and says nothing misleads.
                self._pump.post(self._tell, f"The standings could not be shown ({problem}); they are asked for again.")
            stop.wait(EVERY)
