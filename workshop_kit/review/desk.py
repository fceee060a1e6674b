"""A reviewer's decisions on rows: kept on disk as they are made, undone one by one, and turned into a dataset.

A decision belongs to what a row says (its content id), not to its place, so it survives re-ordering and new rows.
Rows that say exactly the same share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.journal import Journal
from workshop_kit.records import Dataset, Example, Finding

ACTIONS = ("accept", "edit", "reject", "flag")


@dataclass(frozen=True)
class Decision:
    """What a reviewer decided about one row; `edited` is the new text of an "edit"."""

    action: str
    note: str = ""
    edited: Example | None = None


@dataclass(frozen=True)
class Filter:
    """Which rows to look at; an empty field lets everything through.

    `state` is "open", one of ACTIONS, "found" (rows with findings) or "noted"; `words` must all occur in the row.
    """

    state: str = ""
    topic: str = ""
    code: str = ""
    words: str = ""


class Desk:
    """One reviewer's sitting over a dataset, saved in `path` after every step.

    Opening the same path again goes on where it was, also after a kill. Raises BadInput when the file can't be
    written, belongs to another reviewer, or is open elsewhere.
    """

    def __init__(
        self, dataset: Dataset, path: str | Path, *, reviewer: str = "me", findings: Iterable[Finding] = ()
    ) -> None:
        self.dataset, self.reviewer = dataset, reviewer
        self.findings: dict[str, list[Finding]] = {}
        for finding in findings:
            self.findings.setdefault(finding.example_id, []).append(finding)
        self._ids = [example.id for example in dataset.examples]
        self._journal = Journal(Path(path))
        self._states: dict[str, Decision] = {}
        self._steps: list[dict[str, Decision | None]] = []  # what each step replaced
        try:
            self._recall(Path(path))
        except BaseException:
            self._journal.close()
            raise

    def decide(
        self, rows: Iterable[int], action: str, *, note: str | None = None, edited: Example | None = None
    ) -> None:
        """Decide on rows (counted from 0) in one step; without `note` the notes they have stay.

        Raises BadInput for an unknown action, or an edit of no row or of several.
        """
        rows = list(rows)
        if action not in ACTIONS:
            raise BadInput(f"'{action}' is no decision; choose one of {', '.join(ACTIONS)}.")
        if (action == "edit") != (edited is not None) or (edited is not None and len(rows) != 1):
            raise BadInput("An edit is of one row and gives its new text; other decisions give none.")
        if edited is not None and not (edited.instruction.strip() and edited.response.strip()):
            raise BadInput("An edited row needs a question and an answer; reject the row to be rid of it.")
        new = {}
        for id in dict.fromkeys(self._ids[row] for row in rows):
            before = self._states.get(id)
            said = note if note is not None else before.note if before else ""
            new[id] = Decision(action, said, edited)
        self._step(new)

    def annotate(self, row: int, note: str) -> None:
        """Write a note on a row; a row without a decision is flagged by it."""
        before = self.decision(row)
        made = replace(before, note=note) if before else Decision("flag", note)
        self._step({self._ids[row]: made})

    def undo(self) -> int:
        """Take the last step back; returns how many rows it was about, 0 when there is none."""
        if not self._steps:
            return 0
        self._journal.append([{"undo": True}])
        return self._take_back()

    def decision(self, row: int) -> Decision | None:
        """What was decided on a row, None when nothing was."""
        return self._states.get(self._ids[row])

    def found(self, row: int) -> list[Finding]:
        """The review's findings about a row."""
        return self.findings.get(self._ids[row], [])

    def rows(self, wanted: Filter | None = None) -> tuple[int, ...]:
        """The rows that a filter lets through, in order."""
        wanted = wanted or Filter()
        return tuple(row for row in range(len(self.dataset)) if self._passes(row, wanted))

    @property
    def counts(self) -> dict[str, int]:
        """Rows by decision, and "open" for those without one."""
        counts = dict.fromkeys((*ACTIONS, "open"), 0)
        for row in range(len(self.dataset)):
            decision = self.decision(row)
            counts[decision.action if decision else "open"] += 1
        return counts

    def result(self, *, flagged: bool = False, unread: bool = True) -> Dataset:
        """The dataset as decided: rejected rows gone, edited rows in their new words.

        `flagged` keeps rows that wait for a second look, `unread` those without a decision.
        """
        kept = []
        for row, example in enumerate(self.dataset.examples):
            decision = self.decision(row)
            if decision is None:
                if unread:
                    kept.append(example)
            elif decision.action == "edit" and decision.edited is not None:
                kept.append(decision.edited)
            elif decision.action == "accept" or (decision.action == "flag" and flagged):
                kept.append(example)
        return replace(self.dataset, examples=tuple(kept))

    def close(self) -> None:
        """Give the file free for another sitting."""
        self._journal.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _passes(self, row: int, wanted: Filter) -> bool:
        example, decision = self.dataset.examples[row], self.decision(row)
        found = self.found(row)
        if wanted.topic and example.topic != wanted.topic:
            return False
        if wanted.code and all(finding.code != wanted.code for finding in found):
            return False
        text = f"{example.instruction}\n{example.context}\n{example.response}".casefold()
        if any(word not in text for word in wanted.words.casefold().split()):
            return False
        state = decision.action if decision else "open"
        return (
            not wanted.state
            or wanted.state == state
            or (wanted.state == "found" and bool(found))
            or (wanted.state == "noted" and bool(decision and decision.note))
        )

    def _step(self, new: dict[str, Decision]) -> None:
        if not new:
            return
        # On disk first: what the screen shows as decided must survive anything.
        self._journal.append([{"set": {id: _to_json(decision) for id, decision in new.items()}}])
        self._apply(new)

    def _apply(self, new: dict[str, Decision]) -> None:
        self._steps.append({id: self._states.get(id) for id in new})
        self._states |= new

    def _take_back(self) -> int:
        before = self._steps.pop()
        for id, decision in before.items():
            if decision is None:
                self._states.pop(id, None)
            else:
                self._states[id] = decision
        return len(before)

    def _recall(self, path: Path) -> None:
        records = self._journal.records
        if not records:
            self._journal.append([{"reviewer": self.reviewer}])
            return
        if records[0].get("reviewer") != self.reviewer:
            raise BadInput(
                f"{path} holds the decisions of {records[0].get('reviewer')!r}, not of {self.reviewer!r}; "
                "choose another file."
            )
        for line, record in enumerate(records[1:], 2):
            try:
                if record.get("undo"):
                    self._take_back()
                else:
                    self._apply({id: _from_json(value) for id, value in record["set"].items()})
            except (KeyError, TypeError, AttributeError, IndexError):
                raise BadInput(
                    f"{path}, line {line}, is no decision of a review; move the file away and begin anew."
                ) from None


