"""Bedrock's evaluation jobs: create, get, list, stop, delete. The work itself is done by jobs/evaluate.py.

What is here: automated model evaluation with a judge, on a model that is asked or on answers that are brought along.
The judge is the local rubric judge. People as judges, knowledge bases and metrics in one's own words are refused:
nothing here could do them for real.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import evaluations, queue
from workshop_kit.local_aws.objects import split_uri
from workshop_kit.local_aws.services import bedrock_common, bedrock_models, quotas, resources, tags
from workshop_kit.local_aws.services.roles import check_role
from workshop_kit.local_aws.services.weights import UnusableWeights
from workshop_kit.local_aws.standins.metrics import METRICS
from workshop_kit.local_aws.store import Exists

Document = dict[str, Any]

KIND = evaluations.KIND
# The task of every job with a judge; botocore's model does not list it, and AWS takes no other.
TASK = "General"
_SUMMARY = "jobArn jobName status creationTime jobType applicationType".split()
_PARAMS = ("inferenceConfig", "additionalModelRequestFields")


def create_evaluation_job(ctx: Context, request: Document) -> Document:
    """CreateEvaluationJob."""
    return bedrock_common.once(ctx, "CreateEvaluationJob", request, lambda: _create(ctx, request))


def _create(ctx: Context, request: Document) -> Document:
    if (
        request.get("applicationType", "ModelEvaluation") != "ModelEvaluation"
        or "ragConfigs" in request["inferenceConfig"]
    ):
        raise _invalid("local AWS has no knowledge bases: applicationType must be ModelEvaluation, with models.")
    automated = _automated(request["evaluationConfig"])
    model = _model(ctx, request["inferenceConfig"])
    job_tags = bedrock_common.as_tags(request.get("jobTags"))
    check_role(ctx, request["roleArn"])
    for config in automated["datasetMetricConfigs"]:
        uri = config["dataset"]["datasetLocation"]["s3Uri"]
        bedrock_common.check_source(ctx, uri, f"the dataset {config['dataset']['name']}")
        bucket, key = split_uri(uri)
        if not key.endswith(".jsonl") or ctx.objects.find(bucket, key) is None:
            raise _invalid(f"The dataset {uri} must be one object in JSON lines whose name ends with .jsonl.")
    bedrock_common.check_output(ctx, request["outputDataConfig"]["s3Uri"])

    name, id = request["jobName"], bedrock_common.new_id()
    arn = bedrock_common.arn(ctx, KIND, id)
    document = {
        "jobArn": arn,
        "jobName": name,
        "roleArn": request["roleArn"],
        "jobType": "Automated",
        "applicationType": "ModelEvaluation",
        "evaluationConfig": request["evaluationConfig"],
        "inferenceConfig": request["inferenceConfig"],
        "outputDataConfig": request["outputDataConfig"],
        "creationTime": resources.now(),
        "_Id": id,
        "_Log": f"{name}/{id}",
        "_ModelArn": model,
        "_Files": {config["dataset"]["name"]: str(uuid.uuid4()) for config in automated["datasetMetricConfigs"]},
    }
    document |= resources.pick(request, "jobDescription", "customerEncryptionKeyId")
    try:
        with ctx.store.transaction():
            _check_room(ctx)
            queue.submit(ctx.store, evaluations.MACHINE, document)
            tags.set_tags(ctx, arn, job_tags)
    except Exists:
        raise AwsError(
            "ConflictException", f"An evaluation job with the name {name} exists already; choose another name."
        ) from None
    return {"jobArn": arn}


def get_evaluation_job(ctx: Context, request: Document) -> Document:
    """GetEvaluationJob, by ARN."""
    return resources.public(_get(ctx, request["jobIdentifier"]))


def list_evaluation_jobs(ctx: Context, request: Document) -> Document:
    """ListEvaluationJobs."""
    wanted = {"status": request.get("statusEquals"), "applicationType": request.get("applicationTypeEquals")}
    kept = [
        document
        for _, document in ctx.store.list(KIND)
        if all(value in (None, document[field]) for field, value in wanted.items())
    ]
    rows, token = bedrock_common.page(kept, request, name="jobName")
    return bedrock_common.listing("jobSummaries", [_summary(row) for row in rows], token)


def stop_evaluation_job(ctx: Context, request: Document) -> Document:
    """StopEvaluationJob: ask; the worker stops within seconds and writes no output."""
    document = _get(ctx, request["jobIdentifier"])
    if document["status"] not in ("InProgress", "Stopping"):
        raise AwsError(
            "ConflictException", f"The job {document['jobName']} is {document['status']} and can't be stopped."
        )

    def ask(job: Document) -> Document:
        if job["status"] == "InProgress":
            job |= {"status": "Stopping", "lastModifiedTime": resources.now()}
        return job

    ctx.store.update(KIND, document["jobName"], ask)
    return {}


def batch_delete_evaluation_job(ctx: Context, request: Document) -> Document:
    """BatchDeleteEvaluationJob: jobs that are over are forgotten at once; their output stays in S3, as on AWS."""
    deleted, errors = [], []
    for arn in request["jobIdentifiers"]:
        with ctx.store.transaction():
            document = _find(ctx, arn)
            if document is None:
                errors.append(_error(arn, "404", "There is no such evaluation job."))
            elif not evaluations.MACHINE.over(document):
                errors.append(_error(arn, "409", f"The job is {document['status']}; stop it first."))
            else:
                ctx.store.delete(KIND, document["jobName"])
                tags.drop_tags(ctx, arn)
                deleted.append({"jobIdentifier": arn, "jobStatus": "Deleting"})
    return {"errors": errors, "evaluationJobs": deleted}


def _error(arn: str, code: str, message: str) -> Document:
    return {"jobIdentifier": arn, "code": code, "message": message}


def _find(ctx: Context, arn: str) -> Document | None:
    return next((document for _, document in ctx.store.list(KIND) if document["jobArn"] == arn), None)


def _get(ctx: Context, arn: str) -> Document:
    found = _find(ctx, arn)
    if found is None:
        raise bedrock_common.not_found(f"There is no evaluation job {arn}.")
    return found


def _summary(job: Document) -> Document:
    model = job["inferenceConfig"]["models"][0]
    automated = job["evaluationConfig"]["automated"]
    judges = [judge["modelIdentifier"] for judge in automated["evaluatorModelConfig"]["bedrockEvaluatorModels"]]
    named: Document = {}
    if "bedrockModel" in model:
        named["bedrockModelIdentifiers"] = [model["bedrockModel"]["modelIdentifier"]]
    else:
        named["precomputedInferenceSourceIdentifiers"] = [
            model["precomputedInferenceSource"]["inferenceSourceIdentifier"]
        ]
    return resources.pick(job, *_SUMMARY) | {
        "evaluationTaskTypes": sorted({config["taskType"] for config in automated["datasetMetricConfigs"]}),
        "modelIdentifiers": named.get("bedrockModelIdentifiers", []),
        "evaluatorModelIdentifiers": judges,
        "inferenceConfigSummary": {"modelConfigSummary": named},
    }


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _check_room(ctx: Context) -> None:
    running = len(queue.active(ctx.store, (evaluations.MACHINE,)))
    if running >= quotas.GRANTED:
        raise AwsError(
            "ServiceQuotaExceededException",
            f"{running} evaluation jobs are in progress, which is the quota '{quotas.EVALUATIONS}'; wait for one.",
        )


def _automated(config: Document) -> Document:
    """The automated configuration, checked."""
    if "human" in config or "automated" not in config:
        raise _invalid("evaluationConfig must be automated: local AWS has no people to judge.")
    automated = config["automated"]
    if automated.get("customMetricConfig"):
        raise _invalid(
            "customMetricConfig is not available: the local judge is made of rules and can't follow a metric's "
            f"instructions; the metrics here are {', '.join(METRICS)}."
        )
    judges = (automated.get("evaluatorModelConfig") or {}).get("bedrockEvaluatorModels") or []
    if not judges:
        raise _invalid("evaluatorModelConfig.bedrockEvaluatorModels is missing: jobs here are scored by a judge.")
    judge = catalogue.bedrock_model(judges[0]["modelIdentifier"].rsplit("/", 1)[-1])
    if judge is None or judge.kind != "judge":
        known = ", ".join(model.model_id for model in catalogue.BEDROCK.values() if model.kind == "judge")
        raise _invalid(f"{judges[0]['modelIdentifier']} can't be an evaluator model; local AWS has {known}.")
    names = []
    for dataset in automated["datasetMetricConfigs"]:
        _check_dataset(dataset)
        names.append(dataset["dataset"]["name"])
    if len(set(names)) < len(names):
        raise _invalid("Two datasets have the same name; the output's path would be the same.")
    return automated


def _check_dataset(config: Document) -> None:
    name = config["dataset"]["name"]
    if config["taskType"] != TASK:
        raise _invalid(f"taskType is {config['taskType']}; a job with an evaluator model takes {TASK}.")
    if not (config["dataset"].get("datasetLocation") or {}).get("s3Uri"):
        raise _invalid(
            f"The dataset {name} has no datasetLocation.s3Uri; a job with a judge needs prompts of your own."
        )
    for metric in config["metricNames"]:
        if metric not in METRICS:
            raise _invalid(f"There is no metric {metric}; a job with a judge takes {', '.join(METRICS)}.")
    if len(set(config["metricNames"])) < len(config["metricNames"]):
        raise _invalid(f"metricNames of the dataset {name} has a metric twice.")


def _model(ctx: Context, config: Document) -> str:
    """The model's ARN, or "" for answers that are brought along."""
    models = config.get("models") or []
    if len(models) != 1:
        raise _invalid(f"inferenceConfig has {len(models)} models; an automated job evaluates one.")
    if "bedrockModel" not in models[0]:
        if "precomputedInferenceSource" not in models[0]:
            raise _invalid("inferenceConfig.models needs a bedrockModel or a precomputedInferenceSource.")
        return ""
    model = models[0]["bedrockModel"]
    identifier = model["modelIdentifier"]
    _check_params(model.get("inferenceParams") or "{}")
    try:
        bedrock_models.resolve(ctx, identifier)
    except UnusableWeights as problem:
        raise _invalid(str(problem)) from None
    if identifier.startswith("arn:"):
        return identifier
    return f"arn:aws:bedrock:{ctx.region}::foundation-model/{identifier}"


def _check_params(text: str) -> None:
    try:
        params = json.loads(text)
    except (ValueError, RecursionError):
        params = None
    if not isinstance(params, dict) or not all(isinstance(params.get(name, {}), dict) for name in _PARAMS):
        raise _invalid('inferenceParams must be a JSON object such as {"inferenceConfig": {"maxTokens": 512}}.')
    unknown = sorted(set(params) - set(_PARAMS))
    if unknown:
        raise _invalid(f"inferenceParams has {unknown[0]}; it takes {' and '.join(_PARAMS)}.")


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateEvaluationJob": create_evaluation_job,
    "GetEvaluationJob": get_evaluation_job,
    "ListEvaluationJobs": list_evaluation_jobs,
    "StopEvaluationJob": stop_evaluation_job,
    "BatchDeleteEvaluationJob": batch_delete_evaluation_job,
}
