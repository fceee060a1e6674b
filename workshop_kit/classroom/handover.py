"""What one notebook leaves for the next: files in the workspace's `work/`, and a small note that points to them.

Everything is on disk before a `leave_...` returns, and a `take_...` says which notebook to run when there is nothing
yet.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workshop_kit import formats
from workshop_kit.errors import BadInput
from workshop_kit.league.client import Practice, Submission
from workshop_kit.league.statistics import Score
from workshop_kit.playground import Endpoint
from workshop_kit.records import Dataset
from workshop_kit.review import Split, load_split
from workshop_kit.training import TrainingJob
from workshop_kit.workspace import Workspace


def leave_dataset(workspace: Workspace, dataset: Dataset) -> Dataset:
    """Keep the dataset of notebook 01 as JSON Lines."""
    path = workspace.work("dataset.jsonl")
    formats.write_jsonl(dataset, path)
    note = {"file": path.name, "name": dataset.name, "system": dataset.system, "rows": len(dataset)}
    workspace.remember("dataset", note | {"id": dataset.provenance_id})
    return dataset


def take_dataset(workspace: Workspace) -> Dataset:
    """The dataset of notebook 01; raises NotYet when there is none, BadInput when its file was damaged."""
    note = workspace.recall("dataset")
    found = formats.read_dataset(workspace.work(note["file"]))
    return Dataset(found.examples, note["name"], note.get("system", ""))


def leave_split(workspace: Workspace, split: Split) -> Split:
    """Keep the split of notebook 02."""
    folder = split.save(workspace.work("split"))
    workspace.remember("split", {"folder": str(folder), "id": split.provenance_id})
    return split


def take_split(workspace: Workspace) -> Split:
    """The split of notebook 02; raises NotYet when there is none."""
    return load_split(workspace.recall("split")["folder"])


def leave_job(workspace: Workspace, job: TrainingJob) -> TrainingJob:
    """Note the training job of notebook 03."""
    workspace.remember("training_job", {"name": job.name})
    return job


def take_job(aws: Any, workspace: Workspace) -> TrainingJob:
    """The training job of notebook 03; raises NotYet when there is none."""
    return TrainingJob(aws, workspace.recall("training_job")["name"])


def leave_submission(workspace: Workspace, submission: Submission, endpoint: Endpoint) -> Submission:
    """Note the submission of notebook 06, with what it came from."""
    score = submission.score
    workspace.remember(
        "submission",
        {
            "id": submission.id,
            "participant": submission.participant,
            "win_rate": score.win_rate if score else None,
            "job": endpoint.job_name,
            "dataset": endpoint.dataset_id,
        },
    )
    return submission


def leave_practice(workspace: Workspace, practice: Practice) -> Practice:
    """Keep what the practice questions of notebook 05 came to, with every answer and verdict."""
    note = {
        "rows": list(practice.rows),
        "score": asdict(practice.score),
        "judge": practice.judge,
        "reference": practice.reference,
    }
    workspace.remember("practice", note)
    return practice


def take_practice(workspace: Workspace) -> Practice:
    """The practice of notebook 05; raises NotYet when there is none, BadInput when its file was damaged."""
    note = workspace.recall("practice")
    try:
        return Practice(tuple(note["rows"]), Score(**note["score"]), note["judge"], note["reference"])
    except (KeyError, TypeError) as problem:
        raise BadInput(f"{workspace.work('practice.json')} is damaged ({problem}); run notebook 05 again.") from None
