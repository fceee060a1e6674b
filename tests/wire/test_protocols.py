"""The protocol adapter, driven by real boto3 clients against handlers of the test's own."""

import io
import json
import sys
import threading
import types
import urllib.error
import urllib.request
from datetime import UTC, datetime

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from workshop_kit.local_aws import app as app_module
from workshop_kit.local_aws import cbor, server
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context

pytestmark = pytest.mark.filterwarnings("ignore:Exception.AwsError")
ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """serve({service: {operation: handler}}) -> a function that makes clients."""
    running = []

    def start(handlers):
        for service, operations in handlers.items():
            module = types.ModuleType(f"fake_{service.replace('-', '_')}")
            module.OPERATIONS = operations
            monkeypatch.setitem(sys.modules, module.__name__, module)
            monkeypatch.setitem(app_module.REGISTRY, service, module.__name__)
        http = server._listen(0)
        http.wsgi_app = app_module.App(Context.open(tmp_path))
        threading.Thread(target=http.serve, daemon=True).start()
        running.append(http)
        url = f"http://127.0.0.1:{http.bind_addr[1]}"
        config = Config(retries={"total_max_attempts": 1}, read_timeout=10)
        session = boto3.Session("local", "local", region_name="us-west-2")
        return lambda service: session.client(service, endpoint_url=url, config=config)

    yield start
    for http in running:
        http.stop()


def converse(client, **more):
    return client.converse_stream(modelId="m", messages=[{"role": "user", "content": [{"text": "hi"}]}], **more)


def test_json_requests_and_responses_keep_their_types(serve):
    seen = {}

    def describe(ctx, request):
        seen.update(request)
        return {
            "TrainingJobName": request["TrainingJobName"],
            "TrainingJobArn": "arn",
            "CreationTime": 1_700_000_000.5,
            "ModelArtifacts": {"S3ModelArtifacts": "s3://b/k"},
            "HyperParameters": {"epoch": "4"},
            "FinalMetricDataList": [{"MetricName": "loss", "Value": 0.5, "Timestamp": "2025-01-02T03:04:05Z"}],
            "EnableNetworkIsolation": False,
            "_private": 1,
        }

    got = serve({"sagemaker": {"DescribeTrainingJob": describe}})("sagemaker").describe_training_job(
        TrainingJobName="job"
    )
    assert seen == {"TrainingJobName": "job"}
    assert got["CreationTime"] == datetime.fromtimestamp(1_700_000_000.5, UTC)
    assert got["FinalMetricDataList"] == [
        {"MetricName": "loss", "Value": 0.5, "Timestamp": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)}
    ]
    assert got["HyperParameters"] == {"epoch": "4"} and got["EnableNetworkIsolation"] is False
    assert "_private" not in got


def test_blobs_go_both_ways_with_their_headers(serve):
    def invoke(ctx, request):
        assert request["ContentType"] == "application/json"
        return {"Body": io.BytesIO(request["Body"][::-1]), "ContentType": "text/x", "InvokedProductionVariant": "v"}

    def model(ctx, request):
        return {"body": request["body"] + b"!", "contentType": "application/json"}

    client = serve({"sagemaker-runtime": {"InvokeEndpoint": invoke}, "bedrock-runtime": {"InvokeModel": model}})
    body = bytes(range(256)) * 100
    got = client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=body, ContentType="application/json")
    assert got["Body"].read() == body[::-1]
    assert (got["ContentType"], got["InvokedProductionVariant"]) == ("text/x", "v")
    got = client("bedrock-runtime").invoke_model(
        modelId="arn:aws:bedrock:us-west-2::foundation-model/a.b-v1:0", body=b"{}"
    )
    assert got["body"].read() == b"{}!" and got["contentType"] == "application/json"


def test_an_event_stream_arrives_event_by_event(serve):
    gate = threading.Event()

    def stream(ctx, request):
        def events():
            yield {"messageStart": {"role": "assistant"}}
            yield {"contentBlockDelta": {"delta": {"text": "né \n"}, "contentBlockIndex": 0}}
            assert gate.wait(5)
            yield {"messageStop": {"stopReason": "end_turn"}}
            yield {
                "metadata": {
                    "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
                    "metrics": {"latencyMs": 4},
                }
            }

        return {"stream": events()}

    client = serve({"bedrock-runtime": {"ConverseStream": stream}})("bedrock-runtime")
    events = iter(converse(client)["stream"])
    # The first two are here although the handler has not gone on yet.
    assert next(events) == {"messageStart": {"role": "assistant"}}
    assert next(events)["contentBlockDelta"]["delta"] == {"text": "né \n"}
    gate.set()
    assert [next(iter(event)) for event in events] == ["messageStop", "metadata"]


