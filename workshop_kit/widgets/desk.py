"""Reading a dataset row by row with one hand on the keyboard."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets
import traitlets

from workshop_kit.errors import KitError
from workshop_kit.records import Dataset
from workshop_kit.review.checks import mend
from workshop_kit.review.desk import Desk, Filter
from workshop_kit.widgets.style import Card, facts, note, row, text, wide

KEYS = (
    ("a", "Accept", "the row is good"),
    ("r", "Reject", "leave the row out"),
    ("f", "Flag", "somebody should look again"),
    ("e", "Edit", "change the question or the answer"),
    ("m", "Mend", "make the safe changes that the findings name"),
    ("n", "Note", "write a note on the row"),
    ("j", "Next", "the next row"),
    ("k", "Back", "the row before"),
    ("u", "Undo", "take the last step back"),
)
STATES = (
    ("every row", ""), ("rows to decide", "open"), ("rows with findings", "found"), ("accepted", "accept"),
    ("edited", "edit"), ("rejected", "reject"), ("flagged", "flag"), ("with a note", "noted"),
)  # fmt: skip
WORDS = {"accept": "accepted", "edit": "edited", "reject": "rejected", "flag": "flagged"}


class ReviewDesk(Card):
    """Accept, edit, reject, flag or note rows; each step is on disk before the next row shows.

    `.value` is the dataset as decided so far. As plain calls: Desk(dataset, path).decide(rows, "accept"),
    .undo(), .result().
    """

    value = traitlets.Instance(Dataset)

    def __init__(self, desk: Desk) -> None:
        self.desk, self._at, self._bulk = desk, 0, ""
        self.keyboard = widgets.Text(
            placeholder="click here, then press a key",
            description="Keys",
            tooltip="; ".join(f"{key}: {name}" for key, name, _ in KEYS),
            continuous_update=True,
            layout=widgets.Layout(width="260px"),
            style={"description_width": "40px"},
        )
        self.buttons = {key: self._button(key, name, why) for key, name, why in KEYS}
        topics = sorted({e.topic for e in desk.dataset if e.topic})
        codes = sorted({finding.code for found in desk.findings.values() for finding in found})
        narrow = {"layout": widgets.Layout(width="195px"), "style": {"description_width": "50px"}}
        self.state = widgets.Dropdown(options=STATES, description="Show", tooltip="Which rows to show", **narrow)
        self.topic = widgets.Dropdown(
            options=[("all topics", ""), *((topic, topic) for topic in topics)],
            description="Topic", tooltip="Only rows of this topic", **narrow,
        )  # fmt: skip
        self.code = widgets.Dropdown(
            options=[("any", ""), *((code, code) for code in codes)],
            description="Finding", tooltip="Only rows with this finding", **narrow,
        )  # fmt: skip
        self.words = widgets.Text(
            description="Words", placeholder="all of these", tooltip="Only rows that hold all of these words",
            continuous_update=False, **narrow,
        )  # fmt: skip
        self.accept_all, self.reject_all = (widgets.Button(layout=widgets.Layout(width="auto")) for _ in range(2))
        self.sure = widgets.Button(button_style="warning", layout=widgets.Layout(width="auto", display="none"))
        self.progress = widgets.IntProgress(
            min=0, max=max(1, len(desk.dataset)), description="Read", layout=wide(), bar_style="info"
        )
        self.summary, self.shown, self.told = text(), text(), text()
        area = {"layout": wide(height="90px"), "style": {"description_width": "80px"}}
        self.question = widgets.Textarea(description="Question", **area)
        self.answer = widgets.Textarea(description="Answer", **area)
        self.remark = widgets.Text(
            description="Note", layout=wide(), style={"description_width": "80px"}, continuous_update=False
        )
        self.save = widgets.Button(description="Save", button_style="primary", tooltip="Keep the change")
        self.leave = widgets.Button(description="Leave as it was", tooltip="Forget the change")
        self.editor = widgets.VBox(
            [self.question, self.answer, self.remark, row(self.save, self.leave)],
            layout=widgets.Layout(display="none", grid_gap="6px"),
        )
        self._listen()
        super().__init__(
            "Review, row by row",
            f"{desk.dataset.name}, read by {desk.reviewer}",
            [
                self.summary, self.progress,
                row(self.state, self.topic, self.code, self.words),
                row(self.keyboard, *self.buttons.values()),
                self.shown, self.editor, self.told,
                row(self.accept_all, self.reject_all, self.sure),
            ],
            value=desk.result(),
        )  # fmt: skip
        self._draw()

    def as_text(self) -> str:
        """How far the reading is."""
        counts = self.desk.counts
        return f"Review desk: {len(self.desk.dataset) - counts['open']} of {len(self.desk.dataset)} rows decided"

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows that the filter shows."""
        return self.desk.rows(Filter(self.state.value, self.topic.value, self.code.value, self.words.value))

    @property
    def current(self) -> int | None:
        """The row on the screen, counted from 0; None when the filter shows none."""
        rows = self.rows
        if not rows:
            return None
        return next((row for row in rows if row >= self._at), rows[-1])

    def press(self, key: str) -> None:
        """What a key does; any other key is left alone."""
        actions: dict[str, Callable[[], None]] = {
            "a": lambda: self._decide("accept"),
            "r": lambda: self._decide("reject"),
            "f": lambda: self._decide("flag"),
            "e": lambda: self._open_editor(edit=True),
            "m": self._mend,
            "n": lambda: self._open_editor(edit=False),
            "j": lambda: self._move(1),
            "k": lambda: self._move(-1),
            "u": self._undo,
        }
        if key in actions:
            self.told.value = ""
            self._bulk = ""
            self._try(actions[key])

    def _button(self, key: str, name: str, why: str) -> widgets.Button:
        button = widgets.Button(
            description=f"{name} ({key})", tooltip=f"{name}: {why}", layout=widgets.Layout(width="auto")
        )
        button.on_click(lambda _: self.press(key))
        return button

    def _listen(self) -> None:
        self.keyboard.observe(self._typed, names="value")
        for control in (self.state, self.topic, self.code, self.words):
            control.observe(lambda _: self._filtered(), names="value")
        self.accept_all.on_click(lambda _: self._ask("accept"))
        self.reject_all.on_click(lambda _: self._ask("reject"))
        self.sure.on_click(lambda _: self._try(self._decide_all))
        self.save.on_click(lambda _: self._try(self._keep))
        self.leave.on_click(lambda _: self._close_editor())
        # Enter in the note saves it, so that a note needs no mouse.
        self.remark.observe(lambda _: self._try(self._keep) if self._noting else None, names="value")

    def _typed(self, change: object) -> None:
        typed = self.keyboard.value
        if typed:
            self.keyboard.value = ""
            for key in typed.lower():
                self.press(key)

    def _filtered(self) -> None:
        self._at, self._bulk = 0, ""
        self._draw()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except KitError as problem:
            self.told.value = note(str(problem), "error")
        self._draw()

    def _decide(self, action: str) -> None:
        row = self.current
        if row is not None:
            self.desk.decide([row], action)
            self._at = row + 1

    def _mend(self) -> None:
        row = self.current
        if row is None:
            return
        decision = self.desk.decision(row)
        before = (decision and decision.edited) or self.desk.dataset.examples[row]
        after = mend(before)
        if after == before:
            self.told.value = note("There is nothing here that can be mended without a person: edit the row.", "info")
            return
        self.desk.decide([row], "edit", edited=after)
        self.told.value = note("Mended; u takes it back.", "ok")

    def _move(self, by: int) -> None:
        row, rows = self.current, self.rows
        if row is not None:
            self._at = rows[max(0, min(len(rows) - 1, rows.index(row) + by))]

    def _undo(self) -> None:
        about = self.desk.undo()
        self.told.value = note(f"Taken back on {about} rows." if about else "There is nothing to take back.", "info")

    def _ask(self, action: str) -> None:
        self._bulk = action
        self._draw()

    def _decide_all(self) -> None:
        rows, action, self._bulk = self.rows, self._bulk, ""
        if rows and action:
            self.desk.decide(rows, action)
            self.told.value = note(f"{len(rows)} rows {WORDS[action]}; u takes it back.", "ok")

    _noting = False

    def _open_editor(self, *, edit: bool) -> None:
        row = self.current
        if row is None:
            return
        decision = self.desk.decision(row)
        example = (decision and decision.edited) or self.desk.dataset.examples[row]
        self._noting = False  # filling in must not save
        self.question.value, self.answer.value = example.instruction, example.response
        self.remark.value = decision.note if decision else ""
        self._noting = not edit
        for area in (self.question, self.answer):
            area.layout.display = "" if edit else "none"
        self.editor.layout.display = ""

    def _keep(self) -> None:
        row = self.current
        if row is None or self.editor.layout.display == "none":
            return
        if self._noting:
            self.desk.annotate(row, self.remark.value)
        else:
            changed = replace(
                self.desk.dataset.examples[row], instruction=self.question.value, response=self.answer.value
            )
            self.desk.decide([row], "edit", note=self.remark.value, edited=changed)
            self._at = row + 1
        self._close_editor()

    def _close_editor(self) -> None:
        self._noting = False
        self.editor.layout.display = "none"

    def _draw(self) -> None:
        counts, rows = self.desk.counts, self.rows
        done = len(self.desk.dataset) - counts["open"]
        self.value = self.desk.result()
        self.summary.value = facts([(WORDS.get(k, "to decide"), str(n)) for k, n in counts.items()])
        self.progress.value, self.progress.description = done, f"{done} of {len(self.desk.dataset)}"
        self.shown.value = self._row_html(rows)
        self.accept_all.description = f"Accept all {len(rows)} shown"
        self.reject_all.description = f"Reject all {len(rows)} shown"
        self.accept_all.disabled = self.reject_all.disabled = not rows
        self.sure.description = f"Yes, {self._bulk} {len(rows)} rows"
        self.sure.layout.display = "" if self._bulk else "none"

    def _row_html(self, rows: tuple[int, ...]) -> str:
        at = self.current
        if at is None:
            return "<p class='wk-help'>No row fits this choice.</p>"
        example, decision = self.desk.dataset.examples[at], self.desk.decision(at)
        edited = decision.edited if decision else None
        shown = edited or example
        state = f"<b>{WORDS[decision.action]}</b>" if decision else "to decide"
        remark = f" Note: {html.escape(decision.note)}" if decision and decision.note else ""
        head = (
            f"<p class='wk-help'>Row {at + 1}, {rows.index(at) + 1} of {len(rows)} shown · "
            f"{html.escape(example.topic) or 'no topic'} · {state}.{remark}</p>"
        )
        context = f"<p class='wk-help'>{html.escape(shown.context)}</p>" if shown.context else ""
        before = (
            f"<p class='wk-help'>Before the edit: <s>{html.escape(example.instruction)}</s> "
            f"<s>{html.escape(example.response)}</s></p>"
            if edited
            else ""
        )
        found = "".join(note(f"{f.message}; {f.fix}" if f.fix else f.message) for f in self.desk.found(at))
        return (
            f"{head}{context}<p class='wk-name'>{html.escape(shown.instruction)}</p>"
            f"<div class='wk-answer'>{html.escape(shown.response)}</div>{before}{found}"
        )


_OPEN: dict[Path, Desk] = {}


def open_desk(review_or_dataset: object, path: str | Path, reviewer: str = "me") -> ReviewDesk:
    """A desk over a Review (with its findings) or a Dataset, saved in `path`.

    A cell that is run again takes over from the desk it opened before.
    """
    path = Path(path).resolve()
    if path in _OPEN:
        _OPEN.pop(path).close()
    findings = getattr(review_or_dataset, "findings", ())
    dataset = getattr(review_or_dataset, "dataset", review_or_dataset)
    desk = _OPEN[path] = Desk(dataset, path, reviewer=reviewer, findings=findings)
    return ReviewDesk(desk)
