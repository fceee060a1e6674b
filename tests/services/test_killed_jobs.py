"""Stops, kills and time limits in the middle of a job: nothing that was confirmed is lost, and every job comes to an end."""

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
    while (
        trained_epochs(server, name) < epochs if server.job(name)["SecondaryStatus"] == "Training" else True
    ):
        assert time.monotonic() < deadline, server.job(name)
        time.sleep(0.05)


def artefact(server, job):
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    return server.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"]


def test_stop_ends_the_job_within_seconds_and_keeps_the_last_checkpoint(fresh_server):
    in_the_middle(fresh_server, "halt")
    asked = time.monotonic()
    fresh_server.client("sagemaker").stop_training_job(TrainingJobName="halt")
    assert fresh_server.job("halt")["TrainingJobStatus"] in ("Stopping", "Stopped")
    job = fresh_server.wait("halt", seconds=10)
    assert time.monotonic() - asked < 5
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]][-2:] == ["Stopping", "Stopped"]
    assert artefact(fresh_server, job) > 100


def test_a_job_that_waits_can_be_stopped_before_it_begins(fresh_server):
    in_the_middle(fresh_server, "first")
    sagemaker = fresh_server.client("sagemaker")
    sagemaker.create_training_job(**fresh_server.request("second"))
    sagemaker.stop_training_job(TrainingJobName="second")
    job = fresh_server.wait("second", seconds=10)
    assert job["TrainingJobStatus"] == "Stopped" and "ModelArtifacts" not in job
    assert fresh_server.job("first")["TrainingJobStatus"] == "InProgress"


def test_a_job_over_its_time_is_stopped_and_says_so(fresh_server):
    request = fresh_server.request("slow", epoch="100000", rows=64)
    request["StoppingCondition"] = {"MaxRuntimeInSeconds": 12}
    fresh_server.client("sagemaker").create_training_job(**request)
    job = fresh_server.wait("slow")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert artefact(fresh_server, job) > 100


def test_a_killed_worker_costs_no_more_than_the_steps_since_the_checkpoint(fresh_server):
    in_the_middle(fresh_server, "hurt", epochs=3, epoch="30")
    before = trained_epochs(fresh_server, "hurt")
    worker = fresh_server.worker()
    os.kill(worker, signal.SIGKILL)
    job = fresh_server.wait("hurt", seconds=120)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert fresh_server.worker() not in (None, worker)
    lines = fresh_server.lines("hurt")
    assert any("attempt 2" in line for line in lines)
    # Thirty epochs in all, of which at most the one in hand was trained twice.
    assert 30 <= trained_epochs(fresh_server, "hurt") <= 31 + 1, before


def test_a_job_that_kills_every_worker_fails_with_the_reason(fresh_server):
    in_the_middle(fresh_server, "doomed", epochs=1, epoch="100000")
    for _ in range(3):
        worker = (
            fresh_server.wait("doomed", lambda job: fresh_server.worker() is not None)
            and fresh_server.worker()
        )
        heard = len(fresh_server.lines("doomed"))
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while (
            len(fresh_server.lines("doomed")) == heard
            and fresh_server.job("doomed")["TrainingJobStatus"] == "InProgress"
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    job = fresh_server.wait("doomed")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError") and "3 times" in job["FailureReason"]


def test_a_killed_server_loses_neither_the_job_nor_its_worker(fresh_server):
    in_the_middle(fresh_server, "orphan", epochs=2, epoch="60")
    worker = fresh_server.worker()
    os.kill(fresh_server.info.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while find(fresh_server.home) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert fresh_server.worker() == worker, "the worker must not die with the server"
    fresh_server.info = find_or_start(fresh_server.home)
    job = fresh_server.wait("orphan", seconds=120)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["SecondaryStatusTransitions"][2]["Status"] == "Training"
    assert not any("attempt 2" in line for line in fresh_server.lines("orphan"))


def test_server_and_worker_killed_together_are_made_good_at_the_next_start(fresh_server):
    in_the_middle(fresh_server, "both", epochs=2, epoch="40")
    fresh_server.client("sagemaker").create_training_job(**fresh_server.request("queued"))
    os.kill(fresh_server.info.pid, signal.SIGKILL)
    os.kill(fresh_server.worker(), signal.SIGKILL)
    fresh_server.info = find_or_start(fresh_server.home)
    for name in ("both", "queued"):
        job = fresh_server.wait(name, seconds=120)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert any("attempt 2" in line for line in fresh_server.lines("both"))


def test_a_worker_that_hangs_is_replaced_when_the_job_is_stopped(fresh_server):
    in_the_middle(fresh_server, "stuck", epochs=2)
    worker = fresh_server.worker()
    os.kill(worker, signal.SIGSTOP)
    fresh_server.client("sagemaker").stop_training_job(TrainingJobName="stuck")
    job = fresh_server.wait("stuck", seconds=60)
    assert job["TrainingJobStatus"] == "Stopped"
    assert artefact(fresh_server, job) > 100, "the last checkpoint must be kept"
    assert fresh_server.worker() != worker
