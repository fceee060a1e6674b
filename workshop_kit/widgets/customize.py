"""The form for Nova's recipes: every hyperparameter with its bounds and plain words; steps, cost and code below."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets
import traitlets

from workshop_kit.errors import KitError
from workshop_kit.training.bedrock import CustomizationConfig, CustomizationJob, CustomizationPlan
from workshop_kit.training.bedrock.planning import Rows, launch_customization, plan_customization
from workshop_kit.training.bedrock.recipes import customization_recipe
from workshop_kit.training.checks import check_value
from workshop_kit.widgets.launch import Field
from workshop_kit.widgets.style import Card, facts, note, row, section, text


class CustomizeForm(Card):
    """Choose a Nova recipe's hyperparameters; `.value` is the CustomizationConfig, `.plan` what it comes to.

    As plain calls: plan_customization(aws, rows, config, validation) and launch_customization(aws, plan).
    """

    value = traitlets.Instance(CustomizationConfig)
    job = traitlets.Instance(CustomizationJob, allow_none=True)

    def __init__(self, aws: Any, rows: Rows, config: CustomizationConfig, validation: Rows = ()) -> None:
        self.aws, self.rows, self.validation = aws, rows, validation
        self.recipe = customization_recipe(config.recipe)
        self._base = config
        defaults = self.recipe.defaults()
        self.fields = {
            setting.name: Field(
                setting, config.hyperparameters.get(setting.name, defaults.get(setting.name, "")), self._refresh
            )
            for setting in self.recipe.hyperparameters
        }
        self.model = widgets.Dropdown(
            options=[*dict.fromkeys([*self.recipe.models, config.base_model])],
            value=config.base_model,
            description="Model",
            tooltip="The model to customize",
            style={"description_width": "150px"},
            layout=widgets.Layout(width="520px", max_width="100%"),
        )
        self.model.observe(lambda _: self._refresh(), names="value")
        self.summary, self.notes, self.code, self.told = text(), text(), text(), text()
        self.agree = widgets.Checkbox(description="", indent=False, layout=widgets.Layout(width="auto", display="none"))
        self.agree.observe(lambda _: self._refresh(), names="value")
        self.launch_button = widgets.Button(
            description="Launch",
            icon="rocket",
            button_style="primary",
            tooltip="Upload the rows and start the job",
            layout={"width": "150px"},
        )
        self.launch_button.on_click(lambda _: self._launch())
        self.plan: CustomizationPlan = plan_customization(aws, rows, config, validation)
        super().__init__(self.recipe.title, self.recipe.what, self._arrange(), value=config)
        self._refresh()

    def set(self, **values: object) -> CustomizeForm:
        """Put values into the form by name, as if they were typed."""
        for name, value in values.items():
            self.recipe[name]  # an unknown name is told with those there are
            self.fields[name].control.value = str(value)
        return self

    def as_text(self) -> str:
        """The plan in a few lines."""
        chosen = ", ".join(f"{name}={value}" for name, value in self.value.hyperparameters.items()) or "all defaults"
        return "\n".join(
            [
                f"{self.recipe.title} of {self.value.base_model}",
                f"Settings: {chosen}",
                f"Steps: {self.plan.steps}",
                f"Cost: {self.plan.cost_line}",
                *(f"Look: {warning}" for warning in self.plan.warnings),
                *(f"Stop: {error}" for error in self.plan.errors),
            ]
        )

    def _arrange(self) -> list[widgets.Widget]:
        columns = [
            widgets.VBox(
                [section(group), *(self.fields[setting.name] for setting in settings)],
                layout=widgets.Layout(flex="1 1 300px", min_width="0", grid_gap="8px"),
            )
            for group, settings in self.recipe.by_group().items()
        ]
        layout = widgets.Layout(display="flex", flex_flow="row wrap", grid_gap="24px", align_items="flex-start")
        code = widgets.Accordion([self.code])
        code.set_title(0, "The same launch in plain boto3")
        return [
            self.model,
            widgets.Box(columns, layout=layout),
            section("Before you launch"),
            self.summary,
            self.notes,
            code,
            self.agree,
            row(self.launch_button),
            self.told,
        ]

    def _refresh(self) -> None:
        read: dict[str, Any] = {}
        defaults = self.recipe.defaults()
        for name, field in self.fields.items():
            wrong = check_value(self.recipe, name, field.value)
            field.tell(wrong)
            read[name] = field.value if wrong else self.recipe[name].read(field.value)
        chosen = {name: value for name, value in read.items() if defaults.get(name) != value}
        base = self._base
        config = CustomizationConfig(
            base.recipe,
            self.model.value,
            chosen,
            base.reward,
            base.teacher,
            base.max_response_length,
            base.budget_usd,
            base.name,
        )
        self.plan = plan_customization(self.aws, self.rows, config, self.validation)
        self.value = config
        self._draw()

    def _draw(self) -> None:
        plan = self.plan
        cost = "unknown" if plan.usd is None and plan.paid else f"{(plan.usd or 0.0) if plan.paid else 0.0:.2f} USD"
        self.summary.value = (
            facts(
                [
                    ("rows to train on", f"{len(plan.train):,}"),
                    ("rows to validate with", f"{len(plan.validation):,}"),
                    ("steps", f"{plan.steps:,}"),
                    ("cost here", cost),
                ]
            )
            + f"<p class='wk-help'>{html.escape(plan.cost_line)}.</p>"
        )
        shown = [note(f"{f.message} {f.fix}".strip(), f.severity) for f in plan.findings if f.code != "value"]
        wrong = [finding.field for finding in plan.findings if finding.code == "value"]
        if wrong:
            shown.insert(0, note(f"Correct {', '.join(wrong)} above before launching.", "error"))
        self.notes.value = "".join(shown) or note("Nothing to object to.", "ok")
        self.code.value = f"<div class='wk-code' tabindex='0'>{html.escape(plan.boto3_code())}</div>"
        above = plan.paid and (plan.usd is None or plan.usd > self.value.budget_usd)
        self.agree.layout.display = "" if above else "none"
        price = "an unknown amount" if plan.usd is None else f"about {plan.usd:.2f} USD"
        self.agree.description = f"Yes, spend {price} (my budget is {self.value.budget_usd:.2f} USD)"
        self.launch_button.disabled = bool(plan.errors) or (above and not self.agree.value)

    def _launch(self) -> None:
        self.launch_button.disabled = True
        self.told.value = "<p class='wk-help' role='status'>Uploading the rows and starting the job …</p>"
        try:
            self.job = launch_customization(self.aws, self.plan, yes=self.agree.value)
        except KitError as problem:
            self.told.value = note(str(problem), "error")
        else:
            self.told.value = note(f"Job {self.job.name} is {self.job.status}. Run the next cell.", "ok")
        finally:
            self._draw()
