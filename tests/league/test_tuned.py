"""Only what was tuned from a base of the event is ranked, as AWS's own records show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.league.conftest import entry_of
from tests.worlds.models import ToyAws, refusal
from workshop_kit.errors import AwsProblem, BadInput, LeagueProblem
from workshop_kit.league import client
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging.tuned import Proof, prove
from workshop_kit.settings import JUMPSTART_MODEL_ID

ENDPOINT = {"kind": "sagemaker", "endpoint": "right-80", "system": ""}
BUCKET = ToyAws.bucket
ACCOUNT = "arn:aws:bedrock:us-west-2:1"


class Account(ToyAws):
    """What AWS tells, by the name of the call; a test changes it."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.container: dict[str, Any] = {}
        self.variants: list[dict[str, Any]] = [{"ModelName": "right-80"}]
        self.document: dict[str, Any] = {}
        self.bedrock: dict[str, dict[str, Any]] = {}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": self.variants}

    def describe_model(self, ModelName: str) -> dict[str, Any]:
        found = super().describe_model(ModelName)["PrimaryContainer"] | self.container
        return {"PrimaryContainer": found} if self.container.get("many") is None else {"Containers": [found, found]}

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        if TrainingJobName not in self.jobs:
            raise refusal("ValidationException", "Requested resource not found.", "DescribeTrainingJob")
        return super().describe_training_job(TrainingJobName) | self.jobs[TrainingJobName]

    def describe_hub_content(self, HubContentName: str, **more: Any) -> dict[str, Any]:
        import json

        if not HubContentName.startswith("meta"):
            raise refusal("ResourceNotFound", "There is no such model.", "DescribeHubContent")
        base = f"s3://jumpstart/meta-training/train-{HubContentName}.tar.gz"
        return {
            "HubContentDocument": json.dumps({"TrainingSupported": True, "TrainingArtifactUri": base} | self.document)
        }

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("get_"):
            return lambda **_: self.bedrock[name]
        raise AttributeError(name)


def channel(uri: str) -> dict[str, Any]:
    source = {"S3DataSource": {"S3Uri": uri}}
    return {"InputDataConfig": [{"ChannelName": "model", "DataSource": source}]}


BASE = channel(f"s3://jumpstart/meta-training/train-{JUMPSTART_MODEL_ID}.tar.gz")


@pytest.fixture
def account() -> Account:
    found = Account()
    found.jobs["right-80"] = BASE
    return found


def test_an_endpoint_is_traced_to_its_job_and_base(account: Account) -> None:
    found = prove(account, ENDPOINT)  # type: ignore[arg-type]
    assert found == Proof(JUMPSTART_MODEL_ID, "right-80", f"{BUCKET}/right-80/output/model.tar.gz")
    assert prove(account, {"kind": "artefact", "training_job": "right-80"}).job == "right-80"  # type: ignore[arg-type]


@pytest.mark.parametrize("uri", ["", "s3://bucket/uploaded/model.tar.gz", "s3://bucket/right-80/other.tar.gz"])
def test_a_model_that_no_job_wrote_is_refused(account: Account, uri: str) -> None:
    account.container = {"ModelDataUrl": uri}
    with pytest.raises(BadInput, match="right-80 can't be traced to a training job"):
        prove(account, ENDPOINT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        "s3://jumpstart/meta-training/train-meta-textgeneration-llama-3-1-70b-instruct.tar.gz",
        # A larger model's name that begins like the base's, and a name in a bucket that is not JumpStart's.
        f"s3://jumpstart/meta-training/train-{JUMPSTART_MODEL_ID}-large.tar.gz",
        f"s3://mine/meta-training/v2/{JUMPSTART_MODEL_ID}.tar.gz",
    ],
)
def test_a_job_that_began_with_another_model_is_refused(account: Account, source: str) -> None:
    account.jobs["right-80"] = channel(source)
    with pytest.raises(BadInput, match="was not tuned from a base of this league") as told:
        prove(account, ENDPOINT)  # type: ignore[arg-type]
    assert source in str(told.value)


def test_a_job_may_name_an_older_version_of_the_base(account: Account) -> None:
    account.jobs["right-80"] = channel(f"s3://jumpstart/{JUMPSTART_MODEL_ID}/artifacts/v1.0.0/train.tar.gz")
    assert prove(account, ENDPOINT).base == JUMPSTART_MODEL_ID  # type: ignore[arg-type]


