"""From rows to a running evaluation job: first the plan with its cost, then the start.

A job's name is made from what goes into it, so running a notebook cell again finds the job instead of paying twice.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workshop_kit.authoring.budget import Estimate, tokens_of, usd
from workshop_kit.authoring.converse import Usage
from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.league.evaluation.jobs import EvaluationJob, find_evaluation
from workshop_kit.league.evaluation.metrics import METRICS, USUAL, metric_names
from workshop_kit.league.evaluation.rows import EvaluationRow, Rows, as_dataset, read_rows, record
from workshop_kit.records import content_id, html_table
from workshop_kit.review.privacy import find_private, require_yes
from workshop_kit.training.cost import charges
from workshop_kit.training.programs import boto3_program, plain
from workshop_kit.training.tags import make_tags

BUDGET_USD = 1.0
# For the estimate. AWS's own judge prompts are 2,000 to 4,000 characters long, and a judge explains itself first.
JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS = 1000, 200
SOURCE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,255}")


@dataclass(frozen=True)
class EvaluationPlan:
    """What would be sent, and about what it costs; nothing is uploaded before launch_evaluation."""

    rows: tuple[EvaluationRow, ...]
    request: Mapping[str, Any]
    estimates: tuple[Estimate, ...]
    paid: bool
    region: str
    endpoint_url: str | None = None

    @property
    def job_name(self) -> str:
        """The job's name, made from its content."""
        return self.request["jobName"]

    @property
    def usd(self) -> float | None:
        """The estimated cost; None where a price is not known."""
        known = [estimate.usd for estimate in self.estimates if estimate.usd is not None]
        return sum(known) if len(known) == len(self.estimates) else None

    @property
    def cost_line(self) -> str:
        """The cost in words."""
        if not self.paid:
            return "no cost: local AWS"
        return " ".join(map(str, self.estimates))

    def boto3_code(self) -> str:
        """The same start as a program; it runs as it is once the rows are uploaded."""
        return boto3_program(self, "bedrock", "create_evaluation_job")

    def _repr_html_(self) -> str:
        config = self.request["evaluationConfig"]["automated"]
        metrics = ", ".join(METRICS[name].title for name in config["datasetMetricConfigs"][0]["metricNames"])
        facts: list[list[object]] = [
            ["Answers", _answered(self.request)],
            ["Judge", config["evaluatorModelConfig"]["bedrockEvaluatorModels"][0]["modelIdentifier"]],
            ["Rows", len(self.rows)],
            ["Metrics", metrics],
            ["Cost", self.cost_line],
            ["Job name", self.job_name],
        ]
        return (
            html_table(["plan of an evaluation", ""], facts)
            + "<details><summary>The same start in plain boto3</summary>"
            + f"<pre style='overflow-x:auto'>{html.escape(self.boto3_code())}</pre></details>"
        )


def _answered(request: Mapping[str, Any]) -> str:
    model = request["inferenceConfig"]["models"][0]
    if "bedrockModel" in model:
        return f"Bedrock asks {model['bedrockModel']['modelIdentifier']}"
    return f"brought along, of {model['precomputedInferenceSource']['inferenceSourceIdentifier']}"


def plan_evaluation(
    aws: Any,
    rows: Rows,
    *,
    name: str = "evaluation",
    judge_model: str = "",
    metrics: Iterable[str] = USUAL,
    output: str = "",
    model: str = "",
    source: str = "candidate",
    max_tokens: int = 512,
    temperature: float = 0.0,
) -> EvaluationPlan:
    """Work out the request and the cost of scoring rows; nothing is uploaded or started.

    Rows are EvaluationRows or (prompt, reference, answer). Without `model` their answers are scored, under the label
    `source`; with `model` (a Bedrock model's id or ARN) the job asks it, and rows must have no answer. `judge_model` is
    the one that aws.choose_model("judge") finds unless told, `output` an s3:// address (the kit's bucket unless told).
    Raises BadInput for what can't be used, with the row.
    """
    found, asked = read_rows(rows, bool(model)), metric_names(metrics)
    judge = judge_model or aws.choose_model("judge")
    if not aws.role_arn:
        raise BadInput("No role was found for the job; set WORKSHOP_ROLE_ARN to one that Bedrock may take.")
    if not SOURCE.fullmatch(source):
        raise BadInput(f"The source {source!r} can't be a label; use letters, digits, dots, hyphens and underscores.")
    output = output or f"s3://{aws.bucket}/workshop-kit/evaluation/output/"
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/.*)?", output):
        raise BadInput(f"The output {output!r} is not an S3 address; expected s3://bucket/prefix/.")
    params = {"inferenceConfig": {"maxTokens": max_tokens, "temperature": temperature}} if model else {}
    records = [record(row, "" if model else source) for row in found]
    data = content_id(records)
    identity = content_id([data, judge, asked, output, model, source, params])
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "evaluation"
    request = {
        "jobName": f"{stem}-{identity}",
        "roleArn": aws.role_arn,
        "applicationType": "ModelEvaluation",
        "evaluationConfig": {
            "automated": {
                "datasetMetricConfigs": [
                    {
                        "taskType": "General",
                        "dataset": {
                            "name": "rows",
                            "datasetLocation": {
                                "s3Uri": f"s3://{aws.bucket}/workshop-kit/evaluation/data/{data}.jsonl"
                            },
                        },
                        "metricNames": list(asked),
                    }
                ],
                "evaluatorModelConfig": {"bedrockEvaluatorModels": [{"modelIdentifier": judge}]},
            }
        },
        "inferenceConfig": {"models": [_inference(model, source, params)]},
        "outputDataConfig": {"s3Uri": output},
        "jobTags": [{"key": tag["Key"], "value": tag["Value"]} for tag in make_tags(dataset=data)],
    }
    return EvaluationPlan(
        found,
        MappingProxyType(request),
        _estimates(found, judge, len(asked), model, max_tokens),
        charges(aws),
        aws.region,
        getattr(aws, "endpoint_url", None),
    )


