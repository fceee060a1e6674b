"""Authoring: from a brief and its source text to rows, by a model, and from other tools' exports.

prompts.py    the prompts, in plain sight and editable
plan.py       what will be asked, before a single call is made
converse.py   one call to the writer model: JSON back, checked, repaired once
topics.py     topics proposed by the model
write.py      the run: concurrent, saved as it goes, resumable
imports.py    PartyRock-style exports, tables, CSV and JSON Lines
"""

from workshop_kit.authoring.imports import Imported, import_file, merge, with_topics
from workshop_kit.authoring.plan import Plan, PlanItem, plan
from workshop_kit.authoring.prompts import STYLES, Templates
from workshop_kit.authoring.topics import propose_topics
from workshop_kit.authoring.write import Progress, Written, preview, write

__all__ = [
    "STYLES",
    "Imported",
    "Plan",
    "PlanItem",
    "Progress",
    "Templates",
    "Written",
    "import_file",
    "merge",
    "plan",
    "preview",
    "propose_topics",
    "with_topics",
    "write",
]
