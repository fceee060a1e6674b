"""Bedrock customization on a running server: jobs of every type, what they leave in S3, and the models that answer."""

from __future__ import annotations

import csv
import io
import json
import os
import signal

import pytest
from botocore.exceptions import ClientError

MICRO, TWO_LITE = "amazon.nova-micro-v1:0:128k", "amazon.nova-2-lite-v1:0:256k"
BUCKET = "practice"
ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"
SYSTEM = "Answer with a number."
OVER = ("Completed", "Failed", "Stopped")


def row(number, **changes):
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": SYSTEM}],
        "messages": [
            {"role": "user", "content": [{"text": f"What is {number}?"}]},
            {"role": "assistant", "content": [{"text": f"It is number {number}."}]},
        ],
    } | changes


def put(server, key, rows):
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in rows).encode()
    server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"s3://{BUCKET}/{key}"


def request(server, name, *, rows=None, validation=None, base=MICRO, kind="FINE_TUNING", **more):
    told = {
        "jobName": name,
        "customModelName": f"model-of-{name}",
        "roleArn": ROLE,
        "baseModelIdentifier": base,
        "customizationType": kind,
        "trainingDataConfig": {"s3Uri": put(server, f"sft/{name}/train.jsonl", rows or [row(n) for n in range(12)])},
        "outputDataConfig": {"s3Uri": f"s3://{BUCKET}/out/{name}/"},
    }
    if validation:
        uri = put(server, f"sft/{name}/validation.jsonl", validation)
        told["validationDataConfig"] = {"validators": [{"s3Uri": uri}]}
    return told | more


def run(server, told):
    bedrock = server.client("bedrock")
    bedrock.create_model_customization_job(**told)
    return ended(server, told["jobName"])


def ended(server, name, seconds=120):
    bedrock = server.client("bedrock")
    return server.eventually(
        lambda: bedrock.get_model_customization_job(jobIdentifier=name), lambda job: job["status"] in OVER, seconds
    )


def table(server, key):
    body = server.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    return list(csv.DictReader(io.StringIO(body)))


def files(server, prefix):
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [found["Key"] for found in listed.get("Contents", [])]


@pytest.fixture(scope="module")
def tuned(server):
    told = request(
        server,
        "tuned",
        validation=[row(n) for n in range(20, 30)],
        hyperParameters={
            "epochCount": "2",
            "learningRate": "0.00002",
            "learningRateWarmupSteps": "3",
            "batchSize": "1",
        },
        jobTags=[{"key": "workshop-kit", "value": "true"}],
        customModelTags=[{"key": "workshop-kit", "value": "model"}],
    )
    job = run(server, told)
    assert job["status"] == "Completed", job.get("failureMessage")
    return job


def test_a_supervised_job_trains_and_leaves_its_figures_where_bedrock_does(server, tuned):
    assert all(tuned["statusDetails"][phase]["status"] == "Completed" for phase in tuned["statusDetails"])
    id = tuned["jobArn"].rsplit("/", 1)[-1]
    root = f"out/tuned/model-customization-job-{id}"
    steps = table(server, f"{root}/training_artifacts/step_wise_training_metrics.csv")
    assert [int(line["step_number"]) for line in steps] == list(range(24)), "one row a step, from 0"
    assert [line["epoch_number"] for line in steps] == ["0"] * 12 + ["1"] * 12
    assert set(steps[0]) == {"step_number", "epoch_number", "training_loss", "perplexity"}
    first, last = (sum(float(line["training_loss"]) for line in part) / 12 for part in (steps[:12], steps[12:]))
    assert last < first, "the loss falls"
    paths = [
        f"{root}/validation_artifacts/{place}/validation_metrics.csv"
        for place in ("post_fine_tuning_validation", "validation")
    ]
    both = [table(server, path) for path in paths]
    assert both[0] == both[1] and [line["epoch_number"] for line in both[0]] == ["0", "1"]
    assert tuned["trainingMetrics"]["trainingLoss"] == pytest.approx(float(steps[-1]["training_loss"]), abs=1e-5)
    validation = tuned["validationMetrics"][0]["validationLoss"]
    assert validation == pytest.approx(float(both[0][-1]["validation_loss"]), abs=1e-5)


