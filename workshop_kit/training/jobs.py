"""A training job: what it is doing, its log, waiting for it, stopping it."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, Cancelled, JobFailed, NotYet
from workshop_kit.training.cost import duration
from workshop_kit.training.logs import Reader
from workshop_kit.training.tags import DATASET, OWNED, as_dict

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
OVER = ("Completed", "Failed", "Stopped")


class Cancel(Protocol):
    """Anything with is_set(), such as threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


@dataclass(frozen=True)
class JobProgress:
    """How far a job is. `done` of `total` are steps when they are known, else 0 of 0."""

    done: int
    total: int
    seconds_left: float | None
    text: str
    status: str = "InProgress"


def follow(
    job: Any,
    read: Callable[[dict[str, Any]], JobProgress],
    ending: Callable[[dict[str, Any]], str],
    stopped: str,
    progress: Callable[[JobProgress], None] | None,
    cancel: Cancel | None,
    poll_seconds: float | None,
    *,
    on_aws: float = 15.0,
) -> None:
    """Look at a job of any kind until it is completed, and call `progress` whenever something changed.

    `read` makes progress of what describe() tells, `ending` the sentence for JobFailed. When `cancel` is set the job is
    stopped and Cancelled is raised with the sentence `stopped`. Between two looks lie `poll_seconds` or, without them,
    `on_aws` seconds and less where AWS is a local one.
    """
    pause = poll_seconds or (0.5 if getattr(job.aws, "endpoint_url", None) else on_aws)
    told, asked_to_stop = None, False
    while True:
        found = job.describe()
        now = read(found)
        if progress is not None and now != told:
            progress(now)
            told = now
        if now.status in OVER:
            break
        if cancel is not None and cancel.is_set() and not asked_to_stop:
            job.stop()
            asked_to_stop = True
            continue
        time.sleep(pause)
    if now.status != "Completed":
        raise Cancelled(stopped) if asked_to_stop else JobFailed(ending(found))


def stop_unless_over(job: Any, operation: Callable[..., Any], **which: str) -> None:
    """Ask AWS to stop a job of any kind; one that is over already, which AWS refuses to stop, is left as it is."""
    try:
        kit_call(operation, **which)
    except AwsProblem:
        if job.status not in OVER:
            raise


@dataclass(frozen=True)
class TrainingJob:
    """A training job by its name; every question is asked of AWS anew."""

    aws: Any = field(repr=False, compare=False)
    name: str

    def describe(self) -> dict[str, Any]:
        """DescribeTrainingJob's answer. Raises AwsProblem when there is no such job."""
        try:
            return kit_call(self.aws.client("sagemaker").describe_training_job, TrainingJobName=self.name)
        except AwsProblem as problem:
            if "not found" not in str(problem).lower():
                raise
            raise AwsProblem(
                f"There is no training job {self.name} in region {self.aws.region}; launch one in notebook 03.",
                "ResourceNotFound",
            ) from problem

    def exists(self) -> bool:
        """Whether AWS knows the job."""
        try:
            self.describe()
        except AwsProblem as problem:
            if problem.code == "ResourceNotFound":
                return False
            raise
        return True

    @property
    def status(self) -> str:
        """InProgress, Completed, Failed, Stopping or Stopped."""
        return self.describe()["TrainingJobStatus"]

    @property
    def artifact(self) -> str:
        """The S3 address of the trained model. Raises NotYet when there is none, JobFailed when there will be none."""
        job = self.describe()
        uri = job.get("ModelArtifacts", {}).get("S3ModelArtifacts", "")
        if uri and job["TrainingJobStatus"] in ("Completed", "Stopped"):
            return uri
        if job["TrainingJobStatus"] in OVER:
            raise JobFailed(_ending(job))
        raise NotYet(f"Training job {self.name} is still running ({job['SecondaryStatus']}); wait for it first.")

    def tags(self) -> dict[str, str]:
        """The job's tags."""
        arn = self.describe()["TrainingJobArn"]
        return as_dict(kit_call(self.aws.client("sagemaker").list_tags, ResourceArn=arn)["Tags"])

    @property
    def dataset_id(self) -> str:
        """The id of the split that the job was trained on, '' for a job that the kit did not launch."""
        return self.tags().get(DATASET, "")

    def log_lines(self) -> Iterator[str]:
        """The log so far, oldest line first; nothing before the container has started."""
        yield from _LogTail(self.aws, self.name).new_lines()

    def logs(self, last: int | None = None) -> list[str]:
        """The log so far as a list, or its `last` lines."""
        lines = list(self.log_lines())
        return lines if last is None else lines[-last:]

    def stop(self) -> None:
        """Ask the job to stop; it keeps its last checkpoint. A job that is over already is left as it is."""
        stop_unless_over(self, self.aws.client("sagemaker").stop_training_job, TrainingJobName=self.name)

    def wait(
        self,
        progress: Callable[[JobProgress], None] | None = None,
        cancel: Cancel | None = None,
        *,
        poll_seconds: float | None = None,
    ) -> TrainingJob:
        """Wait until the job has its model, and give the job back.

        `progress` is called in this thread whenever something changed. When `cancel` is set, the job is stopped and
        Cancelled is raised. Interrupting the kernel stops the waiting only: the job goes on; run the cell again.
        Raises JobFailed, with AWS's reason, when the job ends without a model.
        """
        tail, reader, started = _LogTail(self.aws, self.name), Reader(), time.monotonic()
        first_step: tuple[float, int] | None = None

        def read(job: dict[str, Any]) -> JobProgress:
            nonlocal first_step
            for line in tail.new_lines():
                reader.read(line)
            if reader.step and first_step is None:
                first_step = (time.monotonic(), reader.step)
            return _progress(job, reader, first_step, started)

        stopped = f"Training job {self.name} was stopped as you asked; its last checkpoint is kept."
        follow(self, read, _ending, stopped, progress, cancel, poll_seconds, on_aws=5.0)
        return self

    def _repr_html_(self) -> str:
        try:
            job = self.describe()
        except AwsProblem as problem:
            return f"<p>{html.escape(str(problem))}</p>"
        reason = f"<br>{html.escape(job['FailureReason'])}" if job.get("FailureReason") else ""
        return (
            f"<p><b>Training job</b> <code>{html.escape(self.name)}</code>: {job['TrainingJobStatus']} "
            f"({html.escape(job.get('SecondaryStatus', ''))}){reason}</p>"
        )


