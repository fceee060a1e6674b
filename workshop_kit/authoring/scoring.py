"""A judge model scores rows against a rubric that people can read and edit; low rows are set aside, not deleted.

    scores.jsonl              what was scored, one line a row, appended as it comes; the rubric's id is its first line
    scores.set-aside.jsonl    the rows below the threshold, each with its score and the reason, for people to read

A score is an opinion of the judge model. On local AWS the judge is a set of rules (see its own notes) that checks an
answer's words against the passage; it misses what only a reader sees.
"""

from __future__ import annotations

import html
import json
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

from workshop_kit.authoring.budget import Budget, Meter, Pace
from workshop_kit.authoring.converse import BadReply, UnusableReply, Usage, ask
from workshop_kit.authoring.pool import Cancel, each
from workshop_kit.authoring.prompts import Templates
from workshop_kit.authoring.write import Progress
from workshop_kit.domains import Domain
from workshop_kit.errors import BadInput, KitError
from workshop_kit.formats import to_row
from workshop_kit.formats.writing import json_line
from workshop_kit.journal import Journal
from workshop_kit.records import Dataset, Example, Finding, content_id, html_table, pandas
from workshop_kit.workspace import write_atomically

PROMPT = """<task>score_row</task>
<criteria>$criteria</criteria>
<passage>
$passage
</passage>
<question>$question</question>
<answer>$answer</answer>

Score this row of training data from 0 (useless) to 10 (faultless) on each criterion, by its description. Judge what the
passage supports, not what you know. Where a criterion can't be judged, give null.
Reply with JSON only: {"scores": {"<criterion>": 0-10 or null}, "reason": "one sentence"}"""
SYSTEM = "You check training data for a language model. You reply with one JSON object and no other text."


@dataclass(frozen=True)
class Criterion:
    """One thing to score, from 0 to 10, and how much it weighs."""

    name: str
    description: str
    weight: float = 1.0


CRITERIA = (
    Criterion("grounded", "Everything the answer says is in the passage; names and amounts are exactly the same.", 3.0),
    Criterion("complete", "The answer gives all that the question asks for, as far as the passage has it.", 2.0),
    Criterion("clear", "The question can be understood without the passage and asks for something.", 1.0),
    Criterion("form", "The answer is whole and brief, without labels, repetition or talk about itself.", 1.0),
)


@dataclass(frozen=True)
class Rubric:
    """What rows are scored by. A row is set aside when its weighted mean is below `threshold`, or any one score below
    `least`, both from 0 to 10: a wrong amount is not made good by a clear question."""

    criteria: tuple[Criterion, ...] = CRITERIA
    threshold: float = 6.0
    least: float = 4.0
    prompt: str = PROMPT

    def __post_init__(self) -> None:
        names = [criterion.name for criterion in self.criteria]
        if not names or len(set(names)) < len(names) or not all(c.weight > 0 for c in self.criteria):
            raise BadInput("A rubric needs criteria with different names and weights above 0.")
        for name, value in (("threshold", self.threshold), ("least", self.least)):
            if not 0 <= value <= 10:
                raise BadInput(f"The rubric's {name} is {value}; it must lie between 0 and 10.")
        used = set(Template(self.prompt).get_identifiers())
        missing = sorted({"criteria", "passage", "question", "answer"} - used)
        if missing or not Template(self.prompt).is_valid():
            raise BadInput(f"The rubric's prompt leaves out {', '.join('$' + m for m in missing) or 'a name after $'}.")

    @property
    def id(self) -> str:
        """A content hash of the criteria and the prompt; the threshold can be changed without scoring again."""
        return content_id([[asdict(criterion) for criterion in self.criteria], self.prompt])

    def fill(self, example: Example, passage: str) -> str:
        """The prompt for one row, everything in it escaped."""
        criteria = json.dumps([{"name": c.name, "description": c.description} for c in self.criteria])
        values = {"criteria": criteria, "passage": passage, "question": example.instruction, "answer": example.response}
        return Template(self.prompt).substitute({k: html.escape(v, quote=False) for k, v in values.items()})

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [[c.name, c.description, f"{c.weight:g}"] for c in self.criteria]
        caption = f"Rows below {self.threshold:g} of 10, or below {self.least:g} on any one criterion, are set aside."
        return html_table(["criterion", "what it asks", "weight"], rows, caption)


