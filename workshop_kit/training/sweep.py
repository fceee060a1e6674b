"""Several trainings that differ in a few settings: planned and priced before any starts, resumable, within a budget.

Job names come from the data and the settings, so running a sweep again finds the jobs it started and starts the rest.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.errors import BadInput, Cancelled
from workshop_kit.records import html_table
from workshop_kit.review import Split
from workshop_kit.training.hyperparameters import recipe
from workshop_kit.training.jobs import OVER, Cancel, TrainingJob
from workshop_kit.training.launching import LaunchPlan, TrainingConfig, launch, plan_with
from workshop_kit.training.runs import Run, load_run

MOST = 64
Value = Any


@dataclass(frozen=True)
class Sweep:
    """The plans of a sweep, and what differs in each."""

    plans: tuple[LaunchPlan, ...]
    settings: tuple[Mapping[str, Value], ...]

    @property
    def usd(self) -> float:
        """The estimate for all jobs together; 0 where nothing is charged."""
        return sum(plan.estimate.usd for plan in self.plans)

    @property
    def seconds(self) -> float:
        """The time all jobs take one after the other, estimated."""
        return sum(plan.estimate.seconds for plan in self.plans)

    def _repr_html_(self) -> str:
        names = list(self.settings[0])
        rows: list[list[object]] = [
            [
                *(setting[name] for name in names),
                plan.estimate.steps,
                plan.estimate.time_line,
                f"{plan.estimate.usd:.2f}",
            ]
            for setting, plan in zip(self.settings, self.plans, strict=True)
        ]
        caption = f"{len(self.plans)} trainings, {self.usd:.2f} USD in all (estimated)."
        return html_table([*names, "steps", "time", "USD"], rows, caption)


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is."""

    done: int
    total: int
    seconds_left: float | None
    text: str


@dataclass(frozen=True)
class Outcome:
    """One training of a sweep: what was different, its job, its run, or why there is none."""

    settings: Mapping[str, Value]
    job: TrainingJob
    run: Run | None
    problem: str = ""


def plan_sweep(
    aws: Any, split: Split, values: Mapping[str, Sequence[Value]], config: TrainingConfig | None = None, *,
    grid: bool = True,
) -> Sweep:  # fmt: skip
    """Plan every combination of `values` (hyperparameter -> values to try); nothing is uploaded or launched.

    Without `grid` one hyperparameter at a time leaves the configuration. Raises BadInput for no values, more than MOST
    combinations, or one that can't be trained, named.
    """
    config = config or TrainingConfig()
    if not values or not all(values.values()):
        raise BadInput("A sweep needs a hyperparameter with at least one value, such as {'lora_r': [4, 16]}.")
    if grid:
        settings = [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]
    else:
        settings = [{name: value} for name, tried in values.items() for value in tried]
        plain = {name: config.hyperparameters.get(name, "default") for name in values}
        settings = [plain | setting for setting in settings]
    if len(settings) > MOST:
        raise BadInput(f"The sweep has {len(settings)} trainings, and {MOST} is the most; try fewer values.")
    chosen = recipe(aws, config.model_id)
    plans = []
    for setting in settings:
        told = {name: value for name, value in setting.items() if value != "default"}
        plan = plan_with(aws, chosen, split, config.changed(**told))
        if plan.errors:
            raise BadInput(f"{setting} can't be trained: {plan.errors[0]}")
        plans.append(plan)
    return Sweep(tuple(plans), tuple(settings))


def run_sweep(
    aws: Any,
    sweep: Sweep,
    *,
    budget_usd: float | None = None,
    parallel: int = 2,
    progress: Callable[[SweepProgress], None] | None = None,
    cancel: Cancel | None = None,
    done: Callable[[Outcome], None] | None = None,
    poll_seconds: float = 0.5,
) -> tuple[Outcome, ...]:
    """Train them all, `parallel` at a time; run it again to go on. A job that fails does not end the others.

    `done` is called with each outcome as it comes (to note it in a logbook, say). Nothing is started when the estimate
    is above `budget_usd`. When `cancel` is set, running jobs are stopped; what is trained stays.
    Raises BadInput above the budget, and Cancelled.
    """
    if budget_usd is not None and sweep.usd > budget_usd:
        raise BadInput(
            f"The sweep is estimated at {sweep.usd:.2f} USD, above the budget of {budget_usd:.2f}; try fewer values."
        )
    if parallel < 1:
        raise BadInput(f"parallel is {parallel}; it must be at least 1.")
    waiting = list(enumerate(sweep.plans))
    running: dict[int, TrainingJob] = {}
    outcomes: dict[int, Outcome] = {}
    began = time.monotonic()
    while waiting or running:
        if cancel is not None and cancel.is_set():
            for job in running.values():
                job.stop()
            raise Cancelled(f"The sweep was stopped; {len(outcomes)} of {len(sweep.plans)} trainings are done.")
        while waiting and len(running) < parallel:
            number, plan = waiting.pop(0)
            running[number] = launch(aws, plan, yes=True)
        for number, job in list(running.items()):
            if job.describe()["TrainingJobStatus"] in OVER:
                del running[number]
                outcomes[number] = _outcome(aws, sweep.settings[number], job)
                if done:
                    done(outcomes[number])
        if progress:
            spent, n = time.monotonic() - began, len(outcomes)
            left = spent / n * (len(sweep.plans) - n) if n else None
            names = ", ".join(job.name for job in running.values())
            progress(SweepProgress(n, len(sweep.plans), left, f"running: {names}" if names else "done"))
        if running:
            time.sleep(poll_seconds)
    return tuple(outcomes[number] for number in sorted(outcomes))


def _outcome(aws: Any, settings: Mapping[str, Value], job: TrainingJob) -> Outcome:
    told = job.describe()
    if told["TrainingJobStatus"] == "Completed":
        return Outcome(settings, job, load_run(aws, job))
    return Outcome(
        settings, job, None, told.get("FailureReason") or f"The job was {told['TrainingJobStatus'].lower()}."
    )
