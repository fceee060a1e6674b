from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics import (
    Verdict,
    bootstrap_mean,
    compare,
    noise,
    paired_difference,
    questions_needed,
    standard_error,
    wilson_interval,
)

POINTS = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=60)
PAIRS = st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 2), min_size=1, max_size=60)


def test_fifty_questions_at_ninety_per_cent_are_four_points_sure() -> None:
    assert standard_error(0.9, 50) == pytest.approx(0.0424, abs=1e-4)
    assert "50 questions" in noise(0.9, 50) and "4.2 points" in noise(0.9, 50) and "12 points" in noise(0.9, 50)


def test_a_perfect_rate_is_not_told_to_be_without_noise() -> None:
    assert "above 93%" in noise(1.0, 50) and "below 7%" in noise(0.0, 50)


@pytest.mark.parametrize(("margin", "rate", "needed"), [(0.05, 0.5, 385), (0.05, 0.9, 139), (0.0832, 0.9, 50)])
def test_the_questions_for_a_margin(margin: float, rate: float, needed: int) -> None:
    assert questions_needed(margin, rate) == needed


@given(st.floats(0.01, 0.5), st.floats(0.01, 0.99))
def test_with_the_questions_needed_the_margin_is_met_and_with_one_fewer_it_is_not(margin: float, rate: float) -> None:
    n = questions_needed(margin, rate)
    assert 1.959964 * standard_error(rate, n) <= margin * (1 + 1e-6)
    if n > 1:
        assert 1.959964 * standard_error(rate, n - 1) > margin * (1 - 1e-6)


@pytest.mark.parametrize(
    "call", [lambda: standard_error(1.2, 5), lambda: standard_error(0.5, 0), lambda: questions_needed(0)]
)
def test_what_can_not_be_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        call()


@given(POINTS, st.randoms(use_true_random=False))
def test_a_resampled_rate_lies_in_its_interval_and_the_order_does_not_matter(
    values: list[float], chance: Random
) -> None:
    found = bootstrap_mean(values, draws=1000)
    assert 0 <= found.low <= found.value + 1e-12 and found.value - 1e-12 <= found.high <= 1
    shuffled = chance.sample(values, len(values))
    assert bootstrap_mean(shuffled, draws=1000) == found


@given(PAIRS)
def test_the_difference_the_other_way_round_is_its_mirror_image(pairs: list[tuple[float, float]]) -> None:
    a, b = (list(side) for side in zip(*pairs, strict=True))
    one, other = paired_difference(a, b, draws=1000), paired_difference(b, a, draws=1000)
    assert (one.value, one.low, one.high) == (-other.value, -other.high, -other.low)
    assert one.standard_error == other.standard_error
    assert -1 <= one.low <= one.value + 1e-12 and one.value - 1e-12 <= one.high <= 1


def test_the_bootstrap_agrees_with_theory_where_there_is_one() -> None:
    found = bootstrap_mean([1.0] * 300 + [0.0] * 200)
    assert found.standard_error == pytest.approx(standard_error(0.6, 500), rel=0.03)
    assert (found.low, found.high) == pytest.approx(wilson_interval(300, 500), abs=0.005)


def test_pairing_takes_out_what_two_submissions_have_in_common() -> None:
    rng = np.random.default_rng(0)
    hard = rng.random(400)
    a, b = (hard + rng.normal(0, 0.05, 400) < 0.6 for _ in range(2))
    paired = paired_difference(a, b).standard_error
    apart = (standard_error(a.mean(), 400) ** 2 + standard_error(b.mean(), 400) ** 2) ** 0.5
    assert paired < 0.6 * apart


def test_the_paired_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(1), 0
    for seed in range(300):
        hard = rng.random(50)
        a, b = rng.random(50) < 0.4 + 0.5 * hard, rng.random(50) < 0.2 + 0.5 * hard
        found = paired_difference(a, b, draws=1000, seed=seed)
        held += found.low <= 0.2 <= found.high
    assert 0.91 <= held / 300 <= 0.98


def verdicts(wins: str) -> list[Verdict]:
    return [Verdict(f"q{n}", "win" if c == "w" else "tie", 10, 10) for n, c in enumerate(wins)]


def test_two_submissions_are_compared_question_by_question() -> None:
    found = compare(verdicts("wwwwwwww--"), reversed(verdicts("w-------w-")))
    assert (found.questions, found.only_first, found.only_second) == (10, 7, 1)
    assert found.difference == pytest.approx(0.6) and found.low > 0 and found.p_value == pytest.approx(0.0703, abs=1e-4)
    assert "the first is better" in str(found)
    assert "can't be told" in str(compare(verdicts("w-w"), verdicts("-ww")))


def test_submissions_on_other_questions_are_not_compared() -> None:
    with pytest.raises(BadInput, match="differ in 2 of their questions"):
        compare(verdicts("www"), verdicts("w"))
    with pytest.raises(BadInput, match="Neither"):
        compare([], [])
    with pytest.raises(ValueError, match="paired"):
        paired_difference([1.0], [])
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean([1.0, float("nan")])