@dataclass(frozen=True)
class RowScore:
    """One row's scores; `total` is their weighted mean, None where the judge could score nothing."""

    id: str
    scores: dict[str, float | None]
    total: float | None
    reason: str


@dataclass(frozen=True)
class Scored:
    """A dataset with its scores, parted by the rubric's threshold."""

    dataset: Dataset
    rubric: Rubric
    scores: dict[str, RowScore]
    usage: Usage
    skipped: tuple[Finding, ...] = ()
    aside: Path | None = None  # the file with the rows set aside, as they were when it was scored

    @property
    def kept(self) -> Dataset:
        """The other rows, those without a score among them."""
        return self._part(lambda score: not self._low(score))

    @property
    def set_aside(self) -> Dataset:
        """Rows that the rubric sets aside."""
        return self._part(self._low)

    def at(self, threshold: float) -> Scored:
        """The same scores with another threshold; no call is made."""
        return replace(self, rubric=replace(self.rubric, threshold=threshold))

    def to_frame(self) -> Any:
        """One line a row, lowest first, as a pandas DataFrame."""
        pd = pandas()
        names = [criterion.name for criterion in self.rubric.criteria]
        rows = [
            [s.total, *(s.scores.get(name) for name in names), s.reason, e.instruction, e.response]
            for e in self.dataset
            if (s := self.scores.get(e.id))
        ]
        frame = pd.DataFrame(rows, columns=["total", *names, "reason", "instruction", "response"])
        return frame.sort_values("total", kind="stable", ignore_index=True)

    def _low(self, score: RowScore | None) -> bool:
        if score is None or score.total is None:
            return False
        worst = min(value for value in score.scores.values() if value is not None)
        return score.total < self.rubric.threshold or worst < self.rubric.least

    def _part(self, wanted: Callable[[RowScore | None], bool]) -> Dataset:
        return replace(self.dataset, examples=tuple(e for e in self.dataset if wanted(self.scores.get(e.id))))

    def _repr_html_(self) -> str:
        low = self.to_frame().head(8)
        rows: list[list[object]] = [
            ["" if r.total is None else f"{r.total:.1f}", r.reason, r.instruction, r.response] for r in low.itertuples()
        ]
        head = (
            f"<p><b>{len(self.kept)}</b> of {len(self.dataset)} rows kept, <b>{len(self.set_aside)}</b> set aside "
            f"(below {self.rubric.threshold:g} of 10, or {self.rubric.least:g} on one criterion). "
            f"Scored in {self.usage.calls} calls.</p>"
        )
        if self.aside:
            head += f"<p>The rows set aside are in {html.escape(str(self.aside))}.</p>"
        return head + html_table(["score", "why", "question", "answer"], rows, "The lowest:")


