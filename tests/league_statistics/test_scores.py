import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.league.statistics import Verdict, outcome, score, sign_test, wilson_interval


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),
    # Wilson's interval without continuity correction, to three places.
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (45, 50, 0.786, 0.957), (50, 50, 0.929, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(wins: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(wins, n) == pytest.approx((low, high), abs=5e-4)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_rate_and_stays_in_bounds(wins: int, rest: int) -> None:
    low, high = wilson_interval(wins, wins + rest)
    assert 0 <= low <= high <= 1
    if wins + rest:
        assert low <= wins / (wins + rest) + 1e-12 and wins / (wins + rest) <= high + 1e-12


def test_only_a_win_in_both_orders_is_a_win() -> None:
    assert outcome("candidate", "candidate") == "win"
    assert outcome("reference", "reference") == "loss"
    assert outcome("tie", "tie") == "tie"
    assert outcome("candidate", "reference") == outcome("candidate", "tie") == "flip"


def test_ties_and_flips_count_as_questions_and_not_as_wins() -> None:
    told = [Verdict(str(n), o, 10, 20) for n, o in enumerate(["win", "win", "tie", "flip", "loss"])]
    found = score(told)
    assert (found.wins, found.ties, found.flips, found.losses, found.questions) == (2, 1, 1, 1, 5)
    assert found.win_rate == 0.4 and found.length_ratio == 0.5
    assert found.similar_length_questions == 0 and found.similar_length_win_rate is None


def test_ninety_per_cent_of_fifty_has_a_standard_error_of_four_points() -> None:
    found = score([Verdict(str(n), "win" if n < 45 else "loss", 5, 5) for n in range(50)])
    assert found.standard_error == pytest.approx(0.0424, abs=1e-4)


@pytest.mark.parametrize(("only_a", "only_b", "p"), [(0, 0, 1.0), (5, 0, 0.0625), (8, 2, 0.109375), (3, 3, 1.0)])
def test_the_sign_test_is_exact(only_a: int, only_b: int, p: float) -> None:
    a = [True] * only_a + [False] * only_b + [True, False]
    b = [False] * only_a + [True] * only_b + [True, False]
    assert sign_test(a, b) == pytest.approx(p)
    assert sign_test(b, a) == pytest.approx(p)


def test_unpaired_outcomes_are_refused() -> None:
    with pytest.raises(ValueError, match="paired"):
        sign_test([True], [])
