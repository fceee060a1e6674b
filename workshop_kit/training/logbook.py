"""An experiment logbook: one row a run, with all that it was and all that came of it, kept without being asked.

logbook.jsonl    appended as runs are noted; a later line on the same job adds to the earlier ones
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput, require
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.journal import Journal
from workshop_kit.records import html_table
from workshop_kit.training.diagnosis import diagnose
from workshop_kit.training.runs import Run
from workshop_kit.workspace import write_atomically


@dataclass(frozen=True)
class Entry:
    """One run. Losses are natural logarithms per token; `win_rate` and `noise` (its standard error) run from 0 to 1."""

    job: str
    dataset: str
    train_rows: int | None
    settings: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    best_epoch: int | None = None
    best_eval_loss: float | None = None
    last_eval_loss: float | None = None
    train_loss: float | None = None
    verdict: str = ""
    win_rate: float | None = None
    noise: float | None = None
    questions: int | None = None
    usd: float | None = None
    note: str = ""


COLUMNS = tuple(f.name for f in fields(Entry) if f.name != "settings")


class Logbook:
    """The runs of a workspace, oldest first. Every change is on disk when the call returns.

    Raises BadInput for a file that is damaged or can't be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with Journal(self.path) as journal:
            self._entries = self._fold(journal.records)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """One for each run."""
        return tuple(self._entries.values())

    def note(self, run: Run, *, score: Any = None, usd: float | None = None, note: str | None = None) -> Entry:
        """Write a run down, or add to it: what is not given stays as it was.

        `score` is what practice() or a submission gave (win_rate, standard_error, questions); `usd` what it cost.
        """
        evals = [p.eval_loss for p in run.epochs if p.eval_loss is not None]
        trains = [p.train_loss for p in run.epochs if p.train_loss is not None]
        told = diagnose(run)
        new: dict[str, Any] = {
            "job": run.job_name, "dataset": run.dataset_id, "train_rows": run.train_rows,
            "settings": dict(run.hyperparameters), "status": run.status, "best_epoch": told.best_epoch,
            "best_eval_loss": min(evals) if evals else None, "last_eval_loss": evals[-1] if evals else None,
            "train_loss": trains[-1] if trains else None, "verdict": told.verdict,
        }  # fmt: skip
        if score is not None:
            new |= {"win_rate": score.win_rate, "noise": score.standard_error, "questions": score.questions}
        new |= {name: value for name, value in (("usd", usd), ("note", note)) if value is not None}
        # A diverged run has losses that are no numbers, which JSON can't hold.
        new = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in new.items()}
        with Journal(self.path) as journal:
            journal.append([new])
            self._entries = self._fold(journal.records)
        return self._entries[run.job_name]

    def to_frame(self, sort: str = "", **wanted: Any) -> Any:
        """One line a run as a pandas DataFrame: the columns of Entry, then every setting that differs between runs.

        `sort` names a column, with a "-" in front for the largest first; other names keep runs that have that value:
        to_frame("-win_rate", verdict="good fit"). Raises BadInput for a column that is not there.
        """
        import pandas as pd

        differing = self.differing
        rows = [
            {name: getattr(e, name) for name in COLUMNS} | {name: e.settings.get(name) for name in differing}
            for e in self.entries
        ]
        frame = pd.DataFrame(rows, columns=[*COLUMNS, *differing])
        for name in [*wanted, *([sort.lstrip("-")] if sort else [])]:
            if name not in frame:
                raise BadInput(f"The logbook has no column '{name}'; it has {', '.join(frame)}.")
        for name, value in wanted.items():
            frame = frame[frame[name].astype(str) == str(value)]
        if sort:
            frame = frame.sort_values(sort.lstrip("-"), ascending=not sort.startswith("-"), kind="stable")
        return frame.reset_index(drop=True)

    @property
    def differing(self) -> tuple[str, ...]:
        """Settings that are not the same in all runs."""
        names = dict.fromkeys(name for e in self.entries for name in e.settings)
        return tuple(name for name in names if len({e.settings.get(name) for e in self.entries}) > 1)

    def changes(self, first: str, second: str) -> Changes:
        """What is different between two runs, by their jobs' names. Raises BadInput for a job that is not there."""
        a, b = (self._entry(job) for job in (first, second))
        names = dict.fromkeys([*a.settings, *b.settings])
        settings = tuple(
            (n, a.settings.get(n), b.settings.get(n)) for n in names if a.settings.get(n) != b.settings.get(n)
        )
        if a.dataset != b.dataset:
            settings = (("dataset", a.dataset, b.dataset), *settings)
        return Changes(a, b, settings)

    def export(self, path: str | Path) -> Path:
        """Write the table as .csv or .xlsx.

        Raises BadInput for another ending, MissingExtra for .xlsx without openpyxl.
        """
        path, frame = Path(path), self.to_frame()
        for column in frame:
            frame[column] = [spreadsheet_cell(v) if isinstance(v, str) else v for v in frame[column]]
        if path.suffix == ".csv":
            out = io.StringIO(newline="")
            frame.to_csv(out, index=False, quoting=csv.QUOTE_MINIMAL)
            write_atomically(path, out.getvalue())
        elif path.suffix == ".xlsx":
            require("openpyxl", extra="xlsx")
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.to_excel(path, index=False, sheet_name="runs")
        else:
            raise BadInput(f"{path} ends in neither .csv nor .xlsx; choose one of them.")
        return path

    def _entry(self, job: str) -> Entry:
        if job not in self._entries:
            raise BadInput(f"The logbook has no run '{job}'; it has {', '.join(self._entries) or 'none'}.")
        return self._entries[job]

    def _fold(self, records: list[dict[str, Any]]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        known = {f.name for f in fields(Entry)}
        for line, record in enumerate(records, 1):
            told = {name: value for name, value in record.items() if name in known}
            try:
                before = entries.get(told["job"])
                entries[told["job"]] = replace(before, **told) if before else Entry(**told)
            except (KeyError, TypeError):
                raise BadInput(f"{self.path}, line {line}, is no run of a logbook; take the line out.") from None
        return entries

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [
                e.job, e.dataset, ", ".join(f"{n} {e.settings[n]}" for n in self.differing if n in e.settings),
                _number(e.best_eval_loss), _number(e.last_eval_loss), e.verdict, rate(e),
                "" if e.usd is None else f"{e.usd:.2f}", e.note,
            ]
            for e in self.entries
        ]  # fmt: skip
        columns = [
            "job",
            "data",
            "settings that differ",
            "best eval loss",
            "last",
            "verdict",
            "win rate",
            "USD",
            "note",
        ]
        return html_table(columns, rows, f"{len(rows)} runs")


