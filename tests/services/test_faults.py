"""The fault switch, and what the kit makes of AWS's faults: a retry where that is right, else one sentence."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest

from workshop_kit.aws import connect, kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.training import TrainingConfig, launch, list_jobs, plan_launch


@pytest.fixture
def aws(server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.info.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", server.info.region)
    monkeypatch.delenv("WORKSHOP_AWS", raising=False)
    yield connect()
    control(server, "DELETE")


def control(server, method, rules=None):
    data = None if rules is None else json.dumps(rules).encode()
    request = urllib.request.Request(server.info.url + "/_workshop/faults", data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        return problem.code, json.loads(problem.read())


def plan(aws, name):
    rows = Dataset(tuple(Example(f"What is {n}?", f"It is {n}.") for n in range(60)), system=name)
    return plan_launch(aws, split(rows), TrainingConfig({"epoch": 1}, name=name))


def test_rules_count_down_and_can_be_looked_at_and_cleared(server, aws):
    assert control(server, "PUT", [{"operation": "ListBuckets", "fault": "throttling", "times": 3}])[0] == 200
    kit_call(aws.client("s3").list_buckets)  # three refusals are within the client's own retries
    assert control(server, "GET") == (200, [])
    control(server, "PUT", [{"fault": "slow", "seconds": 0.2}])
    assert control(server, "DELETE") == (200, [])
    for bad in ({"fault": "throttling"}, [{"fault": "earthquake"}], [{"fault": "slow", "times": 0}]):
        status, told = control(server, "PUT", bad)
        assert status == 400 and told["error"]


@pytest.mark.parametrize("fault", ["throttling", "internal", "drop"])
def test_a_passing_fault_is_retried_and_a_job_starts_once(server, aws, fault):
    rule = {"operation": "CreateTrainingJob", "fault": fault, "times": 2}
    control(server, "PUT", [rule])
    job = launch(aws, plan(aws, f"passing-{fault}"))
    assert control(server, "GET") == (200, []), "both faults were met"
    assert [found.name for found in list_jobs(aws)].count(job.name) == 1
    job.stop()


def test_a_connection_that_breaks_after_the_job_was_made_makes_no_second_job(server, aws):
    control(server, "PUT", [{"operation": "CreateTrainingJob", "fault": "drop-after"}])
    before = len(list_jobs(aws))
    job = launch(aws, plan(aws, "broken-off"))
    assert len(list_jobs(aws)) == before + 1 and job.exists()
    job.stop()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("quota", "ml.g5.2xlarge for training job usage.*ask for a higher quota under Service Quotas"),
        ("capacity", "no such instance free now.*try again later"),
        ("expired", "credentials have expired; sign in again"),
        ("access-denied", "not allowed for this role"),
    ],
)
def test_a_lasting_fault_is_told_in_one_sentence_and_nothing_is_started(server, aws, fault, sentence):
    control(server, "PUT", [{"operation": "CreateTrainingJob", "fault": fault, "times": 20}])
    wanted = plan(aws, f"lasting-{fault}")
    started = time.monotonic()
    with pytest.raises(AwsProblem, match=sentence):
        launch(aws, wanted)
    assert time.monotonic() - started < 20
    control(server, "DELETE")
    assert wanted.job_name not in [job.name for job in list_jobs(aws)]


def test_throttling_without_end_gives_up_with_advice(server, aws):
    control(server, "PUT", [{"operation": "CreateTrainingJob", "fault": "throttling", "times": 100}])
    with pytest.raises(AwsProblem, match="asked too often for CreateTrainingJob.*wait a minute"):
        launch(aws, plan(aws, "throttled"))
    left = control(server, "GET")[1][0]["times"]
    assert 90 <= left < 100, "retries are bounded"


def test_a_job_that_waits_through_throttled_looks_is_not_lost(server, aws):
    job = launch(aws, plan(aws, "waiting"))
    control(server, "PUT", [{"operation": "DescribeTrainingJob", "fault": "throttling", "times": 2}])
    assert job.wait(poll_seconds=0.2).status == "Completed"
