"""The run: questions for every item of a plan, then an answer to each question by a prompt of its own.

Calls run in a few threads; only the calling thread touches files and reports progress. Each confirmed row is
on disk before it is counted. Stopped in any way, kill -9 included, write() with the same plan goes on where
it was:

    rows.jsonl              the rows, usable at any moment, each with the item and number it belongs to
    rows.jsonl.questions    the plan's id, and the questions that were asked for already
"""

from __future__ import annotations

import html
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from workshop_kit.authoring.budget import Budget, Meter, Pace
from workshop_kit.authoring.converse import BadReply, UnusableReply, Usage, ask, list_field, text_field
from workshop_kit.authoring.plan import Plan, PlanItem
from workshop_kit.errors import AwsProblem, BadInput, Cancelled, KitError
from workshop_kit.formats import to_row
from workshop_kit.formats.writing import json_line
from workshop_kit.journal import Journal
from workshop_kit.records import Dataset, Example, Finding
from workshop_kit.workspace import write_atomically

MOST_REFUSED = 8
_ROW_FIELDS = {"item", "n", "instruction", "response", "context", "usage"}


class Cancel(Protocol):
    """Anything with is_set(), such as threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


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
        run = _Run(aws, plan, model, asked, rows, progress or (lambda _: None), cancel)
        run.meter, run.pace = Meter(budget, model, run.usage), Pace(calls_per_minute, burst=workers)
        try:
            run.go(workers)
        except KitError as problem:
            kept = f"{len(rows.records)} of {plan.rows} rows are safe in {out}; run this again to go on."
            problem.args = (f"{problem} {kept}", *problem.args[1:])
            raise
        ordered = run.ordered()
        if ordered != rows.records:
            write_atomically(out, "".join(json_line(record) for record in ordered))
    examples = tuple(_example(record) for record in ordered)
    if len(examples) < plan.rows and not run.skipped:
        message = (
            f"{plan.rows - len(examples)} of {plan.rows} planned rows are missing: some passages gave fewer questions"
        )
        run.skipped.append(
            Finding("note", "fewer-questions", message, fix="plan fewer rows, or more styles and personas")
        )
    return Written(examples, out.stem, plan.system, run.usage, tuple(run.skipped))


def preview(aws: Any, plan: Plan, rows: int = 3, *, model_id: str | None = None) -> Written:
    """Make a few rows, the first of the plan's first items, without writing anything."""
    model = model_id or aws.choose_model("writer")
    examples: list[Example] = []
    skipped: list[Finding] = []
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
            skipped.append(_skip(item, str(problem)))
    return Written(tuple(examples), "preview", plan.system, usage, tuple(skipped))


def _questions(aws: Any, plan: Plan, model: str, item: PlanItem) -> tuple[list[str], Usage]:
    def check(reply: dict[str, Any]) -> list[str]:
        questions = list_field(reply, "questions")
        if not all(isinstance(question, str) and question.strip() for question in questions):
            raise BadReply("each of 'questions' must be a text that is not empty")
        different = list(dict.fromkeys(question.strip() for question in questions))
        return different[: item.count]

    return ask(aws, model, plan.question_prompt(item), plan.templates, check)


def _answer(aws: Any, plan: Plan, model: str, item: PlanItem, question: str) -> tuple[Example, Usage]:
    def check(reply: dict[str, Any]) -> str:
        return text_field(reply, "answer")

    prompt = plan.answer_prompt(item, question)
    answer, usage = ask(aws, model, prompt, plan.templates, check, max_tokens=800, temperature=0.2)
    return Example(question, answer, topic=item.topic.id, source=item.source), usage