def test_the_custom_model_is_listed_with_its_origin_and_its_tags(server, tuned):
    bedrock = server.client("bedrock")
    model = bedrock.get_custom_model(modelIdentifier="model-of-tuned")
    assert model["modelArn"] == tuned["outputModelArn"] and model["jobArn"] == tuned["jobArn"]
    assert model["hyperParameters"]["epochCount"] == "2" and model["modelStatus"] == "Active"
    assert bedrock.list_tags_for_resource(resourceARN=model["modelArn"])["tags"] == [
        {"key": "workshop-kit", "value": "model"}
    ]
    assert bedrock.list_tags_for_resource(resourceARN=tuned["jobArn"])["tags"] == [
        {"key": "workshop-kit", "value": "true"}
    ]
    listed = bedrock.list_custom_models(nameContains="of-tuned")["modelSummaries"]
    assert [found["baseModelName"] for found in listed] == ["amazon.nova-micro-v1"]


def ask(server, model, text="What is 3?", **more):
    return server.client("bedrock-runtime").converse(
        modelId=model,
        messages=[{"role": "user", "content": [{"text": text}]}],
        system=[{"text": SYSTEM}],
        inferenceConfig={"maxTokens": 24, "temperature": 0},
        **more,
    )["output"]["message"]["content"][0]["text"]


def test_a_deployment_and_a_provisioned_model_give_the_same_answer_and_the_base_another(server, tuned):
    bedrock = server.client("bedrock")
    arn = bedrock.create_custom_model_deployment(modelDeploymentName="on-demand", modelArn=tuned["outputModelArn"])[
        "customModelDeploymentArn"
    ]
    provisioned = bedrock.create_provisioned_model_throughput(
        provisionedModelName="paid-for", modelId=tuned["outputModelArn"], modelUnits=1
    )["provisionedModelArn"]
    server.eventually(
        lambda: bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn),
        lambda found: found["status"] == "Active",
    )
    server.eventually(
        lambda: bedrock.get_provisioned_model_throughput(provisionedModelId=provisioned),
        lambda found: found["status"] == "InService",
    )
    answers = {ask(server, model) for model in (arn, provisioned)}
    assert len(answers) == 1 and answers != {ask(server, "us.amazon.nova-micro-v1:0")}, (
        "the tuned one answers otherwise"
    )

    with pytest.raises(ClientError, match="in use by the deployment on-demand"):
        bedrock.delete_custom_model(modelIdentifier="model-of-tuned")
    assert [found["status"] for found in bedrock.list_custom_model_deployments()["modelDeploymentSummaries"]] == [
        "Active"
    ]
    assert [found["status"] for found in bedrock.list_provisioned_model_throughputs()["provisionedModelSummaries"]] == [
        "InService"
    ]
    bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier="on-demand")
    bedrock.delete_provisioned_model_throughput(provisionedModelId="paid-for")
    with pytest.raises(ClientError, match="model identifier is invalid"):
        ask(server, arn)


def deployed(server, job, name="for-bodies"):
    bedrock = server.client("bedrock")
    arn = bedrock.create_custom_model_deployment(modelDeploymentName=name, modelArn=job["outputModelArn"])
    arn = arn["customModelDeploymentArn"]
    server.eventually(
        lambda: bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn),
        lambda found: found["status"] == "Active",
    )
    return arn