def test_a_job_may_go_on_from_anothers_model_but_not_in_a_circle(account: Account) -> None:
    account.jobs["right-80"] = channel(f"{BUCKET}/first/output/model.tar.gz")
    account.jobs["first"] = BASE
    assert prove(account, ENDPOINT) == Proof(  # type: ignore[arg-type]
        JUMPSTART_MODEL_ID, "right-80", f"{BUCKET}/right-80/output/model.tar.gz"
    )
    account.jobs["first"] = channel(f"{BUCKET}/right-80/output/model.tar.gz")
    with pytest.raises(BadInput, match="was not tuned from a base"):
        prove(account, ENDPOINT)  # type: ignore[arg-type]


def test_the_event_names_its_bases(account: Account) -> None:
    with pytest.raises(BadInput, match="amazon.nova-micro-v1:0"):
        prove(account, ENDPOINT, ["amazon.nova-micro-v1:0"])  # type: ignore[arg-type]
    serverless = "arn:aws:sagemaker:us-west-2:aws:hub-content/SageMakerPublicHub/Model/meta-small/1.0.0"
    account.jobs["right-80"] = {"ServerlessJobConfig": {"BaseModelArn": serverless}, "InputDataConfig": []}
    assert prove(account, ENDPOINT, ["meta-small"]).base == "meta-small"  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="was not tuned"):
        prove(account, ENDPOINT, ["meta-sma"])  # type: ignore[arg-type]


def test_a_container_must_be_the_bases_own_and_load_the_artefact(account: Account) -> None:
    account.container = {"Environment": {"HF_MODEL_ID": "someone/a-70b-model"}}
    with pytest.raises(BadInput, match="loads other weights than its artefact's .HF_MODEL_ID."):
        prove(account, ENDPOINT)  # type: ignore[arg-type]
    account.document = {
        "HostingEcrUri": "763.dkr.ecr.us-west-2.amazonaws.com/djl-inference:0.29.0",
        "TrainingEcrUri": "763.dkr.ecr.us-west-2.amazonaws.com/training:2.0",
    }
    account.jobs["right-80"] = BASE | {
        "AlgorithmSpecification": {"TrainingImage": "763.dkr.ecr.us-west-2.amazonaws.com/training:2.1"}
    }
    account.container = {
        "Environment": {"HF_MODEL_ID": "/opt/ml/model"},
        "Image": "763.dkr.ecr.us-west-2.amazonaws.com/djl-inference:0.31.0",
    }
    assert prove(account, ENDPOINT).job == "right-80"  # type: ignore[arg-type]
    account.container["Image"] = "1.dkr.ecr.us-west-2.amazonaws.com/djl-inference:0.29.0"
    with pytest.raises(BadInput, match="The endpoint right-80 runs the image 1.dkr"):
        prove(account, ENDPOINT)  # type: ignore[arg-type]
    account.jobs["right-80"] = BASE | {"AlgorithmSpecification": {"TrainingImage": "1.dkr.ecr.x.amazonaws.com/own:1"}}
    with pytest.raises(BadInput, match="The job right-80 runs the image"):
        prove(account, ENDPOINT)  # type: ignore[arg-type]


def test_several_models_behind_one_endpoint_are_refused(account: Account) -> None:
    account.variants = [{"ModelName": "right-80"}, {"ModelName": "right-90"}]
    with pytest.raises(BadInput, match="serves 2 models"):
        prove(account, ENDPOINT)  # type: ignore[arg-type]
    account.variants, account.container = [{"ModelName": "right-80"}], {"many": True}
    with pytest.raises(BadInput, match="has 2 containers"):
        prove(account, ENDPOINT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "model",
    [
        "us.meta.llama3-2-90b-instruct-v1:0",
        "workshop.base-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-2-90b-instruct-v1:0",
        f"{ACCOUNT}:application-inference-profile/abc",
        f"{ACCOUNT}:inference-profile/us.custom-model-deployment/x",
    ],
)
def test_a_model_as_its_maker_offers_it_is_refused_without_asking_aws(model: str) -> None:
    with pytest.raises(BadInput, match="as its maker offers it") as told:
        prove(object(), {"kind": "bedrock", "model_id": model})  # type: ignore[arg-type]
    assert str(told.value).count("\n") == 0


