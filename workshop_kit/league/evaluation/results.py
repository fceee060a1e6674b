"""What an evaluation job found: each metric's mean with its standard error, and the judge's reason for each row."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.league.evaluation.metrics import METRICS, Metric, metric_name
from workshop_kit.records import html_table

LOCAL_JUDGE = "workshop."
SHOWN = 200  # characters of a text in a table


@dataclass(frozen=True)
class MetricResult:
    """One metric over the rows that have a score: 0 to 1. `missing` rows have none, since the judge could not tell.

    The standard error is the sample's standard deviation divided by the root of `n`; None below two rows.
    """

    metric: Metric
    mean: float | None
    standard_error: float | None
    n: int
    missing: int

    def __str__(self) -> str:
        if self.mean is None:
            return f"{self.metric.title}: no row could be judged ({self.missing} rows)"
        error = "" if self.standard_error is None else f" ± {self.standard_error:.3f}"
        less = ", less is better" if self.metric.less_is_better else ""
        return f"{self.metric.title}: {self.mean:.3f}{error} ({self.n} rows{less})"


@dataclass(frozen=True)
class ScoredRow:
    """One row with its scores (None where the judge could not tell) and the judge's reasons, by full metric name."""

    prompt: str
    reference: str
    answer: str
    category: str
    scores: Mapping[str, float | None]
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class EvaluationResults:
    """A finished job's scores. `model` answered, `judge_model` scored."""

    job_name: str
    model: str
    judge_model: str
    metric_names: tuple[str, ...]
    rows: tuple[ScoredRow, ...]

    def __getitem__(self, metric: str) -> MetricResult:
        """One metric's figures, by its full or its short name. Raises BadInput for one that was not asked for."""
        return summary(_known(metric), self.values(metric))

    def __iter__(self) -> Iterator[MetricResult]:
        """Each metric's figures, in the order in which they were asked for."""
        return (self[name] for name in self.metric_names)

    @property
    def by_rules(self) -> bool:
        """Whether the local rubric judge scored, which is made of rules and no language model."""
        return self.judge_model.rsplit("/", 1)[-1].startswith(LOCAL_JUDGE)

    def values(self, metric: str) -> list[float | None]:
        """A metric's score of each row. Raises BadInput for a metric that was not asked for."""
        name = metric if metric in self.metric_names else metric_name(metric)
        if name not in self.metric_names:
            asked = ", ".join(_known(known).title for known in self.metric_names)
            raise BadInput(f"{_known(name).title} was not asked for in job {self.job_name}; it has {asked}.")
        return [row.scores.get(name) for row in self.rows]

    def by_category(self, metric: str) -> dict[str, MetricResult]:
        """A metric's figures in each category of rows; rows without one are under ''."""
        values, groups = self.values(metric), {}
        for row, value in zip(self.rows, values, strict=True):
            groups.setdefault(row.category, []).append(value)
        return {category: summary(_known(metric), found) for category, found in sorted(groups.items())}

    def worst(self, metric: str, count: int = 5) -> tuple[ScoredRow, ...]:
        """The rows that fared worst by a metric, worst first; rows without a score are left out."""
        sign = -1 if _known(metric).less_is_better else 1
        scored = [(value, n) for n, value in enumerate(self.values(metric)) if value is not None]
        return tuple(self.rows[n] for _, n in sorted(scored, key=lambda pair: (sign * pair[0], pair[1]))[:count])

    def to_frame(self) -> Any:
        """One line per metric: mean, standard error, rows scored, rows without a score; as a pandas DataFrame."""
        import pandas as pd

        columns = ["metric", "mean", "standard_error", "n", "missing", "less_is_better"]
        lines = [[r.metric.title, r.mean, r.standard_error, r.n, r.missing, r.metric.less_is_better] for r in self]
        return pd.DataFrame(lines, columns=columns).set_index("metric")

    def reasons(self) -> Any:
        """One line per row and metric, with the judge's reason; as a pandas DataFrame."""
        import pandas as pd

        lines = [
            [n, row.category, row.prompt, row.reference, row.answer, _known(name).title, row.scores.get(name),
             row.reasons.get(name, "")]
            for n, row in enumerate(self.rows, start=1)
            for name in self.metric_names
        ]  # fmt: skip
        columns = ["row", "category", "prompt", "reference", "answer", "metric", "score", "reason"]
        return pd.DataFrame(lines, columns=columns)

    def __str__(self) -> str:
        return f"{self.model}, scored by {self.judge_name}. " + "; ".join(map(str, self)) + "."

    @property
    def judge_name(self) -> str:
        """Who scored, in words."""
        rules = " (the local rubric judge: rules, not a language model)" if self.by_rules else ""
        return self.judge_model + rules

    def _repr_html_(self) -> str:
        lines: list[list[object]] = []
        for result in self:
            worst = self.worst(result.metric.name, 1)
            reason = worst[0].reasons.get(result.metric.name, "") if worst else ""
            lines.append([result.metric.title, *figures(result), result.metric.what, short(reason)])
        head = f"{self.model} on {len(self.rows)} rows, scored by {self.judge_name}."
        columns = ["metric", "mean", "standard error", "rows", "what it asks", "the judge on the row that fared worst"]
        note = (
            "<p>From 0 to 1; ↓ marks metrics where less is better. A row counts where the judge could tell. "
            "Differences below about two standard errors may be chance.</p>"
        )
        return f"<p><b>Evaluation</b> {html.escape(head)}</p>{html_table(columns, lines)}{note}"