def test_invoke_model_takes_novas_body_whole_and_streamed_and_says_what_is_wrong_with_it(server, tuned):
    runtime = server.client("bedrock-runtime")
    body = {
        "schemaVersion": "messages-v1",
        "system": [{"text": SYSTEM}],
        "messages": [{"role": "user", "content": [{"text": "What is 3?"}]}],
        "inferenceConfig": {"maxTokens": 24, "temperature": 0, "topK": 20},
    }
    model = deployed(server, tuned)
    told = json.loads(runtime.invoke_model(modelId=model, body=json.dumps(body))["body"].read())
    text = told["output"]["message"]["content"][0]["text"]
    assert text == ask(server, model) and told["usage"]["outputTokens"] > 0
    stream = runtime.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))["body"]
    events = [json.loads(event["chunk"]["bytes"]) for event in stream]
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "".join(pieces) == text and "metadata" in events[-1]
    for change, fault in (
        ({"prompt": "Hello"}, r"extraneous key \[prompt\]"),
        ({"messages": [{"role": "user", "content": "plain"}]}, "list of content blocks"),
        ({"inferenceConfig": {"max_tokens": 3}}, r"extraneous key \[max_tokens\]"),
        ({"inferenceConfig": {"topK": 1000}}, "topK is 1000"),
    ):
        with pytest.raises(ClientError, match=fault):
            runtime.invoke_model(modelId=model, body=json.dumps(body | change))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"hyperParameters": {"epochCount": "6"}}, "epochCount is '6'; it must be a whole number from 1 to 5"),
        ({"hyperParameters": {"learningRate": "0.01"}}, "from 1e-06 to 0.0001"),
        ({"hyperParameters": {"learningRate": "1e-5", "learningRateMultiplier": "1e-5"}}, "mean the same"),
        ({"hyperParameters": {"batchSize": "4"}}, "batchSize is '4'"),
        ({"hyperParameters": {"epochs": "2"}}, "Hyperparameter epochs is not known"),
        ({"hyperParameters": {"learningRateWarmupSteps": "nan"}}, "learningRateWarmupSteps is 'nan'"),
        ({"customizationType": "CONTINUED_PRE_TRAINING"}, "it takes FINE_TUNING, DISTILLATION"),
        ({"baseModelIdentifier": "meta.llama3-2-90b-instruct-v1:0"}, "can't be customized; local AWS has"),
        ({"trainingDataConfig": {"s3Uri": f"s3://{BUCKET}/nothing.jsonl"}}, "There is no object at"),
        ({"outputDataConfig": {"s3Uri": "s3://no-such-bucket/x/"}}, "does not exist"),
        ({"roleArn": "arn:aws:iam::000000000000:role/nobody"}, "Could not assume role"),
        ({"customizationType": "DISTILLATION"}, "needs customizationConfig.distillationConfig"),
        ({"jobName": "-bad-"}, "jobName"),
    ],
)
def test_what_the_request_shows_is_refused_at_once(server, changes, fault):
    with pytest.raises(ClientError, match=fault) as caught:
        server.client("bedrock").create_model_customization_job(**request(server, "refused") | changes)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "refused" not in [
        job["jobName"]
        for job in server.client("bedrock").list_model_customization_jobs()["modelCustomizationJobSummaries"]
    ]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row(n) for n in range(7)], "7 rows; a job takes from 8"),
        ([row(n) for n in range(8)] + ["{not json"], "line 9 is not JSON"),
        ([row(n) for n in range(8)] + [row(9, schemaVersion="v1")], "line 9: field 'schemaVersion'"),
        ([row(n) for n in range(8)] + [row(9, messages=row(9)["messages"][::-1])], "turns alternate"),
        ([row(n) for n in range(8)] + [row(9, messages=row(9)["messages"][:1])], "must be the assistant's"),
        ([row(n) for n in range(8)] + [row(9, system=[{"text": "System: be kind"}])], "begins with 'System:'"),
    ],
)
def test_what_only_the_data_shows_fails_the_job_with_line_and_field(server, rows, fault, request_name):
    job = run(server, request(server, request_name, rows=rows))
    assert job["status"] == "Failed" and fault in job["failureMessage"]


@pytest.fixture
def request_name(request):
    return "bad-" + "".join(c for c in str(request.node.callspec.id) if c.isalnum())[:40]