def _skip(item: PlanItem, reason: str) -> Finding:
    message = f"a call on '{item.topic.title}' ({item.style}) gave no usable reply: {reason}"
    return Finding("warning", "unusable-reply", message, fix="run write() again to retry it")


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
    for number, record in enumerate(rows.records, 1):
        if record.get("item") not in keys or not _ROW_FIELDS <= set(record):
            raise BadInput(f"{out}, line {number}, is no row of this run; move the line away and run it again.")


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
        cancel: Cancel | None,
    ) -> None:
        self.aws, self.plan, self.model, self.asked, self.rows = aws, plan, model, asked, rows
        self.progress, self.cancel = progress, cancel
        self.skipped: list[Finding] = []
        self.items = {item.key: item for item in plan.items}
        self.done = {(record["item"], record["n"]) for record in rows.records}
        self.usage = Usage()
        self.meter, self.pace = Meter(None, model), Pace()
        self.refused: list[AwsProblem] = []
        self.tickets: dict[Future[Any], int] = {}
        for record in (*asked.records[1:], *rows.records):
            self.usage += Usage(**record["usage"])
        self.begun, self.had = time.monotonic(), len(rows.records)

    def go(self, workers: int) -> None:
        """Make every call that is still to be made."""
        known = {record["item"]: record["questions"] for record in self.asked.records[1:]}
        to_ask = deque(item for item in self.plan.items if item.key not in known)
        to_answer: deque[tuple[PlanItem, int, str]] = deque()
        for item in self.plan.items:
            self._queue_answers(item, known.get(item.key, []), to_answer)
        waiting: dict[Future[Any], tuple[PlanItem, int, str]] = {}
        pool = ThreadPoolExecutor(workers, thread_name_prefix="writer")
        self._report()
        try:
            while to_ask or to_answer or waiting:
                full = False
                while len(waiting) < workers and (to_answer or to_ask):
                    ticket = self._ticket(to_answer[0] if to_answer else (to_ask[0], -1, ""))
                    full = ticket is None
                    if full or not self.pace.ready():
                        if ticket is not None:
                            self.meter.settle(ticket, Usage())
                        break
                    if to_answer:
                        item, n, question = to_answer.popleft()
                        future: Future[Any] = pool.submit(_answer, self.aws, self.plan, self.model, item, question)
                        waiting[future] = (item, n, question)
                    else:
                        item = to_ask.popleft()
                        future = pool.submit(_questions, self.aws, self.plan, self.model, item)
                        waiting[future] = (item, -1, "")
                    self.tickets[future] = ticket
                if full and not waiting:
                    raise self.meter.reached()
                if not waiting:
                    time.sleep(0.05)  # the pace allows no call yet
                finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                # Confirmed before anything else can happen: what was paid for is kept even when told to stop.
                self._confirm([(future, *waiting.pop(future)) for future in finished], to_answer)
                if self.cancel is not None and self.cancel.is_set():
                    raise Cancelled("The run was cancelled.")
            if self.refused and not self.rows.records:
                raise self.refused[0]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ticket(self, call: tuple[PlanItem, int, str]) -> int | None:
        """Room in the budget for a call, or None."""
        item, n, question = call
        system = self.plan.templates.system
        if n < 0:
            return self.meter.reserve((system, self.plan.question_prompt(item)), "questions")
        return self.meter.reserve((system, self.plan.answer_prompt(item, question)), "answer")

    def _queue_answers(self, item: PlanItem, questions: list[str], to_answer: deque[tuple[PlanItem, int, str]]) -> None:
        to_answer.extend((item, n, q) for n, q in enumerate(questions) if (item.key, n) not in self.done)

    def _confirm(
        self,
        finished: list[tuple[Future[Any], PlanItem, int, str]],
        to_answer: deque[tuple[PlanItem, int, str]],
    ) -> None:
        """Put a batch of results on disk, one fsync per file, then count them."""
        new_rows: list[dict[str, Any]] = []
        new_questions: list[dict[str, Any]] = []
        failure: BaseException | None = None
        for future, item, n, _ in finished:
            try:
                result, usage = future.result()
            except UnusableReply as problem:
                self.usage += problem.usage
                self.meter.settle(self.tickets.pop(future), problem.usage)
                self.skipped.append(_skip(item, str(problem)))
                continue
            except AwsProblem as problem:
                self.meter.settle(self.tickets.pop(future), Usage(1))
                if problem.code == "ValidationException" and n < 0:
                    # One thing refused, such as a style the model can't write in, must not end the run; a model that
                    # refuses everything must.
                    self.refused.append(problem)
                    self.skipped.append(_skip(item, str(problem)))
                    if len(self.refused) >= MOST_REFUSED and not (self.rows.records or self.asked.records[1:]):
                        failure = self.refused[0]
                else:
                    failure = problem
                continue
            except KitError as problem:
                failure = problem
                continue
            self.usage += usage
            self.meter.settle(self.tickets.pop(future), usage)
            spent = {"item": item.key, "usage": asdict(usage)}
            if n < 0:
                new_questions.append({**spent, "questions": result})
            else:
                made = {"persona": item.persona.id, "style": item.style, "n": n}
                new_rows.append({**to_row(result), **made, **spent})
        self.asked.append(new_questions)
        self.rows.append(new_rows)
        for record in new_questions:
            self._queue_answers(self.items[record["item"]], record["questions"], to_answer)
        if finished:
            self._report()
        if failure:
            raise failure

    def _report(self) -> None:
        done = len(self.rows.records)
        fresh, spent = done - self.had, time.monotonic() - self.begun
        left = spent / fresh * (self.plan.rows - done) if fresh else None
        self.progress(Progress(done, self.plan.rows, left, self.usage))

    def ordered(self) -> list[dict[str, Any]]:
        """The rows in the plan's order."""
        place = {item.key: number for number, item in enumerate(self.plan.items)}
        return sorted(self.rows.records, key=lambda record: (place[record["item"]], record["n"]))
