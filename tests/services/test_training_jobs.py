"""CreateTrainingJob to model artefact through boto3, with AWS's states, reasons, metrics and listings."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

BUCKET = "practice"


def objects_under(server, prefix):
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_a_job_walks_awss_states_and_leaves_a_model_artefact(server):
    server.client("sagemaker").create_training_job(**server.request("walk", epoch="2"))
    job = server.wait("walk")

    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed", job.get("FailureReason")
    walked = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert walked == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    for earlier, later in zip(job["SecondaryStatusTransitions"], job["SecondaryStatusTransitions"][1:], strict=False):
        assert earlier["EndTime"] == later["StartTime"]
    assert job["TrainingTimeInSeconds"] >= 1 and job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"]
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]

    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == "s3://practice/runs/walk/output/model.tar.gz"
    body = server.client("s3").get_object(Bucket=BUCKET, Key=uri.removeprefix("s3://practice/"))["Body"].read()
    names = tarfile.open(fileobj=io.BytesIO(body)).getnames()
    assert "adapter_config.json" in names and "base_model.json" in names


def test_the_metric_regexes_fill_the_final_metrics(server):
    server.client("sagemaker").create_training_job(**server.request("metrics", epoch="2", rows=20))
    job = server.wait("metrics")
    found = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert set(found) == {
        "huggingface-textgeneration:eval-loss",
        "huggingface-textgeneration:eval-ppl",
        "huggingface-textgeneration:train-loss",
    }
    lines = server.lines("metrics")
    last = [line for line in lines if "train_epoch_loss=" in line][-1]
    assert f"train_epoch_loss={found['huggingface-textgeneration:train-loss']}"[:20] in last


def test_without_metric_definitions_there_are_no_final_metrics(server):
    request = server.request("silent") | {"Environment": {"_MINE": "1"}}
    del request["AlgorithmSpecification"]["MetricDefinitions"]
    server.client("sagemaker").create_training_job(**request)
    job = server.wait("silent")
    assert "FinalMetricDataList" not in job
    assert job["Environment"] == {"_MINE": "1"}
    assert not [field for field in job if field.startswith("_")]


def test_uncompressed_output_is_a_prefix(server):
    request = server.request("flat")
    request["OutputDataConfig"]["CompressionType"] = "NONE"
    server.client("sagemaker").create_training_job(**request)
    job = server.wait("flat")
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == "s3://practice/runs/flat/output/model/"
    assert "runs/flat/output/model/adapter_config.json" in objects_under(server, "runs/flat/")


@pytest.mark.parametrize(
    ("hyperparameters", "at_fault"),
    [
        ({"lora_rank": "8"}, "lora_rank"),
        ({"epoch": "0"}, "epoch"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"lora_r": "-4"}, "lora_r"),
    ],
)
def test_a_bad_hyperparameter_fails_the_job_and_is_named(server, hyperparameters, at_fault):
    name = f"bad-{at_fault.replace('_', '-')}"
    server.client("sagemaker").create_training_job(**server.request(name, **hyperparameters))
    job = server.wait(name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ") and at_fault in job["FailureReason"]
    assert any(at_fault in line for line in server.lines(name))
    assert objects_under(server, f"runs/{name}/") == []


def test_broken_rows_fail_the_job_with_file_and_line(server):
    request = server.request("broken")
    rows = b'{"instruction": "a", "context": "", "response": "b"}\n{"instruction": "c", \n'
    server.client("s3").put_object(Bucket=BUCKET, Key="data/broken/train.jsonl", Body=rows)
    server.client("sagemaker").create_training_job(**request)
    job = server.wait("broken")
    assert job["TrainingJobStatus"] == "Failed"
    assert "train.jsonl" in job["FailureReason"] and "2" in job["FailureReason"]


def refusal(server, request):
    with pytest.raises(ClientError) as caught:
        server.client("sagemaker").create_training_job(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_name_is_used_once(server):
    request = server.request("once")
    server.client("sagemaker").create_training_job(**request)
    code, message = refusal(server, request)
    assert code == "ResourceInUse" and "training-job/once" in message


def test_create_refuses_what_aws_refuses(server):
    request = server.request("refused")
    del request["InputDataConfig"][1]["DataSource"]["S3DataSource"]["ModelAccessConfig"]
    assert "AcceptEula" in refusal(server, request)[1]

    request = server.request("refused")
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://no-such-bucket/data/"
    code, message = refusal(server, request)
    assert code == "ValidationException" and "no-such-bucket" in message and "does not exist" in message

    request = server.request("refused")
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{BUCKET}/nothing/here/"
    assert "No S3 objects found" in refusal(server, request)[1]

    request = server.request("refused")
    request["OutputDataConfig"]["S3OutputPath"] = "s3://no-such-bucket/runs"
    assert "S3OutputPath" in refusal(server, request)[1]

    request = server.request("refused")
    request["RoleArn"] = "arn:aws:iam::000000000000:role/nobody"
    code, message = refusal(server, request)
    assert code == "ValidationException" and "role/nobody" in message

    server.client("iam").create_role(RoleName="powerless", AssumeRolePolicyDocument="{}")
    request["RoleArn"] = "arn:aws:iam::000000000000:role/powerless"
    code, message = refusal(server, request)
    assert code == "ValidationException" and "role/powerless" in message

    request = server.request("refused")
    request["InputDataConfig"] = request["InputDataConfig"][1:]
    assert "training" in refusal(server, request)[1]

    request = server.request("refused")
    request["InputDataConfig"][1]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://elsewhere/falcon/"
    assert "DescribeHubContent" in refusal(server, request)[1]

    request = server.request("refused")
    request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "x", "Regex": "(unclosed"}]
    assert "metric x" in refusal(server, request)[1]

    listed = server.client("sagemaker").list_training_jobs(NameContains="refused")
    assert listed["TrainingJobSummaries"] == [], "a refused request must leave no job"


def test_an_unknown_job_is_not_found(server):
    for operation in ("describe_training_job", "stop_training_job"):
        with pytest.raises(ClientError) as caught:
            getattr(server.client("sagemaker"), operation)(TrainingJobName="never-was")
        assert caught.value.response["Error"]["Code"] == "ValidationException"
        assert caught.value.response["Error"]["Message"] == "Requested resource not found."


def test_a_job_that_is_over_can_not_be_stopped(server):
    server.client("sagemaker").create_training_job(**server.request("over"))
    server.wait("over")
    with pytest.raises(ClientError, match="Completed"):
        server.client("sagemaker").stop_training_job(TrainingJobName="over")


def test_listing_filters_sorts_and_pages_without_repeats(server):
    sagemaker = server.client("sagemaker")
    names = [f"list-{n:02d}" for n in range(7)]
    for name in names:
        sagemaker.create_training_job(**server.request(name, epoch="0"))
    for name in names:
        assert server.wait(name)["TrainingJobStatus"] == "Failed"

    def listed(**filters):
        pages = sagemaker.get_paginator("list_training_jobs").paginate(
            NameContains="list-", PaginationConfig={"PageSize": 3}, **filters
        )
        return [[job["TrainingJobName"] for job in page["TrainingJobSummaries"]] for page in pages]

    assert listed(SortBy="Name") == [names[:3], names[3:6], names[6:]]
    assert sum(listed(SortBy="CreationTime", SortOrder="Descending"), []) == names[::-1]
    assert sum(listed(StatusEquals="Failed"), []) == names
    assert sum(listed(StatusEquals="Completed"), []) == []
    middle = sagemaker.describe_training_job(TrainingJobName=names[3])["CreationTime"]
    assert sum(listed(CreationTimeAfter=middle, SortBy="Name"), []) == names[4:]

    first = sagemaker.list_training_jobs(NameContains="list-", SortBy="Name", MaxResults=2)
    with pytest.raises(ClientError, match="NextToken"):
        sagemaker.list_training_jobs(NameContains="list-", SortBy="Status", NextToken=first["NextToken"])
    with pytest.raises(ClientError, match="NextToken"):
        sagemaker.list_training_jobs(NextToken="bm9uc2Vuc2U=")


def test_the_command_line_lists_the_jobs(server):
    server.client("sagemaker").create_training_job(**server.request("from-the-cli"))
    server.wait("from-the-cli")
    environment = os.environ | server.info.env()
    aws = Path(sys.executable).with_name("aws")
    if not aws.exists():
        pytest.skip("the aws command line is not installed beside this Python")
    done = subprocess.run(
        [str(aws), "sagemaker", "list-training-jobs", "--name-contains", "from-the-cli", "--output", "json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (job,) = json.loads(done.stdout)["TrainingJobSummaries"]
    assert job["TrainingJobName"] == "from-the-cli" and job["TrainingJobStatus"] == "Completed"


def test_tags_are_added_listed_and_deleted(server):
    sagemaker = server.client("sagemaker")
    request = server.request("tagged", epoch="0") | {"Tags": [{"Key": "team", "Value": "blue"}]}
    arn = sagemaker.create_training_job(**request)["TrainingJobArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "blue"}]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "red"}, {"Key": "day", "Value": "1"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["day", "never"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    with pytest.raises(ClientError, match="Could not find"):
        sagemaker.list_tags(ResourceArn=arn + "-other")


def test_the_log_is_live_and_can_be_read_from_both_ends(server):
    sagemaker, logs = server.client("sagemaker"), server.client("logs")
    sagemaker.create_training_job(**server.request("talk", epoch="40", rows=40))
    job = server.wait("talk", lambda job: job["SecondaryStatus"] == "Training")
    deadline = time.monotonic() + 60
    while not any("train_epoch_loss" in line for line in server.lines("talk")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.job("talk")["TrainingJobStatus"] == "InProgress", "the lines came only when the job was over"
    server.wait("talk")

    group = "/aws/sagemaker/TrainingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="talk/")["logStreams"]
    told = {"logGroupName": group, "logStreamName": stream["logStreamName"]}
    whole = server.lines("talk")
    assert stream["logStreamName"].startswith("talk/algo-1-")

    forward, token = [], None
    while True:
        page = logs.get_log_events(**told, startFromHead=True, limit=7, **({"nextToken": token} if token else {}))
        forward += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert forward == whole

    backward, token = [], None
    while True:
        page = logs.get_log_events(**told, limit=7, **({"nextToken": token} if token else {}))
        backward = [event["message"] for event in page["events"]] + backward
        if page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]
    assert backward == whole

    epochs = logs.filter_log_events(
        logGroupName=group, logStreamNames=[stream["logStreamName"]], filterPattern="train_epoch_loss"
    )["events"]
    assert len(epochs) == 40
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]] == [group]
    with pytest.raises(ClientError, match="does not exist"):
        logs.get_log_events(logGroupName=group, logStreamName="talk/none")
    assert job["TrainingJobName"] == "talk"
