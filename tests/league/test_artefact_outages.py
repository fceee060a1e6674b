"""A trained model's artefact is judged behind an endpoint that nobody pays for afterwards, whatever goes wrong."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError, TimeoutError

from tests.league.conftest import entry_of
from tests.worlds.models import ToyAws, refusal
from workshop_kit.league.judging import artefact
from workshop_kit.league.judging import submission as work
from workshop_kit.league.store import submissions
from workshop_kit.league.store.audit import audit_log
from workshop_kit.league.store.scoring import end
from workshop_kit.playground import endpoints

DEPLOY = sys.modules["workshop_kit.playground.deploy"]  # its package shows the function of that name
ARTEFACT = {"kind": "artefact", "training_job": "job-1", "system": ""}
JOB = ToyAws().describe_training_job("job-1") | {
    "TrainingJobArn": "arn:job-1",
    "TrainingJobStatus": "Completed",
    "SecondaryStatus": "Completed",
    "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/job-1/"},
}
RECIPE = SimpleNamespace(
    label="A model", inference_instance="ml.g5.2xlarge", document={}, image=lambda instance, use: "image"
)


class Hosting(ToyAws):
    """SageMaker: an endpoint goes through the statuses that it has yet to go through, one at each look."""

    role_arn = "arn:aws:iam::1:role/kit"

    def __init__(self) -> None:
        super().__init__()
        self.ahead: dict[str, list[str]] = {}
        self.coming: list[list[str]] = []  # the statuses of the next endpoints; else Creating, InService
        self.created = self.deleted = 0
        self.undeletable = False

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        return JOB

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:
        named = {} if ResourceArn == "arn:job-1" else {"workshop-kit:job": "job-1"}
        return {"Tags": [{"Key": key, "Value": value} for key, value in named.items()]}

    def create_model(self, **more: Any) -> None: ...

    def create_endpoint_config(self, **more: Any) -> None: ...

    def create_endpoint(self, EndpointName: str, **more: Any) -> None:
        if self.ahead.get(EndpointName):
            raise refusal("ValidationException", "Cannot create already existing endpoint.", "CreateEndpoint")
        self.created += 1
        self.ahead[EndpointName] = self.coming.pop(0) if self.coming else ["Creating", "InService"]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        statuses = self.ahead.get(EndpointName)
        if not statuses:
            raise refusal("ValidationException", "Could not find endpoint.", "DescribeEndpoint")
        status = statuses[0]
        if len(statuses) > 1 or status == "Deleting":
            statuses.pop(0)
        reason = "Unable to provision capacity due to InsufficientInstanceCapacity error."
        return {"EndpointStatus": status, "EndpointArn": f"arn:{EndpointName}", "FailureReason": reason}

    def delete_endpoint(self, EndpointName: str) -> None:
        if self.undeletable:
            raise refusal("ValidationException", "Cannot update in-progress endpoint.", "DeleteEndpoint")
        self.describe_endpoint(EndpointName)
        self.deleted += 1
        self.ahead[EndpointName] = ["Deleting"] * 3

    def _missing(self, **more: Any) -> None:
        raise refusal("ValidationException", "Could not find it.", "DeleteModel")

    delete_endpoint_config = delete_model = describe_endpoint_config = describe_model = _missing

    def invoke_endpoint(self, EndpointName: str, **more: Any) -> dict[str, Any]:
        assert self.ahead[EndpointName] == ["InService"]
        return super().invoke_endpoint(EndpointName="right-70", **more)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, no_pauses: None) -> Hosting:
    for module in (DEPLOY, endpoints):
        monkeypatch.setattr(module, "pause", lambda aws: 0.0)
    monkeypatch.setattr(DEPLOY, "recipe", lambda aws, model: RECIPE)
    monkeypatch.setattr(DEPLOY, "trained_system", lambda job: "Be brief.")
    monkeypatch.setattr(work, "DATABASE_PAUSE", 0.0)
    monkeypatch.setattr(artefact, "DATABASE_PAUSE", 0.0)
    return Hosting()


def left_behind(store: Any) -> list[dict[str, Any]]:
    with store.read() as connection:
        return [line["detail"] for line in audit_log(connection) if line["action"] == "left behind"]


def test_an_endpoint_stands_only_while_its_artefact_is_judged(prepare, aws) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    judge.run(entry.id)
    assert entry_of(store, entry.id).score.wins == 7
    assert (aws.created, aws.deleted, aws.ahead) == (1, 1, {f"league-{entry.id}": []}) and left_behind(store) == []


def test_an_endpoint_that_is_still_being_deleted_is_waited_for(prepare, aws) -> None:
    """As after a restart of the server: stopping began to delete it, which takes AWS minutes."""
    store, entry, judge = prepare(target=ARTEFACT)
    aws.ahead[f"league-{entry.id}"] = ["Deleting"] * 5
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.problem, aws.created) == ("done", "", 1)


@pytest.mark.parametrize("fault", [OperationalError("INSERT", {}, Exception("gone")), TimeoutError("no connection")])
def test_while_the_database_is_away_the_endpoint_stays_and_is_used_again(prepare, aws, monkeypatch, fault) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    honest, left = submissions.add_verdict, [1]

    def away(*told):
        if left and left.pop():
            raise fault
        return honest(*told)

    monkeypatch.setattr(submissions, "add_verdict", away)
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "judging" and (aws.created, aws.deleted) == (1, 0)
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and (aws.created, aws.deleted) == (1, 1)


def test_whether_a_submission_ended_before_the_database_went_away_is_asked_when_it_is_back(
    prepare, aws, monkeypatch
) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    asked, refused = submissions.entry, [1, 2, 3]

    def ended(entry, target, questions):
        with store.write() as connection:  # committed, but nobody hears of it
            end(connection, entry.id)
        monkeypatch.setattr(submissions, "entry", away)
        raise OperationalError("COMMIT", {}, Exception("gone"))

    def away(*told):
        if refused:
            refused.pop()
            raise OperationalError("SELECT", {}, Exception("gone"))
        return asked(*told)

    monkeypatch.setattr(judge, "_end", ended)
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and aws.deleted == 1 and not refused


def test_a_worker_that_lost_its_submission_leaves_the_endpoint_to_the_next(prepare, aws) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    aws.gone.set()
    judge.run(entry.id, mine=lambda: False)
    assert entry_of(store, entry.id).state == "judging" and aws.deleted == 0
    aws.gone.clear()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and (aws.created, aws.deleted) == (1, 1)


@pytest.mark.parametrize("gone", [False, True])
def test_an_endpoint_left_behind_is_told_to_the_organizer_and_changes_no_submission(prepare, aws, gone: bool) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    aws.undeletable = True
    if gone:
        aws.gone.set()
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, "not found" in found.problem) == (("failed", True) if gone else ("done", False))
    (told,) = left_behind(store)
    assert told["left"] == [f"endpoint league-{entry.id}"] and "in-progress" in told["reason"]


def test_an_endpoint_that_does_not_come_up_is_removed(prepare, aws, monkeypatch) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    aws.coming = [["Creating"]]
    ticks = iter(range(0, 10**9, 600))
    monkeypatch.setattr(DEPLOY, "time", SimpleNamespace(monotonic=lambda: next(ticks), sleep=lambda seconds: None))
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == "failed" and "still Creating" in found.problem and aws.deleted == 1


def test_a_shortage_of_machines_is_waited_for(prepare, aws) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    aws.coming = [["Creating", "Failed"]] * 6
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and aws.created == 7


def test_another_models_endpoint_of_that_name_is_left_alone(prepare, aws, monkeypatch) -> None:
    store, entry, judge = prepare(target=ARTEFACT)
    aws.ahead[f"league-{entry.id}"] = ["InService"]
    monkeypatch.setattr(Hosting, "list_tags", lambda self, ResourceArn: {"Tags": []})
    judge.run(entry.id)
    assert "serves another model" in entry_of(store, entry.id).problem and aws.deleted == 0


@pytest.mark.parametrize(("own", "asked"), [("Be thorough.", "Be thorough."), ("", "Be brief.")])
def test_a_submissions_own_system_prompt_goes_before_the_trainings(prepare, aws, own: str, asked: str) -> None:
    store, entry, judge = prepare(target=ARTEFACT | {"system": own})
    judge.run(entry.id)
    assert len(aws.asked) == 10 and all(asked in prompt for prompt in aws.asked)
