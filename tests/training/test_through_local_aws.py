"""From a split to answers and back to nothing, through boto3 and a real (tiny) training job."""

import random
import threading

import pytest

from workshop_kit.classroom import check_endpoint, check_training
from workshop_kit.errors import AwsProblem, BadInput, Cancelled, JobFailed
from workshop_kit.playground import compare, deploy, deploy_base, find_endpoint, leftovers, list_endpoints
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.training import TrainingConfig, TrainingJob, diagnose, launch, list_jobs, load_run, plan_launch

SYSTEM = "You help."
WORDS = "cat dog house tree permit fee office river bridge lake king town road mill farm".split()


def rows(count):
    chance = random.Random(1)
    return Dataset(
        tuple(
            Example(f"What is {' '.join(chance.sample(WORDS, 4))} {i}?", f"It is {' '.join(chance.sample(WORDS, 5))}.")
            for i in range(count)
        ),
        "toy",
        SYSTEM,
    )


@pytest.fixture(scope="module")
def parts():
    return split(rows(60), 0.2)


@pytest.fixture(scope="module")
def job(local_aws, parts):
    plan = plan_launch(local_aws, parts, TrainingConfig({"epoch": 2, "learning_rate": 0.01}))
    seen = []
    done = launch(local_aws, plan).wait(progress=seen.append)
    assert seen[-1].status == "Completed"
    assert any("Epoch" in event.text for event in seen) or len(seen) < 4
    return done


def test_a_job_trains_and_its_run_and_verdict_follow(local_aws, parts, job):
    assert check_training(job, parts)
    run = load_run(local_aws, job.name)
    assert [point.epoch for point in run.epochs] == [1, 2]
    assert all(point.train_loss and point.eval_loss for point in run.epochs)
    assert len(run.steps) == 2 * plan_launch(local_aws, parts, TrainingConfig({"epoch": 2})).estimate.steps_per_epoch
    assert (run.dataset_id, run.validation_rows) == (parts.provenance_id, len(parts.validation))
    assert diagnose(run).verdict in ("underfitting", "good fit", "overfitting")


def test_running_the_cell_again_finds_the_job_and_again_starts_another(local_aws, parts, job):
    config = TrainingConfig({"epoch": 2, "learning_rate": 0.01})
    assert launch(local_aws, parts, config).name == job.name
    second = launch(local_aws, parts, config, again=True)
    assert second.name == f"{job.name}-2"
    second.stop()
    assert job.name in [found.name for found in list_jobs(local_aws)]


def test_a_job_trained_on_other_rows_is_told_from_the_present_ones(job):
    assert "not on your present split" in check_training(job, split(rows(50), 0.2)).message


def test_an_endpoint_answers_streams_and_leaves_nothing_behind(local_aws, job):
    tuned = deploy(local_aws, job)
    base = deploy_base(local_aws, system=tuned.system)
    assert tuned.system == SYSTEM
    assert deploy(local_aws, job.name) == tuned == find_endpoint(local_aws, tuned.name)
    whole = tuned.ask("What is cat?", max_new_tokens=12)
    assert "".join(tuned.ask("What is cat?", max_new_tokens=12, stream=True)).strip() == whole
    table = compare({"tuned": tuned, "base": base}, "What is cat?", max_new_tokens=4)
    assert set(table.rows()[0]) == {"question", "tuned", "base"}
    with pytest.raises(BadInput, match="serves another model"):
        deploy(local_aws, job, base.name)
    assert {tuned.name, base.name} <= set(list_endpoints(local_aws))
    assert tuned.delete() == base.delete() == ()
    assert list_endpoints(local_aws) == []
    assert leftovers(local_aws, tuned.name) == []
    assert "no endpoint" in check_endpoint(tuned).message
    assert tuned.delete() == ()


def test_cancelling_stops_the_job_itself(local_aws, parts):
    cancel = threading.Event()
    job = launch(local_aws, parts, TrainingConfig({"epoch": 1000}))
    with pytest.raises(Cancelled, match="stopped as you asked"):
        job.wait(progress=lambda event: cancel.set(), cancel=cancel)
    assert job.status == "Stopped"
    with pytest.raises(JobFailed, match="again=True"):
        job.wait()


def test_a_job_that_does_not_exist_is_told_in_a_sentence(local_aws):
    job = TrainingJob(local_aws, "no-such-job")
    assert not job.exists()
    with pytest.raises(AwsProblem, match="There is no training job no-such-job"):
        load_run(local_aws, job)
    assert not check_training(job)


def test_the_program_shown_launches_the_job(local_aws, parts):
    plan = plan_launch(local_aws, parts, TrainingConfig({"epoch": 1}))
    plan.upload(local_aws)
    exec(plan.boto3_code(), {})
    job = TrainingJob(local_aws, plan.job_name)
    assert job.exists()
    assert launch(local_aws, plan) == job
    job.stop()


def test_the_curves_can_be_read_from_cloudwatchs_metrics_too(local_aws):
    from workshop_kit.records import Dataset, Example
    from workshop_kit.review import split
    from workshop_kit.training import TrainingConfig, launch, load_run, plan_launch
    from workshop_kit.training.metrics import load_from_metrics

    # Long enough an epoch for every value to have a second of its own: metrics are kept by the second.
    rows = split(Dataset(tuple(Example(f"What is {n}?", f"It is number {n}. " * 12) for n in range(400))))
    job = launch(local_aws, plan_launch(local_aws, rows, TrainingConfig({"epoch": 3}, name="by-metrics"))).wait()
    from_log, from_metrics = load_run(local_aws, job), load_from_metrics(local_aws, job)
    assert len(from_metrics.epochs) >= 1
    assert from_metrics.epochs[-1].train_loss == pytest.approx(from_log.epochs[-1].train_loss, abs=0.2)
    assert {p.eval_loss for p in from_metrics.epochs} and from_metrics.hyperparameters["epoch"] == "3"
