"""Two models on the same prompts: two jobs, since an automated one takes one model, compared row by row.

The difference of a metric is the mean of the rows' differences, over rows that both have a score for; its standard
error is that of those differences. Prompts are hard or easy for both alike, so this is far less noisy than comparing
two means (a paired comparison).
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.league.evaluation.jobs import EvaluationJob, find_evaluation
from workshop_kit.league.evaluation.metrics import USUAL, Metric
from workshop_kit.league.evaluation.planning import (
    BUDGET_USD,
    EvaluationPlan,
    check_budget,
    launch_evaluation,
    plan_evaluation,
)
from workshop_kit.league.evaluation.results import EvaluationResults, figures, standard_error, summary
from workshop_kit.league.evaluation.rows import Rows
from workshop_kit.records import html_table
from workshop_kit.training.jobs import Cancel, JobProgress

# A difference of so many standard errors is hardly chance (1 in 20, for one metric).
CLEAR = 1.96


@dataclass(frozen=True)
class MetricDifference:
    """One metric of both, and first minus second over the `n` rows that both have a score for."""

    metric: Metric
    first: float | None
    second: float | None
    difference: float | None
    standard_error: float | None
    n: int

    @property
    def clear(self) -> bool:
        """Whether the difference is beyond what chance gives one time in twenty."""
        if self.difference is None or self.standard_error is None:
            return False
        return abs(self.difference) > CLEAR * self.standard_error

    @property
    def better(self) -> str:
        """ "first" or "second" when the difference is clear, else ""."""
        if not self.clear or not self.difference:
            return ""
        return "first" if (self.difference > 0) != self.metric.less_is_better else "second"


@dataclass(frozen=True)
class SideBySide:
    """The results of two jobs on the same prompts."""

    first: EvaluationResults
    second: EvaluationResults

    def differences(self) -> tuple[MetricDifference, ...]:
        """Each metric that both have, in the first one's order."""
        places = _paired(self.first, self.second)
        found = []
        for result in self.first:
            name = result.metric.name
            if name not in self.second.metric_names:
                continue
            one, two = self.first.values(name), self.second.values(name)
            pairs = [(a, b) for a, b in ((one[i], two[j]) for i, j in places) if a is not None and b is not None]
            gaps = [a - b for a, b in pairs]
            found.append(
                MetricDifference(
                    result.metric,
                    summary(result.metric, [a for a, _ in pairs]).mean,
                    summary(result.metric, [b for _, b in pairs]).mean,
                    summary(result.metric, gaps).mean,
                    standard_error(gaps),
                    len(pairs),
                )
            )
        return tuple(found)

    def to_frame(self) -> Any:
        """One line per metric, as a pandas DataFrame."""
        import pandas as pd

        lines = [[d.metric.title, d.first, d.second, d.difference, d.standard_error, d.n, d.clear]
                 for d in self.differences()]  # fmt: skip
        columns = ["metric", self.first.model, self.second.model, "difference", "standard_error", "n", "clear"]
        return pd.DataFrame(lines, columns=columns).set_index("metric")

    def _repr_html_(self) -> str:
        names = {"first": self.first.model, "second": self.second.model, "": "no clear difference"}
        lines: list[list[object]] = []
        for found in self.differences():
            if found.difference is None:
                lines.append([found.metric.title, "", "", "can't tell", "", 0, ""])
                continue
            error = "" if found.standard_error is None else f"{found.standard_error:.3f}"
            one, two = (figures(summary(found.metric, [mean]))[0] for mean in (found.first, found.second))
            lines.append(
                [found.metric.title, one, two, f"{found.difference:+.3f}", error, found.n, names[found.better]]
            )
        head = f"{self.first.model} and {self.second.model}, scored by {self.first.judge_name}."
        columns = ["metric", self.first.model, self.second.model, "difference", "standard error", "rows", "better"]
        return f"<p><b>Side by side</b> {html.escape(head)}</p>{html_table(columns, lines)}"


def _paired(first: EvaluationResults, second: EvaluationResults) -> list[tuple[int, int]]:
    """Places of the same prompt in both; a prompt that comes several times is paired in order."""
    places: dict[tuple[str, int], int] = {}
    seen: Counter[str] = Counter()
    for place, row in enumerate(second.rows):
        places[row.prompt, seen[row.prompt]] = place
        seen[row.prompt] += 1
    seen.clear()
    found = []
    for place, row in enumerate(first.rows):
        key = row.prompt, seen[row.prompt]
        seen[row.prompt] += 1
        if key in places:
            found.append((place, places[key]))
    return found


