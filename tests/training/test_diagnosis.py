"""The verdict follows from the curves, and noise does not fool it."""

import math
import random

import pytest

from workshop_kit.training.diagnosis import diagnose
from workshop_kit.training.runs import EpochPoint, Run, StepPoint


def run_of(train, evals, **known):
    return Run("job", tuple(EpochPoint(i, t, e) for i, (t, e) in enumerate(zip(train, evals, strict=True), 1)), **known)


# Real curves, as their owners reported them or as this kit's model showed them.
CASES = {
    "overfitting": [
        ([2.0, 1.2, 0.8, 0.5, 0.3], [1.9, 1.4, 1.3, 1.5, 1.8]),
        ([1.0, 0.5, 0.34], [1.30, 1.31, 1.37]),
        ([2.0, 1.0, 0.4, 0.2, 0.1, 0.05], [1.8, 1.2, 1.0, 1.05, 1.15, 1.3]),
    ],
    "underfitting": [
        ([2.5, 2.2, 2.0], [2.4, 2.15, 1.95]),
        ([2.50, 2.49, 2.48, 2.47], [2.40, 2.395, 2.39, 2.385]),
    ],
    "good fit": [
        ([2.0, 1.2, 1.0, 0.95], [1.8, 1.2, 1.1, 1.09]),
        ([1.8, 1.65, 1.5974, 1.59], [1.70, 1.64, 1.6131, 1.61]),
    ],
    "diverged": [
        ([2.0, 1.5, 4.0], [1.9, 1.6, 4.2]),
        ([2.0, math.nan], [1.9, math.nan]),
        ([1.0, 0.4, 1.5, 2.5], [1.2, 1.0, 2.0, 3.0]),
    ],
    "too little evidence": [([2.0], [1.9]), ([], [])],
}


@pytest.mark.parametrize(("verdict", "train", "evals"), [(v, t, e) for v, curves in CASES.items() for t, e in curves])
def test_a_clear_curve_gets_its_verdict(verdict, train, evals):
    assert diagnose(run_of(train, evals)).verdict == verdict


def test_overfitting_names_the_best_epoch_and_suggests_it():
    found = diagnose(run_of([2.0, 1.2, 0.8, 0.5, 0.3], [1.9, 1.4, 1.3, 1.5, 1.8]))
    assert found.best_epoch == 3
    assert found.change == {"epoch": 3}
    assert found.generalization_gap == pytest.approx(1.5)
    assert "epoch 3" in found.reason


def test_noise_on_a_level_curve_is_seldom_called_overfitting():
    called = 0
    for seed in range(300):
        chance = random.Random(seed)
        shape = [1.0 + math.exp(-i / 1.2) for i in range(10)]
        found = diagnose(run_of([s - 0.1 for s in shape], [s + chance.gauss(0, 0.012) for s in shape]))
        called += found.verdict == "overfitting"
    assert called <= 9  # 3 %


def test_overfitting_is_mostly_seen_through_noise_and_dated_right():
    seen = 0
    for seed in range(300):
        chance = random.Random(seed)
        evals = [1.0 + 0.8 * math.exp(-i) + 0.06 * max(0, i - 3) + chance.gauss(0, 0.015) for i in range(10)]
        found = diagnose(run_of([0.2 + 1.5 * math.exp(-i / 3) for i in range(10)], evals))
        seen += found.verdict == "overfitting" and 3 <= found.best_epoch <= 6
    assert seen >= 285  # 95 %


def test_a_validation_set_of_three_rows_carries_no_verdict():
    found = diagnose(run_of([2.0, 1.0, 0.5], [1.9, 1.3, 1.8], validation_rows=3))
    assert found.verdict == "too little evidence"


def test_a_loss_that_is_no_number_in_one_step_is_divergence_even_between_epochs():
    run = Run("job", (EpochPoint(1, 1.0, 1.0), EpochPoint(2, 0.9, 0.9)), (StepPoint(7, 2, math.nan),))
    assert diagnose(run).verdict == "diverged"
    assert "step 7" in diagnose(run).reason


def test_divergence_suggests_a_fifth_of_the_rate_that_was_used():
    found = diagnose(run_of([2.0, 5.0], [2.0, 6.0], hyperparameters={"learning_rate": "0.005"}))
    assert found.change == {"learning_rate": 0.001}
