"""What somebody takes home: their rows, runs, curves, answers and standing in one HTML file that needs nothing else.

Everything is read from the workspace's own files and, where they can be reached, AWS and the league. What is missing is
named. The league's hidden questions are in none of these, and so never in the file.
"""

from __future__ import annotations

import base64
import html
import io
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from workshop_kit.aws import connect
from workshop_kit.aws.account_list import Account
from workshop_kit.classroom.handover import take_dataset, take_practice, take_split
from workshop_kit.errors import BadInput, KitError, NotYet
from workshop_kit.league.client.talking import call
from workshop_kit.records import Dataset, Example, html_table
from workshop_kit.review.compare import compare
from workshop_kit.training import Logbook, TrainingJob, diagnose, load_run, plot
from workshop_kit.workspace import Workspace, write_atomically

EXAMPLES = 8  # rows of each kind that are shown
CURVES = 8  # runs whose curves are drawn, the newest
IDLE = "WORKSHOP_AWS_IDLE_SECONDS"  # after which a local AWS that nobody asks ends


@dataclass(frozen=True)
class TakeHome:
    """Where the file is, and what could not be put into it."""

    path: Path
    missing: tuple[str, ...]

    def __str__(self) -> str:
        told = f" Not in it: {' '.join(self.missing)}" if self.missing else ""
        return f"Your workshop is in {self.path}, one file that opens anywhere.{told}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"


def take_home(
    workspace: Workspace, path: str | Path | None = None, *, aws: Any = None, name: str = "", league: str | None = None
) -> TakeHome:
    """Write the file, by default take-home.html in the workspace; with `aws` the runs' curves are in it.

    `league` is the address of a league whose standings are looked up under the submission's name. Raises NotYet for a
    workspace without any work.
    """
    target = Path(path) if path is not None else workspace.root / "take-home.html"
    return _write(workspace, target, lambda: aws, name, league)


def _write(
    workspace: Workspace, target: Path, connection: Callable[[], Any], name: str, league: str | None
) -> TakeHome:
    parts, missing = [], []
    sections = (
        ("Your rows", lambda: _rows(workspace)),
        ("Your runs", lambda: _runs(workspace, connection)),
        ("What your model answered", lambda: _answers(workspace)),
        ("Your standing", lambda: _standing(workspace, league)),
    )
    for title, make in sections:
        try:
            parts.append(f"<section tabindex='0'><h2>{title}</h2>{make()}</section>")
        except NotYet as problem:
            missing.append(str(problem))
            parts.append(f"<section><h2>{title}</h2><p class='soft'>{html.escape(str(problem))}</p></section>")
        except KitError as problem:
            missing.append(f"{title}: {problem}")
            parts.append(f"<section><h2>{title}</h2><p class='soft'>{html.escape(str(problem))}</p></section>")
    if len(missing) == len(sections):
        raise NotYet(f"There is no work in {workspace.root} to take home: {missing[0]}")
    title = f"The workshop of {name}" if name else "My workshop"
    day = time.strftime("%Y-%m-%d")
    write_atomically(target, _PAGE.format(title=html.escape(title), day=day, style=_STYLE, body="".join(parts)))
    return TakeHome(target, tuple(missing))


def _rows(workspace: Workspace) -> str:
    before = take_dataset(workspace)
    try:
        split = take_split(workspace)
    except NotYet as problem:
        return f"<p>{_counts(before)}</p>{_examples('Some of them', before.examples)}<p>{html.escape(str(problem))}</p>"
    after = Dataset((*split.train, *split.validation, *split.test), before.name, before.system)
    step = compare(before, after)
    topics = [[topic, a, b] for topic, (a, b) in step.topics().items()]
    changed = "".join(
        f"<li><del>{_pair(old)}</del><br><ins>{_pair(new)}</ins></li>" for old, new in step.changed[:EXAMPLES]
    )
    return (
        f"<p><b>{len(before)}</b> rows were written and <b>{len(after)}</b> went on after the review: "
        f"{step.unchanged} as they were, {len(step.changed)} changed, {len(step.removed)} removed, {len(step.added)} "
        f"added. {len(split.train)} to train on, {len(split.validation)} held out.</p>"
        + html_table(["topic", "written", "after the review"], topics)
        + _examples("Removed by the review", step.removed)
        + (f"<details><summary>Changed ({len(step.changed)})</summary><ul>{changed}</ul></details>" if changed else "")
        + _examples("Some that stayed", after.examples)
        + f"<p class='soft'>Data {before.provenance_id} before, split {split.provenance_id} after.</p>"
    )


def _counts(dataset: Dataset) -> str:
    topics = Counter(example.topic or "(no topic)" for example in dataset)
    return html.escape(f"{len(dataset)} rows: " + ", ".join(f"{topic} {n}" for topic, n in topics.most_common()))