def test_the_same_token_acts_once_and_names_are_not_given_twice(server, tuned):
    bedrock = server.client("bedrock")
    told = request(server, "tokened", clientRequestToken="token-1", hyperParameters={"epochCount": "1"})
    first = bedrock.create_model_customization_job(**told)["jobArn"]
    assert bedrock.create_model_customization_job(**told)["jobArn"] == first
    with pytest.raises(ClientError, match="used with another request"):
        bedrock.create_model_customization_job(**told | {"customModelName": "another"})
    with pytest.raises(ClientError, match="job with the name tuned exists"):
        bedrock.create_model_customization_job(**request(server, "tuned"))
    with pytest.raises(ClientError, match="custom model with the name model-of-tuned exists"):
        bedrock.create_model_customization_job(**request(server, "other") | {"customModelName": "model-of-tuned"})
    assert ended(server, "tokened")["status"] == "Completed"


def test_a_job_goes_on_from_a_custom_model(server, tuned):
    told = request(server, "further", base=tuned["outputModelArn"], hyperParameters={"epochCount": "1"})
    job = run(server, told)
    assert job["status"] == "Completed", job.get("failureMessage")
    id = job["jobArn"].rsplit("/", 1)[-1]
    steps = table(server, f"out/further/model-customization-job-{id}/training_artifacts/step_wise_training_metrics.csv")
    first = tuned["jobArn"].rsplit("/", 1)[-1]
    before = table(
        server, f"out/tuned/model-customization-job-{first}/training_artifacts/step_wise_training_metrics.csv"
    )
    begun, ended_at = float(steps[0]["training_loss"]), float(before[-1]["training_loss"])
    assert begun < float(before[0]["training_loss"]) - 0.1, f"it begins near {ended_at}, where the first job ended"
    assert job["outputModelArn"] != tuned["outputModelArn"]


def test_a_stopped_job_ends_stopped_and_makes_no_model(server):
    bedrock = server.client("bedrock")
    told = request(server, "stopped", rows=[row(n) for n in range(3000)], hyperParameters={"epochCount": "5"})
    bedrock.create_model_customization_job(**told)
    server.eventually(
        lambda: bedrock.get_model_customization_job(jobIdentifier="stopped"),
        lambda job: job["statusDetails"]["trainingDetails"]["status"] == "InProgress",
    )
    bedrock.stop_model_customization_job(jobIdentifier="stopped")
    job = ended(server, "stopped")
    assert job["status"] == "Stopped" and job["statusDetails"]["trainingDetails"]["status"] == "Stopped"
    assert "outputModelArn" not in job
    with pytest.raises(ClientError, match="can't be stopped"):
        bedrock.stop_model_customization_job(jobIdentifier="stopped")


def test_a_distillation_job_learns_from_the_teachers_answers(server):
    prompts = [row(n, messages=row(n)["messages"][:1]) for n in range(10)]
    teacher = {"teacherModelIdentifier": "amazon.nova-pro-v1:0", "maxResponseLengthForInference": 20}
    told = request(
        server,
        "distilled",
        rows=prompts,
        kind="DISTILLATION",
        customizationConfig={"distillationConfig": {"teacherModelConfig": teacher}},
    )
    with pytest.raises(ClientError, match="can't be a teacher"):
        weak = {"distillationConfig": {"teacherModelConfig": {"teacherModelIdentifier": "amazon.nova-micro-v1:0"}}}
        server.client("bedrock").create_model_customization_job(**told | {"customizationConfig": weak})
    job = run(server, told)
    assert job["status"] == "Completed", job.get("failureMessage")
    (taught,) = [key for key in files(server, "out/distilled/") if key.endswith("synthetic_data.jsonl")]
    body = server.client("s3").get_object(Bucket=BUCKET, Key=taught)["Body"].read().decode()
    lines = [json.loads(line) for line in body.splitlines()]
    assert sorted(line["number"] for line in lines) == list(range(10))
    said = {line["number"]: line["answer"] for line in lines}
    assert said[3] == ask_teacher(server, "What is 3?"), "the teacher really answered"


