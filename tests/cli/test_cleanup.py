from collections.abc import Iterator
from pathlib import Path

import pytest

from workshop_kit import local_aws
from workshop_kit.aws import Aws, connect
from workshop_kit.cleanup import find, remove
from workshop_kit.training.tags import make_tags

IMAGE = "000000000000.dkr.ecr.us-west-2.amazonaws.com/workshop-local-inference:1"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    home = tmp_path / "home"
    monkeypatch.setenv("WORKSHOP_AWS", "local")
    monkeypatch.setenv("WORKSHOP_HOME", str(home))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    yield connect(home=home)
    local_aws.stop(home)


def model(aws: Aws, name: str, **more: object) -> None:
    aws.client("s3").put_object(Bucket=aws.bucket, Key="m.tar.gz", Body=b"not looked into before an endpoint needs it")
    aws.client("sagemaker").create_model(
        ModelName=name,
        ExecutionRoleArn=aws.role_arn,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{aws.bucket}/m.tar.gz"},
        **more,
    )


def test_only_what_carries_the_tag_is_found_and_removed(aws: Aws) -> None:
    for n in range(3):
        model(aws, f"ours-{n}", Tags=make_tags())
    model(aws, "workshop-like-ours-by-name-alone")
    aws.client("s3").put_object(Bucket=aws.bucket, Key="a/b", Body=b"x")
    aws.client("s3").create_bucket(Bucket="somebody-elses")
    found = find(aws)
    assert {item.name for item in found} == {"ours-0", "ours-1", "ours-2", aws.bucket}
    assert remove(aws, found) == []
    assert find(aws) == []
    left = [row["ModelName"] for row in aws.client("sagemaker").list_models()["Models"]]
    assert left == ["workshop-like-ours-by-name-alone"]
    assert [b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]] == ["somebody-elses"]


def test_a_bucket_with_more_objects_than_one_call_deletes_is_emptied(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(25):
        aws.client("s3").put_object(Bucket=aws.bucket, Key=f"k/{n}", Body=b"x")
    assert any("25 objects" in str(item) for item in find(aws))
    assert remove(aws, find(aws)) == []


def test_what_is_gone_already_is_passed_over(aws: Aws) -> None:
    model(aws, "ours", Tags=make_tags())
    found = find(aws)
    aws.client("sagemaker").delete_model(ModelName="ours")
    assert remove(aws, found) == []


def test_what_refuses_to_go_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    model(aws, "ours", Tags=make_tags())
    found = find(aws)
    monkeypatch.setattr(aws.client("sagemaker"), "delete_model", lambda **_: None)
    assert [item.name for item in remove(aws, found)] == ["ours"]


def test_custom_models_and_reward_functions_are_found_by_their_tag_and_removed(aws: Aws) -> None:
    from workshop_kit.training.rewards import deploy_reward

    deploy_reward(aws, "mine", "arithmetic")
    package = {"Runtime": "python3.12", "Handler": "reward.handler", "Role": aws.role_arn}
    from workshop_kit.training.rewards import pack

    aws.client("lambda").create_function(FunctionName="theirs", Code={"ZipFile": pack("arithmetic")}, **package)
    bedrock = aws.client("bedrock")
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in make_tags()]
    told = {"modelId": "amazon.nova-micro-v1:0", "modelUnits": 1}
    bedrock.create_provisioned_model_throughput(provisionedModelName="mine", tags=tags, **told)
    bedrock.create_provisioned_model_throughput(provisionedModelName="theirs", **told)
    found = find(aws)
    kinds = {(item.kind, item.name) for item in found}
    assert {("reward function", "workshop-kit-mine"), ("provisioned throughput", "mine")} <= kinds
    assert not any(name == "theirs" for _, name in kinds)
    assert all(item.costs for item in found)
    assert remove(aws, found) == []
    assert [f["FunctionName"] for f in aws.client("lambda").list_functions()["Functions"]] == ["theirs"]
    left = bedrock.list_provisioned_model_throughputs()["provisionedModelSummaries"]
    assert [row["provisionedModelName"] for row in left] == ["theirs"]
