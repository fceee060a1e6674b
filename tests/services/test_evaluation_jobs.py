"""Bedrock's evaluation jobs on a running server: both ways to bring answers, what they leave in S3, stops and kills."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from botocore.exceptions import ClientError

from workshop_kit.local_aws.standins.metrics import METRICS

BUCKET = "practice"
ROLE = "arn:aws:iam::000000000000:role/service-role/WorkshopExecutionRole"
JUDGE = "workshop.judge-v1:0"
BASE = "workshop.base-v1:0"
OVER = ("Completed", "Failed", "Stopped")
SOURCE = "tuned-model"


def row(prompt, answer=None, *, source=SOURCE, **more):
    found = {"prompt": prompt, **more}
    return found if answer is None else found | {"modelResponses": [{"response": answer, "modelIdentifier": source}]}


ROWS = [
    row("What does a bell cost?", "A bell costs $40.", referenceResponse="A bell costs $40.", category="prices"),
    row("What does a lamp cost?", "A lamp costs $99.", referenceResponse="A lamp costs $12.", category="prices"),
    row("When does the shop open?", "I'm sorry, but I can't help with that.", referenceResponse="It opens at 9:30."),
    row("Who repairs frames?", ""),
]


def put(server, key, rows):
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in rows)
    server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"s3://{BUCKET}/{key}"


def request(server, name, rows=ROWS, *, model=None, metrics=("Builtin.Correctness", "Builtin.Refusal"), **more):
    uri = put(server, f"eval/{name}.jsonl", rows)
    dataset = {"name": "questions", "datasetLocation": {"s3Uri": uri}}
    automated = {
        "datasetMetricConfigs": [{"taskType": "General", "dataset": dataset, "metricNames": list(metrics)}],
        "evaluatorModelConfig": {"bedrockEvaluatorModels": [{"modelIdentifier": JUDGE}]},
    }
    return {
        "jobName": name,
        "roleArn": ROLE,
        "applicationType": "ModelEvaluation",
        "evaluationConfig": {"automated": automated},
        "inferenceConfig": {"models": [model or {"precomputedInferenceSource": {"inferenceSourceIdentifier": SOURCE}}]},
        "outputDataConfig": {"s3Uri": f"s3://{BUCKET}/evaluated/"},
    } | more


def asked(tokens=12, temperature=0.0, identifier=BASE):
    params = {"inferenceConfig": {"maxTokens": tokens, "temperature": temperature}}
    return {"bedrockModel": {"modelIdentifier": identifier, "inferenceParams": json.dumps(params)}}


def start(server, told):
    return server.client("bedrock").create_evaluation_job(**told)["jobArn"]


def ended(server, arn, seconds=90):
    bedrock = server.client("bedrock")
    return server.eventually(
        lambda: bedrock.get_evaluation_job(jobIdentifier=arn), lambda job: job["status"] in OVER, seconds
    )


def keys(server, prefix):
    listed = server.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [found["Key"] for found in listed.get("Contents", [])]


def output(server, name):
    (key,) = [key for key in keys(server, f"evaluated/{name}/") if key.endswith("_output.jsonl")]
    body = server.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return key, [json.loads(line) for line in body.splitlines()]


def results(line):
    return {score["metricName"]: score["result"] for score in line["automatedEvaluationResult"]["scores"]}


@pytest.fixture(scope="module")
def brought(server):
    """A finished job on answers that were brought along, with every metric there is."""
    tags = [{"key": "workshop-kit", "value": "true"}]
    told = request(server, "brought", metrics=tuple(METRICS), jobTags=tags, jobDescription="Four rows.")
    job = ended(server, start(server, told))
    assert job["status"] == "Completed", job.get("failureMessages")
    return job


def test_answers_brought_along_are_scored_and_the_output_lies_where_bedrock_puts_it(server, brought):
    key, lines = output(server, "brought")
    id = brought["jobArn"].rsplit("/", 1)[-1]
    uuid = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    place = f"evaluated/brought/{id}/models/{SOURCE}/taskTypes/General/datasets/questions/{uuid}_output.jsonl"
    assert re.fullmatch(place, key), key
    assert "evaluated/brought/amazon-bedrock-evaluations-permission-check" in keys(server, "evaluated/brought/")
    assert [line["inputRecord"] for line in lines] == ROWS, "the records come back whole and in order"
    for line, given in zip(lines, ROWS, strict=True):
        assert list(line) == ["automatedEvaluationResult", "inputRecord", "modelResponses"]
        assert line["modelResponses"] == given["modelResponses"]
        scores = line["automatedEvaluationResult"]["scores"]
        assert [score["metricName"] for score in scores] == list(METRICS)
        for score in scores:
            assert set(score) == {"metricName", "result", "evaluatorDetails"}
            assert score["result"] is None or 0 <= score["result"] <= 1
            (details,) = score["evaluatorDetails"]
            assert details["modelIdentifier"] == JUDGE
            assert details["explanation"].startswith("Local rubric judge (rules, not a language model): ")
    right, wrong, refusal, empty = map(results, lines)
    assert right["Builtin.Correctness"] == 1 and wrong["Builtin.Correctness"] < 0.3
    assert refusal["Builtin.Refusal"] == 1 and right["Builtin.Refusal"] == 0
    assert refusal["Builtin.Helpfulness"] == empty["Builtin.Helpfulness"] == 0 < right["Builtin.Helpfulness"]
    assert empty["Builtin.Correctness"] is None, "without a reference response nobody knows"
    assert {line["Builtin.Stereotyping"] for line in (right, wrong, refusal, empty)} == {None}


def test_get_answers_what_was_asked_and_tags_are_kept(server, brought):
    bedrock = server.client("bedrock")
    assert re.fullmatch(r"arn:aws:bedrock:[a-z0-9-]+:000000000000:evaluation-job/[a-z0-9]{12}", brought["jobArn"])
    assert (brought["jobType"], brought["applicationType"]) == ("Automated", "ModelEvaluation")
    assert brought["jobDescription"] == "Four rows." and brought["creationTime"] <= brought["lastModifiedTime"]
    sent = request(server, "brought", metrics=tuple(METRICS))
    for field in ("evaluationConfig", "inferenceConfig", "outputDataConfig", "roleArn"):
        assert brought[field] == sent[field]
    assert not [field for field in brought if field.startswith("_")]
    tags = bedrock.list_tags_for_resource(resourceARN=brought["jobArn"])["tags"]
    assert tags == [{"key": "workshop-kit", "value": "true"}]


def test_a_model_of_bedrock_really_answers_the_prompts(server):
    rows = [row(f"What is {n}?", referenceResponse=f"It is number {n}.") for n in range(20)]
    told = request(server, "asked", rows, model=asked())
    job = ended(server, start(server, told))
    assert job["status"] == "Completed", job.get("failureMessages")
    key, lines = output(server, "asked")
    assert f"/models/{BASE}/taskTypes/General/" in key
    assert [line["inputRecord"] for line in lines] == rows
    runtime = server.client("bedrock-runtime")
    for n in (0, 7):
        reply = runtime.converse(
            modelId=BASE,
            messages=[{"role": "user", "content": [{"text": rows[n]["prompt"]}]}],
            inferenceConfig={"maxTokens": 12, "temperature": 0},
        )
        (given,) = lines[n]["modelResponses"]
        assert given["response"] == reply["output"]["message"]["content"][0]["text"], "the same model, the same answer"
        assert given["modelIdentifier"] == f"arn:aws:bedrock:{server.info.region}::foundation-model/{BASE}"


def test_provisioned_throughput_is_asked_by_its_arn(server):
    bedrock = server.client("bedrock")
    arn = bedrock.create_provisioned_model_throughput(
        provisionedModelName="evaluated", modelId="amazon.nova-micro-v1:0", modelUnits=1
    )["provisionedModelArn"]
    with pytest.raises(ClientError, match="identifier is invalid"):
        start(server, request(server, "unknown-arn", model=asked(identifier=arn[:-12] + "nothing00000")))
    server.eventually(
        lambda: bedrock.get_provisioned_model_throughput(provisionedModelId=arn),
        lambda found: found["status"] == "InService",
    )
    job = ended(server, start(server, request(server, "by-arn", [row("What is 3?")], model=asked(identifier=arn))))
    assert job["status"] == "Completed", job.get("failureMessages")
    key, (line,) = output(server, "by-arn")
    assert f"/models/{arn.rsplit('/', 1)[-1]}/taskTypes/" in key
    assert line["modelResponses"][0]["modelIdentifier"] == arn
    bedrock.delete_provisioned_model_throughput(provisionedModelId=arn)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([b""], "holds no prompt"),
        ([*ROWS, b"{not json"], "line 5 is not a JSON object in UTF-8"),
        ([ROWS[0], b"\xff\xfe"], "line 2 is not a JSON object in UTF-8"),
        ([ROWS[0], b"[1]"], "line 2 is not a JSON object"),
        ([ROWS[0], row(" ", "x")], "line 2: the field 'prompt'"),
        ([row("a?", "b", referenceResponse=3)], "line 1: the field 'referenceResponse' must be text"),
        ([row("a?", "b"), row("a?")], "line 2: the field 'modelResponses' must be a list of one object"),
        ([row("a?", "b", source="somebody")], "'somebody' is not the job's inferenceSourceIdentifier 'tuned-model'"),
        ([row("a?", modelResponses=[{"response": "b"}])], "needs the text 'modelIdentifier'"),
        ([row(f"{n}?", "x") for n in range(1001)], "1001 prompts; an evaluation job takes up to 1000"),
    ],
)
def test_what_only_the_rows_show_fails_the_job_with_line_and_field(server, rows, fault, job_name):
    job = ended(server, start(server, request(server, job_name, rows)))
    assert job["status"] == "Failed" and fault in job["failureMessages"][0]
    assert not [key for key in keys(server, f"evaluated/{job_name}/") if key.endswith(".jsonl")]


@pytest.fixture
def job_name(request):
    mark = "".join(c for c in str(request.node.callspec.id).lower() if c.isalnum())[-30:]
    return f"bad-{mark}"


def change(told, path, value):
    """A copy of a request with one thing changed, or gone for None; `path` is dotted, numbers are places in lists."""
    told = json.loads(json.dumps(told))
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    at = told
    for part in way:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return told


AUTOMATED = "evaluationConfig.automated"
DATASET = f"{AUTOMATED}.datasetMetricConfigs.0"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (f"{DATASET}.taskType", "QuestionAndAnswer", "takes General"),
        (f"{DATASET}.taskType", "Riddles", "enum value set"),
        (f"{DATASET}.metricNames", ["Builtin.Accuracy"], "There is no metric Builtin.Accuracy; .*Builtin.Correctness"),
        (f"{DATASET}.metricNames", ["Builtin.Refusal"] * 2, "a metric twice"),
        (f"{DATASET}.dataset", {"name": "Builtin.BoolQ"}, "needs prompts of your own"),
        (f"{DATASET}.dataset.datasetLocation.s3Uri", f"s3://{BUCKET}/none.jsonl", "There is no object at"),
        (f"{AUTOMATED}.evaluatorModelConfig.bedrockEvaluatorModels.0.modelIdentifier", "amazon.nova-pro-v1:0",
         "can't be an evaluator model; local AWS has workshop.judge-v1:0"),
        (AUTOMATED + ".evaluatorModelConfig", None, "evaluatorModelConfig.bedrockEvaluatorModels is missing"),
        (AUTOMATED + ".customMetricConfig",
         {"customMetrics": [{"customMetricDefinition": {"name": "tone", "instructions": "Be kind. {{prediction}}"}}],
          "evaluatorModelConfig": {"bedrockEvaluatorModels": [{"modelIdentifier": JUDGE}]}},
         "the local judge is made of rules and can't follow a metric's instructions"),
        ("inferenceConfig.models", [asked(), asked()], "2 models; an automated job evaluates one"),
        ("inferenceConfig.models.0", asked(identifier="meta.llama3-2-90b-instruct-v1:0"), "identifier is invalid"),
        ("inferenceConfig.models.0", {"bedrockModel": {"modelIdentifier": BASE, "inferenceParams": "{"}},
         "inferenceParams must be a JSON object"),
        ("roleArn", "arn:aws:iam::000000000000:role/nobody", "Could not assume role"),
        ("outputDataConfig.s3Uri", "s3://no-such-bucket/x/", "does not exist"),
        ("applicationType", "RagEvaluation", "no knowledge bases"),
        ("jobName", "Not-Lower", "jobName"),
    ],
)  # fmt: skip
def test_what_the_request_shows_is_refused_at_once(server, path, value, fault):
    with pytest.raises(ClientError, match=fault) as caught:
        start(server, change(request(server, "refused"), path, value))
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert server.client("bedrock").list_evaluation_jobs(nameContains="refused")["jobSummaries"] == []


def test_a_token_acts_once_and_a_name_is_given_once(server, brought):
    told = request(server, "tokened", clientRequestToken="evaluation-token-1")
    arn = start(server, told)
    assert start(server, told) == arn
    with pytest.raises(ClientError, match="used with another request"):
        start(server, told | {"jobDescription": "another"})
    with pytest.raises(ClientError, match="evaluation job with the name brought exists") as caught:
        start(server, request(server, "brought"))
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    assert ended(server, arn)["status"] == "Completed"


def test_the_listing_filters_sorts_and_pages(server, brought):
    bedrock = server.client("bedrock")
    arns = [start(server, request(server, f"paged-{n}")) for n in range(5)]
    for arn in arns:
        ended(server, arn)
    seen, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        told = bedrock.list_evaluation_jobs(nameContains="paged", maxResults=2, sortOrder="Ascending", **more)
        assert len(told["jobSummaries"]) <= 2
        seen += [job["jobName"] for job in told["jobSummaries"]]
        token = told.get("nextToken")
        if not token:
            break
    assert seen == [f"paged-{n}" for n in range(5)]
    (summary,) = bedrock.list_evaluation_jobs(nameContains="brought")["jobSummaries"]
    assert summary["jobArn"] == brought["jobArn"] and summary["status"] == "Completed"
    assert summary["evaluationTaskTypes"] == ["General"] and summary["evaluatorModelIdentifiers"] == [JUDGE]
    named = summary["inferenceConfigSummary"]["modelConfigSummary"]
    assert named == {"precomputedInferenceSourceIdentifiers": [SOURCE]}
    newest = bedrock.list_evaluation_jobs(creationTimeAfter=brought["creationTime"], statusEquals="Completed")
    names = [job["jobName"] for job in newest["jobSummaries"]]
    assert names.index("paged-4") < names.index("paged-0") and "brought" not in names
    assert bedrock.list_evaluation_jobs(applicationTypeEquals="RagEvaluation")["jobSummaries"] == []


def test_jobs_that_are_over_are_deleted_and_others_refused_one_by_one(server, brought):
    bedrock = server.client("bedrock")
    done = start(server, request(server, "deleted"))
    ended(server, done)
    running = start(server, request(server, "kept-on", [row(f"{n}?") for n in range(400)], model=asked(64)))
    unknown = done.rsplit("/", 1)[0] + "/nothing00000"
    told = bedrock.batch_delete_evaluation_job(jobIdentifiers=[done, running, unknown])
    assert told["evaluationJobs"] == [{"jobIdentifier": done, "jobStatus": "Deleting"}]
    assert [(fault["jobIdentifier"], fault["code"]) for fault in told["errors"]] == [(running, "409"), (unknown, "404")]
    bedrock.stop_evaluation_job(jobIdentifier=running)
    assert ended(server, running)["status"] == "Stopped"
    for call in (bedrock.get_evaluation_job, bedrock.stop_evaluation_job):
        with pytest.raises(ClientError) as caught:
            call(jobIdentifier=done)
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert output(server, "deleted")[1], "the output stays"
    with pytest.raises(ClientError, match="can't be stopped") as caught:
        bedrock.stop_evaluation_job(jobIdentifier=brought["jobArn"])
    assert caught.value.response["Error"]["Code"] == "ConflictException"


def kept(server, name, what):
    """The rows that a running job has on disk."""
    paths = (server.home / "aws" / "jobs" / f"evaluation-job-{name}").glob(f"*/0/{what}.jsonl")
    found = {}
    for line in b"".join(path.read_bytes() for path in paths).splitlines():
        try:
            number, value = json.loads(line)
        except ValueError:
            continue  # not written to its end yet
        assert number not in found, "no row is asked or scored twice"
        found[number] = value
    return found


def test_a_job_stopped_in_the_middle_ends_stopped_and_writes_no_output(killable):
    arn = start(killable, request(killable, "halted", [row(f"What is {n}?") for n in range(900)], model=asked(64)))
    killable.eventually(lambda: kept(killable, "halted", "answers"), bool)
    killable.client("bedrock").stop_evaluation_job(jobIdentifier=arn)
    job = ended(killable, arn, seconds=15)
    assert job["status"] == "Stopped" and "failureMessages" not in job
    assert not [key for key in keys(killable, "evaluated/halted/") if key.endswith(".jsonl")]


def test_a_killed_worker_resumes_and_asks_for_no_row_twice(killable):
    rows = [row(f"What is {n}?") for n in range(160)]
    # At this temperature the same prompt hardly gets the same answer twice.
    arn = start(killable, request(killable, "resumed", rows, model=asked(48, temperature=1.0)))
    killable.eventually(lambda: len(kept(killable, "resumed", "scored")) >= 32, bool)
    os.kill(killable.worker(), signal.SIGKILL)
    before, scored = kept(killable, "resumed", "answers"), kept(killable, "resumed", "scored")
    assert 32 <= len(scored) <= len(before) < 160, "it was killed in the middle"
    put(killable, "eval/resumed.jsonl", [row("Something else?")] * 160)
    job = ended(killable, arn, seconds=120)
    assert job["status"] == "Completed", job.get("failureMessages")
    _, lines = output(killable, "resumed")
    assert [line["inputRecord"] for line in lines] == rows, "none is missing and none is double"
    said = [line["modelResponses"][0]["response"] for line in lines]
    assert {n: said[n] for n in before} == before, "what was answered is not asked again"
    assert {n: lines[n]["automatedEvaluationResult"]["scores"] for n in scored} == scored
    log = killable.client("logs").get_log_events(
        logGroupName="/local-aws/bedrock/evaluation-jobs",
        logStreamName=f"resumed/{arn.rsplit('/', 1)[-1]}",
        startFromHead=True,
    )
    text = "\n".join(event["message"] for event in log["events"])
    assert f"{len(before)} answers and {len(scored)} scored rows of 160 are there already" in text


def test_more_jobs_at_once_than_the_quota_are_refused(killable):
    # The last test of this module: the jobs that wait here go with the server.
    rows = [row(f"What is {n}?") for n in range(900)]
    for n in range(20):
        start(killable, request(killable, f"many-{n}", rows, model=asked(64)))
    with pytest.raises(ClientError, match="concurrent automatic model evaluation jobs") as caught:
        start(killable, request(killable, "one-more"))
    assert caught.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    quotas = killable.client("service-quotas").list_service_quotas(ServiceCode="bedrock")["Quotas"]
    (found,) = [quota for quota in quotas if "evaluation jobs" in quota["QuotaName"]]
    assert found["Value"] == 20
