"""The run: questions for every item of a plan, then an answer to each question by a prompt of its own.

Calls run in a few threads; only the calling thread touches files and reports progress. Each confirmed row is
on disk before it is counted. Stopped in any way, kill -9 included, write() with the same plan goes on where
it was:

    rows.jsonl              the rows, usable at any moment, each with the item and number it belongs to
    rows.jsonl.questions    the plan's id, the questions that were asked for already, and what failed calls took
"""

from __future__ import annotations

import html
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit.authoring.budget import Budget, Meter, Pace
from workshop_kit.authoring.converse import BadReply, UnusableReply, Usage, ask, list_field, text_field
from workshop_kit.authoring.plan import Plan, PlanItem
from workshop_kit.authoring.pool import Cancel, each
from workshop_kit.errors import AwsProblem, BadInput, KitError
from workshop_kit.formats import to_row
from workshop_kit.formats.writing import json_line
from workshop_kit.journal import Journal
from workshop_kit.records import Dataset, Example, Finding
from workshop_kit.workspace import write_atomically

MOST_REFUSED = 8
_ROW_FIELDS = {"item", "n", "instruction", "response", "context", "usage"}
_ASKED_FIELDS = {"item", "questions", "usage"}


class Refused(UnusableReply):
    """The model takes no such request at all: another style or another passage may fare better."""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int  # rows on disk
    total: int  # rows planned
    seconds_left: float | None  # None until there is something to judge by
    usage: Usage


@dataclass(frozen=True)
class Written(Dataset):
    """The dataset that a run made, with what it took and what could not be had."""

    usage: Usage = Usage()
    skipped: tuple[Finding, ...] = ()

    def _repr_html_(self) -> str:
        spent = (
            f"<p>{self.usage.calls} calls, {self.usage.input_tokens:,} tokens in, {self.usage.output_tokens:,} out.</p>"
        )
        lost = "".join(f"<li>{html.escape(str(finding))}</li>" for finding in self.skipped)
        return super()._repr_html_() + spent + (f"<p>Left out:</p><ul>{lost}</ul>" if lost else "")


def write(
    aws: Any,
    plan: Plan,
    out: str | Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    workers: int = 4,
    model_id: str | None = None,
    budget: Budget | None = None,
    calls_per_minute: float | None = None,
) -> Written:
    """Carry out a plan and leave its rows in `out`; call it again to resume or to retry what was skipped.

    `progress` is called in the calling thread. The rows come back in the plan's order, whatever order they came in.
    `budget` is a hard limit over all runs of this plan; `calls_per_minute` spreads the calls out.
    Raises BudgetReached when the next call could pass the budget, Cancelled when `cancel` is set, AwsProblem when the
    model can't be reached, BadInput when `out` belongs to another plan or can't be written; every row counted so far
    stays in `out`.
    """
    out = Path(out)
    if out.is_dir():
        raise BadInput(f"{out} is a folder; name the file to write, such as {out / 'rows.jsonl'}.")
    if workers < 1:
        raise BadInput(f"workers is {workers}; it must be at least 1.")
    model = model_id or aws.choose_model("writer")
    with ExitStack() as stack:
        asked = stack.enter_context(Journal(out.with_name(out.name + ".questions")))
        rows = stack.enter_context(Journal(out))
        _same_plan(plan, asked, rows, out)
        run = _Run(aws, plan, model, asked, rows, progress or (lambda _: None), budget)
        try:
            run.go(workers, Pace(calls_per_minute, burst=workers), cancel)
        except KitError as problem:
            kept = f"{len(rows.records)} of {plan.rows} rows are safe in {out}; run this again to go on."
            problem.args = (f"{problem} {kept}", *problem.args[1:])
            raise
        ordered = run.ordered()
        if ordered != rows.records:
            write_atomically(out, "".join(json_line(record) for record in ordered))
    examples = tuple(_example(record) for record in ordered)
    skipped = list(_left_out(run.lost))
    if len(examples) < plan.rows and not skipped:
        message = (
            f"{plan.rows - len(examples)} of {plan.rows} planned rows are missing: some passages gave fewer questions"
        )
        skipped.append(Finding("note", "fewer-questions", message, fix="plan fewer rows, or more styles and personas"))
    return Written(examples, out.stem, plan.system, run.meter.spent, tuple(skipped))