def _examples(title: str, rows: tuple[Example, ...]) -> str:
    if not rows:
        return ""
    shown = html_table(["topic", "question", "answer"], [[e.topic, e.instruction, e.response] for e in rows[:EXAMPLES]])
    return f"<details><summary>{html.escape(title)} ({len(rows)})</summary>{shown}</details>"


def _pair(example: Example) -> str:
    return f"{html.escape(example.instruction)} → {html.escape(example.response)}"


def _runs(workspace: Workspace, connection: Callable[[], Any]) -> str:
    path = workspace.work("logbook.jsonl")
    book = Logbook(path) if path.is_file() else None
    jobs = [entry.job for entry in book.entries] if book else []
    try:
        last = workspace.recall("training_job")["name"]
        jobs += [last] if last not in jobs else []
    except KitError:
        pass
    if not jobs:
        raise NotYet("There is no training job yet: run notebook 03 (fine-tuning launch) first.")
    parts = [book._repr_html_() if book else ""]
    try:
        aws, why = connection(), "it was made without a connection to AWS"
    except KitError as problem:
        aws, why = None, str(problem).rstrip(".")
    if aws is None:
        parts.append(f"<p class='soft'>The curves are not in this file: {html.escape(why)}.</p>")
        return "".join(parts)
    for job in jobs[-CURVES:]:
        try:
            run = load_run(aws, TrainingJob(aws, job))
        except KitError as problem:
            parts.append(f"<p class='soft'>{html.escape(job)}: {html.escape(str(problem))}</p>")
            continue
        told = diagnose(run)
        settings = ", ".join(f"{n} {v}" for n, v in sorted(run.hyperparameters.items()) if n in _SETTINGS)
        parts.append(
            f"<h3>{html.escape(job)}</h3><p><b>{html.escape(told.verdict)}.</b> {html.escape(told.reason)}</p>"
            f"{_picture(run)}{run._repr_html_()}<p class='soft'>{html.escape(settings)}</p>"
        )
    return "".join(parts)


_SETTINGS = {
    "epoch", "learning_rate", "lora_r", "lora_alpha", "lora_dropout", "target_modules", "per_device_train_batch_size",
}  # fmt: skip


def _picture(run: Any) -> str:
    """The curves as an SVG inside the page; its text is drawn, so that no font is asked for."""
    out = io.BytesIO()
    plot(run).savefig(out, format="svg", metadata={"Date": None}, facecolor="white")
    data = base64.b64encode(out.getvalue()).decode()
    return f"<img alt='Loss curves of {html.escape(run.job_name, quote=True)}' src='data:image/svg+xml;base64,{data}'>"


def _answers(workspace: Workspace) -> str:
    practice = take_practice(workspace)
    cards = "".join(map(_card, practice.rows))
    s = practice.score
    return (
        f"<p>Practice questions, judged by {html.escape(practice.judge)} against {html.escape(practice.reference)}: "
        f"<b>{s.win_rate:.0%}</b> of {s.questions} won (95 % interval {s.low:.0%} to {s.high:.0%}).</p>"
        f"<div class='answers'>{cards}</div>"
    )


def _card(row: dict[str, Any]) -> str:
    told = {name: html.escape(str(value)) for name, value in row.items()}
    kind = row["outcome"] if row["outcome"] in _OUTCOMES else ""
    return (
        f"<article class='{kind}'><p class='soft'>{told['topic']} · <b>{_OUTCOMES.get(kind, told['outcome'])}</b></p>"
        f"<p><b>{told['question']}</b></p><dl><dt>Your model</dt><dd>{told['answer']}</dd><dt>Reference</dt>"
        f"<dd>{told['reference_answer']}</dd><dt>The judge</dt><dd>{told['reason']}</dd></dl></article>"
    )


_OUTCOMES = {"win": "✔ won", "tie": "= tie", "loss": "✖ lost", "flip": "↔ the judge changed its mind with the order"}


def _standing(workspace: Workspace, league: str | None) -> str:
    note = workspace.recall("submission")
    name, rate = str(note.get("participant", "")), note.get("win_rate")
    told = "was not judged yet" if rate is None else f"won {rate:.0%} of the league's questions"
    traced = f"Submission {note.get('id')}, training job {note.get('job')}, data {note.get('dataset')}."
    parts = [
        f"<p>The submission of <b>{html.escape(name)}</b> {told}.</p><p class='soft'>{html.escape(traced)}</p>",
    ]
    if league:
        found = call("GET", f"{league.rstrip('/')}/api/standings", params={"find": name[:60]})
        mine = [row for row in found["rows"] if row["participant"] == name]
        if mine:
            score, rank = mine[0]["score"], mine[0]["rank"]
            parts.append(
                f"<p>Rank <b>{rank}</b> of {found['teams']} at the time of writing: {score['win_rate']:.0%} (95 % "
                f"interval {score['low']:.0%} to {score['high']:.0%}).</p>"
            )
        else:
            parts.append("<p class='soft'>The league's standings have no team of this name.</p>")
    return "".join(parts)


