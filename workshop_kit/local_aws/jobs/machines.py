"""The kinds of jobs there are, and what runs each."""

from __future__ import annotations

from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import customizations, evaluations, states
from workshop_kit.local_aws.jobs.customize import run_customization
from workshop_kit.local_aws.jobs.evaluate import run_evaluation
from workshop_kit.local_aws.jobs.queue import Job
from workshop_kit.local_aws.jobs.run import run_job
from workshop_kit.local_aws.jobs.watch import Watch

MACHINES = (states.MACHINE, customizations.MACHINE, evaluations.MACHINE)
_RUN = {
    states.KIND: run_job,
    customizations.KIND: run_customization,
    evaluations.KIND: run_evaluation,
}


def run(ctx: Context, job: Job, watch: Watch) -> None:
    """Bring a job to its end and write that end to disk. Never raises for a fault of the job itself."""
    _RUN[job.machine.kind](ctx, job, watch)
