"""Figures that show themselves: as a picture in any notebook, whatever matplotlib's backend is."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(width: float, height: float) -> Figure:
    """An empty figure (inches). It is none of pyplot's: no global state, and a notebook shows it once."""
    return _class()(figsize=(width, height), dpi=110, layout="constrained")


@functools.cache
def _class() -> Any:
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A Figure that IPython can show by itself; its own is shown only where pyplot was imported before."""

        def _repr_png_(self) -> bytes:
            file = io.BytesIO()
            self.savefig(file, format="png", facecolor="white")
            return file.getvalue()

    return Picture
