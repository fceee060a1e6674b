"""How long questions and answers are, in characters, words and estimated tokens."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workshop_kit.records import Dataset

BINS = 12


def estimate_tokens(text: str) -> int:
    """About how many tokens Llama 3 makes of `text`: a quarter of its UTF-8 bytes, rounded up.

    Four bytes per token is the usual rule of thumb for English; other scripts take more bytes and tokens.
    """
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 4)


@dataclass(frozen=True)
class Measure:
    """One length over all rows."""

    field: str
    unit: str
    values: tuple[int, ...]

    def at(self, share: float) -> int:
        """The value below which `share` (0 to 1) of the rows lie; 0 without rows."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0

    @property
    def mean(self) -> float:
        """The mean; 0 without rows."""
        return sum(self.values) / len(self.values) if self.values else 0.0

    def histogram(self, bins: int = BINS) -> list[tuple[int, int, int]]:
        """(from, to, rows) for bins of equal width; `to` is the first value that belongs to the next bin."""
        if not self.values:
            return []
        low = min(self.values)
        width = max(1, math.ceil((max(self.values) - low + 1) / bins))
        counts = [0] * bins
        for value in self.values:
            counts[(value - low) // width] += 1
        last = max(n for n, count in enumerate(counts) if count)
        return [(low + n * width, low + (n + 1) * width, counts[n]) for n in range(last + 1)]


@dataclass(frozen=True)
class Lengths:
    """Every length of a dataset."""

    measures: tuple[Measure, ...]

    def of(self, field: str, unit: str = "words") -> Measure:
        """One measure: field "instruction" or "response"; unit "characters", "words" or "tokens"."""
        return next(m for m in self.measures if (m.field, m.unit) == (field, unit))

    def to_frame(self) -> Any:
        """One row per measure as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=["field", "unit", "shortest", "median", "mean", "95 %", "longest"])

    def figure(self, unit: str = "words") -> Any:
        """A plotly figure: two histograms over the same axis."""
        import plotly.graph_objects as go

        figure = go.Figure()
        for field, colour in (("instruction", "#4477aa"), ("response", "#ee6677")):
            figure.add_histogram(x=list(self.of(field, unit).values), name=field, marker_color=colour, opacity=0.65)
        title = f"Length in {'estimated tokens' if unit == 'tokens' else unit}"
        figure.update_layout(
            barmode="overlay",
            title=title,
            xaxis_title=unit,
            yaxis_title="rows",
            template="plotly_white",
            height=320,
        )
        return figure

    def _rows(self) -> Iterable[tuple[Any, ...]]:
        return [
            (m.field, m.unit, m.at(0), m.at(0.5), round(m.mean, 1), m.at(0.95), max(m.values, default=0))
            for m in self.measures
        ]

    def _repr_html_(self) -> str:
        parts = []
        for field in ("instruction", "response"):
            histogram = self.of(field).histogram()
            most = max((rows for _, _, rows in histogram), default=1)
            bars = "".join(
                f"<tr><td style='text-align:right'>{low}–{high - 1}</td><td style='text-align:left'>"
                "<span style='display:inline-block;height:0.8em;background:#4477aa;"
                f"width:{8 * rows / most:.2f}em'></span> {rows}</td></tr>"
                for low, high, rows in histogram
            )
            parts.append(
                "<div style='display:inline-block;vertical-align:top;margin-right:2em'>"
                f"<b>{html.escape(field)}</b>, words<table>{bars}</table></div>"
            )
        return "".join(parts)


def measure(dataset: Dataset) -> Lengths:
    """Measure questions and answers."""
    units = {
        "characters": len,
        "words": lambda text: len(text.split()),
        "tokens": estimate_tokens,
    }
    return Lengths(
        tuple(
            Measure(field, unit, tuple(count(getattr(example, field)) for example in dataset))
            for field in ("instruction", "response")
            for unit, count in units.items()
        )
    )