def test_event_streams_of_bytes(serve):
    def endpoint(ctx, request):
        return {
            "Body": iter([{"PayloadPart": {"Bytes": b"\x00\xff"}}, {"PayloadPart": {"Bytes": b"b"}}]),
            "ContentType": "x/y",
        }

    def model(ctx, request):
        return {"body": iter([{"chunk": {"bytes": b'{"a": 1}'}}]), "contentType": "application/json"}

    client = serve(
        {
            "sagemaker-runtime": {"InvokeEndpointWithResponseStream": endpoint},
            "bedrock-runtime": {"InvokeModelWithResponseStream": model},
        }
    )
    got = client("sagemaker-runtime").invoke_endpoint_with_response_stream(EndpointName="e", Body=b"")
    assert [event["PayloadPart"]["Bytes"] for event in got["Body"]] == [b"\x00\xff", b"b"]
    got = client("bedrock-runtime").invoke_model_with_response_stream(modelId="m.m", body=b"{}")
    assert [json.loads(event["chunk"]["bytes"]) for event in got["body"]] == [{"a": 1}]


def test_an_error_before_the_first_event_is_an_error_response_and_one_later_ends_the_stream(serve):
    def early(ctx, request):
        def events():
            raise AwsError("ThrottlingException", "too fast")
            yield

        return {"stream": events()}

    def late(ctx, request):
        def events():
            yield {"messageStart": {"role": "assistant"}}
            if request["modelId"] == "known":
                raise AwsError("ModelStreamErrorException", "broken", fields={"originalStatusCode": 500})
            raise KeyError("secret detail")

        return {"stream": events()}

    client = serve({"bedrock-runtime": {"ConverseStream": early}})("bedrock-runtime")
    with pytest.raises(client.exceptions.ThrottlingException, match="too fast"):
        converse(client)
    client = serve({"bedrock-runtime": {"ConverseStream": late}})("bedrock-runtime")
    for model, message in (("known", "broken"), ("other", "log")):
        stream = client.converse_stream(modelId=model, messages=[{"role": "user", "content": [{"text": "x"}]}])[
            "stream"
        ]
        with pytest.raises(EventStreamError, match=message) as broken:
            list(stream)
        assert "secret" not in str(broken.value)


def test_modelled_errors_arrive_as_the_clients_exceptions(serve):
    def missing(ctx, request):
        raise AwsError("ResourceNotFound", "no such job")

    def timeout(ctx, request):
        raise AwsError("ModelError", "it failed", fields={"OriginalStatusCode": 400, "OriginalMessage": "bad"})

    client = serve({"sagemaker": {"DescribeTrainingJob": missing}, "sagemaker-runtime": {"InvokeEndpoint": timeout}})
    sagemaker = client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="no such job"):
        sagemaker.describe_training_job(TrainingJobName="x")
    runtime = client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError) as failed:
        runtime.invoke_endpoint(EndpointName="e", Body=b"")
    assert failed.value.response["OriginalStatusCode"] == 400
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_an_unexpected_exception_becomes_an_internal_error_and_a_log_entry(serve, caplog):
    def broken(ctx, request):
        raise RuntimeError("secret detail")

    clients = serve(
        {
            "bedrock": {"ListFoundationModels": broken},
            "sagemaker": {"ListTrainingJobs": broken},
            "s3": {"ListBuckets": broken},
        }
    )
    for service, method, code in (
        ("bedrock", "list_foundation_models", "InternalServerException"),
        ("sagemaker", "list_training_jobs", "InternalFailure"),
        ("s3", "list_buckets", "InternalError"),
    ):
        with pytest.raises(ClientError) as failed:
            getattr(clients(service), method)()
        assert failed.value.response["Error"]["Code"] == code
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "secret" not in str(failed.value)
    assert "secret detail" in caplog.text


