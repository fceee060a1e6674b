"""Talk to models side by side, as their answers arrive."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from workshop_kit.errors import BadInput, KitError
from workshop_kit.playground import MAX_NEW_TOKENS, TEMPERATURE, TOP_P, Comparison, Model
from workshop_kit.widgets.pump import Pump
from workshop_kit.widgets.style import Card, row, text, wide


class PlaygroundView(Card):
    """A question, the settings and one column per model; `.value` holds the comparisons asked so far.

    `models` maps labels to models. As a plain call: compare(models, question, system=..., temperature=...).
    """

    def __init__(self, models: Mapping[str, Model], *, system: str = "", questions: Sequence[str] = ()) -> None:
        if not models:
            raise BadInput("The playground needs at least one model; deploy one first.")
        self.models = dict(models)
        self.value: tuple[Comparison, ...] = ()
        self._pump = Pump()
        self._threads: list[threading.Thread] = []
        style = {"description_width": "120px"}
        self.system = widgets.Textarea(
            value=system,
            description="System prompt",
            tooltip="Who the model is meant to be; it works best as it was in training",
            placeholder="none",
            rows=2,
            style=style,
            layout=wide(),
        )
        self.question = widgets.Textarea(
            value=questions[0] if questions else "",
            description="Question",
            tooltip="What to ask every model",
            placeholder="Ask something …",
            rows=2,
            style=style,
            layout=wide(),
        )
        self.examples = widgets.Dropdown(
            options=[("choose one …", ""), *((_short(q), q) for q in questions)],
            description="Try one of",
            tooltip="Practice questions",
            style=style,
            layout=wide(display="" if questions else "none"),
        )
        self.examples.observe(self._choose, names="value")
        self.temperature = widgets.FloatSlider(
            value=TEMPERATURE,
            min=0,
            max=1.5,
            step=0.1,
            description="Temperature",
            tooltip="0: always the likeliest word, the same answer every time. Higher: livelier, less reliable",
            style=style,
            layout=widgets.Layout(width="340px", max_width="100%"),
            readout_format=".1f",
        )
        self.top_p = widgets.FloatSlider(
            value=TOP_P,
            min=0.05,
            max=1,
            step=0.05,
            description="Top p",
            tooltip="Only the likeliest words that together have this probability; matters above temperature 0",
            style=style,
            layout=widgets.Layout(width="340px", max_width="100%"),
        )
        self.length = widgets.IntSlider(
            value=MAX_NEW_TOKENS,
            min=16,
            max=512,
            step=8,
            description="Longest answer",
            tooltip="In tokens, about three quarters of a word each",
            style=style,
            layout=widgets.Layout(width="340px", max_width="100%"),
        )
        self.ask_button = widgets.Button(
            description="Ask",
            icon="paper-plane",
            button_style="primary",
            tooltip="Ask every model",
            layout={"width": "130px"},
        )
        self.ask_button.on_click(lambda _: self._start())
        self.answers = {label: text() for label in self.models}
        columns = [
            widgets.VBox(
                [text(f"<p class='wk-name'>{html.escape(label)}</p>"), self.answers[label]],
                layout=widgets.Layout(flex="1 1 340px", min_width="260px"),
            )
            for label in self.models
        ]
        side_by_side = widgets.Box(
            columns,
            layout=widgets.Layout(display="flex", flex_flow="row wrap", grid_gap="16px", align_items="stretch"),
        )
        settings = row(self.temperature, self.top_p, self.length)
        self.told = text()
        kinds = " · ".join(dict.fromkeys(model.label for model in self.models.values() if getattr(model, "label", "")))
        super().__init__(
            "Playground",
            kinds,
            [self.system, self.examples, self.question, settings, self.ask_button, self.told, side_by_side],
        )
        for label in self.models:
            self._fill(label, "", "no question asked yet")

    def ask(self, question: str | None = None) -> Comparison:
        """Ask, wait for every answer, and give back the comparison; what the button does, as a call."""
        if question is not None:
            self.question.value = question
        before = len(self.value)
        self._start()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(0.05)
                self._pump.drain()
        self._pump.drain()
        if len(self.value) == before:
            raise BadInput("The question is empty; ask something.")
        return self.value[-1]

    def as_text(self) -> str:
        """The questions asked so far, with their answers."""
        lines = [f"{name}: {said}" for asked in self.value for row in asked.rows() for name, said in row.items()]
        return "\n".join(lines) or "Playground: no question asked yet"

    def _choose(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self.question.value = change["new"]

    def _start(self) -> None:
        question = self.question.value.strip()
        if not question:
            self.told.value = "<p class='wk-error' role='alert'>The question is empty; ask something.</p>"
            return
        self.told.value = ""
        self.ask_button.disabled = True
        settings = {
            "system": self.system.value,
            "temperature": self.temperature.value,
            "top_p": self.top_p.value,
            "max_new_tokens": self.length.value,
        }
        texts: dict[str, str] = {}
        times: dict[str, float] = {}

        def one(label: str, model: Model) -> None:
            started, said = time.monotonic(), ""
            try:
                for piece in model.ask(question, stream=True, **settings):
                    said += piece
                    self._pump.post(self._fill, label, said, "")
                remark = f"{time.monotonic() - started:.1f} s, {len(said.split())} words"
            except KitError as problem:
                said, remark = said or f"[no answer: {problem}]", "failed"
            except Exception as problem:
                said, remark = said or f"[no answer: {problem}]", "the connection broke"
            self._pump.post(self._fill, label, said.strip(), remark)
            self._pump.post(finished, label, said.strip(), time.monotonic() - started)

        def finished(label: str, said: str, took: float) -> None:
            texts[label], times[label] = said, took
            if len(texts) == len(self.models):
                labels = tuple(self.models)
                answers, seconds = tuple(texts[name] for name in labels), tuple(times[name] for name in labels)
                self.value = (*self.value, Comparison(labels, (question,), (answers,), (seconds,)))
                self.ask_button.disabled = False

        self._threads = [
            threading.Thread(target=one, args=(label, model), name=f"workshop ask {label}", daemon=True)
            for label, model in self.models.items()
        ]
        for label, thread in zip(self.models, self._threads, strict=True):
            self._fill(label, "", "thinking …")
            thread.start()

    def _fill(self, label: str, said: str, remark: str) -> None:
        self.answers[label].value = (
            f"<div class='wk-answer' role='log' aria-live='polite' aria-label='{html.escape(label, quote=True)}'>"
            f"{html.escape(said)}</div><p class='wk-help'>{html.escape(remark)}</p>"
        )


def _short(question: str, length: int = 90) -> str:
    return question if len(question) <= length else question[: length - 1] + "…"
