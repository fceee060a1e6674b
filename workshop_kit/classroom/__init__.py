"""The classroom: checks at the end of each notebook that tell a learner whether they are ready to go on."""

from workshop_kit.classroom.checkpoints import (
    Checkpoint,
    check_dataset,
    check_endpoint,
    check_review,
    check_run,
    check_submission,
    check_training,
)

__all__ = [
    "Checkpoint",
    "check_dataset",
    "check_endpoint",
    "check_review",
    "check_run",
    "check_submission",
    "check_training",
]