def list_jobs(aws: Any, status: str | None = None) -> list[TrainingJob]:
    """The kit's own jobs in this account and region, newest first."""
    client = aws.client("sagemaker")
    found, token = [], None
    while True:
        query = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 100}
        query |= ({"StatusEquals": status} if status else {}) | ({"NextToken": token} if token else {})
        page = kit_call(client.list_training_jobs, **query)
        for row in page["TrainingJobSummaries"]:
            tags = kit_call(client.list_tags, ResourceArn=row["TrainingJobArn"])["Tags"]
            if OWNED in as_dict(tags):
                found.append(TrainingJob(aws, row["TrainingJobName"]))
        token = page.get("NextToken")
        if not token:
            return found


class _LogTail:
    """Follows a job's log streams, remembering how far it has read."""

    def __init__(self, aws: Any, job: str) -> None:
        self.client, self.job = aws.client("logs"), job
        self.marks: dict[str, str] = {}

    def new_lines(self) -> Iterator[str]:
        try:
            streams = kit_call(
                self.client.describe_log_streams, logGroupName=LOG_GROUP, logStreamNamePrefix=f"{self.job}/"
            )["logStreams"]
        except AwsProblem as problem:
            if problem.code == "ResourceNotFoundException":
                return  # nothing has been written in this account yet
            raise
        for stream in sorted(row["logStreamName"] for row in streams):
            while True:
                query = {"logGroupName": LOG_GROUP, "logStreamName": stream, "startFromHead": True}
                if stream in self.marks:
                    query["nextToken"] = self.marks[stream]
                page = kit_call(self.client.get_log_events, **query)
                yield from (event["message"].rstrip("\n") for event in page["events"])
                done = self.marks.get(stream) == page["nextForwardToken"] or not page["events"]
                self.marks[stream] = page["nextForwardToken"]
                if done:
                    break


def _progress(job: dict[str, Any], reader: Reader, first_step: tuple[float, int] | None, started: float) -> JobProgress:
    state, done, total = job["TrainingJobStatus"], reader.step, reader.total_steps
    left = None
    if first_step and done > first_step[1] and total:
        elapsed = time.monotonic() - first_step[0]
        left = elapsed / (done - first_step[1]) * (total - done)
    if state == "Completed":
        took = job.get("TrainingTimeInSeconds") or time.monotonic() - started
        text = f"Finished, after {duration(took)} of training"
        done = total = total or 1
        left = 0.0
    elif state in OVER:
        text = _ending(job)
    else:
        text = {
            "Starting": "Starting the machine",
            "Pending": "Waiting for a machine",
            "Downloading": "Downloading the model and the rows",
            "Training": "Training",
            "Uploading": "Uploading the trained model",
            "Stopping": "Stopping",
        }.get(job.get("SecondaryStatus", ""), job.get("SecondaryStatus", ""))
        if job.get("SecondaryStatus") == "Training" and reader.epoch:
            text = f"Epoch {reader.epoch}" + (f" of {reader.epochs_total}" if reader.epochs_total else "")
    if reader.latest:
        text += f" · {reader.latest}"
    return JobProgress(done, total, left, text, state)


def _ending(job: dict[str, Any]) -> str:
    """One sentence for a job that ended without a model."""
    name = job["TrainingJobName"]
    if job["TrainingJobStatus"] == "Failed":
        reason = job.get("FailureReason") or "AWS gave no reason"
        return (
            f"Training job {name} failed: {reason.rstrip('.')}. Change what it names and launch again "
            "(the same settings again: launch(..., again=True))."
        )
    why = "its time limit was reached" if job.get("SecondaryStatus") == "MaxRuntimeExceeded" else "somebody stopped it"
    return f"Training job {name} was stopped ({why}); launch it again with launch(..., again=True)."
