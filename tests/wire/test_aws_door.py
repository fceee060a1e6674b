"""The door to boto3: how AWS is found, what a connection shows, and errors in one sentence."""

# One case a line reads better than the same case on four.
# ruff: noqa: E501

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

import workshop_kit.aws as door
from workshop_kit.aws import connect, explain, kit_call
from workshop_kit.errors import AwsProblem, BadInput, KitError


@pytest.fixture
def aws(server, home, monkeypatch):
    monkeypatch.setenv("WORKSHOP_HOME", str(home))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return connect()


def test_without_any_aws_the_workspaces_local_aws_is_used(aws, server):
    assert aws.endpoint_url == server.url and aws.label == "Local AWS (this machine)"
    assert aws.bucket == "workshop-kit-us-west-2-000000000000"
    assert aws.role_arn == "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"
    tags = aws.client("s3").get_bucket_tagging(Bucket=aws.bucket)["TagSet"]
    assert tags == [{"Key": "workshop-kit", "Value": "true"}]
    assert "Local AWS" in aws._repr_html_() and "Local AWS" in str(aws)
    assert connect() == aws
    assert aws.client("s3") is aws.client("s3")


def test_the_endpoint_variable_is_used_as_it_is(server, monkeypatch, tmp_path):
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "never-made"))
    assert connect().endpoint_url == server.url
    assert not (tmp_path / "never-made").exists()


