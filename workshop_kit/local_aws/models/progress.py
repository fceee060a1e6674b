"""How far a long piece of work has come, told to a terminal or a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

# (what is being done, the share that is done from 0 to 1, or None where nobody can know)
Progress = Callable[[str, float | None], None]


def silent(what: str, share: float | None) -> None:
    """Tell nobody."""


def printer(file: TextIO | None = None) -> Progress:
    """Print to `file` (standard output by default): one line that grows in a terminal or notebook, one line for each step elsewhere."""
    out = file or sys.stdout
    live = out.isatty() or "ipykernel" in sys.modules
    began: dict[str, float] = {}
    last = {"what": "", "width": 0}

    def tell(what: str, share: float | None) -> None:
        new = what != last["what"]
        seconds = time.monotonic() - began.setdefault(what, time.monotonic())
        if new and last["what"] and live:
            print(file=out)
        if not live:
            if new:
                print(what, file=out, flush=True)
        else:
            line = f"{what}: {share:4.0%}" if share is not None else f"{what}: {seconds:.0f} s"
            end = "\n" if share == 1 else ""
            print("\r" + line.ljust(0 if new else int(last["width"])), end=end, file=out, flush=True)
            last["width"] = len(line)
        last["what"] = "" if share == 1 else what

    return tell
