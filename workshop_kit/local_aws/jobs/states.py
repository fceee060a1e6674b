"""The state machine of a training job, on the document that DescribeTrainingJob answers.

Two documents per job, written together: `training-job/<name>` is the answer itself plus private fields, and
`active-training-job/<name>` exists as long as the job is not over, so that looking for work does not read
every job there ever was.

    InProgress  Starting -> Downloading -> Training -> Uploading -> Completed (Completed)
    Stopping    Stopping -> Stopped
    Stopped     Stopped | MaxRuntimeExceeded
    Failed      Failed, with FailureReason

Private fields: _Worker (who runs it, or None), _Attempts, _ModelId, _BaseModel, _Stream (its log stream).
"""

from __future__ import annotations

import time
from typing import Any

from workshop_kit.local_aws.store import Store

Document = dict[str, Any]

KIND = "training-job"
ACTIVE = "active-training-job"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
MOST_ATTEMPTS = 3

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


def over(document: Document) -> bool:
    """Whether the job has reached one of its three ends."""
    return document["TrainingJobStatus"] in ("Completed", "Failed", "Stopped")


def begin(document: Document) -> Document:
    """A new job's document: InProgress, Starting, nobody runs it yet."""
    document |= {"TrainingJobStatus": "InProgress", "_Worker": None, "_Attempts": 0}
    return step(document, "Starting")


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
    if over(document):
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


def submit(store: Store, name: str, document: Document) -> None:
    """Put a new job in the queue; raises store.Exists for a name already used."""
    with store.transaction():
        store.create(KIND, name, begin(document))
        store.put(ACTIVE, name, {"CreationTime": document["CreationTime"]})


def active(store: Store) -> list[Document]:
    """The jobs that are not over, oldest first."""
    names = sorted(store.list(ACTIVE), key=lambda row: (row[1]["CreationTime"], row[0]))
    documents = [store.get(KIND, name) for name, _ in names]
    return [document for document in documents if document is not None and not over(document)]


def finish(store: Store, name: str, status: str, secondary: str, reason: str = "") -> None:
    """Write a job's end to disk and take it off the queue."""
    with store.transaction():
        store.update(KIND, name, lambda document: end(document, status, secondary, reason))
        store.delete(ACTIVE, name)


def claim(store: Store, worker: str) -> Document | None:
    """Take the oldest job for `worker`, which must be the only one alive (see lock.py).

    A job whose claim is somebody else's has lost its worker: it is taken over, to be resumed from its
    checkpoint, but no more than MOST_ATTEMPTS times, since a job that kills its worker would do so for ever.
    """
    for waiting in active(store):
        name = waiting["TrainingJobName"]

        def take(document: Document) -> Document:
            if not over(document):
                document["_Worker"] = worker
                document["_Attempts"] += 1
            return document

        if waiting["_Attempts"] >= MOST_ATTEMPTS and waiting["TrainingJobStatus"] == "InProgress":
            finish(store, name, "Failed", "Failed", lost_reason(waiting["_Attempts"]))
            continue
        document = store.update(KIND, name, take)
        if document is not None and not over(document):
            return document
    return None


def lost_reason(attempts: int) -> str:
    """The FailureReason of a job whose worker keeps dying."""
    return (
        f"InternalServerError: The training process ended without a word {attempts} times (killed, or this "
        "machine ran out of memory); free some memory or use a smaller batch or shorter inputs, and start "
        "the job again."
    )