def score_rows(
    aws: Any,
    dataset: Dataset,
    out: str | Path,
    rubric: Rubric | None = None,
    *,
    domain: Domain | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    workers: int = 4,
    model_id: str | None = None,
    budget: Budget | None = None,
    calls_per_minute: float | None = None,
) -> Scored:
    """Have a judge model score every row; call it again to go on. A row that has a score is never sent again.

    A row's passage is its context, or the passage of `domain` that its source names, or all of its topic's. The rows
    set aside are also left in a file beside `out`.
    Raises BadInput when `out` was begun with another rubric or holds something else, BudgetReached, Cancelled and
    AwsProblem as write() does; scores that were counted stay in `out`.
    """
    rubric = rubric or Rubric()
    model = model_id or aws.choose_model("judge")
    templates = Templates(system=SYSTEM)
    passages = passage_finder(domain)
    rows = {example.id: example for example in dataset}
    skipped: list[Finding] = []
    out = Path(out)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(out))
        if not journal.records:
            journal.append([{"rubric": rubric.id}])
        elif journal.records[0].get("rubric") != rubric.id:
            raise BadInput(f"{out} holds scores by another rubric; choose another file name.")
        known, usage = resumed(journal, "id", {"scores", "reason"}, skip=1)
        meter = Meter(budget, model, usage)
        tasks = [example for id, example in rows.items() if id not in known]

        def prompt(example: Example) -> str:
            return rubric.fill(example, passages(example))

        def call(example: Example) -> tuple[dict[str, Any], Usage]:
            return ask(aws, model, prompt(example), templates, _check(rubric), max_tokens=400, temperature=0.0)

        def confirm(done: list[tuple[Example, Any, Usage]]) -> None:
            new: list[dict[str, Any]] = []
            for example, result, spent in done:
                if isinstance(result, UnusableReply):
                    message = f"a row could not be scored: {result}"
                    skipped.append(Finding("warning", "unusable-reply", message, example_id=example.id))
                    new.append({"usage": asdict(spent)})
                else:
                    new.append({"id": example.id, **result, "usage": asdict(spent)})
            journal.append(new)
            known.update({record["id"]: record for record in new if "id" in record})
            if progress:
                progress(Progress(sum(id in known for id in rows), len(rows), None, meter.spent))

        try:
            each(
                deque(tasks), call, confirm, prompts=lambda e: (SYSTEM, prompt(e)), kind=lambda _: "score", meter=meter,
                pace=Pace(calls_per_minute, burst=workers), workers=workers, cancel=cancel,
            )  # fmt: skip
        except KitError as problem:
            problem.args = (f"{problem} {len(known)} scores are safe in {out}; run this again to go on.",)
            raise
    scores = {id: _score(known[id], rubric) for id in rows if id in known}
    scored = Scored(dataset, rubric, scores, meter.spent, tuple(skipped))
    return replace(scored, aside=_write_aside(scored, out.with_name(f"{out.stem}.set-aside.jsonl")))


def _write_aside(scored: Scored, path: Path) -> Path | None:
    rows = scored.set_aside
    if not len(rows) and not path.exists():
        return None
    lines = [
        {**to_row(e), "score": round(score.total or 0.0, 1), "reason": score.reason}
        for e in rows
        if (score := scored.scores.get(e.id))
    ]
    write_atomically(path, "".join(json_line(line) for line in lines))
    return path


def resumed(journal: Journal, key: str, fields: set[str], *, skip: int = 0) -> tuple[dict[str, dict[str, Any]], Usage]:
    """What a journal has by `key`, and what all its calls took; a useless reply's record has its usage alone.

    Raises BadInput naming the line that is no such record.
    """
    known: dict[str, dict[str, Any]] = {}
    total = Usage()
    for number, record in enumerate(journal.records[skip:], skip + 1):
        try:
            total += Usage(**record["usage"])
        except (KeyError, TypeError):
            raise BadInput(f"{journal.path}, line {number}, is no record of this run; choose another file.") from None
        if key in record:
            if not fields <= set(record):
                raise BadInput(f"{journal.path}, line {number}, is no record of this run; choose another file.")
            known[record[key]] = record
    return known, total


def _check(rubric: Rubric) -> Callable[[dict[str, Any]], dict[str, Any]]:
    names = [criterion.name for criterion in rubric.criteria]

    def check(reply: dict[str, Any]) -> dict[str, Any]:
        given = reply.get("scores")
        if not isinstance(given, dict) or set(names) - set(given):
            raise BadReply(f"'scores' must be an object with {', '.join(names)}")
        for name in names:
            value = given[name]
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10
            ):
                raise BadReply(f"the score of '{name}' must be a number from 0 to 10, or null")
        return {"scores": {name: given[name] for name in names}, "reason": str(reply.get("reason", ""))[:400]}

    return check


def _score(record: dict[str, Any], rubric: Rubric) -> RowScore:
    judged = [(c.weight, s) for c in rubric.criteria if (s := record["scores"].get(c.name)) is not None]
    total = sum(w * s for w, s in judged) / sum(w for w, _ in judged) if judged else None
    return RowScore(record["id"], record["scores"], total, record["reason"])


def passage_finder(domain: Domain | None) -> Callable[[Example], str]:
    """What a row was, or could have been, written from; '' where that is not known."""
    by_source = {p.source: p.text for p in domain.passages if p.source} if domain else {}

    def find(example: Example) -> str:
        if example.context:
            return example.context
        if example.source in by_source:
            return by_source[example.source]
        return " ".join(p.text for p in domain.passages_for(example.topic)) if domain else ""

    return find
