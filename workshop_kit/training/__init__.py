"""Training: recipes, launch, jobs, runs, curves and the verdict on them.

explain.py          each hyperparameter in plain words
hyperparameters.py  a recipe: the hub's names, bounds and defaults joined with the words
checks.py           one value, and traps in the whole
cost.py             steps, time and cost before launch
launching.py        configuration -> plan (the exact boto3 request) -> job
cards.py            a plan as a card
jobs.py             describe, logs, wait, stop
runs.py             a job's loss curves, read from its logs
curves.py           the curves drawn and as a table
logbook.py          one row a run, with all it was and all that came of it
sweep.py            several trainings that differ in a few settings
diagnosis.py        under-, over- or well-fitted, and why
"""

from __future__ import annotations

import importlib
from typing import Any

_EXPORTS = {
    "Recipe": "hyperparameters",
    "Hyperparameter": "hyperparameters",
    "recipe": "hyperparameters",
    "check_value": "checks",
    "TrainingConfig": "launching",
    "LaunchPlan": "launching",
    "plan_launch": "launching",
    "launch": "launching",
    "TrainingJob": "jobs",
    "JobProgress": "jobs",
    "list_jobs": "jobs",
    "Run": "runs",
    "EpochPoint": "runs",
    "load_run": "runs",
    "Diagnosis": "diagnosis",
    "diagnose": "diagnosis",
    "Logbook": "logbook",
    "Sweep": "sweep",
    "plan_sweep": "sweep",
    "run_sweep": "sweep",
    "plot": "curves",
    "text_table": "curves",
}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