def check_budget(plans: Sequence[EvaluationPlan], yes: bool, budget_usd: float) -> None:
    """Raise BadInput when plans cost more together than the budget, or nobody knows what, and nobody said `yes`."""
    costs = [plan.usd for plan in plans if plan.paid]
    known = [usd for usd in costs if usd is not None]
    if yes or (len(known) == len(costs) and sum(known) <= budget_usd):
        return
    price = f"estimated at {sum(known):.2f} USD" if len(known) == len(costs) else "unknown to the kit"
    raise BadInput(
        f"The cost of this evaluation is {price}, the budget is {budget_usd:.2f} USD; take fewer rows or metrics, "
        "or agree with yes=True."
    )


def launch_evaluation(
    aws: Any,
    plan: EvaluationPlan,
    *,
    yes: bool = False,
    budget_usd: float = BUDGET_USD,
    again: bool = False,
    private_ok: bool = False,
) -> EvaluationJob:
    """Upload the rows and start the job; a job with the same content that is there already is given back instead.

    `again=True` starts a new job in any case, `yes=True` agrees to a cost above the budget or unknown, and
    `private_ok=True` to the upload of rows with private text. Raises BadInput, and AwsProblem when AWS refuses.
    """
    name, number = plan.job_name, 1
    while (existing := find_evaluation(aws, name)) is not None:
        if not again:
            return existing
        number += 1
        name = f"{plan.job_name}-{number}"
    check_budget((plan,), yes, budget_usd)
    require_yes(find_private(as_dataset(plan.rows)), private_ok)
    request = plain(plan.request) | {"jobName": name, "clientRequestToken": name}
    model = request["inferenceConfig"]["models"][0]
    source = (model.get("precomputedInferenceSource") or {}).get("inferenceSourceIdentifier", "")
    config = request["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]
    bucket, key = config["dataset"]["datasetLocation"]["s3Uri"].removeprefix("s3://").split("/", 1)
    body = "".join(json.dumps(record(row, source), ensure_ascii=True) + "\n" for row in plan.rows)
    kit_call(aws.client("s3").put_object, Bucket=bucket, Key=key, Body=body.encode())
    try:
        arn = kit_call(aws.client("bedrock").create_evaluation_job, **request)["jobArn"]
    except AwsProblem:
        # A broken connection may hide that the job was made; then it is there under its name.
        made = find_evaluation(aws, name)
        if made is None:
            raise
        return made
    return EvaluationJob(aws, name, arn)


def start_evaluation(
    aws: Any,
    rows: Rows,
    *,
    name: str = "evaluation",
    judge_model: str = "",
    metrics: Iterable[str] = USUAL,
    output: str = "",
    model: str = "",
    source: str = "candidate",
    tell: Callable[[str], None] | None = None,
    yes: bool = False,
    budget_usd: float = BUDGET_USD,
    again: bool = False,
    private_ok: bool = False,
) -> EvaluationJob:
    """Plan and start in one step; `tell` is called with the cost in words before anything is sent.

    See plan_evaluation for what is scored and launch_evaluation for what is asked before money is spent.
    """
    plan = plan_evaluation(
        aws, rows, name=name, judge_model=judge_model, metrics=metrics, output=output, model=model, source=source
    )
    if tell is not None:
        tell(f"Evaluation {plan.job_name}: {len(plan.rows)} rows; {plan.cost_line}")
    return launch_evaluation(aws, plan, yes=yes, budget_usd=budget_usd, again=again, private_ok=private_ok)


def _inference(model: str, source: str, params: Mapping[str, Any]) -> dict[str, Any]:
    if not model:
        return {"precomputedInferenceSource": {"inferenceSourceIdentifier": source}}
    return {"bedrockModel": {"modelIdentifier": model, "inferenceParams": json.dumps(params)}}


def _estimates(
    rows: tuple[EvaluationRow, ...], judge: str, metrics: int, model: str, max_tokens: int
) -> tuple[Estimate, ...]:
    """One judge call per row and metric; and one of the model's per row, where the job asks it."""
    asked = sum(tokens_of(row.prompt) for row in rows)
    answers = len(rows) * max_tokens if model else sum(tokens_of(row.answer) for row in rows)
    shown = asked + answers + sum(tokens_of(row.reference) for row in rows)
    calls = len(rows) * metrics
    into, out = metrics * shown + calls * JUDGE_PROMPT_TOKENS, calls * JUDGE_REPLY_TOKENS
    found = [Estimate(judge, calls, into, out, usd(judge, Usage(calls, into, out)))]
    if model:
        usage = Usage(len(rows), asked, answers)
        found.append(Estimate(model, len(rows), asked, answers, usd(model, usage)))
    return tuple(found)
