"""Bedrock's evaluation jobs: answers scored by a judge on criteria of AWS's own, one row at a time.

metrics.py      the built-in metrics, in plain words
rows.py         the rows: prompt, reference answer, answer
planning.py     rows -> plan (the exact boto3 request, cost) -> job
jobs.py         a job: status, waiting, stopping, its results
results.py      means with their standard errors, and the judge's reasons by row
side_by_side.py two models on the same prompts, compared row by row

The league's own judge compares pairs; these jobs give each answer marks of its own. They are asked of AWS or of local
AWS by the same calls, and what scored (a large model, or the local rubric judge) is said wherever figures are shown.
"""

from workshop_kit.league.evaluation.jobs import EvaluationJob, list_evaluations
from workshop_kit.league.evaluation.metrics import METRICS, Metric
from workshop_kit.league.evaluation.planning import (
    EvaluationPlan,
    launch_evaluation,
    plan_evaluation,
    start_evaluation,
)
from workshop_kit.league.evaluation.results import EvaluationResults, MetricResult, ScoredRow
from workshop_kit.league.evaluation.rows import EvaluationRow
from workshop_kit.league.evaluation.side_by_side import (
    EvaluationPair,
    MetricDifference,
    SideBySide,
    compare_models,
    start_comparison,
)

__all__ = [
    "METRICS",
    "EvaluationJob",
    "EvaluationPair",
    "EvaluationPlan",
    "EvaluationResults",
    "EvaluationRow",
    "Metric",
    "MetricDifference",
    "MetricResult",
    "ScoredRow",
    "SideBySide",
    "compare_models",
    "launch_evaluation",
    "list_evaluations",
    "plan_evaluation",
    "start_comparison",
    "start_evaluation",
]