def test_a_custom_model_is_traced_to_its_customization_job(account: Account) -> None:
    nova = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-micro-v1:0:128k"
    account.bedrock = {
        "get_custom_model_deployment": {"modelArn": f"{ACCOUNT}:custom-model/amazon.nova-micro-v1:0:128k/abc"},
        "get_provisioned_model_throughput": {"modelArn": f"{ACCOUNT}:custom-model/amazon.nova-micro-v1:0:128k/abc"},
        "get_custom_model": {"jobArn": f"{ACCOUNT}:model-customization-job/j", "baseModelArn": nova},
        "get_model_customization_job": {"jobName": "my-job", "baseModelArn": nova},
    }
    for kind in ("custom-model-deployment", "provisioned-model"):
        found = prove(account, {"kind": "bedrock", "model_id": f"{ACCOUNT}:{kind}/x"})  # type: ignore[arg-type]
        assert (found.base, found.job) == ("amazon.nova-micro-v1:0", "my-job")
    deployed = {"kind": "bedrock", "model_id": f"{ACCOUNT}:custom-model-deployment/x"}
    with pytest.raises(BadInput, match="is no base of this league"):
        prove(account, deployed, ["amazon.nova-lite-v1:0"])  # type: ignore[arg-type]
    account.bedrock["get_custom_model"] = {"baseModelArn": nova}
    with pytest.raises(BadInput, match="not made by a customization job"):
        prove(account, deployed)  # type: ignore[arg-type]
    account.bedrock["get_provisioned_model_throughput"] = {"modelArn": nova}
    with pytest.raises(BadInput, match="as its maker offers it"):
        prove(account, {"kind": "bedrock", "model_id": f"{ACCOUNT}:provisioned-model/x"})  # type: ignore[arg-type]


def test_an_imported_model_is_traced_to_the_job_whose_artefact_it_was(account: Account) -> None:
    account.bedrock = {
        "get_imported_model": {"jobArn": "j"},
        "get_model_import_job": {
            "modelDataSource": {"s3DataSource": {"s3Uri": f"{BUCKET}/right-80/output/model.tar.gz"}}
        },
    }
    imported = {"kind": "bedrock", "model_id": f"{ACCOUNT}:imported-model/x"}
    assert prove(account, imported).job == "right-80"  # type: ignore[arg-type]
    account.bedrock["get_model_import_job"] = {"modelDataSource": {"s3DataSource": {"s3Uri": "s3://mine/hub-copy/"}}}
    with pytest.raises(BadInput, match="imported-model/x can't be traced"):
        prove(account, imported)  # type: ignore[arg-type]


def test_a_league_judges_what_is_proved_and_says_of_what_it_was_tuned(prepare, aws, monkeypatch) -> None:
    store, entry, judge = prepare()
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == "done"
    assert found.provenance == {"tuned_from": JUMPSTART_MODEL_ID, "tuned_by": "right-80"}


def test_a_model_that_is_not_proved_fails_with_the_sentence_and_is_never_asked(prepare, aws, monkeypatch) -> None:
    def described(TrainingJobName: str) -> Any:
        raise AwsProblem("Requested resource not found.", "ResourceNotFound")

    aws.describe_training_job = described
    store, entry, judge = prepare()
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == "failed" and "can't be traced to a training job" in found.problem and not aws.asked


def test_an_open_event_and_practice_take_any_model(prepare, aws) -> None:
    plain = {"kind": "bedrock", "model_id": "toy.bikes-v1:0", "system": ""}
    store, entry, judge = prepare(EventSettings(open_models=True), target=plain)
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done"


def test_the_server_refuses_a_plain_model_at_once_and_lets_it_practise(league: str, aws) -> None:
    with pytest.raises(LeagueProblem, match="as its maker offers it"):
        client.submit(aws, "us.meta.llama3-2-90b-instruct-v1:0", "Ada", domain="bicycle-library", url=league)
    told = client.submit(
        aws, "us.meta.llama3-2-90b-instruct-v1:0", "Ada", domain="bicycle-library", url=league, set="practice"
    )
    assert told.state == "done"


def test_a_claimed_proof_is_not_taken(league: str, aws) -> None:
    import requests

    body = {
        "participant": "Ada", "target": ENDPOINT, "key": "claimed-1", "set": "practice",
        "provenance": {"tuned_from": "claimed", "tuned_by": "claimed", "dataset": "d"},
    }  # fmt: skip
    told = requests.post(f"{league}/api/submissions", json=body, timeout=30).json()
    assert told["provenance"] == {"dataset": "d"}


def test_a_long_system_prompt_is_refused_with_its_length(tmp_path, domain, aws, serving) -> None:
    class Mine:
        name, system = "right-80", "x" * 601

    with serving(tmp_path / "home", domain, aws) as url:
        with pytest.raises(LeagueProblem, match="has 601 characters; this league takes up to 600"):
            client.submit(aws, Mine(), "Ada", domain="bicycle-library", url=url)
        Mine.system = "x" * 600
        assert client.submit(aws, Mine(), "Ada", domain="bicycle-library", url=url).state == "done"
