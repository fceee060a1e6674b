"""What to write: topics, personas and styles of a domain -> a Plan."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
import traitlets

from workshop_kit.authoring import STYLES, Plan, Templates, estimate, plan
from workshop_kit.authoring.prompts import DEFAULT_STYLES
from workshop_kit.domains import Domain
from workshop_kit.errors import KitError
from workshop_kit.records import Topic
from workshop_kit.widgets.style import Card, facts, note, row, text, wide


class AuthorForm(Card):
    """Choose what the rows are about; `.value` is the Plan, None while the choice makes none.

    With `model` it says what writing the plan will about cost. As a plain call: plan(domain, questions_per_topic,
    topics=..., personas=..., styles=..., templates=...).
    """

    value = traitlets.Instance(Plan, allow_none=True)

    def __init__(
        self,
        domain: Domain,
        *,
        topics: Sequence[Topic] | None = None,
        questions_per_topic: int = 30,
        seed: int = 0,
        model: str = "",
    ) -> None:
        self.domain, self._seed, self._model = domain, seed, model
        offered = tuple(topics) if topics else domain.topics
        many = {"layout": widgets.Layout(width="300px", max_width="100%", height="190px")}
        self.topics = widgets.SelectMultiple(
            options=[(topic.title, topic) for topic in offered],
            value=offered,
            tooltip="Topics: Ctrl-click (Cmd-click) to choose several",
            **many,
        )
        self.personas = widgets.SelectMultiple(
            options=[(persona.name, persona) for persona in domain.personas],
            value=domain.personas,
            tooltip="Personas: who asks",
            **many,
        )
        self.styles = widgets.SelectMultiple(
            options=[(f"{name}: {asks}", name) for name, asks in STYLES.items()],
            value=DEFAULT_STYLES,
            tooltip="Styles: how they ask",
            layout=widgets.Layout(width="620px", max_width="100%", height="190px"),
        )
        self.count = widgets.IntSlider(
            value=questions_per_topic,
            min=1,
            max=1000,
            description="Rows per topic",
            tooltip="How many questions and answers to write for each topic",
            style={"description_width": "120px"},
            layout=widgets.Layout(width="420px", max_width="100%"),
        )
        self.system = widgets.Dropdown(
            options=[("none", ""), *((prompt.text, prompt.text) for prompt in domain.system_prompts)],
            value=domain.system_prompts[0].text if domain.system_prompts else "",
            description="System prompt",
            tooltip="Goes into training and must be the same when the model is asked",
            style={"description_width": "120px"},
            layout=widgets.Layout(width="auto"),
        )
        plain = Templates()
        self.prompts = {
            name: widgets.Textarea(
                value=getattr(plain, name),
                description=label,
                continuous_update=False,
                tooltip="$names are filled in",
                layout=wide(height="220px"),
                style={"description_width": "80px"},
            )
            for name, label in (("questions", "Questions"), ("answer", "Answers"))
        }
        self.reset = widgets.Button(description="Back to our prompts", layout=widgets.Layout(width="auto"))
        self.reset.on_click(lambda _: self._reset())
        editor = widgets.Accordion([widgets.VBox([*self.prompts.values(), self.reset])], selected_index=None)
        editor.set_title(0, "The prompts, to read and to edit")
        self.summary = text()
        for control in (self.topics, self.personas, self.styles, self.count, self.system, *self.prompts.values()):
            control.observe(lambda _: self._refresh(), names="value")
        lists = row(*(_titled(title, box) for title, box in self._boxes()))
        super().__init__("Dataset", domain.title, [lists, self.count, self.system, self.summary, editor])
        self._refresh()

    def as_text(self) -> str:
        """What the choice comes to."""
        return f"Dataset: a plan for {self.value.rows} rows" if self.value else "Dataset: the choice makes no plan"

    def _boxes(self) -> list[tuple[str, widgets.Widget]]:
        return [
            ("Topics (what about)", self.topics),
            ("Personas (who asks)", self.personas),
            ("Styles (how)", self.styles),
        ]

    def _refresh(self) -> None:
        try:
            if not (self.topics.value and self.personas.value and self.styles.value):
                raise KitError("Choose at least one topic, one persona and one style.")
            made = plan(
                self.domain,
                self.count.value,
                topics=self.topics.value,
                personas=self.personas.value,
                styles=self.styles.value,
                system=self.system.value,
                seed=self._seed,
                templates=Templates(**{name: area.value for name, area in self.prompts.items()}),
            )
        except KitError as problem:
            self.value = None
            self.summary.value = note(str(problem), "error")
            return
        self.value = made
        self.summary.value = facts(
            [
                ("rows", str(made.rows)),
                ("topics", str(len(self.topics.value))),
                ("passages used", f"{made.covered} of {made.passages}"),
                ("plan", made.id),
            ]
        ) + (note(str(estimate(made, self._model)), "info") if self._model else "")

    def _reset(self) -> None:
        for name, area in self.prompts.items():
            area.value = getattr(Templates(), name)


def _titled(title: str, box: widgets.Widget) -> widgets.VBox:
    return widgets.VBox([text(f"<p class='wk-name'>{title}</p>"), box])
