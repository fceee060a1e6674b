"""An evaluation job on Bedrock: what it is doing, waiting for it, stopping it, its results."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, JobFailed, NotYet
from workshop_kit.league.evaluation.results import EvaluationResults, read_results
from workshop_kit.training.jobs import OVER, Cancel, JobProgress, follow, stop_unless_over
from workshop_kit.training.tags import OWNED


@dataclass(frozen=True)
class EvaluationJob:
    """An evaluation job; AWS knows it by its ARN, people by its name. Every question is asked of AWS anew."""

    aws: Any = field(repr=False, compare=False)
    name: str
    arn: str

    def describe(self) -> dict[str, Any]:
        """GetEvaluationJob's answer. Raises AwsProblem when there is no such job."""
        return kit_call(self.aws.client("bedrock").get_evaluation_job, jobIdentifier=self.arn)

    @property
    def status(self) -> str:
        """InProgress, Completed, Failed, Stopping, Stopped or Deleting."""
        return self.describe()["status"]

    def stop(self) -> None:
        """Ask the job to stop; it gives no results then. A job that is over already is left as it is."""
        stop_unless_over(self, self.aws.client("bedrock").stop_evaluation_job, jobIdentifier=self.arn)

    def wait(
        self,
        progress: Callable[[JobProgress], None] | None = None,
        cancel: Cancel | None = None,
        *,
        poll_seconds: float | None = None,
    ) -> EvaluationJob:
        """Wait until the job has its results, and give the job back.

        `progress` is called whenever something changed; Bedrock does not tell how many rows are done. When `cancel` is
        set the job is stopped and Cancelled is raised. Raises JobFailed, with AWS's reason.
        """
        stopped = f"Evaluation job {self.name} was stopped as you asked; it gives no results."
        follow(self, _progress, _ending, stopped, progress, cancel, poll_seconds)
        return self

    def results(self) -> EvaluationResults:
        """The scores, from the job's output in S3.

        Raises NotYet while the job runs, JobFailed when it ended without results, AwsProblem when the output is gone or
        damaged.
        """
        job = self.describe()
        if job["status"] == "Completed":
            return read_results(self.aws, job)
        if job["status"] in OVER:
            raise JobFailed(_ending(job))
        raise NotYet(f"Evaluation job {self.name} is still running; wait for it first.")

    def _repr_html_(self) -> str:
        try:
            job = self.describe()
        except AwsProblem as problem:
            return f"<p>{html.escape(str(problem))}</p>"
        reason = "".join(f"<br>{html.escape(message)}" for message in job.get("failureMessages") or ())
        return f"<p><b>Evaluation job</b> <code>{html.escape(self.name)}</code>: {job['status']}{reason}</p>"


def find_evaluation(aws: Any, name: str) -> EvaluationJob | None:
    """The evaluation job with exactly that name, if there is one."""
    return next((EvaluationJob(aws, name, row["jobArn"]) for row in _rows(aws, nameContains=name)
                 if row["jobName"] == name), None)  # fmt: skip


def list_evaluations(aws: Any) -> list[EvaluationJob]:
    """The kit's own evaluation jobs in this account and region, newest first."""
    client, found = aws.client("bedrock"), []
    for row in _rows(aws):
        tags = kit_call(client.list_tags_for_resource, resourceARN=row["jobArn"])["tags"]
        if any(tag["key"] == OWNED for tag in tags):
            found.append(EvaluationJob(aws, row["jobName"], row["jobArn"]))
    return found


def _rows(aws: Any, **filters: str) -> Iterator[dict[str, Any]]:
    client, token = aws.client("bedrock"), None
    while True:
        page = kit_call(client.list_evaluation_jobs, **filters, **({"nextToken": token} if token else {}))
        yield from page.get("jobSummaries", ())
        token = page.get("nextToken")
        if not token:
            return


def _progress(job: dict[str, Any]) -> JobProgress:
    status = job["status"]
    text = {"InProgress": "The judge is at work", "Stopping": "Stopping", "Completed": "Finished; scores are there"}
    told = text.get(status) or _ending(job)
    return JobProgress(int(status == "Completed"), 1, None, told, status)


def _ending(job: dict[str, Any]) -> str:
    """One sentence for a job that ended without results."""
    if job["status"] == "Failed":
        reason = " ".join(job.get("failureMessages") or ()).rstrip(".") or "AWS gave no reason"
        return f"Evaluation job {job['jobName']} failed: {reason}. Change what it names and start it again."
    return f"Evaluation job {job['jobName']} was stopped; it gives no results. Start it again with again=True."
