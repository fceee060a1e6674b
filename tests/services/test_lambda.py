"""Lambda's part on a running server: real functions in bounded processes, and what they can't do."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"
ECHO = "def handler(event, context):\n    print('called by', context.function_name)\n    return {'got': event}\n"


def packed(source, name="app.py"):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, source)
    return data.getvalue()


def create(server, name, source=ECHO, **more):
    told = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": packed(source)},
        "Timeout": 10,
        "Tags": {"workshop-kit": "true"},
    }
    return server.client("lambda").create_function(**told | more)


def call(server, name, event=None, **more):
    told = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    return told.get("FunctionError", ""), json.loads(told["Payload"].read()), told


def test_a_function_runs_and_its_lines_reach_the_caller_and_the_log(server):
    created = create(server, "echo")
    assert created["State"] == "Active" and created["FunctionArn"].endswith(":function:echo")
    error, answer, told = call(server, "echo", {"ä": [1, 2]}, LogType="Tail")
    assert (error, answer) == ("", {"got": {"ä": [1, 2]}})
    assert "called by echo" in base64.b64decode(told["LogResult"]).decode()
    logs = server.client("logs")
    stream = logs.describe_log_streams(logGroupName="/aws/lambda/echo")["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(logGroupName="/aws/lambda/echo", logStreamName=stream, startFromHead=True)["events"]
    assert any("called by echo" in event["message"] for event in events)


def test_a_function_is_found_changed_tagged_and_deleted(server):
    client = server.client("lambda")
    arn = create(server, "changing")["FunctionArn"]
    with pytest.raises(ClientError, match="already exist"):
        create(server, "changing")
    client.update_function_code(FunctionName="changing", ZipFile=packed("def handler(event, context): return 2\n"))
    assert call(server, arn)[1] == 2
    changed = client.update_function_configuration(
        FunctionName="changing", Timeout=20, Environment={"Variables": {"AB": "c"}}
    )
    assert (changed["Timeout"], changed["Environment"]["Variables"]) == (20, {"AB": "c"})
    client.tag_resource(Resource=arn, Tags={"team": "one"})
    assert client.list_tags(Resource=arn)["Tags"] == {"workshop-kit": "true", "team": "one"}
    assert "changing" in [found["FunctionName"] for found in client.list_functions()["Functions"]]
    client.add_permission(
        FunctionName="changing", StatementId="s", Action="lambda:InvokeFunction", Principal="bedrock.amazonaws.com"
    )
    assert "bedrock.amazonaws.com" in client.get_policy(FunctionName="changing")["Policy"]
    client.delete_function(FunctionName="changing")
    with pytest.raises(ClientError, match="Function not found") as caught:
        call(server, "changing")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("def handler(event, context):\n    raise KeyError('reference_answer')\n", "KeyError", "reference_answer"),
        ("def handler(event, context):\n    import sys\n    sys.exit(3)\n", "RuntimeError", "status 3"),
        ("def handler(event, context):\n    return {1, 2}\n", "TypeError", "not JSON serializable"),
        ("def other(event, context): pass\n", "AttributeError", "handler"),
        ("import nothing_of_the_kind\n", "ModuleNotFoundError", "nothing_of_the_kind"),
        ("def handler(event, context):\n    return 'x' * (7 << 20)\n", "Function.ResponseSizeTooLarge", "exceeded"),
        ("def handler(event, context):\n    x = bytearray(4 << 30)\n", "MemoryError", ""),
        ("def handler(event, context):\n    import os\n    os._exit(9)\n", "Runtime.ExitError", "status 9"),
    ],
)
def test_a_function_that_fails_says_how_and_harms_nobody(server, source, kind, message, request):
    name = "fails-" + "".join(c for c in kind.lower() if c.isalnum())
    create(server, name, source)
    error, answer, _ = call(server, name, {})
    assert error == "Unhandled" and answer["errorType"] == kind and message in answer["errorMessage"]


def test_a_function_that_hangs_is_ended_with_all_it_started(server, tmp_path):
    mark = tmp_path / "still-there"
    source = (
        "def handler(event, context):\n"
        "    import subprocess, sys, time\n"
        f"    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3); open(\"{mark}\", \"w\")'])\n"
        "    time.sleep(60)\n"
    )
    create(server, "hangs", source, Timeout=1)
    started = time.monotonic()
    error, answer, _ = call(server, "hangs", {})
    assert error == "Unhandled" and "timed out after 1.00 seconds" in answer["errorMessage"]
    assert time.monotonic() - started < 30
    time.sleep(3)
    assert not mark.exists()


def test_a_function_sees_none_of_the_servers_environment_but_can_ask_a_model(server):
    source = (
        "import os, boto3\n"
        "def handler(event, context):\n"
        "    names = sorted(name for name in os.environ if name.startswith(('WORKSHOP', 'OMP', 'PYTEST')))\n"
        "    client = boto3.client('bedrock-runtime')\n"
        "    said = client.converse(modelId='workshop.base-v1:0', inferenceConfig={'maxTokens': 2},\n"
        "        messages=[{'role': 'user', 'content': [{'text': 'Hello'}]}])\n"
        "    return [names, said['stopReason']]\n"
    )
    create(server, "asks", source, Timeout=60, MemorySize=512)
    error, answer, _ = call(server, "asks", {})
    assert error == "" and answer[0] == [] and answer[1] in ("max_tokens", "end_turn")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"Code": {"ZipFile": b"not a zip"}}, "Could not unzip"),
        ({"Code": {"ZipFile": packed("x = 1", "../outside.py")}}, "leads out of its folder"),
        ({"Code": {}}, "provide the code"),
        ({"Code": {"S3Bucket": "practice", "S3Key": "no-such.zip"}}, "GetObject"),
        ({"Runtime": "nodejs22.x"}, "Python functions only"),
        ({"Handler": "app"}, "file name without .py"),
        ({"Role": "arn:aws:iam::000000000000:role/nobody"}, "cannot be assumed"),
        ({"Timeout": 1000}, "at most 900 seconds"),
    ],
)
def test_what_cant_be_run_is_refused(server, changes, fault):
    with pytest.raises(ClientError, match=fault) as caught:
        create(server, "refused", **changes)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_code_can_come_from_s3_and_a_dry_run_calls_nothing(server):
    server.client("s3").put_object(Bucket="practice", Key="code/app.zip", Body=packed(ECHO))
    create(server, "from-s3", Code={"S3Bucket": "practice", "S3Key": "code/app.zip"})
    assert call(server, "from-s3", 1)[1] == {"got": 1}
    told = server.client("lambda").invoke(FunctionName="from-s3", InvocationType="DryRun")
    assert told["StatusCode"] == 204
