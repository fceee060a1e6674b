"""Ask the writer for a better answer with feedback; both versions are kept, and a person chooses.

On local AWS the writer is a set of rules: it looks up the passage again, and heeds "shorter", "more", and "mention
the deposit" where the passage has a deposit; no more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit.authoring.budget import Budget, Meter, Pace
from workshop_kit.authoring.converse import UnusableReply, Usage, ask, text_field
from workshop_kit.authoring.pool import Cancel, each
from workshop_kit.authoring.prompts import Templates
from workshop_kit.authoring.scoring import Scored, passage_finder, resumed
from workshop_kit.authoring.write import Progress
from workshop_kit.domains import Domain
from workshop_kit.errors import BadInput, KitError
from workshop_kit.journal import Journal
from workshop_kit.records import Dataset, Example, Finding, content_id, html_table


@dataclass(frozen=True)
class Revision:
    """One row before and after, and what was said about it."""

    before: Example
    after: Example
    feedback: str


@dataclass(frozen=True)
class Refined:
    """A dataset with a second answer for some of its rows."""

    dataset: Dataset
    revisions: dict[str, Revision]  # by the id of the row as it was
    usage: Usage
    skipped: tuple[Finding, ...] = ()

    def choose(self, which: str | Callable[[Revision], str] = "after") -> Dataset:
        """The dataset with "before" or "after" for each revised row; a function decides row by row.

        Raises BadInput for any other word.
        """

        def pick(example: Example) -> Example:
            revision = self.revisions.get(example.id)
            if revision is None:
                return example
            word = which if isinstance(which, str) else which(revision)
            if word not in ("before", "after"):
                raise BadInput(f"'{word}' is no version; choose 'before' or 'after'.")
            return revision.after if word == "after" else revision.before

        return replace(self.dataset, examples=tuple(pick(example) for example in self.dataset))

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [r.before.instruction, r.before.response, r.after.response, r.feedback]
            for r in list(self.revisions.values())[:10]
        ]
        changed = sum(r.before.response != r.after.response for r in self.revisions.values())
        caption = f"{len(self.revisions)} rows asked about again, {changed} answered differently:"
        return html_table(["question", "before", "after", "feedback"], rows, caption)


def refine(
    aws: Any,
    rows: Dataset | Scored,
    out: str | Path,
    feedback: str | Mapping[str, str] = "",
    *,
    domain: Domain | None = None,
    templates: Templates | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    workers: int = 4,
    model_id: str | None = None,
    budget: Budget | None = None,
    calls_per_minute: float | None = None,
) -> Refined:
    """Ask for better answers. A Scored dataset sends the rows set aside, with the judge's reasons as feedback.

    `feedback` is for every row sent, or by the row's id, in which case just those rows are sent. Call it again to go
    on. Raises BadInput when there is nothing to send, for an id that no row has, or when `out` holds something else,
    BudgetReached, Cancelled and AwsProblem as write() does; revisions that were counted stay in `out`.
    """
    dataset = rows.dataset if isinstance(rows, Scored) else rows
    if isinstance(feedback, str):
        sent = rows.set_aside if isinstance(rows, Scored) else dataset
        reasons = {id: score.reason for id, score in rows.scores.items()} if isinstance(rows, Scored) else {}
        told = {e.id: feedback or reasons.get(e.id, "") for e in sent}
    else:
        told = dict(feedback)
        strangers = sorted(set(told) - {e.id for e in dataset})
        if strangers:
            raise BadInput(
                f"The feedback names row {strangers[0]}, which {dataset.name} doesn't have; use a row's .id."
            )
    wanted = {e.id: e for e in dataset if told.get(e.id)}
    if not wanted:
        raise BadInput("There is nothing to refine: no row was set aside, or no row has feedback.")
    templates = templates or Templates()
    model = model_id or aws.choose_model("writer")
    passages = passage_finder(domain)
    skipped: list[Finding] = []
    with Journal(Path(out)) as journal:
        known, usage = resumed(journal, "key", {"answer"})
        keys = {id: content_id([id, told[id]]) for id in wanted}
        meter = Meter(budget, model, usage)

        def prompt(example: Example) -> str:
            return templates.fill(
                "refine", passage=passages(example), question=example.instruction, answer=example.response,
                feedback=told[example.id],
            )  # fmt: skip

        def call(example: Example) -> tuple[str, Usage]:
            return ask(
                aws, model, prompt(example), templates, lambda reply: text_field(reply, "answer"),
                max_tokens=800, temperature=0.3,
            )  # fmt: skip

        def confirm(done: list[tuple[Example, Any, Usage]]) -> None:
            new: list[dict[str, Any]] = []
            for example, result, spent in done:
                if isinstance(result, UnusableReply):
                    message = f"a row could not be refined: {result}"
                    skipped.append(Finding("warning", "unusable-reply", message, example_id=example.id))
                    new.append({"usage": asdict(spent)})
                else:
                    new.append({"key": keys[example.id], "id": example.id, "answer": result, "usage": asdict(spent)})
            journal.append(new)
            known.update({record["key"]: record for record in new if "key" in record})
            if progress:
                progress(Progress(sum(keys[id] in known for id in wanted), len(wanted), None, meter.spent))

        try:
            each(
                deque(e for id, e in wanted.items() if keys[id] not in known), call, confirm,
                prompts=lambda e: (templates.system, prompt(e)), kind=lambda _: "refine", meter=meter,
                pace=Pace(calls_per_minute, burst=workers), workers=workers, cancel=cancel,
            )  # fmt: skip
        except KitError as problem:
            problem.args = (f"{problem} {len(known)} revisions are safe in {out}; run this again to go on.",)
            raise
    made = {
        id: Revision(e, replace(e, response=known[keys[id]]["answer"]), told[id])
        for id, e in wanted.items()
        if keys[id] in known
    }
    return Refined(dataset, made, meter.spent, tuple(skipped))