def _to_json(decision: Decision) -> dict[str, Any]:
    value: dict[str, Any] = {"action": decision.action}
    if decision.note:
        value["note"] = decision.note
    if decision.edited is not None:
        value["edited"] = asdict(decision.edited)
    return value


def _from_json(value: dict[str, Any]) -> Decision:
    if value["action"] not in ACTIONS:
        raise KeyError(value["action"])
    return Decision(value["action"], value.get("note", ""), Example(**value["edited"]) if "edited" in value else None)


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers agree on the rows that both decided.

    `kappa` is Cohen's: (observed - expected) / (1 - expected), where `expected` is what their habits alone
    would give (J. Cohen, "A coefficient of agreement for nominal scales", 1960); 1 is full agreement, 0 no better
    than chance. None when it is not defined: fewer than two rows, or both always gave one same answer.
    """

    rows: int
    observed: float
    expected: float
    kappa: float | None
    differ: tuple[tuple[int, str, str], ...]  # row, first's action, second's

    def __str__(self) -> str:
        if not self.rows:
            return "No row was decided by both reviewers yet."
        same = self.rows - len(self.differ)
        if self.kappa is None:
            return f"The same decision on {same} of {self.rows} rows; kappa is not defined on so little variety."
        return f"The same decision on {same} of {self.rows} rows; Cohen's kappa {self.kappa:.2f}."


def agreement(first: Desk, second: Desk) -> Agreement:
    """Compare two reviewers of one dataset, over the rows that both decided. Raises BadInput for two datasets."""
    if first.dataset.provenance_id != second.dataset.provenance_id:
        raise BadInput("The two reviewers looked at different datasets; agreement needs the same rows.")
    pairs: list[tuple[int, str, str]] = []
    for row in range(len(first.dataset)):
        one, two = first.decision(row), second.decision(row)
        if one and two:
            pairs.append((row, one.action, two.action))
    return _kappa(pairs)


def _kappa(pairs: Sequence[tuple[int, str, str]]) -> Agreement:
    n = len(pairs)
    differ = tuple(pair for pair in pairs if pair[1] != pair[2])
    if not n:
        return Agreement(0, 0.0, 0.0, None, ())
    observed = 1 - len(differ) / n
    expected = sum(sum(p[1] == a for p in pairs) * sum(p[2] == a for p in pairs) for a in ACTIONS) / n**2
    kappa = (observed - expected) / (1 - expected) if n > 1 and expected < 1 else None
    return Agreement(n, observed, expected, kappa, differ)


def shared_rows(dataset: Dataset, count: int = 20, seed: int = 0) -> Dataset:
    """A sample that two reviewers both read, the same for the same seed, in the dataset's order."""
    import random

    chosen = sorted(random.Random(f"shared/{seed}").sample(range(len(dataset)), min(count, len(dataset))))
    return replace(dataset, examples=tuple(dataset.examples[row] for row in chosen))
