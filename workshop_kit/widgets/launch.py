"""The launch form: every hyperparameter with its bounds and plain words; steps, time, cost and code below."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import traitlets

from workshop_kit.errors import KitError
from workshop_kit.review import Split
from workshop_kit.training.checks import check_value
from workshop_kit.training.cost import duration
from workshop_kit.training.hyperparameters import Hyperparameter, Recipe, recipe
from workshop_kit.training.jobs import TrainingJob
from workshop_kit.training.launching import LaunchPlan, TrainingConfig, launch, plan_with
from workshop_kit.widgets.style import Card, facts, note, row, section, text

# What is shown at once, left and right; the rest is folded away.
COLUMNS = (("Learning", "Batches"), ("LoRA",))
OPEN_GROUPS = [group for column in COLUMNS for group in column]


class Field(widgets.VBox):
    """One hyperparameter: a labelled control, what it does, and what is wrong with the value, if anything."""

    def __init__(self, setting: Hyperparameter, value: object, changed: Callable[[], None]) -> None:
        self.setting = setting
        self.control = _control(setting, value)
        words = setting.explanation
        self.error = text()
        more = "".join(
            f"<br><b>{which}:</b> {html.escape(what)}"
            for which, what in (("Too low", words.too_low), ("Too high", words.too_high))
            if what
        )
        source = f"<br><i>{html.escape(words.source)}</i>"
        self.help = text(
            f"<details class='wk-help'><summary>{html.escape(words.what)}</summary>"
            f"<span>{_about(setting)}{more}{source}</span></details>"
        )
        layout = widgets.Layout(grid_gap="2px", width="auto", padding="0 0 4px")
        super().__init__([self.control, self.help, self.error], layout=layout)
        self.control.observe(lambda _: changed(), names="value")

    @property
    def value(self) -> object:
        """What is in the control now, as typed."""
        return self.control.value

    def tell(self, message: str) -> None:
        """Show what is wrong with the value, '' for nothing."""
        told = f"<p class='wk-error' role='alert'>{html.escape(message)}</p>" if message else ""
        if self.error.value != told:
            self.error.value = told


class LaunchForm(Card):
    """Choose hyperparameters; `.value` is the TrainingConfig, `.plan` what it comes to, `.job` the job once launched.

    As plain calls: plan_launch(aws, split, config) and launch(aws, plan).
    """

    value = traitlets.Instance(TrainingConfig)
    job = traitlets.Instance(TrainingJob, allow_none=True)

    def __init__(
        self, aws: Any, split: Split, config: TrainingConfig | None = None, *, chosen: Recipe | None = None
    ) -> None:
        config = config or TrainingConfig()
        self.aws, self.split = aws, split
        self.recipe = chosen or recipe(aws, config.model_id)
        self._base = config
        defaults = self.recipe.defaults()
        self.fields: dict[str, Field] = {}
        for setting in self.recipe.hyperparameters:
            value = config.hyperparameters.get(setting.name, defaults.get(setting.name, ""))
            self.fields[setting.name] = Field(setting, value, self._refresh)
        self.instance = widgets.Dropdown(
            options=self.recipe.instance_types,
            value=config.instance_type or self.recipe.default_instance,
            description="Machine",
            tooltip="The instance type that the job runs on",
            style={"description_width": "150px"},
            layout=widgets.Layout(width="380px", max_width="100%"),
        )
        self.instance.observe(lambda _: self._refresh(), names="value")
        self.summary, self.notes, self.code, self.told = text(), text(), text(), text()
        self.sdk = text()
        self.agree = widgets.Checkbox(description="", indent=False, layout=widgets.Layout(width="auto", display="none"))
        self.agree.observe(lambda _: self._refresh(), names="value")
        self.launch_button = widgets.Button(
            description="Launch training",
            icon="rocket",
            button_style="primary",
            tooltip="Upload the rows and start the training job",
            layout={"width": "180px"},
        )
        self.launch_button.on_click(lambda _: self._launch())
        self.reset_button = widgets.Button(
            description="Defaults",
            icon="undo",
            tooltip="Put every setting back to its default",
            layout={"width": "130px"},
        )
        self.reset_button.on_click(lambda _: self.reset())
        self.plan: LaunchPlan = plan_with(aws, self.recipe, split, config)
        super().__init__("Fine-tuning", self.recipe.label, self._arrange(), value=config)
        self._refresh()

    def set(self, **values: object) -> LaunchForm:
        """Put values into the form by name, as if they were typed."""
        for name, value in values.items():
            self.recipe[name]  # an unknown name is told with those there are
            control = self.fields[name].control
            if isinstance(control, widgets.Dropdown) and value not in [option for _, option in control.options]:
                control.options = [*control.options, (str(value), value)]
            control.value = value if isinstance(control, (widgets.Checkbox, widgets.Dropdown)) else str(value)
        return self

    def reset(self) -> None:
        """Every setting back to its default."""
        self.set(**self.recipe.defaults())

    def as_text(self) -> str:
        """The plan in a few lines."""
        chosen = ", ".join(f"{name}={value}" for name, value in self.value.hyperparameters.items()) or "all defaults"
        expected = self.plan.estimate
        return "\n".join(
            [
                f"Fine-tuning of {self.recipe.model_id} ({self.recipe.label})",
                f"Settings: {chosen}",
                f"Steps: {expected.steps}; time: {expected.time_line}",
                f"Cost: {expected.cost_line}",
                *(f"Look: {warning}" for warning in self.plan.warnings),
                *(f"Stop: {error}" for error in self.plan.errors),
            ]
        )

    def _arrange(self) -> list[widgets.Widget]:
        groups = self.recipe.by_group()
        columns = [
            widgets.VBox(
                [
                    part
                    for group in column
                    if group in groups
                    for part in (section(group), *(self.fields[setting.name] for setting in groups[group]))
                ],
                layout=widgets.Layout(flex="1 1 340px", min_width="0", grid_gap="8px"),
            )
            for column in COLUMNS
        ]
        rest = [
            field
            for name, settings in groups.items()
            if name not in OPEN_GROUPS
            for field in (section(name), *(self.fields[setting.name] for setting in settings))
        ]
        accordion = widgets.Accordion([widgets.VBox([self.instance, *rest], layout=widgets.Layout(grid_gap="8px"))])
        accordion.set_title(0, "More settings: machine, rows, format")
        layout = widgets.Layout(display="flex", flex_flow="row wrap", grid_gap="24px", align_items="flex-start")
        code = widgets.Accordion([self.code, self.sdk])
        code.set_title(0, "The same launch in plain boto3")
        code.set_title(1, "The same with the SageMaker SDK")
        return [
            widgets.Box(columns, layout=layout),
            accordion,
            section("Before you launch"),
            self.summary,
            self.notes,
            code,
            self.agree,
            row(self.launch_button, self.reset_button),
            self.told,
        ]

    def _refresh(self) -> None:
        typed = {name: field.value for name, field in self.fields.items()}
        # An empty control is no value where the hub has no default either.
        typed = {k: v for k, v in typed.items() if v != "" or self.recipe[k].default is not None}
        read: dict[str, Any] = {}
        for name, value in typed.items():
            wrong = check_value(self.recipe, name, value)
            self.fields[name].tell(wrong)
            read[name] = value if wrong else self.recipe[name].read(value)
        defaults = self.recipe.defaults()
        chosen = {name: value for name, value in read.items() if defaults.get(name) != value}
        base = self._base
        config = TrainingConfig(
            chosen, base.model_id, self.instance.value, base.max_runtime_seconds, base.budget_usd, base.name
        )
        self.plan = plan_with(self.aws, self.recipe, self.split, config)
        self.value = config
        self._draw()

    def _draw(self) -> None:
        expected = self.plan.estimate
        self.summary.value = (
            facts(
                [
                    ("rows per step", str(expected.effective_batch)),
                    (f"steps ({expected.steps_per_epoch} × {expected.epochs} epochs)", f"{expected.steps:,}"),
                    ("expected time", duration(expected.seconds)),
                    ("cost here", f"{expected.usd:.2f} USD"),
                ]
            )
            + f"<p class='wk-help'>Memory on AWS: {html.escape(str(self.plan.memory or 'not known'))}. "
            + f"{html.escape(expected.cost_line)}. "
            + f"Times are estimates: {html.escape(expected.basis)}.</p>"
        )
        shown = [
            note(f"{finding.message} {finding.fix}".strip(), finding.severity)
            for finding in self.plan.findings
            if finding.code != "value"  # told beside its field already
        ]
        wrong = [finding.field for finding in self.plan.findings if finding.code == "value"]
        if wrong:
            shown.insert(0, note(f"Correct {', '.join(wrong)} above before launching.", "error"))
        self.notes.value = "".join(shown) or note("Nothing to object to.", "ok")
        self.code.value = f"<div class='wk-code' tabindex='0'>{html.escape(self.plan.boto3_code())}</div>"
        self.sdk.value = f"<div class='wk-code' tabindex='0'>{html.escape(self.plan.sdk_code())}</div>"
        above = expected.usd > self.value.budget_usd
        self.agree.layout.display = "" if above else "none"
        budget = self.value.budget_usd
        self.agree.description = f"Yes, spend about {expected.usd:.2f} USD (my budget is {budget:.2f} USD)"
        self.launch_button.disabled = bool(self.plan.errors) or (above and not self.agree.value)

    def _launch(self) -> None:
        self.launch_button.disabled = True
        self.told.value = "<p class='wk-help' role='status'>Uploading the rows and starting the job …</p>"
        try:
            self.job = launch(self.aws, self.plan, yes=self.agree.value)
        except KitError as problem:
            self.told.value = note(str(problem), "error")
        else:
            self.told.value = note(f"Training job {self.job.name} is {self.job.status}. Run the next cell.", "ok")
        finally:
            self._draw()


def _control(setting: Hyperparameter, value: object) -> widgets.Widget:
    words = setting.explanation
    common: dict[str, Any] = {
        "description": words.title,
        "tooltip": f"{setting.name}: {words.what} ({setting.bounds})",
        "style": {"description_width": "150px"},
        "layout": widgets.Layout(width="auto", max_width="380px"),
    }
    if setting.type == "bool":
        return widgets.Checkbox(value=str(value).lower() == "true", indent=True, **common)
    choices = list(words.options) or [(option, option) for option in setting.options]
    if choices:
        if value not in [option for _, option in choices]:
            choices.append((str(value), str(value)))
        return widgets.Dropdown(options=choices, value=value, **common)
    # Free text, not a bounded number: a bounded one would silently change what was typed.
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return widgets.Text(value=shown, placeholder="automatic", continuous_update=True, **common)


def _about(setting: Hyperparameter) -> str:
    default = "automatic" if setting.default is None else setting.default
    unit = f", in {setting.explanation.unit}" if setting.explanation.unit else ""
    return html.escape(f"{setting.name}: {setting.bounds}{unit}; default {default}.")
