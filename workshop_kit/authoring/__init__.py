"""Authoring: from a brief and its source text to rows, by a model, and from other tools' exports.

prompts.py    the prompts, in plain sight and editable
plan.py       what will be asked, before a single call is made
converse.py   one call to the writer model: JSON back, checked, repaired once
topics.py     topics proposed by the model
taxonomy.py   topics as a tree to edit
documents/    PDF, DOCX, HTML, CSV, Markdown and text as a source
write.py      the run: concurrent, saved as it goes, resumable
budget.py     prices, an estimate, a hard limit, a pace
pool.py       many calls at once, each confirmed
scoring.py    rows scored by a judge against a rubric
refine.py     better answers, with feedback
imports.py    PartyRock-style exports, tables, CSV and JSON Lines
"""

from workshop_kit.authoring.budget import Budget, BudgetReached, Estimate, estimate
from workshop_kit.authoring.documents import domain_from_documents, read_document
from workshop_kit.authoring.imports import Imported, import_file, merge, with_topics
from workshop_kit.authoring.plan import Plan, PlanItem, plan
from workshop_kit.authoring.prompts import STYLES, Templates
from workshop_kit.authoring.refine import Refined, refine
from workshop_kit.authoring.scoring import Criterion, Rubric, Scored, score_rows
from workshop_kit.authoring.taxonomy import Taxonomy, propose_taxonomy, taxonomy
from workshop_kit.authoring.topics import propose_topics
from workshop_kit.authoring.write import Progress, Written, preview, write

__all__ = [
    "STYLES",
    "Budget",
    "BudgetReached",
    "Criterion",
    "Estimate",
    "Imported",
    "Plan",
    "PlanItem",
    "Progress",
    "Refined",
    "Rubric",
    "Scored",
    "Taxonomy",
    "Templates",
    "Written",
    "domain_from_documents",
    "estimate",
    "import_file",
    "merge",
    "plan",
    "preview",
    "propose_taxonomy",
    "propose_topics",
    "read_document",
    "refine",
    "score_rows",
    "taxonomy",
    "with_topics",
    "write",
]
