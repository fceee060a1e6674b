"""The state machine of a training job, on the document that DescribeTrainingJob answers.

    InProgress  Starting -> Downloading -> Training -> Uploading -> Completed (Completed)
    Stopping    Stopping -> Stopped
    Stopped     Stopped | MaxRuntimeExceeded
    Failed      Failed, with FailureReason

Private fields: those of the queue, and _ModelId, _BaseModel, _Stream (its log stream).
"""

from __future__ import annotations

import time
from typing import Any

from workshop_kit.local_aws.jobs.queue import Machine

Document = dict[str, Any]

KIND = "training-job"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"

MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training in progress on this machine",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "Failed": "Training job failed",
}


def begin(document: Document) -> Document:
    """A new job's document: InProgress, Starting."""
    return step(document | {"TrainingJobStatus": "InProgress"}, "Starting")


def step(document: Document, secondary: str, message: str = "") -> Document:
    """Enter a secondary status; entering the one it is in already changes only its message."""
    now = round(time.time(), 3)
    transitions = document.setdefault("SecondaryStatusTransitions", [])
    message = message or MESSAGES[secondary]
    if transitions and transitions[-1]["Status"] == secondary:
        transitions[-1]["StatusMessage"] = message
    else:
        if transitions:
            transitions[-1]["EndTime"] = now
        transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": message})
    document["SecondaryStatus"] = secondary
    document["LastModifiedTime"] = now
    return document


def end(document: Document, status: str, secondary: str, reason: str = "") -> Document:
    """Bring a job to its end; a job that is over already stays as it is."""
    if MACHINE.over(document):
        return document
    step(document, secondary, reason)
    now = document["LastModifiedTime"]
    document["SecondaryStatusTransitions"][-1]["EndTime"] = now
    document["TrainingJobStatus"] = status
    document["_Worker"] = None
    if status == "Failed":
        document["FailureReason"] = reason[:1024]
    if "TrainingStartTime" in document:
        document["TrainingEndTime"] = now
        seconds = max(1, round(now - document["TrainingStartTime"]))
        document["TrainingTimeInSeconds"] = document["BillableTimeInSeconds"] = seconds
    return document


def lost_reason(attempts: int) -> str:
    """The FailureReason of a job whose worker keeps dying."""
    return (
        f"InternalServerError: The training process ended without a word {attempts} times (killed, or this "
        "machine ran out of memory); free some memory or use a smaller batch or shorter inputs, and start "
        "the job again."
    )


MACHINE = Machine(
    kind=KIND,
    name="TrainingJobName",
    status="TrainingJobStatus",
    created="CreationTime",
    begin=begin,
    end=end,
    lost=lost_reason,
)
