"""The state machine of a Bedrock customization job, on the document that GetModelCustomizationJob answers.

    InProgress   dataProcessing -> training -> validation, each NotStarted -> InProgress -> Completed
    Stopping     -> Stopped
    Completed    the custom model is there
    Failed       with failureMessage

Private fields: those of the queue, and _Id (the end of the ARN), _Weights ("base" or "reference": which of the
stand-ins is trained), _From (the id of the custom model to go on from, or None), _Model (the id of the custom model to
be made), _Log (the stream of log lines).
"""

from __future__ import annotations

import time
from typing import Any

from workshop_kit.local_aws.jobs.queue import Machine
from workshop_kit.local_aws.store import Store

Document = dict[str, Any]

KIND = "customization-job"
# Bedrock shows no log lines of such jobs; the ones here are for whoever looks into local AWS.
LOG_GROUP = "/local-aws/bedrock/customization-jobs"
PHASES = ("dataProcessingDetails", "trainingDetails", "validationDetails")


def _now() -> float:
    return round(time.time(), 3)


def begin(document: Document) -> Document:
    """A new job's document: InProgress, nothing of it started."""
    details = {phase: {"status": "NotStarted"} for phase in PHASES}
    return document | {"status": "InProgress", "statusDetails": details, "lastModifiedTime": document["creationTime"]}


def enter(store: Store, name: str, phase: str) -> None:
    """Enter a phase, which completes those before it; a job that is being stopped stays as it is."""

    def change(document: Document) -> Document:
        if document["status"] != "InProgress":
            return document
        now = _now()
        for earlier in PHASES[: PHASES.index(phase)]:
            _set(document, earlier, "Completed", now)
        _set(document, phase, "InProgress", now)
        document["lastModifiedTime"] = now
        return document

    store.update(KIND, name, change)


def _set(document: Document, phase: str, status: str, now: float) -> None:
    detail = document["statusDetails"][phase]
    if detail["status"] != status:
        detail |= {"status": status, "lastModifiedTime": now}
        detail.setdefault("creationTime", now)


def end(document: Document, status: str, detail: str, reason: str = "") -> Document:
    """Bring a job to its end; a job that is over already stays as it is."""
    if MACHINE.over(document):
        return document
    now = _now()
    for phase in PHASES:
        found = document["statusDetails"][phase]["status"]
        if status == "Completed":
            _set(document, phase, "Completed", now)
        elif found in ("InProgress", "Stopping"):
            _set(document, phase, status, now)
    document |= {"status": status, "lastModifiedTime": now, "endTime": now, "_Worker": None}
    if status == "Failed":
        document["failureMessage"] = reason[:2048]
    return document


def lost_reason(attempts: int) -> str:
    """The failureMessage of a job whose worker keeps dying."""
    return (
        f"The training process ended without a word {attempts} times (killed, or this machine ran out of memory); "
        "free some memory or shorten the rows, and start the job again."
    )


MACHINE = Machine(
    kind=KIND,
    name="jobName",
    status="status",
    created="creationTime",
    begin=begin,
    end=end,
    lost=lost_reason,
)