@dataclass(frozen=True)
class Changes:
    """Two runs and what they were given differently."""

    first: Entry
    second: Entry
    settings: tuple[tuple[str, str | None, str | None], ...]

    @property
    def verdict(self) -> str:
        """What the difference in win rate says, given its noise."""
        a, b = self.first, self.second
        if a.win_rate is None or b.win_rate is None:
            return "Not both runs have a win rate yet: judge them on the practice questions."
        gap = b.win_rate - a.win_rate
        noise = math.hypot(a.noise or 0.0, b.noise or 0.0)
        if abs(gap) <= 2 * noise:
            return f"{gap:+.0%} with a noise of {noise:.0%}: that may be chance; ask more questions first."
        word = "better" if gap > 0 else "worse"
        return f"{gap:+.0%} with a noise of {noise:.0%}: {word}, and more than chance explains."

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [[name, a or "", b or ""] for name, a, b in self.settings]
        rows += [
            ["best eval loss", _number(self.first.best_eval_loss), _number(self.second.best_eval_loss)],
            ["win rate", rate(self.first), rate(self.second)],
        ]
        return html_table(["", self.first.job, self.second.job], rows, self.verdict)


def rate(entry: Entry) -> str:
    """A win rate with its noise, '' where there is none."""
    if entry.win_rate is None:
        return ""
    return f"{entry.win_rate:.0%} ± {entry.noise or 0:.0%} ({entry.questions} questions)"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
