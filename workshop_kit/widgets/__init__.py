"""Views (ipywidgets): they show values and collect choices; whatever they do can be done by a plain call as well.

style.py       spacing, colours, cards and labelled fields that all views share
pump.py        how other threads reach widgets: they post, the kernel's loop sets
topics.py      TopicTree: a tree of topics, edited
author.py      AuthorForm: a domain's topics, personas and styles -> a Plan
review.py      ReviewTable: findings, by severity
desk.py        ReviewDesk: accept, edit, reject, flag or note rows, by keyboard
launch.py      LaunchForm: every hyperparameter -> a TrainingConfig, with its plan beside it
customize.py   CustomizeForm: the same for Nova's recipes on Bedrock
progress.py    Progress: a bar with the time left and a cancel button; watch(job)
curves.py      CurvesView: loss curves, table and verdict; LiveCurves: the same while a job runs
playground.py  PlaygroundView: models side by side, streaming
board.py       BoardView: the standings
pace.py        PaceBar: the step, its time, the instructor's hints, a hand up, catching up (catching_up.py)
"""

from __future__ import annotations

import importlib
from typing import Any

_EXPORTS = {
    "TopicTree": "topics",
    "AuthorForm": "author",
    "ReviewTable": "review",
    "ReviewDesk": "desk",
    "open_desk": "desk",
    "LaunchForm": "launch",
    "CustomizeForm": "customize",
    "Progress": "progress",
    "watch": "progress",
    "CurvesView": "curves",
    "LiveCurves": "curves",
    "PlaygroundView": "playground",
    "BoardView": "board",
    "PaceBar": "pace",
}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