def preview(aws: Any, plan: Plan, rows: int = 3, *, model_id: str | None = None) -> Written:
    """Make a few rows, the first of the plan's first items, without writing anything."""
    model = model_id or aws.choose_model("writer")
    examples: list[Example] = []
    lost: list[tuple[PlanItem, int, UnusableReply]] = []
    usage = Usage()
    for item in plan.items[:rows]:
        try:
            questions, spent = _questions(aws, plan, model, replace(item, count=1))
            usage += spent
            example, spent = _answer(aws, plan, model, item, questions[0])
            usage += spent
            examples.append(example)
        except UnusableReply as problem:
            usage += problem.usage
            lost.append((item, 1, problem))
    return Written(tuple(examples), "preview", plan.system, usage, tuple(_left_out(lost)))


def _questions(aws: Any, plan: Plan, model: str, item: PlanItem) -> tuple[list[str], Usage]:
    def check(reply: dict[str, Any]) -> list[str]:
        questions = list_field(reply, "questions")
        if not all(isinstance(question, str) and question.strip() for question in questions):
            raise BadReply("each of 'questions' must be a text that is not empty")
        different = list(dict.fromkeys(question.strip() for question in questions))
        return different[: item.count]

    try:
        return ask(aws, model, plan.question_prompt(item), plan.templates, check)
    except AwsProblem as problem:
        if problem.code != "ValidationException":
            raise
        raise Refused(str(problem), Usage(1)) from None


def _answer(aws: Any, plan: Plan, model: str, item: PlanItem, question: str) -> tuple[Example, Usage]:
    def check(reply: dict[str, Any]) -> str:
        return text_field(reply, "answer")

    prompt = plan.answer_prompt(item, question)
    answer, usage = ask(aws, model, prompt, plan.templates, check, max_tokens=800, temperature=0.2)
    return Example(question, answer, topic=item.topic.id, source=item.source), usage


def _left_out(lost: Iterable[tuple[PlanItem, int, UnusableReply]]) -> Iterator[Finding]:
    """What learners are told about (item, rows, problem): a finding a failed call, one for all refused alike."""
    refused: dict[tuple[str, str], list[tuple[PlanItem, int]]] = {}
    for item, rows, problem in lost:
        if isinstance(problem, Refused):
            refused.setdefault((item.style, str(problem)), []).append((item, rows))
            continue
        message = f"a call on '{item.topic.title}' ({item.style}) gave no usable reply: {problem}"
        yield Finding("warning", "unusable-reply", message, fix="run write() again to retry it")
    for (style, reason), items in refused.items():
        titles = ", ".join(dict.fromkeys(item.topic.title for item, _ in items))
        message = f"the model refuses '{style}' questions, so {sum(n for _, n in items)} rows on {titles} are left out"
        yield Finding(
            "warning", "refused", f"{message} ({reason})", fix="leave the style out of the plan, or use another model"
        )


def _example(record: dict[str, Any]) -> Example:
    return Example(
        record["instruction"], record["response"], record["context"], record.get("topic", ""), record.get("source", "")
    )


def _same_plan(plan: Plan, asked: Journal, rows: Journal, out: Path) -> None:
    """Refuse to mix two plans, or somebody else's rows with ours."""
    if not asked.records:
        if rows.records:
            raise BadInput(f"{out} already holds rows that this run did not write; choose another file name.")
        asked.append([{"plan": plan.id, "rows": plan.rows}])
    began = asked.records[0].get("plan")
    if began != plan.id:
        raise BadInput(f"{out} was begun with another plan ({began}, this one is {plan.id}); choose another file name.")
    keys = {item.key for item in plan.items}
    for journal, wanted, first in ((rows, _ROW_FIELDS, 0), (asked, _ASKED_FIELDS, 1)):
        for number, record in enumerate(journal.records[first:], first + 1):
            if record.get("item") not in keys or not wanted <= set(record):
                where = f"{journal.path}, line {number}"
                raise BadInput(f"{where}, is no row of this run; move the line away and run it again.")


@dataclass(frozen=True)
class _Call:
    """A call to be made: for an item's questions, or for the answer to its question number `n`."""

    item: PlanItem
    n: int = -1
    question: str = ""


