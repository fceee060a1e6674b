"""The workshop kit: customize a language model hands-on, and compete with it.

Importing this package is cheap; each name below is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_BY_ROOM = {
    "errors": "KitError",
    "records": "Dataset Example Persona Topic",
    "workspace": "Workspace",
    "aws": "connect",
    "domains": "list_domains load_domain",
    "authoring": "Budget Rubric Taxonomy domain_from_documents estimate import_file merge plan preview "
    "propose_taxonomy propose_topics refine score_rows taxonomy write",
    "formats": "export",
    "retrieval": "open_book",
    "review": "agreement coverage find_private shared_rows split write_report",
    "tracks": "load_intents load_sums reading_prompts",
    "training.bedrock": "CustomizationConfig customization_recipe launch_customization load_customization "
    "plan_customization",
    "training.preflight": "preflight",
    "training.rewards": "check_reward deploy_reward plot_rewards rewards_table source_of",
    "playground.classification": "classify classify_report majority_baseline nearest_baseline",
    "cleanup": "idle",
    "playground.replay": "replay",
    "playground.report_card": "report_card",
    "league.previous": "against_best",
    "playground.custom_models": "delete_custom_model deploy_custom_model",
    "training": "Logbook TrainingConfig diagnose launch load_run plan_launch plan_sweep plot recipe run_sweep",
    "playground": "BedrockModel check_answers compare deploy deploy_base echo list_endpoints with_open_book",
    "league": "appeal choose join me my_submissions practice standings submit verdicts",
    "classroom": "catch_up check_dataset check_endpoint check_review check_run check_submission check_training gate "
    "hints i_am_stuck leave_dataset leave_job leave_practice leave_split leave_submission restore_own_work "
    "share_progress solution stop_sharing take_dataset take_home take_job take_practice take_split",
}
_ROOMS = ("classroom", "widgets")
_EXPORTS = {name: (f"workshop_kit.{room}", name) for room, names in _BY_ROOM.items() for name in names.split()}
# The room 'review' would hide its function of the same name.
_EXPORTS["review_dataset"] = ("workshop_kit.review", "review")
_EXPORTS["reward_sample"] = ("workshop_kit.training.rewards", "sample")
# The playground compares models under the plain name.
_EXPORTS["compare_datasets"] = ("workshop_kit.review", "compare")

__all__ = ["__version__", *_EXPORTS, *_ROOMS]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        room, attribute = _EXPORTS[name]
        value = getattr(importlib.import_module(room), attribute)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return importlib.import_module(f"workshop_kit.{name}")
    raise AttributeError(f"module 'workshop_kit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
