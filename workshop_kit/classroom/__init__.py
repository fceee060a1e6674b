"""The classroom: what carries a learner through the notebooks, and an instructor through a class.

In the notebooks
    checkpoints.py   the check at the end of each notebook: are you ready to go on?
    handover.py      what one notebook leaves for the next
    attending.py     is a step open, hints, solutions, a hand up
    sharing.py       whether one's progress is told; reporting.py tells it, in the background
    catching_up.py   valid artefacts for a step (class_job.py makes them); own_work.py keeps one's own aside
    taking_home.py   one's workshop in one HTML file
For the instructor
    instructor.py    Classroom: board, hints, pace, teams from a list, the record; hosting.py: of one's own league
    roster.py, joining.py     a CSV file -> teams and join codes, with a sheet to print
    eve.py           a dry run in each account (../aws/account_list.py): rights, models, quotas (quota_counts.py), costs
    running.py       what runs and costs, by team
    teardown.py      afterwards: everything removed, and proof of it
    event_figures.py          the event in figures without names
In the league's server
    routes.py, routes_instructor.py, shared.py over progress.py, pacing.py, board.py, stuck.py, ledger.py, record.py,
    tables.py
"""

from __future__ import annotations

import importlib
from typing import Any

_BY_MODULE = {
    "checkpoints": "Checkpoint check_dataset check_endpoint check_review check_run check_submission check_training",
    "handover": "leave_dataset leave_job leave_practice leave_split leave_submission take_dataset take_job "
    "take_practice take_split",
    "steps": "STEPS Step step_of",
    "attending": "Gate Hint Hints Solution forget_me gate hints i_am_stuck solution",
    "sharing": "CONSENT Sharing current_sharing share_progress stop_sharing",
    "reporting": "begin flush report",
    "catching_up": "CaughtUp catch_up",
    "own_work": "restore_own_work",
    "taking_home": "take_home",
    "instructor": "Board Classroom",
    "hosting": "host",
    "roster": "Attendee Roster read_roster",
    "joining": "Sheet set_up",
    "workshop_kit.aws.account_list": "Account open_accounts read_accounts",
    "eve": "DryRun Plan dry_run",
    "running": "Money Running money",
    "teardown": "Teardown tear_down",
    "event_figures": "EventStatistics event_statistics",
}
_EXPORTS = {name: module for module, names in _BY_MODULE.items() for name in names.split()}
__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    # The server's libraries, and AWS's, are imported when something of theirs is first used.
    if name in _EXPORTS:
        module = _EXPORTS[name]
        value = getattr(importlib.import_module(module if "." in module else f"{__name__}.{module}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