@dataclass(frozen=True)
class EvaluationPair:
    """Two jobs on the same prompts."""

    first: EvaluationJob
    second: EvaluationJob

    def wait(
        self, progress: Callable[[JobProgress], None] | None = None, cancel: Cancel | None = None, **more: Any
    ) -> EvaluationPair:
        """Wait for both, which run at the same time on AWS; `cancel` stops both. Raises as EvaluationJob.wait does."""
        try:
            self.first.wait(progress, cancel, **more)
            self.second.wait(progress, cancel, **more)
        except Exception:
            if cancel is not None and cancel.is_set():
                self.second.stop()
            raise
        return self

    def results(self) -> SideBySide:
        """Both results, compared. Raises as EvaluationJob.results does."""
        return SideBySide(self.first.results(), self.second.results())


def start_comparison(
    aws: Any,
    candidates: Mapping[str, Rows],
    *,
    name: str = "comparison",
    judge_model: str = "",
    metrics: Iterable[str] = USUAL,
    output: str = "",
    tell: Callable[[str], None] | None = None,
    yes: bool = False,
    budget_usd: float = BUDGET_USD,
    again: bool = False,
    private_ok: bool = False,
) -> EvaluationPair:
    """Start two jobs for {label: rows with answers} of two models on the same prompts; the budget holds for both.

    Raises BadInput for other than two candidates and for prompts that differ.
    """
    if len(candidates) != 2:
        raise BadInput(f"There are {len(candidates)} candidates; a comparison takes two, as {{label: rows}}.")
    asked = tuple(metrics)
    plans = [
        plan_evaluation(aws, rows, name=name, judge_model=judge_model, metrics=asked, output=output, source=label)
        for label, rows in candidates.items()
    ]
    prompts = [sorted(row.prompt for row in plan.rows) for plan in plans]
    if prompts[0] != prompts[1]:
        raise BadInput(
            f"The two candidates were not asked the same prompts; compare answers to the same {_few(plans)}."
        )
    return _start(aws, plans, tell, yes=yes, budget_usd=budget_usd, again=again, private_ok=private_ok)


def compare_models(
    aws: Any,
    rows: Rows,
    models: Sequence[str],
    *,
    name: str = "comparison",
    judge_model: str = "",
    metrics: Iterable[str] = USUAL,
    output: str = "",
    tell: Callable[[str], None] | None = None,
    yes: bool = False,
    budget_usd: float = BUDGET_USD,
    again: bool = False,
    private_ok: bool = False,
) -> EvaluationPair:
    """As start_comparison, but the jobs ask two models of Bedrock (ids or ARNs); rows have no answers.

    Raises BadInput for other than two different models.
    """
    if isinstance(models, str) or len(set(models)) != 2 or len(models) != 2:
        raise BadInput(f"A comparison takes two different models of Bedrock; it got {models!r}.")
    kept, asked = list(rows), tuple(metrics)
    plans = [
        plan_evaluation(aws, kept, name=name, judge_model=judge_model, metrics=asked, output=output, model=model)
        for model in models
    ]
    return _start(aws, plans, tell, yes=yes, budget_usd=budget_usd, again=again, private_ok=private_ok)


def _start(
    aws: Any,
    plans: Sequence[EvaluationPlan],
    tell: Callable[[str], None] | None,
    *,
    yes: bool,
    budget_usd: float,
    again: bool,
    private_ok: bool,
) -> EvaluationPair:
    if tell is not None:
        for plan in plans:
            tell(f"Evaluation {plan.job_name}: {len(plan.rows)} rows; {plan.cost_line}")
    check_budget([plan for plan in plans if again or find_evaluation(aws, plan.job_name) is None], yes, budget_usd)
    first, second = (launch_evaluation(aws, plan, yes=True, again=again, private_ok=private_ok) for plan in plans)
    return EvaluationPair(first, second)


def _few(plans: Sequence[EvaluationPlan]) -> str:
    """The first prompt that only one of two plans has, for the message."""
    left = Counter(row.prompt for row in plans[0].rows)
    left.subtract(row.prompt for row in plans[1].rows)
    prompt = next(prompt for prompt, count in left.items() if count)
    return f"prompts (only one has {prompt[:80]!r})"