class _Run:
    """The state of one call of write()."""

    def __init__(
        self,
        aws: Any,
        plan: Plan,
        model: str,
        asked: Journal,
        rows: Journal,
        progress: Callable[[Progress], None],
        budget: Budget | None,
    ) -> None:
        self.aws, self.plan, self.model, self.asked, self.rows = aws, plan, model, asked, rows
        self.progress = progress
        self.lost: list[tuple[PlanItem, int, UnusableReply]] = []
        self.items = {item.key: item for item in plan.items}
        self.done = {(record["item"], record["n"]) for record in rows.records}
        spent = (Usage(**record["usage"]) for record in (*asked.records[1:], *rows.records))
        self.meter = Meter(budget, model, sum(spent, Usage()))
        self.begun, self.had = time.monotonic(), len(rows.records)
        self.calls: deque[_Call] = deque()

    def go(self, workers: int, pace: Pace, cancel: Cancel | None) -> None:
        """Make every call that is still to be made."""
        known = self._known()
        self.calls.extend(_Call(item) for item in self.plan.items if item.key not in known)
        for item in reversed(self.plan.items):
            self._answers_first(item, known.get(item.key, []))
        self._report()
        each(
            self.calls, self._make, self._confirm, prompts=self._prompts,
            kind=lambda call: "questions" if call.n < 0 else "answer", meter=self.meter, pace=pace, workers=workers,
            cancel=cancel,
        )  # fmt: skip
        refused = self._refused()
        if refused and not self.rows.records:
            raise AwsProblem(str(refused[0]), "ValidationException")

    def _known(self) -> dict[str, list[str]]:
        """The questions that were had for each item; a failed call's record has none."""
        return {record["item"]: record["questions"] for record in self.asked.records[1:] if record["questions"]}

    def _refused(self) -> list[Refused]:
        return [problem for _, _, problem in self.lost if isinstance(problem, Refused)]

    def _make(self, call: _Call) -> tuple[Any, Usage]:
        if call.n < 0:
            return _questions(self.aws, self.plan, self.model, call.item)
        return _answer(self.aws, self.plan, self.model, call.item, call.question)

    def _prompts(self, call: _Call) -> tuple[str, str]:
        if call.n < 0:
            return self.plan.templates.system, self.plan.question_prompt(call.item)
        return self.plan.templates.system, self.plan.answer_prompt(call.item, call.question)

    def _answers_first(self, item: PlanItem, questions: list[str]) -> None:
        """Answers before further questions, so that whoever stops early has rows and not only questions."""
        new = [_Call(item, n, q) for n, q in enumerate(questions) if (item.key, n) not in self.done]
        self.calls.extendleft(reversed(new))

    def _confirm(self, finished: list[tuple[_Call, Any, Usage]]) -> None:
        """Put a batch of results on disk, one fsync per file, then count them."""
        new_rows: list[dict[str, Any]] = []
        new_questions: list[dict[str, Any]] = []
        for call, result, usage in finished:
            spent = {"item": call.item.key, "usage": asdict(usage)}
            if isinstance(result, UnusableReply):
                self.lost.append((call.item, call.item.count if call.n < 0 else 1, result))
                # What a useless reply took counts in later runs too.
                if usage.input_tokens or usage.output_tokens:
                    new_questions.append({**spent, "questions": []})
            elif call.n < 0:
                new_questions.append({**spent, "questions": result})
            else:
                made = {"persona": call.item.persona.id, "style": call.item.style, "n": call.n}
                new_rows.append({**to_row(result), **made, **spent})
        self.asked.append(new_questions)
        self.rows.append(new_rows)
        for record in new_questions:
            self._answers_first(self.items[record["item"]], record["questions"])
        self._report()
        # One thing refused, such as a style the model can't write in, must not end the run; a model that refuses
        # everything must.
        refused = self._refused()
        if len(refused) >= MOST_REFUSED and not (self.rows.records or self._known()):
            raise AwsProblem(str(refused[0]), "ValidationException")

    def _report(self) -> None:
        done = len(self.rows.records)
        fresh, spent = done - self.had, time.monotonic() - self.begun
        left = spent / fresh * (self.plan.rows - done) if fresh else None
        self.progress(Progress(done, self.plan.rows, left, self.meter.spent))

    def ordered(self) -> list[dict[str, Any]]:
        """The rows in the plan's order."""
        place = {item.key: number for number, item in enumerate(self.plan.items)}
        return sorted(self.rows.records, key=lambda record: (place[record["item"]], record["n"]))
