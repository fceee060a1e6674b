"""Customizing Amazon Nova on Bedrock: supervised fine-tuning, reinforcement fine-tuning, distillation.

recipes.py     the three recipes as data: hyperparameters with bounds, defaults and plain words
planning.py    rows and configuration -> plan (the exact boto3 request, cost, warnings) -> job
jobs.py        a customization job: status, waiting, stopping, its model
figures.py     a job's CSV files -> a Run, like JumpStart's
"""

from workshop_kit.training.bedrock.figures import load_customization
from workshop_kit.training.bedrock.jobs import CustomizationJob
from workshop_kit.training.bedrock.planning import (
    CustomizationConfig,
    CustomizationPlan,
    launch_customization,
    plan_customization,
)
from workshop_kit.training.bedrock.recipes import RECIPES, CustomizationRecipe, customization_recipe

__all__ = [
    "RECIPES",
    "CustomizationConfig",
    "CustomizationJob",
    "CustomizationPlan",
    "CustomizationRecipe",
    "customization_recipe",
    "launch_customization",
    "load_customization",
    "plan_customization",
]
