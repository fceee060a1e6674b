"""The state machine of a Bedrock evaluation job, on the document that GetEvaluationJob answers.

    InProgress -> Completed   the output is in S3, whole
    Stopping   -> Stopped     no output
    Failed                    with failureMessages

Private fields: those of the queue, and _Id (the end of the ARN), _Log (the stream of log lines), _ModelArn ("" for
answers that are brought along), and _Files (dataset -> name of its output file, chosen when the job is made so that a
resumed job writes the same one).
"""

from __future__ import annotations

import time
from typing import Any

from workshop_kit.local_aws.jobs.queue import Machine

Document = dict[str, Any]

KIND = "evaluation-job"
# Bedrock shows no log lines of such jobs; the ones here are for whoever looks into local AWS.
LOG_GROUP = "/local-aws/bedrock/evaluation-jobs"


def begin(document: Document) -> Document:
    """A new job's document: InProgress."""
    return document | {"status": "InProgress", "lastModifiedTime": document["creationTime"]}


def end(document: Document, status: str, detail: str, reason: str = "") -> Document:
    """Bring a job to its end; a job that is over already stays as it is."""
    if MACHINE.over(document):
        return document
    document |= {"status": status, "lastModifiedTime": round(time.time(), 3), "_Worker": None}
    if status == "Failed":
        document["failureMessages"] = [reason[:2048]]
    return document


def lost_reason(attempts: int) -> str:
    """The failureMessage of a job whose worker keeps dying."""
    return (
        f"The evaluation process ended without a word {attempts} times (killed, or this machine ran out of memory); "
        "free some memory and start the job again."
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