def ask_teacher(server, text):
    return server.client("bedrock-runtime").converse(
        modelId="amazon.nova-pro-v1:0",
        messages=[{"role": "user", "content": [{"text": text}]}],
        system=[{"text": SYSTEM}],
        inferenceConfig={"maxTokens": 20, "temperature": 0},
    )["output"]["message"]["content"][0]["text"]


def test_a_model_folder_in_s3_is_imported_and_answers_in_llamas_form(server, tiny_model):
    s3, bedrock = server.client("s3"), server.client("bedrock")
    for path in tiny_model.iterdir():
        s3.put_object(Bucket=BUCKET, Key=f"import/tiny/{path.name}", Body=path.read_bytes())
    put(server, "import/broken/readme.txt", ["nothing here"])
    for name in ("tiny", "broken"):
        bedrock.create_model_import_job(
            jobName=f"import-{name}",
            importedModelName=f"imported-{name}",
            roleArn=ROLE,
            modelDataSource={"s3DataSource": {"s3Uri": f"s3://{BUCKET}/import/{name}/"}},
            importedModelTags=[{"key": "workshop-kit", "value": "true"}],
        )
    jobs = {
        name: server.eventually(
            lambda name=name: bedrock.get_model_import_job(jobIdentifier=f"import-{name}"),
            lambda job: job["status"] in OVER,
        )
        for name in ("tiny", "broken")
    }
    assert jobs["broken"]["status"] == "Failed" and "config.json" in jobs["broken"]["failureMessage"]
    assert jobs["tiny"]["status"] == "Completed", jobs["tiny"].get("failureMessage")
    model = bedrock.get_imported_model(modelIdentifier="imported-tiny")
    assert model["modelArchitecture"] == "LlamaForCausalLM" and model["instructSupported"] is True
    body = json.dumps({"prompt": "Hello", "max_gen_len": 5, "temperature": 0})
    runtime = server.client("bedrock-runtime")
    told = json.loads(runtime.invoke_model(modelId=model["modelArn"], body=body)["body"].read())
    assert told["generation_token_count"] <= 5 and "generation" in told
    assert isinstance(ask(server, model["modelArn"]), str)
    bedrock.delete_imported_model(modelIdentifier="imported-tiny")
    assert bedrock.list_imported_models()["modelSummaries"] == []


def test_nova_ids_are_answered_but_never_listed_as_what_they_are_not(server):
    bedrock = server.client("bedrock")
    listed = {model["modelId"]: model for model in bedrock.list_foundation_models()["modelSummaries"]}
    assert "amazon.nova-micro-v1:0" not in listed and MICRO in listed
    assert "not Amazon Nova Micro" in listed[MICRO]["modelName"]
    taught = bedrock.list_foundation_models(byCustomizationType="DISTILLATION")["modelSummaries"]
    assert MICRO in [model["modelId"] for model in taught] and TWO_LITE not in [model["modelId"] for model in taught]
    details = bedrock.get_foundation_model(modelIdentifier="amazon.nova-micro-v1:0")["modelDetails"]
    assert details["inferenceTypesSupported"] == ["ON_DEMAND"] and "not Amazon Nova Micro" in details["modelName"]


def test_a_killed_worker_resumes_a_customization_job_with_its_figures(killable):
    bedrock = killable.client("bedrock")
    told = request(killable, "resumed", rows=[row(n) for n in range(60)], hyperParameters={"epochCount": "5"})
    bedrock.create_model_customization_job(**told)
    id = bedrock.get_model_customization_job(jobIdentifier="resumed")["jobArn"].rsplit("/", 1)[-1]
    path = f"out/resumed/model-customization-job-{id}/training_artifacts/step_wise_training_metrics.csv"
    killable.eventually(lambda: files(killable, path), bool)
    before = table(killable, path)
    os.kill(killable.worker(), signal.SIGKILL)
    assert ended(killable, "resumed")["status"] == "Completed"
    after = table(killable, path)
    assert [int(line["step_number"]) for line in after] == list(range(300)), "no step is missing and none is double"
    assert after[: len(before)] == before, "a resumed run repeats the figures it had"
