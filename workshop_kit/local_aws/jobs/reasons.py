"""Why a job failed, in one sentence for its FailureReason, and in full for its log."""

from __future__ import annotations

import errno
import traceback
from typing import Protocol

from workshop_kit.errors import KitError
from workshop_kit.local_aws.awserror import AwsError


class JobFault(Exception):
    """The job can't go on; the text is its FailureReason."""


class Log(Protocol):
    """Where a job's lines go."""

    def log(self, line: str) -> None:
        """Write a line."""


def reason_of(problem: Exception) -> str:
    """The FailureReason of whatever went wrong, in one sentence."""
    if isinstance(problem, JobFault):
        return str(problem)
    if isinstance(problem, AwsError):
        return f"ClientError: Artifact upload failed: {problem.message}"
    if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
        return "ClientError: The disk is full; free some space and start the job again."
    if isinstance(problem, MemoryError):
        return "AlgorithmError: Out of memory; use a smaller per_device_train_batch_size or max_input_length."
    if isinstance(problem, KitError):
        return f"AlgorithmError: {problem}"
    return f"AlgorithmError: {type(problem).__name__}: {problem}, exit code: 1"


def tell(journal: Log, problem: Exception, reason: str) -> None:
    """Write the fault to the job's log; an unforeseen one with where it happened."""
    foreseen = isinstance(problem, (JobFault, AwsError, KitError))
    text = reason if foreseen else "".join([*traceback.format_exception(problem), reason])
    try:
        journal.log(text)
    except Exception:
        traceback.print_exc()  # a full disk: the worker's own log is all that is left to try
