"""The classroom: what carries a learner through the notebooks.

checkpoints.py   the check at the end of each notebook: are you ready to go on?
handover.py      what one notebook leaves for the next
"""

from workshop_kit.classroom.checkpoints import (
    Checkpoint,
    check_dataset,
    check_endpoint,
    check_review,
    check_run,
    check_submission,
    check_training,
)
from workshop_kit.classroom.handover import (
    leave_dataset,
    leave_job,
    leave_split,
    leave_submission,
    take_dataset,
    take_job,
    take_split,
)

__all__ = [
    "Checkpoint",
    "check_dataset",
    "check_endpoint",
    "check_review",
    "check_run",
    "check_submission",
    "check_training",
    "leave_dataset",
    "leave_job",
    "leave_split",
    "leave_submission",
    "take_dataset",
    "take_job",
    "take_split",
]