def take_home_all(
    homes: str | Path, folder: str | Path, *, league: str | None = None, accounts: Iterable[Account] = ()
) -> list[TakeHome]:
    """One file for each workspace below `homes`, named after it, with the curves where its runs can be reached.

    They are looked for in the account of `accounts` that names the workspace's team or folder, else in the shared one;
    without accounts where that workspace itself would look. Raises BadInput when there is no workspace.
    """
    found = sorted(path.parent for path in Path(homes).glob("*/work") if path.is_dir())
    if not found:
        raise BadInput(f"There is no workspace in {homes}; each attendee's is a folder with a folder work/ in it.")
    made, doors = [], _Doors(tuple(accounts))
    for home in found:
        target = Path(folder) / f"{home.name}.html"
        try:
            made.append(_write(Workspace(home), target, partial(doors.open, home), home.name, league))
        except NotYet as problem:
            made.append(TakeHome(home, (str(problem),)))
    return made


class _Doors:
    """A connection for each home, made when a home has runs; one account's for all the homes that use it."""

    def __init__(self, accounts: tuple[Account, ...]) -> None:
        self._accounts = accounts
        self._made: dict[Account, Any] = {}

    def open(self, home: Path) -> Any:
        """The connection for a home; raises KitError when there is none."""
        named = {home.name, *_teams_of(home)}
        mine = [a for a in self._accounts if a.team in named] or [a for a in self._accounts if not a.team]
        if self._accounts and not mine:
            raise BadInput(f"The accounts name none for {home.name} and none that is shared")
        if not mine or not (mine[0].profile or mine[0].role_arn):
            return self._own(home, mine[0].region if mine else "")
        if mine[0] not in self._made:
            self._made[mine[0]] = mine[0].connect()
        return self._made[mine[0]]

    def _own(self, home: Path, region: str) -> Any:
        """What the home itself connects to; a local AWS that has to be started for it ends by itself."""
        told = os.environ.get(IDLE)
        os.environ[IDLE] = told or "30"
        try:
            return connect(region=region or None, home=home)
        finally:
            if told is None:
                del os.environ[IDLE]


def _teams_of(home: Path) -> set[str]:
    """The teams that a workspace has joined."""
    try:
        told = json.loads((home / "league" / "memberships.json").read_text(encoding="utf-8"))
        return {str(one["team"]) for one in told.values() if one.get("team")}
    except (OSError, ValueError, TypeError, AttributeError):
        return set()


_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem;
  color: #1d2430; background: #fbfaf7; }
h1 { font-size: 1.9rem; letter-spacing: -.02em; margin: .5rem 0; } h2 { margin: 0 0 .6rem; font-size: 1.25rem; }
h3 { margin: 1.4rem 0 .2rem; font-size: 1.02rem; overflow-wrap: anywhere; }
section { background: #fff; border: 1px solid #dcd8cf; border-radius: 14px; padding: 1rem 1.2rem; margin: 1rem 0;
  overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .92rem; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid #dcd8cf; padding: .35rem 1rem .35rem 0; overflow-wrap: break-word; }
.answers { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; }
article { border: 1px solid #dcd8cf; border-left: 6px solid #5b6472; border-radius: 8px; padding: .4rem .8rem;
  break-inside: avoid; overflow-wrap: anywhere; }
article.win { border-left-color: #009e73; } article.loss { border-left-color: #d55e00; }
article.flip { border-left-color: #e69f00; }
article p { margin: .25rem 0; } dl { margin: .3rem 0; }
dt { color: #5b6472; font-size: .85rem; } dd { margin: 0 0 .3rem; }
img { max-width: 100%; height: auto; } .soft { color: #5b6472; font-size: .9rem; overflow-wrap: anywhere; }
summary { cursor: pointer; padding: .25rem 0; } del { color: #8a3000; } ins { color: #00583f; text-decoration: none; }
:focus-visible { outline: 3px solid #d55e00; }
@media print { section { border: 0; break-inside: avoid-page; } details > * { display: block; } }
"""
_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
    'initial-scale=1"><title>{title}</title><style>{style}</style></head><body><h1>{title}</h1><p class="soft">{day}. '
    "Made on your own machine from your own files; the league's hidden questions are not in it.</p>"
    "{body}</body></html>\n"
)
