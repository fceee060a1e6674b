"""Catching up with the class: valid artefacts for a step, and one's own work kept aside.

What is loaded is made by the kit's own functions from the domain's shipped rows, and by a real training job: nothing is
made up. It is prepared in a folder of its own, and put in place by renames once all of it is there and good.
"""

from __future__ import annotations

import html
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop_kit.classroom.checkpoints import Checkpoint, check_dataset, check_review, check_training
from workshop_kit.classroom.class_job import class_dataset, class_split, job_of_artifact, quick_job
from workshop_kit.classroom.handover import leave_dataset, leave_job, leave_split, take_dataset, take_job, take_split
from workshop_kit.classroom.own_work import PLAN, finish_interrupted, fresh_stage, is_own, set_aside, was_loaded
from workshop_kit.classroom.steps import Step, step_of
from workshop_kit.errors import BadInput, KitError
from workshop_kit.records import Dataset
from workshop_kit.review import Split
from workshop_kit.settings import DEFAULT_DOMAIN
from workshop_kit.workspace import Workspace

# The checks alone: what a catch-up looks at is no try of the learner's, so no class hears of it.
dataset_check, review_check, training_check = (
    check.__wrapped__ for check in (check_dataset, check_review, check_training)
)


@dataclass(frozen=True)
class CaughtUp:
    """What was loaded for a step, and where what was there before is now; None when nothing had to be moved."""

    step: Step
    loaded: tuple[str, ...]
    kept: tuple[str, ...]  # one's own, good as it was
    earlier: tuple[str, ...]  # loaded by an earlier catch-up, and good as it was
    aside: Path | None
    check: Checkpoint | None = field(repr=False)
    job_name: str = ""

    def __str__(self) -> str:
        if self.loaded:
            told = f"Loaded for step {self.step}: {_named(self.loaded)}."
        else:
            told = f"{'What was loaded earlier' if self.earlier else 'Your own work'} is good for step {self.step}."
        if self.kept and (self.loaded or self.earlier):
            told += f" Your own {_named(self.kept)} stays in use."
        if self.earlier and self.loaded:
            told += f" Loaded earlier and still in use: {_named(self.earlier)}."
        if self.aside and is_own(self.aside):
            told += f" What was there before is in {self.aside}; restore_own_work(workspace) brings it back."
        elif self.aside:
            told += f" What was loaded before is in {self.aside}."
        return told

    def _repr_html_(self) -> str:
        check = self.check._repr_html_() if self.check else ""
        return f"<p role='status'>{html.escape(str(self))}</p>{check}"


def catch_up(
    step: Step | str | int,
    workspace: Workspace,
    aws: Any = None,
    *,
    domain: str | Path = DEFAULT_DOMAIN,
    own: bool = True,
    artifact: str = "",
    progress: Callable[[Any], None] | None = None,
) -> CaughtUp:
    """Bring the workspace to where `step` is done, as far as files go; the next notebook can be opened then.

    With `own`, whatever is there and passes its checkpoint stays in use, and only what is missing or not good enough is
    loaded. From step 3 on it needs `aws` and a trained model: the job on this data that the account has already, the
    class's job that made `artifact` (an S3 address), or a quick training job, which costs what notebook 03 says.
    Steps 5 and 6 leave no files: deploy and submit in their notebooks.
    Raises BadInput when `artifact` is from no job of this account, JobFailed, AwsProblem.
    """
    wanted = step_of(step)
    if wanted.number >= 3 and aws is None:
        raise BadInput("A trained model is needed from step 3 on: pass the connection, catch_up(3, workspace, aws).")
    finish_interrupted(workspace)
    stage = fresh_stage(workspace)
    making = _Making(workspace, Workspace(stage), domain, own and not artifact)
    try:
        check = making.dataset()
        if wanted.number >= 2:
            check = making.split()
        if wanted.number >= 3:
            check = making.job(aws, artifact, progress)
        if not check.ok:
            raise BadInput(f"What was made for step {wanted} does not pass its checkpoint: {check.message}")
        loaded = tuple(name for name, mine in making.mine.items() if not mine)
        aside = set_aside(workspace, stage, list(loaded))
    finally:
        if not (workspace.work() / PLAN).exists():  # else the next call finishes from it
            shutil.rmtree(stage, ignore_errors=True)
    good = [name for name, mine in making.mine.items() if mine]
    earlier = tuple(name for name in good if was_loaded(workspace, name))
    kept = tuple(name for name in good if name not in earlier)
    return CaughtUp(wanted, loaded, kept, earlier, aside, check, making.job_name)


def _named(kinds: tuple[str, ...]) -> str:
    return ", ".join(kind.replace("_", " ") for kind in kinds)


class _Making:
    """Each artefact in turn: what is there where it is good, else made and staged. `mine` says which is which."""

    def __init__(self, workspace: Workspace, staged: Workspace, domain: str | Path, own: bool) -> None:
        self.workspace, self.staged, self.domain, self.own = workspace, staged, domain, own
        self.mine: dict[str, bool] = {}
        self.job_name = ""
        self._dataset: Dataset | None = None
        self._split: Split | None = None

    def dataset(self) -> Checkpoint:
        self._dataset, check = self._own(lambda: take_dataset(self.workspace), dataset_check)
        self.mine["dataset"] = self._dataset is not None
        return check or self._shipped_dataset()

    def split(self) -> Checkpoint:
        self._split, check = self._own(lambda: take_split(self.workspace), review_check)
        self.mine["split"] = self._split is not None
        if check:
            return check
        self._split = class_split(self._dataset, self.domain)
        check = review_check(self._split)
        if not check.ok and self.mine["dataset"]:  # one's rows are too few once they are clean
            self._shipped_dataset()
            self._split = class_split(self._dataset, self.domain)
            check = review_check(self._split)
        leave_split(self.staged, self._split)
        return check

    def job(self, aws: Any, artifact: str, progress: Callable[[Any], None] | None) -> Checkpoint:
        job, check = None, None
        if self.mine["split"]:
            job, check = self._own(
                lambda: take_job(aws, self.workspace), lambda found: training_check(found, self._split)
            )
        self.mine["training_job"] = job is not None
        if job is None:
            job = job_of_artifact(aws, artifact, self._split) if artifact else quick_job(aws, self._split, progress)
            leave_job(self.staged, job)
            check = training_check(job, self._split)
        self.job_name = job.name
        return check

    def _shipped_dataset(self) -> Checkpoint:
        self.mine["dataset"] = False
        self._dataset = leave_dataset(self.staged, class_dataset(self.domain))
        return dataset_check(self._dataset)

    def _own(self, take: Callable[[], Any], check: Callable[[Any], Checkpoint]) -> tuple[Any, Checkpoint | None]:
        """What the learner has, if it is there and good."""
        try:
            found = take() if self.own else None
            told = check(found) if self.own else None
        except KitError:
            return None, None
        return (found, told) if told is not None and told.ok else (None, None)