def test_credentials_mean_aws_unless_told_otherwise(server, home, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("WORKSHOP_HOME", str(home))
    asked = []
    monkeypatch.setattr(
        door, "_client", lambda session, service, region, endpoint: asked.append((service, region, endpoint)) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        connect()
    assert asked == [("sts", "eu-west-1", None)]
    monkeypatch.undo()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("WORKSHOP_HOME", str(home))
    monkeypatch.setenv("WORKSHOP_AWS", "local")
    assert connect().endpoint_url == server.url
    monkeypatch.setenv("WORKSHOP_AWS", "cloud")
    with pytest.raises(BadInput, match="'local' or 'aws'"):
        connect()


def test_forcing_aws_without_credentials_says_what_to_do(monkeypatch):
    monkeypatch.setenv("WORKSHOP_AWS", "aws")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(AwsProblem, match="aws configure") as none:
        connect()
    assert none.value.code == "NoCredentials"


def test_instance_metadata_is_asked_only_inside_sagemaker(monkeypatch, tmp_path):
    import botocore.session

    def providers():
        session = botocore.session.Session()
        door._without_instance_metadata(session)
        return [provider.METHOD for provider in session.get_component("credential_provider").providers]

    monkeypatch.setattr(door, "METADATA_FILE", tmp_path / "none.json")
    assert "iam-role" not in providers() and "container-role" in providers()
    (tmp_path / "note.json").write_text("{}")
    monkeypatch.setattr(door, "METADATA_FILE", tmp_path / "note.json")
    assert "iam-role" in providers()


def test_sagemakers_metadata_gives_role_and_region(server, monkeypatch, tmp_path):
    role = "arn:aws:iam::000000000000:role/studio"
    note = {"ExecutionRoleArn": role, "ResourceArn": "arn:aws:sagemaker:us-west-2:000000000000:app/d/u/JupyterLab/x"}
    (tmp_path / "note.json").write_text(json.dumps(note))
    monkeypatch.setattr(door, "METADATA_FILE", tmp_path / "note.json")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    found = connect()
    assert (found.role_arn, found.region) == (role, "us-west-2")
    monkeypatch.setenv("WORKSHOP_ROLE_ARN", "arn:aws:iam::000000000000:role/mine")
    assert connect().role_arn.endswith("mine")


def test_a_server_that_died_is_started_again_by_the_next_call(tmp_path, monkeypatch):
    from workshop_kit.local_aws import find, stop

    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    aws = connect()
    try:
        os.kill(find(tmp_path).pid, signal.SIGKILL)
        while find(tmp_path):
            pass
        names = [bucket["Name"] for bucket in kit_call(aws.client("s3").list_buckets)["Buckets"]]
        assert names == [aws.bucket]
    finally:
        stop(tmp_path)


def test_models_are_chosen_by_what_is_listed(aws, monkeypatch):
    class Bedrock:
        def list_foundation_models(self):
            return {"modelSummaries": [{"modelId": "amazon.nova-pro-v1:0"}, {"modelId": "workshop.writer-v1:0"}]}

        def get_paginator(self, name):
            raise ClientError({"Error": {"Code": "UnknownOperationException"}}, name)

    aws._clients["bedrock"] = Bedrock()
    assert aws.choose_model("writer") == "amazon.nova-pro-v1:0"
    with pytest.raises(AwsProblem, match="WORKSHOP_MODEL_JUDGE"):
        aws.choose_model("judge")
    monkeypatch.setenv("WORKSHOP_MODEL_JUDGE", "mine")
    assert aws.choose_model("judge") == "mine"
    with pytest.raises(BadInput, match="poet"):
        aws.choose_model("poet")


def client_error(code, message, operation="CreateTrainingJob"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("error", "says", "code"),
    [
        (client_error("AccessDeniedException", "no right"), "ask for that right", "AccessDeniedException"),
        (client_error("ExpiredTokenException", "old"), "sign in again", "ExpiredTokenException"),
        (client_error("ResourceLimitExceeded", "0 ml.g5.2xlarge"), "Service Quotas", "ResourceLimitExceeded"),
        (client_error("ThrottlingException", "Rate exceeded"), "wait a minute", "ThrottlingException"),
        (client_error("NoSuchBucket", "The specified bucket does not exist"), "run connect() again", "NoSuchBucket"),
        (client_error("ValidationException", "1 validation error"), "refused CreateTrainingJob", "ValidationException"),
        (client_error("ValidationException", "The provided model identifier is invalid."), "no such model", "ModelNotFound"),
        (client_error("ValidationException", 'Could not find endpoint "x".'), "did not find", "ValidationException"),
        (client_error("InsufficientInstanceCapacity", "none"), "try again later", "InsufficientInstanceCapacity"),
        (client_error("Brandnew", "something {odd}"), "something {odd}", "Brandnew"),
        (exceptions.NoCredentialsError(), "aws configure", "NoCredentials"),
        (exceptions.ProfileNotFound(profile="p"), "AWS_PROFILE", "ProfileNotFound"),
        (exceptions.EndpointConnectionError(endpoint_url="https://s3.us-west-2.amazonaws.com/b"), "check the network", "NoConnection"),
        (exceptions.ConnectTimeoutError(endpoint_url="https://s3.us-west-2.amazonaws.com/b"), "check the network", "NoConnection"),
        (exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/"), "connect() again", "NoConnection"),
    ],
)  # fmt: skip
def test_errors_become_one_sentence_that_says_what_to_do(error, says, code):
    problem = explain(error)
    assert isinstance(problem, KitError) and says in str(problem) and problem.code == code
    assert "\n" not in str(problem) and str(problem).endswith(".")


def test_kit_call_translates_boto_errors_and_leaves_others_alone(aws):
    with pytest.raises(AwsProblem) as missing:
        kit_call(aws.client("s3").get_object, Bucket=aws.bucket, Key="nope")
    assert missing.value.code == "NoSuchKey" and isinstance(missing.value.__cause__, ClientError)
    with pytest.raises(AwsProblem, match="does not exist"), kit_call():
        aws.client("s3").upload_file(__file__, "no-such-bucket-here", "k")
    with pytest.raises(ZeroDivisionError), kit_call():
        raise ZeroDivisionError

    @kit_call()
    def look():
        return aws.client("s3").head_object(Bucket=aws.bucket, Key="nope")

    with pytest.raises(AwsProblem):
        look()


def test_throttling_is_retried_a_bounded_number_of_times():
    seen = []

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_response(503)
            self.end_headers()

        def log_message(self, *args):
            pass

    busy = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=busy.serve_forever, daemon=True).start()
    session = boto3.Session("a", "b", region_name="us-west-2")
    client = door._client(session, "s3", "us-west-2", f"http://127.0.0.1:{busy.server_port}")
    with pytest.raises(AwsProblem):
        kit_call(client.list_buckets)
    busy.shutdown()
    assert len(seen) == door.ATTEMPTS


def test_importing_the_door_brings_no_boto3():
    program = "import sys, workshop_kit.aws; print([m for m in ('boto3', 'botocore', 'moto', 'workshop_kit.local_aws') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
