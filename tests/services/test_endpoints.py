"""Models, endpoint configurations and endpoints, and what InvokeEndpoint answers."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from botocore.exceptions import ClientError

BUCKET = "practice"
MODEL_ID = "meta-textgeneration-llama-3-2-3b-instruct"
ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"


def make(server, name, *, artefact=None, environment=None):
    """Model, configuration and endpoint of one name; returns the endpoint once it is settled."""
    sagemaker = server.client("sagemaker")
    container = {"Image": server.hub_document()["HostingEcrUri"], "Environment": environment or {}}
    if artefact:
        container["ModelDataUrl"] = artefact
    else:
        container["Environment"] = {"MODEL": MODEL_ID}
    sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    configure(server, name, name)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(server, name)


def configure(server, config, *models):
    server.client("sagemaker").create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[
            {
                "VariantName": f"V{number}",
                "ModelName": model,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.g5.2xlarge",
            }
            for number, model in enumerate(models)
        ],
    )


def settled(server, name):
    return server.eventually(
        lambda: server.client("sagemaker").describe_endpoint(EndpointName=name),
        lambda seen: seen["EndpointStatus"] not in ("Creating", "Updating"),
    )


def ask(server, name, body, **more):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = server.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, ContentType="application/json", Body=body, **more
    )
    return json.loads(answer["Body"].read())


@pytest.fixture(scope="module")
def base(server):
    made = make(server, "base-endpoint")
    assert made["EndpointStatus"] == "InService", made.get("FailureReason")
    return "base-endpoint"


@pytest.fixture(scope="module")
def tuned(server):
    request = server.request("for-endpoint", epoch="60", learning_rate="0.01", rows=4)
    server.client("sagemaker").create_training_job(**request)
    job = server.wait("for-endpoint")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    made = make(server, "tuned-endpoint", artefact=job["ModelArtifacts"]["S3ModelArtifacts"])
    assert made["EndpointStatus"] == "InService", made.get("FailureReason")
    return "tuned-endpoint"


def test_an_endpoint_is_in_service_when_its_model_answers(server, base):
    described = server.client("sagemaker").describe_endpoint(EndpointName=base)
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    answer = ask(server, base, {"inputs": "Hello", "parameters": {"max_new_tokens": 5}})
    assert set(answer) == {"generated_text"} and isinstance(answer["generated_text"], str)


def test_the_tuned_model_answers_otherwise_than_the_base(server, base, tuned):
    body = {"inputs": "What is 1?", "parameters": {"max_new_tokens": 12}}
    assert ask(server, tuned, body) != ask(server, base, body)
    assert ask(server, tuned, body) == ask(server, tuned, body), "temperature 0 must be repeatable"


def test_the_payload_forms_of_jumpstart(server, base):
    parameters = {"max_new_tokens": 4, "details": True}
    one = ask(server, base, {"inputs": "A b", "parameters": parameters})
    assert one["details"]["generated_tokens"] <= 4 and one["details"]["prompt_tokens"] > 0
    assert one["details"]["finish_reason"] in ("length", "eos_token")
    many = ask(server, base, {"inputs": ["A b", "C d"], "parameters": {"max_new_tokens": 4}})
    assert [set(answer) for answer in many] == [{"generated_text"}] * 2
    assert many[0]["generated_text"] == one["generated_text"]
    full = ask(server, base, {"inputs": "A b", "parameters": {"max_new_tokens": 4, "return_full_text": True}})
    assert full["generated_text"] == "A b" + one["generated_text"]
    chat = ask(server, base, {"messages": [{"role": "user", "content": "A b"}], "max_tokens": 4})
    assert chat["choices"][0]["message"]["role"] == "assistant"
    assert chat["usage"]["completion_tokens"] <= 4


def test_a_seed_makes_sampling_repeatable(server, base):
    def sample(seed):
        parameters = {"max_new_tokens": 24, "temperature": 1.0, "top_p": 0.95, "seed": seed}
        return ask(server, base, {"inputs": "Once", "parameters": parameters})["generated_text"]

    assert sample(7) == sample(7)
    assert len({sample(seed) for seed in range(4)}) > 1


def test_the_stream_carries_the_same_text_piece_by_piece(server, base):
    body = {"inputs": "Hello", "parameters": {"max_new_tokens": 12}}
    answer = server.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName=base, ContentType="application/json", Body=json.dumps(body).encode()
    )
    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    lines = [json.loads(line) for line in b"".join(parts).splitlines()]
    whole = ask(server, base, body)["generated_text"]
    assert len(parts) > 1
    assert "".join(line["token"]["text"] for line in lines) == lines[-1]["generated_text"] == whole


def test_a_chat_stream_is_server_sent_events(server, base):
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 8, "stream": True}
    answer = server.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName=base, ContentType="application/json", Body=json.dumps(body).encode()
    )
    text = b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"]).decode()
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    assert json.loads(events[-2])["choices"][0]["finish_reason"] in ("stop", "length")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{not json", "JSON"),
        (b"[1]", "array"),
        ({"prompt": "x"}, "neither inputs nor messages"),
        ({"inputs": ""}, "inputs"),
        ({"inputs": "x", "parameters": {"max_new_tokens": 0}}, "max_new_tokens"),
        ({"inputs": "x", "parameters": {"temprature": 1}}, "temprature"),
        ({"inputs": "x", "parameters": {"top_p": 1.5}}, "top_p"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "user"),
        ({"inputs": "x " * 3000, "parameters": {"max_new_tokens": 4}}, "tokens"),
    ],
)
def test_a_bad_payload_is_a_model_error_that_names_the_fault(server, base, body, named):
    with pytest.raises(ClientError) as caught:
        ask(server, base, body)
    response = caught.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 400
    assert named in response["OriginalMessage"]


def test_an_endpoint_that_is_not_there(server):
    with pytest.raises(ClientError, match="not found") as caught:
        ask(server, "no-endpoint", {"inputs": "x"})
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    for operation in ("describe_endpoint", "delete_endpoint"):
        with pytest.raises(ClientError, match="Could not find endpoint"):
            getattr(server.client("sagemaker"), operation)(EndpointName="no-endpoint")


def test_an_artefact_that_is_no_model_fails_the_endpoint_with_the_reason(server):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("readme.txt"))
    s3 = server.client("s3")
    s3.put_object(Bucket=BUCKET, Key="odd/model.tar.gz", Body=packed.getvalue())
    made = make(server, "odd-endpoint", artefact=f"s3://{BUCKET}/odd/model.tar.gz")
    assert made["EndpointStatus"] == "Failed" and "adapter_config.json" in made["FailureReason"]
    with pytest.raises(ClientError, match="Failed"):
        ask(server, "odd-endpoint", {"inputs": "x"})
    s3.put_object(Bucket=BUCKET, Key="torn/model.tar.gz", Body=packed.getvalue()[:40])
    made = make(server, "torn-endpoint", artefact=f"s3://{BUCKET}/torn/model.tar.gz")
    assert made["EndpointStatus"] == "Failed" and "tar archive" in made["FailureReason"]


def test_missing_pieces_are_refused_at_create(server, base):
    sagemaker = server.client("sagemaker")
    with pytest.raises(ClientError, match="Could not find model data"):
        make(server, "no-data", artefact=f"s3://{BUCKET}/none/model.tar.gz")
    with pytest.raises(ClientError, match="Could not find model "):
        configure(server, "no-model", "no-such-model")
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        sagemaker.create_endpoint(EndpointName="no-config", EndpointConfigName="no-such-config")
    with pytest.raises(ClientError, match="already existing endpoint "):
        sagemaker.create_endpoint(EndpointName=base, EndpointConfigName=base)
    with pytest.raises(ClientError, match="already existing model"):
        sagemaker.create_model(
            ModelName=base, PrimaryContainer={"Environment": {"MODEL": MODEL_ID}}, ExecutionRoleArn=ROLE
        )
    with pytest.raises(ClientError, match="already existing endpoint configuration"):
        configure(server, base, base)


def test_an_update_swaps_the_model_and_a_failed_one_keeps_the_old(server, base, tuned):
    sagemaker = server.client("sagemaker")
    make(server, "swap")
    body = {"inputs": "What is 1?", "parameters": {"max_new_tokens": 12}}
    before = ask(server, "swap", body)
    sagemaker.update_endpoint(EndpointName="swap", EndpointConfigName=tuned)
    assert settled(server, "swap")["EndpointConfigName"] == tuned
    assert ask(server, "swap", body) == ask(server, tuned, body) != before

    server.client("s3").put_object(Bucket=BUCKET, Key="bad/model.tar.gz", Body=b"no archive")
    sagemaker.create_model(
        ModelName="bad",
        PrimaryContainer={"ModelDataUrl": f"s3://{BUCKET}/bad/model.tar.gz"},
        ExecutionRoleArn=ROLE,
    )
    configure(server, "bad", "bad")
    sagemaker.update_endpoint(EndpointName="swap", EndpointConfigName="bad")
    kept = settled(server, "swap")
    assert (kept["EndpointStatus"], kept["EndpointConfigName"]) == ("InService", tuned)
    assert "bad/model.tar.gz" in kept["FailureReason"]
    assert ask(server, "swap", body) == ask(server, tuned, body)


def test_a_target_variant_is_the_one_that_answers(server, base, tuned):
    configure(server, "two", base, tuned)
    server.client("sagemaker").create_endpoint(EndpointName="two", EndpointConfigName="two")
    assert settled(server, "two")["EndpointStatus"] == "InService"
    body = {"inputs": "What is 1?", "parameters": {"max_new_tokens": 12}}
    assert ask(server, "two", body, TargetVariant="V1") == ask(server, tuned, body)
    assert ask(server, "two", body, TargetVariant="V0") == ask(server, base, body)


def test_a_deleted_endpoint_is_gone_and_its_files_too(server, base, tuned):
    sagemaker = server.client("sagemaker")
    sagemaker.create_endpoint(EndpointName="short", EndpointConfigName=tuned)
    assert settled(server, "short")["EndpointStatus"] == "InService"
    sagemaker.delete_endpoint(EndpointName="short")

    def gone():
        try:
            return sagemaker.describe_endpoint(EndpointName="short")["EndpointStatus"]
        except ClientError as problem:
            return problem.response["Error"]["Message"]

    server.eventually(gone, lambda seen: seen.startswith("Could not find endpoint"))
    assert ask(server, tuned, {"inputs": "x", "parameters": {"max_new_tokens": 2}}), "others keep their files"


def test_listing_endpoints_models_and_configurations(server, base, tuned):
    sagemaker = server.client("sagemaker")
    names = [row["EndpointName"] for row in sagemaker.list_endpoints(SortBy="Name", MaxResults=100)["Endpoints"]]
    assert names == sorted(names, reverse=True) and {base, tuned} <= set(names)
    assert sagemaker.list_endpoints(NameContains="tuned", StatusEquals="InService")["Endpoints"]
    assert sagemaker.list_models(NameContains=tuned)["Models"][0]["ModelName"] == tuned
    configs = sagemaker.list_endpoint_configs(NameContains=tuned)["EndpointConfigs"]
    assert configs[0]["EndpointConfigArn"].endswith(f"endpoint-config/{tuned}")


def test_a_restarted_server_still_serves_its_endpoints(fresh_server):
    from workshop_kit.local_aws import find_or_start, stop

    made = make(fresh_server, "lasting")
    assert made["EndpointStatus"] == "InService", made.get("FailureReason")
    body = {"inputs": "Hello", "parameters": {"max_new_tokens": 6}}
    before = ask(fresh_server, "lasting", body)
    stop(fresh_server.home)
    fresh_server.info = find_or_start(fresh_server.home)
    assert ask(fresh_server, "lasting", body) == before
