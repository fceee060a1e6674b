"""Am I ready for the next notebook? Each check looks at what is really there and says what to do if it is not enough.

A check never raises for something the learner can mend: it gives back a Checkpoint with ok=False and says how.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from workshop_kit.classroom.reporting import report
from workshop_kit.errors import KitError
from workshop_kit.playground import Endpoint, echo
from workshop_kit.records import Dataset
from workshop_kit.review import Split
from workshop_kit.training.diagnosis import diagnose
from workshop_kit.training.jobs import TrainingJob
from workshop_kit.training.runs import Run, load_run

# Fewer rows than this teach hardly anything, and a validation set below this is mostly noise.
FEWEST_ROWS = 40
FEWEST_VALIDATION_ROWS = 10


@dataclass(frozen=True)
class Checkpoint:
    """Whether the learner can go on, why, and what to do next. It is true in an `if` when it is ok."""

    ok: bool
    message: str
    next_step: str

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return f"{'Ready' if self.ok else 'Not yet'}: {self.message} {self.next_step}"

    def _repr_html_(self) -> str:
        colour, word, sign = ("#009E73", "Ready", "✔") if self.ok else ("#D55E00", "Not yet", "✖")
        return (
            f"<div role='status' style='border:1px solid {colour};border-left:8px solid {colour};border-radius:6px;"
            f"padding:8px 14px;margin:8px 0;max-width:900px'><b>{sign} {word}.</b> {html.escape(self.message)}"
            f"<br><b>Next:</b> {html.escape(self.next_step)}</div>"
        )


def _checked(step: str, again: str) -> Callable[[Callable[..., Checkpoint]], Callable[..., Checkpoint]]:
    """A check that meets a problem told in a sentence answers with that sentence.

    Whether it was ok is told to the class, if there is one and the learner agreed to it.
    """

    def around(check: Callable[..., Checkpoint]) -> Callable[..., Checkpoint]:
        @wraps(check)
        def run(*arguments: Any, **settings: Any) -> Checkpoint:
            try:
                found = check(*arguments, **settings)
            except KitError as problem:
                found = Checkpoint(False, str(problem), again)
            report(step, found.ok)
            return found

        return run

    return around


@_checked("dataset", "Run notebook 01 again.")
def check_dataset(dataset: Dataset) -> Checkpoint:
    """After notebook 01: enough rows, with both halves, that are not all the same."""
    rows = len(dataset)
    empty = sum(not example.instruction.strip() or not example.response.strip() for example in dataset)
    different = len({example.id for example in dataset})
    topics = len({example.topic for example in dataset if example.topic})
    if different < FEWEST_ROWS:
        return Checkpoint(
            False,
            f"{dataset.name} has {different} different rows; {FEWEST_ROWS} are the least that teaches anything.",
            "Write more rows in notebook 01: more topics, or more questions per topic.",
        )
    if empty:
        return Checkpoint(
            False,
            f"{empty} of {rows} rows have no question or no answer.",
            "Complete or delete them, then check again.",
        )
    about = f" on {topics} topics" if topics else ""
    return Checkpoint(True, f"{different} different rows{about} (data {dataset.provenance_id}).", "Open notebook 02.")


@_checked("review", "Run notebook 02 again.")
def check_review(split: Split) -> Checkpoint:
    """After notebook 02: a split that is large enough on both sides and does not leak."""
    train, validation = len(split.train), len(split.validation)
    if train < FEWEST_ROWS:
        return Checkpoint(
            False,
            f"Only {train} rows are left to train on; {FEWEST_ROWS} are the least that teaches anything.",
            "Write more rows in notebook 01, or hold out fewer.",
        )
    if validation < FEWEST_VALIDATION_ROWS:
        return Checkpoint(
            False,
            f"Only {validation} rows are held out: their loss would be mostly noise.",
            f"Raise validation_ratio so that at least {FEWEST_VALIDATION_ROWS} rows are held out.",
        )
    if leaks := split.leaks():
        return Checkpoint(
            False,
            f"{leaks} validation rows say the same as a training row, so the validation loss would flatter.",
            "Clean the dataset first: split(review(dataset).clean()).",
        )
    return Checkpoint(
        True, f"{train} rows to train on and {validation} held out, none on both sides.", "Open notebook 03."
    )


@_checked("training", "Launch a training job in notebook 03.")
def check_training(job: TrainingJob, split: Split | None = None) -> Checkpoint:
    """After notebook 03: the job is done, has a model, and was trained on this split."""
    described = job.describe()
    status = described["TrainingJobStatus"]
    if status in ("InProgress", "Stopping"):
        return Checkpoint(
            False,
            f"Training job {job.name} is still at work ({described['SecondaryStatus']}).",
            "Wait with watch(job).",
        )
    uri = job.artifact  # raises, with the reason, when there is none
    trained_on = job.dataset_id
    if split is not None and trained_on != split.provenance_id:
        return Checkpoint(
            False,
            f"Training job {job.name} was trained on data {trained_on or 'unknown'}, not on your present split "
            f"{split.provenance_id}.",
            "Launch again, so that the model knows your latest rows.",
        )
    seconds = described.get("BillableTimeInSeconds")
    took = f" in {seconds} s" if seconds else ""
    return Checkpoint(True, f"Training job {job.name} finished{took}; its model is at {uri}.", "Open notebook 04.")


@_checked("curves", "Launch a training job in notebook 03.")
def check_run(run: Run | TrainingJob) -> Checkpoint:
    """After notebook 04: the curves are there and their verdict says that the model is worth deploying."""
    if isinstance(run, TrainingJob):
        run = load_run(run.aws, run)
    found = diagnose(run)
    if found.verdict == "diverged":
        return Checkpoint(False, found.reason, found.next_step)
    if found.verdict == "good fit":
        return Checkpoint(True, found.reason, "Open notebook 05.")
    # Worth knowing, no reason to stop: what it does to the answers is the next notebook's lesson.
    return Checkpoint(
        True,
        f"You can go on, but the verdict is {found.verdict}. {found.reason}",
        f"{found.next_step} Or open notebook 05.",
    )


@_checked("endpoint", "Deploy in notebook 05.")
def check_endpoint(
    endpoint: Endpoint, question: str = "What can you help me with?", training: Dataset | None = None
) -> Checkpoint:
    """After notebook 05: the endpoint is there and answers; with `training`, how much it parrots."""
    status = endpoint.status()
    if status != "InService":
        return Checkpoint(
            False,
            f"Endpoint {endpoint.name} is {status}." if status else f"There is no endpoint {endpoint.name}.",
            "Deploy it in notebook 05 and wait until it is in service.",
        )
    answer = endpoint.ask(question, max_new_tokens=64)
    if not answer:
        return Checkpoint(False, f"Endpoint {endpoint.name} answered with nothing.", "Train with more rows or epochs.")
    parroted = ""
    if training is not None:
        parroted = f" {echo(answer, training).score:.0%} of this answer stands word for word in a training row."
    return Checkpoint(
        True, f"Endpoint {endpoint.name} answers: “{_short(answer)}”{parroted}", "Open notebook 06, or delete it."
    )


@_checked("submission", "Submit in notebook 06.")
def check_submission(submission: Any) -> Checkpoint:
    """After notebook 06: the league has judged the submission."""
    score = submission.score
    if score is None:
        return Checkpoint(
            False,
            f"The submission is {submission.state}, {submission.judged} of {submission.questions} questions judged.",
            "Wait for the judge, then check again.",
        )
    return Checkpoint(
        True,
        f"Judged: {score.win_rate:.0%} of the hidden questions won "
        f"(95 % interval {score.low:.0%} to {score.high:.0%}).",
        "Change one thing at a time and try to beat it.",
    )


def _short(text: str, length: int = 120) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
