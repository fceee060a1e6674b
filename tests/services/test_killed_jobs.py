"""Stops, kills and time limits in the middle of a job: nothing confirmed is lost, every job ends."""

from __future__ import annotations

import os
import signal
import time

from workshop_kit.local_aws import find, find_or_start

BUCKET = "practice"
LONG = {"epoch": "200", "rows": 64}


def trained_epochs(server, name):
    return sum("train_epoch_loss=" in line for line in server.lines(name))


def in_the_middle(server, name, epochs=2, **more):
    """Create a long job and return once it has trained some epochs."""
    server.client("sagemaker").create_training_job(**server.request(name, **(LONG | more)))
    deadline = time.monotonic() + 90
    while trained_epochs(server, name) < epochs if server.job(name)["SecondaryStatus"] == "Training" else True:
        assert time.monotonic() < deadline, server.job(name)
        time.sleep(0.05)


def artefact(server, job):
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    return server.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"]


def test_stop_ends_the_job_within_seconds_and_keeps_the_last_checkpoint(killable):
    in_the_middle(killable, "halt")
    asked = time.monotonic()
    killable.client("sagemaker").stop_training_job(TrainingJobName="halt")
    assert killable.job("halt")["TrainingJobStatus"] in ("Stopping", "Stopped")
    job = killable.wait("halt", seconds=10)
    assert time.monotonic() - asked < 5
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]][-2:] == ["Stopping", "Stopped"]
    assert artefact(killable, job) > 100


def test_a_job_that_waits_can_be_stopped_before_it_begins(killable):
    in_the_middle(killable, "first")
    sagemaker = killable.client("sagemaker")
    sagemaker.create_training_job(**killable.request("second"))
    sagemaker.stop_training_job(TrainingJobName="second")
    job = killable.wait("second", seconds=10)
    assert job["TrainingJobStatus"] == "Stopped" and "ModelArtifacts" not in job
    assert killable.job("first")["TrainingJobStatus"] == "InProgress"
    sagemaker.stop_training_job(TrainingJobName="first")
    assert killable.wait("first")["TrainingJobStatus"] == "Stopped"


def test_a_job_over_its_time_is_stopped_and_says_so(killable):
    killable.client("sagemaker").create_training_job(**killable.request("before"))
    killable.wait("before")  # a worker's own start takes seconds, which count
    for seconds in (6, 20, 60):
        name = f"slow-{seconds}"
        request = killable.request(name, epoch="1000", rows=64)
        request["StoppingCondition"] = {"MaxRuntimeInSeconds": seconds}
        killable.client("sagemaker").create_training_job(**request)
        job = killable.wait(name)
        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
        if trained_epochs(killable, name):
            break
        # A busy machine may train no epoch in so short a time: then there is no checkpoint to keep.
    assert artefact(killable, job) > 100


def test_a_killed_worker_costs_no_more_than_the_steps_since_the_checkpoint(killable):
    in_the_middle(killable, "hurt", epochs=3, epoch="12")
    before = trained_epochs(killable, "hurt")
    worker = killable.worker()
    os.kill(worker, signal.SIGKILL)
    job = killable.wait("hurt", seconds=120)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert killable.worker() not in (None, worker)
    lines = killable.lines("hurt")
    assert any("attempt 2" in line for line in lines)
    # Twelve epochs in all, of which at most the one in hand was trained twice.
    assert 12 <= trained_epochs(killable, "hurt") <= 13, before


def test_a_job_that_kills_every_worker_fails_with_the_reason(killable):
    in_the_middle(killable, "doomed", epochs=1, epoch="1000")
    for attempt in (1, 2, 3):
        if attempt > 1:
            # A worker that is killed before it has taken the job costs the job no attempt.
            killable.eventually(
                lambda: killable.lines("doomed"),
                lambda lines, attempt=attempt: any(f"attempt {attempt} goes on" in line for line in lines),
            )
        os.kill(killable.worker(), signal.SIGKILL)
    job = killable.wait("doomed")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError") and "3 times" in job["FailureReason"]


def test_a_killed_server_loses_neither_the_job_nor_its_worker(killable):
    in_the_middle(killable, "orphan", epochs=2, epoch="20")
    worker = killable.worker()
    os.kill(killable.info.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while find(killable.home) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert killable.worker() == worker, "the worker must not die with the server"
    killable.info = find_or_start(killable.home)
    job = killable.wait("orphan", seconds=120)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["SecondaryStatusTransitions"][2]["Status"] == "Training"
    assert not any("attempt 2" in line for line in killable.lines("orphan"))


def test_server_and_worker_killed_together_are_made_good_at_the_next_start(killable):
    in_the_middle(killable, "both", epochs=2, epoch="12")
    killable.client("sagemaker").create_training_job(**killable.request("queued"))
    os.kill(killable.info.pid, signal.SIGKILL)
    os.kill(killable.worker(), signal.SIGKILL)
    killable.info = find_or_start(killable.home)
    for name in ("both", "queued"):
        job = killable.wait(name, seconds=120)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert any("attempt 2" in line for line in killable.lines("both"))


def test_a_worker_that_hangs_is_replaced_when_the_job_is_stopped(killable):
    in_the_middle(killable, "stuck", epochs=2)
    worker = killable.worker()
    os.kill(worker, signal.SIGSTOP)
    killable.client("sagemaker").stop_training_job(TrainingJobName="stuck")
    job = killable.wait("stuck", seconds=60)
    assert job["TrainingJobStatus"] == "Stopped"
    assert artefact(killable, job) > 100, "the last checkpoint must be kept"
    assert killable.worker() != worker
