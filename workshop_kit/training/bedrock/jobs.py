"""A customization job on Bedrock: what it is doing, waiting for it, stopping it, the model it made."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, JobFailed, NotYet
from workshop_kit.training.jobs import OVER, Cancel, JobProgress, follow, stop_unless_over

_PHASES = (
    ("dataProcessingDetails", "Reading the data"),
    ("trainingDetails", "Training"),
    ("validationDetails", "Validating"),
)


@dataclass(frozen=True)
class CustomizationJob:
    """A customization job by its name; every question is asked of AWS anew."""

    aws: Any = field(repr=False, compare=False)
    name: str

    def describe(self) -> dict[str, Any]:
        """GetModelCustomizationJob's answer. Raises AwsProblem when there is no such job."""
        return kit_call(self.aws.client("bedrock").get_model_customization_job, jobIdentifier=self.name)

    def exists(self) -> bool:
        """Whether AWS knows the job."""
        try:
            self.describe()
        except AwsProblem as problem:
            if problem.code == "ResourceNotFoundException":
                return False
            raise
        return True

    @property
    def status(self) -> str:
        """InProgress, Completed, Failed, Stopping or Stopped."""
        return self.describe()["status"]

    @property
    def model_arn(self) -> str:
        """The custom model's ARN. Raises NotYet while there is none, JobFailed when there will be none."""
        job = self.describe()
        if job["status"] == "Completed":
            return job["outputModelArn"]
        if job["status"] in OVER:
            raise JobFailed(_ending(job))
        raise NotYet(f"Customization job {self.name} is still running; wait for it first.")

    def stop(self) -> None:
        """Ask the job to stop; it makes no model then. A job that is over already is left as it is."""
        stop_unless_over(self, self.aws.client("bedrock").stop_model_customization_job, jobIdentifier=self.name)

    def wait(
        self,
        progress: Callable[[JobProgress], None] | None = None,
        cancel: Cancel | None = None,
        *,
        poll_seconds: float | None = None,
    ) -> CustomizationJob:
        """Wait until the job has its model, and give the job back.

        `progress` is called whenever something changed; Bedrock tells phases, not steps, so the bar counts those. When
        `cancel` is set the job is stopped and Cancelled is raised. Raises JobFailed, with AWS's reason.
        """
        stopped = f"Customization job {self.name} was stopped as you asked; it makes no model."
        follow(self, _progress, _ending, stopped, progress, cancel, poll_seconds)
        return self

    def _repr_html_(self) -> str:
        try:
            job = self.describe()
        except AwsProblem as problem:
            return f"<p>{html.escape(str(problem))}</p>"
        reason = f"<br>{html.escape(job['failureMessage'])}" if job.get("failureMessage") else ""
        return f"<p><b>Customization job</b> <code>{html.escape(self.name)}</code>: {job['status']}{reason}</p>"


def _progress(job: dict[str, Any]) -> JobProgress:
    details = job.get("statusDetails") or {}
    done = sum(details.get(phase, {}).get("status") == "Completed" for phase, _ in _PHASES)
    running = next((words for phase, words in _PHASES if details.get(phase, {}).get("status") == "InProgress"), "")
    text = running or {"InProgress": "Waiting for a machine", "Stopping": "Stopping"}.get(job["status"], job["status"])
    if job["status"] in ("Failed", "Stopped"):
        text = _ending(job)
    elif job["status"] == "Completed":
        text, done = "Finished; the custom model is there", len(_PHASES)
    return JobProgress(done, len(_PHASES), None, text, job["status"])


def _ending(job: dict[str, Any]) -> str:
    if job["status"] == "Failed":
        reason = (job.get("failureMessage") or "AWS gave no reason").rstrip(".")
        return f"Customization job {job['jobName']} failed: {reason}. Change what it names and launch again."
    return f"Customization job {job['jobName']} was stopped; it made no model. Launch it again with again=True."
