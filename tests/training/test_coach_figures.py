"""The coach on sixty real runs whose labels it did not make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workshop_kit.training.coach_figures import figures, read_run, table
from workshop_kit.training.diagnosis import diagnose

HERE = Path(__file__).parent
RUNS = json.loads((HERE / "coach" / "runs.json").read_text(encoding="utf-8"))
FLOORS = {
    "underfitting": (0.8, 0.5),
    "good fit": (0.85, 0.75),
    "overfitting": (0.95, 0.95),
    "diverged": (1.0, 1.0),
}


def test_there_are_enough_clear_runs_of_every_kind():
    found = {entry.kind: entry.runs for entry in figures(RUNS)}
    assert sum(found.values()) >= 40 and min(found.values()) >= 8, found


@pytest.mark.parametrize("kind", FLOORS)
def test_the_coach_is_right_about_real_runs(kind):
    found = next(entry for entry in figures(RUNS) if entry.kind == kind)
    precision, recall = FLOORS[kind]
    assert found.precision >= precision and found.recall >= recall, found


def test_the_check_half_is_no_worse_than_a_tenth():
    for found in figures([entry for entry in RUNS if entry["seed"] == 2]):
        assert found.precision >= FLOORS[found.kind][0] - 0.1, found


def test_confident_verdicts_are_right_more_often_than_unsure_ones():
    right, wrong = [], []
    for entry in RUNS:
        told = diagnose(read_run(entry))
        if entry["label"] != "borderline" and told.verdict != "too little evidence":
            (right if told.verdict == entry["label"] else wrong).append(told.confidence)
    assert sum(right) / len(right) > sum(wrong) / len(wrong), (right, wrong)


def test_the_readme_prints_these_figures():
    readme = (HERE.parents[1] / "README.md").read_text(encoding="utf-8")
    printed = readme.split("<!-- coach -->")[1].split("<!-- /coach -->")[0].strip()
    assert printed == table(RUNS), "run: python -m workshop_kit.training.coach_figures tests/training/coach/runs.json"
