"""What a class has in common: the domain's shipped rows, a split of them, and a quick training job on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.domains import load_domain
from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset
from workshop_kit.review import Split, review, split
from workshop_kit.review.privacy import find_private
from workshop_kit.training import TrainingConfig, TrainingJob, launch, plan_launch

VALIDATION_RATIO, SEED = 0.1, 0  # notebook 02's
# All linear layers and four passes: short, and good enough for the notebooks that follow.
QUICK = {
    "epoch": 4,
    "target_modules": "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj",
    "lora_r": 8,
    "lora_alpha": 32,
}


def class_dataset(domain: str | Path) -> Dataset:
    """The domain's shipped rows, the same for everybody."""
    found = load_domain(domain)
    return replace(found.examples, name=f"{found.id} rows")


def class_split(dataset: Dataset, domain: str | Path) -> Split:
    """The dataset masked, cleaned and split as notebook 02 does it; the same rows give the same split."""
    masked = find_private(dataset).mask().dataset
    clean = review(masked, load_domain(domain).practice_questions, service="jumpstart").clean(near_duplicates=False)
    return split(clean, VALIDATION_RATIO, SEED)


def quick_job(aws: Any, parts: Split, progress: Callable[[Any], None] | None = None) -> TrainingJob:
    """A finished training job on a split; one that this account has already is taken, by the name its content makes.

    Raises JobFailed when it ends without a model, AwsProblem when AWS refuses.
    """
    plan = plan_launch(aws, parts, TrainingConfig(QUICK, name="catch-up"))
    return launch(aws, plan).wait(progress)


def job_of_artifact(aws: Any, artifact: str, parts: Split) -> TrainingJob:
    """The class's job that made an artefact, if this account has it and it was trained on this split.

    Raises BadInput when it is not so.
    """
    client, token = aws.client("sagemaker"), None
    while True:
        query = {"StatusEquals": "Completed", "SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 100}
        page = kit_call(client.list_training_jobs, **query, **({"NextToken": token} if token else {}))
        for row in page["TrainingJobSummaries"]:
            job = TrainingJob(aws, row["TrainingJobName"])
            if job.describe().get("ModelArtifacts", {}).get("S3ModelArtifacts") == artifact:
                if job.dataset_id != parts.provenance_id:
                    raise BadInput(
                        f"{artifact} was trained on data {job.dataset_id or 'unknown'}, not on the class's rows "
                        f"({parts.provenance_id}); leave artifact out to train anew."
                    )
                return job
        token = page.get("NextToken")
        if not token:
            raise BadInput(
                f"No training job of account {aws.account_id} made {artifact}; leave artifact out to train anew."
            )
