"""The recipes of Bedrock's customization jobs for Amazon Nova, as data.

Supervised fine-tuning and distillation: names, bounds and defaults as Nova's user guide gives them. Reinforcement:
bounds as Bedrock's API model gives them; it gives no defaults, so the ones here are the kit's own, and marked so.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from workshop_kit.errors import BadHyperparameter, BadInput
from workshop_kit.records import html_table
from workshop_kit.training.explain import GROUPS, Explanation
from workshop_kit.training.hyperparameters import Hyperparameter, Value

NOVA_GUIDE = "https://docs.aws.amazon.com/nova/latest/userguide/customize-fine-tune.html"
RFT_API = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_RFTHyperParameters.html"
DISTILLATION_GUIDE = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-distillation.html"
OWN_DEFAULT = " The default is this kit's: the API gives none."


@dataclass(frozen=True)
class CustomizationRecipe:
    """One way to customize a Nova model: its settings, which models it is for, and how many rows it takes."""

    name: str
    title: str
    customization_type: str
    models: tuple[str, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    least_rows: int
    most_rows: int
    what: str

    def __getitem__(self, name: str) -> Hyperparameter:
        """One setting by name; raises BadHyperparameter for an unknown one, naming those there are."""
        for setting in self.hyperparameters:
            if setting.name == name:
                return setting
        known = ", ".join(setting.name for setting in self.hyperparameters)
        raise BadHyperparameter(f"{self.title} has no hyperparameter {name!r}; it has {known}.")

    def __contains__(self, name: object) -> bool:
        return any(setting.name == name for setting in self.hyperparameters)

    def defaults(self) -> dict[str, Value]:
        """Name -> default."""
        return {s.name: s.default for s in self.hyperparameters if s.default is not None}

    def by_group(self) -> dict[str, tuple[Hyperparameter, ...]]:
        """The settings in the order a form shows them."""
        groups = {group: tuple(s for s in self.hyperparameters if s.explanation.group == group) for group in GROUPS}
        return {group: settings for group, settings in groups.items() if settings}

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [s.name, s.default, s.bounds, s.explanation.what, s.explanation.too_low, s.explanation.too_high]
            for s in self.hyperparameters
        ]
        head = f"<p><b>{html.escape(self.title)}</b>: {html.escape(self.what)}<br>For {', '.join(self.models)}.</p>"
        return head + html_table(["name", "default", "bounds", "what it does", "too low", "too high"], rows)


MICRO = "amazon.nova-micro-v1:0:128k"
LITE = "amazon.nova-lite-v1:0:300k"
PRO = "amazon.nova-pro-v1:0:300k"
TWO_LITE = "amazon.nova-2-lite-v1:0:256k"


def _whole(name: str, default: int, low: float, high: float | None, words: Explanation) -> Hyperparameter:
    return Hyperparameter(name, "int", default, low, high, (), words)


def _supervised(source: str) -> tuple[Hyperparameter, ...]:
    return (
        _whole(
            "epochCount",
            2,
            1,
            5,
            Explanation(
                "Epochs",
                "Learning",
                "How many times the model reads the whole training set.",
                "The task is learned in part only.",
                "The rows are learned by heart, and you pay for every reading.",
                "passes over the data",
                source,
            ),
        ),
        Hyperparameter(
            "learningRate",
            "float",
            1e-5,
            1e-6,
            1e-4,
            (),
            Explanation(
                "Learning rate",
                "Learning",
                "How far the weights move at each step. Older samples call it learningRateMultiplier.",
                "The loss hardly falls; more epochs would be needed.",
                "The loss jumps, and what the model knew before is lost.",
                "per step",
                source,
            ),
        ),
        _whole(
            "learningRateWarmupSteps",
            10,
            0,
            100,
            Explanation(
                "Warm-up steps",
                "Learning",
                "Over so many steps the rate rises from nothing to its value.",
                "The first steps may throw the model off.",
                "With few rows the rate never reaches its value.",
                "steps",
                source,
            ),
        ),
        _whole(
            "batchSize",
            1,
            1,
            1,
            Explanation(
                "Batch size",
                "Batches",
                "How many rows are read before each step. Nova's jobs on Bedrock take one.",
                "",
                "",
                "rows per step",
                source,
            ),
        ),
    )


_REINFORCED = (
    _whole(
        "epochCount",
        10,
        1,
        50,
        Explanation(
            "Epochs",
            "Learning",
            "How many times every prompt is answered and graded." + OWN_DEFAULT,
            "The reward has not stopped rising.",
            "The model drifts away from what it was, and finds the holes in the reward function.",
            "passes over the prompts",
            RFT_API,
        ),
    ),
    Hyperparameter(
        "learningRate",
        "float",
        5e-5,
        1e-7,
        1e-3,
        (),
        Explanation(
            "Learning rate",
            "Learning",
            "How far the weights move at each step." + OWN_DEFAULT,
            "The reward hardly rises.",
            "The reward rises and then collapses.",
            "per step",
            RFT_API,
        ),
    ),
    _whole(
        "batchSize",
        32,
        16,
        512,
        Explanation(
            "Batch size",
            "Batches",
            "How many prompts are answered before each step." + OWN_DEFAULT,
            "Jumpy steps: a few prompts say little.",
            "Few steps in an epoch.",
            "prompts per step",
            RFT_API,
        ),
    ),
    _whole(
        "trainingSamplePerPrompt",
        8,
        2,
        16,
        Explanation(
            "Answers per prompt",
            "Batches",
            "How many answers to a prompt are compared with each other." + OWN_DEFAULT,
            "Most groups hold no difference to learn from.",
            "Dearer; little is gained beyond what finds one good answer.",
            "answers",
            RFT_API,
        ),
    ),
    _whole(
        "maxPromptLength",
        512,
        1,
        None,
        Explanation(
            "Longest prompt",
            "Rows",
            "Prompts with more tokens are left out." + OWN_DEFAULT,
            "Prompts are lost.",
            "More memory and time.",
            "tokens",
            RFT_API,
        ),
    ),
    _whole(
        "inferenceMaxTokens",
        24,
        1,
        None,
        Explanation(
            "Longest answer",
            "Rows",
            "An answer ends after so many tokens." + OWN_DEFAULT,
            "Answers are cut off before their result, and get no reward.",
            "Slow, and dear for a model that rambles.",
            "tokens",
            RFT_API,
        ),
    ),
    _whole(
        "evalInterval",
        5,
        1,
        100,
        Explanation(
            "Steps between evaluations",
            "Learning",
            "After so many steps the validation prompts are answered and graded." + OWN_DEFAULT,
            "Much time goes into grading.",
            "You see too late that the reward is being gamed.",
            "steps",
            RFT_API,
        ),
    ),
)

RECIPES: dict[str, CustomizationRecipe] = {
    recipe.name: recipe
    for recipe in (
        CustomizationRecipe(
            "nova-sft",
            "Nova supervised fine-tuning",
            "FINE_TUNING",
            (MICRO, LITE, PRO, TWO_LITE),
            _supervised(NOVA_GUIDE),
            8,
            20_000,
            "the model learns to answer as your rows do",
        ),
        CustomizationRecipe(
            "nova-rft",
            "Nova reinforcement fine-tuning",
            "REINFORCEMENT_FINE_TUNING",
            (TWO_LITE,),
            _REINFORCED,
            100,
            20_000,
            "the model answers, your reward function grades, and better answers are made likelier",
        ),
        CustomizationRecipe(
            "nova-distillation",
            "Nova distillation",
            "DISTILLATION",
            (MICRO, LITE, PRO),
            _supervised(DISTILLATION_GUIDE),
            8,
            20_000,
            "a larger model answers your prompts, and the smaller one learns from its answers",
        ),
    )
}


def customization_recipe(name: str) -> CustomizationRecipe:
    """A recipe by its name. Raises BadInput for an unknown one, naming those there are."""
    if name not in RECIPES:
        raise BadInput(f"There is no recipe {name!r}; the recipes are {', '.join(RECIPES)}.")
    return RECIPES[name]
