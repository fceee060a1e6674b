"""What the verdicts add up to, with how sure one can be of it. Pure functions over frozen values.

scores.py      verdicts -> a submission's score
length.py      the win rate there would be at equal length
intervals.py   Wilson's interval, the standard error, the sign test
bootstrap.py   intervals by resampling; two submissions on the same questions
strengths.py   Bradley-Terry across models
ranks.py       places, and ranks that are shared where intervals overlap
agreeing.py    how far judges agree

All rates are fractions from 0 to 1. Light to import: numpy comes with the first name that needs it.
"""

from __future__ import annotations

import importlib
from typing import Any

from workshop_kit.league.statistics.intervals import (
    noise,
    questions_needed,
    sign_test,
    standard_error,
    wilson_interval,
)
from workshop_kit.league.statistics.scores import SIMILAR, Outcome, Score, Verdict, outcome, score

_EXPORTS = {
    "JudgeAgreement": "agreeing",
    "agreement": "agreeing",
    "cohens_kappa": "agreeing",
    "krippendorffs_alpha": "agreeing",
    "percent_agreement": "agreeing",
    "Bouts": "strengths",
    "Ratings": "strengths",
    "Strength": "strengths",
    "bouts": "strengths",
    "bradley_terry": "strengths",
    "Comparison": "bootstrap",
    "Estimate": "bootstrap",
    "bootstrap_mean": "bootstrap",
    "compare": "bootstrap",
    "paired_difference": "bootstrap",
    "LengthControlled": "length",
    "difficulties": "length",
    "length_controlled": "length",
    "places": "ranks",
    "shared_ranks": "ranks",
}
__all__ = [
    "SIMILAR",
    "Outcome",
    "Score",
    "Verdict",
    "noise",
    "outcome",
    "questions_needed",
    "score",
    "sign_test",
    "standard_error",
    "wilson_interval",
    *_EXPORTS,
]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