def summary(metric: Metric, values: Sequence[float | None]) -> MetricResult:
    """Mean and standard error of the values that are there."""
    found = [value for value in values if value is not None]
    n, missing = len(found), len(values) - len(found)
    if not found:
        return MetricResult(metric, None, None, 0, missing)
    mean = math.fsum(found) / n
    return MetricResult(metric, mean, standard_error(found), n, missing)


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean: the sample's standard deviation (n - 1) divided by the root of n; None below two values."""
    n = len(values)
    if n < 2:
        return None
    mean = math.fsum(values) / n
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)


def figures(result: MetricResult) -> list[str]:
    """Mean, standard error and number of rows as a table shows them."""
    if result.mean is None:
        return ["can't tell", "", f"0 of {result.missing}"]
    error = "" if result.standard_error is None else f"{result.standard_error:.3f}"
    rows = str(result.n) if not result.missing else f"{result.n} of {result.n + result.missing}"
    return [f"{result.mean:.3f}{' ↓' if result.metric.less_is_better else ''}", error, rows]


def short(text: str) -> str:
    """A text cut for a table."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _known(name: str) -> Metric:
    """A metric by either name; one that this kit does not know (a custom one) keeps its name."""
    return METRICS.get(name) or METRICS.get(f"Builtin.{name}") or Metric(name, "")


# --- from S3


def read_results(aws: Any, job: Mapping[str, Any]) -> EvaluationResults:
    """The results of a job described as Completed. Raises AwsProblem for output that is missing or damaged."""
    automated = job["evaluationConfig"]["automated"]
    names = tuple(dict.fromkeys(name for config in automated["datasetMetricConfigs"] for name in config["metricNames"]))
    judges = (automated.get("evaluatorModelConfig") or {}).get("bedrockEvaluatorModels") or [{}]
    model = job["inferenceConfig"]["models"][0]
    own = model.get("precomputedInferenceSource")
    answered = own["inferenceSourceIdentifier"] if own else model["bedrockModel"]["modelIdentifier"]
    rows = [row for key in _keys(aws, job) for row in _read(aws, job, key)]
    return EvaluationResults(job["jobName"], answered, judges[0].get("modelIdentifier", ""), names, tuple(rows))


def _place(job: Mapping[str, Any]) -> tuple[str, str]:
    bucket, _, key = job["outputDataConfig"]["s3Uri"].removeprefix("s3://").partition("/")
    return bucket, "/".join(part for part in (key.strip("/"), job["jobName"]) if part) + "/"


def _keys(aws: Any, job: Mapping[str, Any]) -> list[str]:
    bucket, prefix = _place(job)
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    with kit_call():
        keys = [row["Key"] for page in pages for row in page.get("Contents", ())]
    found = [key for key in keys if key.endswith("_output.jsonl")]
    # An earlier job of this name may have left its output: that of this job lies under the end of its ARN.
    mine = f"/{job['jobArn'].rsplit('/', 1)[-1]}/"
    found = [key for key in found if mine in key] or found
    if not found:
        raise AwsProblem(
            f"Evaluation job {job['jobName']} is completed, but there is no output at s3://{bucket}/{prefix}; "
            "start it again with again=True.",
            "NoSuchKey",
        )
    return sorted(found)


def _read(aws: Any, job: Mapping[str, Any], key: str) -> Iterator[ScoredRow]:
    bucket, _ = _place(job)
    body = kit_call(aws.client("s3").get_object, Bucket=bucket, Key=key)["Body"].read()
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _row(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            raise AwsProblem(
                f"Line {number} of the output s3://{bucket}/{key} is not a scored row; start the job again with "
                "again=True.",
                "BadOutput",
            ) from None


def _row(told: Mapping[str, Any]) -> ScoredRow:
    record = told["inputRecord"]
    scores: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for score in told["automatedEvaluationResult"]["scores"]:
        name, result = score["metricName"], score["result"]
        scores[name] = None if result is None else float(result)
        details = score.get("evaluatorDetails") or [{}]
        reasons[name] = details[0].get("explanation") or ""
    return ScoredRow(
        record["prompt"],
        record.get("referenceResponse", ""),
        told["modelResponses"][0]["response"],
        record.get("category", ""),
        MappingProxyType(scores),
        MappingProxyType(reasons),
    )