def test_a_full_disk_is_told_as_such(serve):
    def full(ctx, request):
        raise OSError(28, "No space left on device")

    client = serve({"sagemaker": {"ListTrainingJobs": full}})("sagemaker")
    with pytest.raises(ClientError, match="is full") as refused:
        client.list_training_jobs()
    assert refused.value.response["Error"]["Code"] == "InsufficientStorage"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"TrainingJobName": "a_b"},
            "1 validation error detected: Value 'a_b' at 'trainingJobName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        (
            {"OutputDataConfig": {"S3OutputPath": "x" * 1025}},
            "at 'outputDataConfig.s3OutputPath' failed to satisfy constraint: Member must have length less than or "
            "equal to 1024",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 0}},
            "Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1",
        ),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "Slow", "TrainingImage": "i"}},
            "failed to satisfy constraint: Member must satisfy enum value set: [",
        ),
        ({"RoleArn": None}, "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"),
        (
            {"HyperParameters": {"k" * 257: "v"}},
            "at 'hyperParameters' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have "
            "length less than or equal to 256]",
        ),
        ({"Tags": [{"Key": "", "Value": "v"}]}, "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member"),
    ],
)
def test_a_request_that_breaks_the_model_is_refused_in_aws_words(serve, change, says):
    client = serve({"sagemaker": {"CreateTrainingJob": lambda ctx, request: {"TrainingJobArn": "arn:x"}}})("sagemaker")
    # botocore's own checks are off: they would keep most of these from being sent.
    client._client_config.__dict__["parameter_validation"] = False
    client._serializer = __import__("botocore.serialize").serialize.create_serializer("json", False)
    request = {
        "TrainingJobName": "job",
        "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    client.create_training_job(**request)
    request = {name: value for name, value in {**request, **change}.items() if value is not None}
    with pytest.raises(ClientError) as refused:
        client.create_training_job(**request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert says in refused.value.response["Error"]["Message"]


def test_operations_that_nobody_has_are_named(client):
    for service, call, name in (
        ("sagemaker", lambda c: c.list_notebook_instances(), "ListNotebookInstances"),
        ("braket", lambda c: c.search_jobs(filters=[]), "SearchJobs"),
        ("bedrock", lambda c: c.list_guardrails(), "ListGuardrails"),
    ):
        with pytest.raises(ClientError, match=name) as refused:
            call(client(service))
        assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


def test_sts_and_iam_answer_and_the_default_role_exists(client):
    assert client("sts").get_caller_identity()["Account"] == "000000000000"
    assert client("iam").get_role(RoleName="WorkshopExecutionRole")["Role"]["Arn"] == ROLE
    assumed = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session")
    assert assumed["Credentials"]["SessionToken"]
    client("iam").create_role(RoleName="with-policy", AssumeRolePolicyDocument="{}")
    managed = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    client("iam").attach_role_policy(RoleName="with-policy", PolicyArn=managed)
    attached = client("iam").list_attached_role_policies(RoleName="with-policy")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [managed]
    with pytest.raises(ClientError) as missing:
        client("iam").get_role(RoleName="nobody")
    assert missing.value.response["Error"]["Code"] == "NoSuchEntity"


def statistics(ctx, request):
    if request["MetricName"] == "none":
        raise AwsError("InvalidParameterValueException", "no such metric")
    assert request["StartTime"] == datetime(2025, 1, 2, tzinfo=UTC) and request["Period"] == 60
    return {"Label": "loss", "Datapoints": [{"Timestamp": 1_700_000_000, "Average": 1, "Unit": "None"}], "_x": 1}


def test_a_service_with_several_protocols_through_its_client(serve):
    client = serve({"cloudwatch": {"GetMetricStatistics": statistics}})("cloudwatch")
    when = datetime(2025, 1, 2, tzinfo=UTC)
    request = {"Namespace": "n", "StartTime": when, "EndTime": when, "Period": 60, "Statistics": ["Average"]}
    got = client.get_metric_statistics(MetricName="loss", **request)
    assert got["Datapoints"][0]["Timestamp"] == datetime.fromtimestamp(1_700_000_000, UTC)
    with pytest.raises(ClientError, match="no such metric"):
        client.get_metric_statistics(MetricName="none", **request)


def test_rpc_v2_cbor_for_the_sdks_that_prefer_it(serve):
    url = serve({"cloudwatch": {"GetMetricStatistics": statistics}})("cloudwatch").meta.endpoint_url
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=a/20250101/us-west-2/monitoring/aws4_request, Signature=x",
        "smithy-protocol": "rpc-v2-cbor",
        "Content-Type": "application/cbor",
    }

    def post(name, request):
        target = f"{url}/service/GraniteServiceVersion20100801/operation/{name}"
        try:
            with urllib.request.urlopen(urllib.request.Request(target, cbor.encode(request), headers)) as answer:
                assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
                return cbor.decode(answer.read())
        except urllib.error.HTTPError as error:
            assert error.headers["smithy-protocol"] == "rpc-v2-cbor"
            return cbor.decode(error.read())

    when = datetime(2025, 1, 2, tzinfo=UTC)
    request = {"Namespace": "n", "MetricName": "loss", "StartTime": when, "EndTime": when, "Period": 60}
    got = post("GetMetricStatistics", request)
    point = {"Timestamp": datetime.fromtimestamp(1_700_000_000, UTC), "Average": 1.0, "Unit": "None"}
    assert got == {"Label": "loss", "Datapoints": [point]}
    assert post("GetMetricStatistics", {**request, "MetricName": "none"})["message"] == "no such metric"
    assert "'period'" in post("GetMetricStatistics", {**request, "Period": 0})["message"]


def test_cbor_round_trips_and_refuses_what_is_cut_short():
    value = {"a": [1, -5, 2**40, 1.5, True, None], "b": {"c": b"\x00", "d": "ü"}, "t": datetime(2025, 1, 1, tzinfo=UTC)}
    data = cbor.encode(value)
    assert cbor.decode(data) == value
    assert cbor.decode(b"\xbf\x61a\x9f\x01\x02\xff\xff") == {"a": [1, 2]}
    for end in range(len(data)):
        with pytest.raises(ValueError):
            cbor.decode(data[:end])
