import json
import time
from dataclasses import asdict
from math import exp
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics import Score, Verdict, difficulties, length_controlled, score
from workshop_kit.league.statistics.length import FEWEST, PRIOR


def judged(n: int, level: float, liking: float, longer: float, seed: int = 0, hardness: float = 0.0) -> list[Verdict]:
    """Verdicts of a judge whose log-odds for the candidate are level + liking x tanh(standardised difference)."""
    rng = np.random.default_rng(seed)
    reference = rng.integers(300, 500, n)
    difference = rng.normal(longer, 100, n).astype(int)
    odds = level + liking * np.tanh(difference / difference.std(ddof=1)) - hardness * standardised(n)
    won = rng.random(n) < 1 / (1 + np.exp(-odds))
    return [
        Verdict(str(q), "win" if w else "loss", int(r + d), int(r))
        for q, (w, r, d) in enumerate(zip(won, reference, difference, strict=True))
    ]


def standardised(n: int) -> np.ndarray:
    hard = np.sin(np.arange(n))
    return (hard - hard.mean()) / hard.std(ddof=1)


def raw(verdicts: list[Verdict]) -> float:
    return sum(v.outcome == "win" for v in verdicts) / len(verdicts)


@pytest.mark.parametrize(("level", "liking", "longer"), [(0.5, 1.0, 100), (0.0, 2.0, 50), (-1.0, 1.0, -100)])
def test_a_liking_for_length_is_found_and_taken_out(level: float, liking: float, longer: float) -> None:
    verdicts = judged(4000, level, liking, longer)
    found = length_controlled(verdicts)
    assert found is not None
    assert found.win_rate == pytest.approx(1 / (1 + exp(-level)), abs=0.03)
    assert found.effect == pytest.approx(liking, abs=0.25)
    assert abs(raw(verdicts) - found.win_rate) > 0.05  # the raw rate is off by more


def test_without_an_effect_of_length_both_rates_agree() -> None:
    verdicts = judged(4000, 0.5, 0.0, 50)
    found = length_controlled(verdicts)
    assert found is not None and found.win_rate == pytest.approx(raw(verdicts), abs=0.01)
    assert found.effect_low < 0 < found.effect_high


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth, found = 1 / (1 + exp(-0.5)), [length_controlled(judged(50, 0.5, 1.0, 100, seed)) for seed in range(300)]
    held = [f.low <= truth <= f.high for f in found if f]
    assert len(held) > 290 and 0.91 <= sum(held) / len(held) <= 0.99


def test_the_fit_is_the_logistic_regression_of_a_library() -> None:
    verdicts = judged(60, 0.3, 1.0, 40)
    longer = np.array([v.candidate_length - v.reference_length for v in verdicts], dtype=float)
    terms = np.tanh(longer / longer.std(ddof=1))[:, None]
    library = LogisticRegression(C=PRIOR**2, tol=1e-10, max_iter=1000).fit(
        terms, [v.outcome == "win" for v in verdicts]
    )
    found = length_controlled(verdicts)
    assert found is not None
    assert found.win_rate == pytest.approx(1 / (1 + np.exp(-library.intercept_[0])), abs=1e-5)
    assert found.effect == pytest.approx(library.coef_[0, 0], abs=1e-4)


def test_a_perfect_separation_by_length_stays_finite() -> None:
    verdicts = [Verdict(str(q), "win" if q % 2 else "loss", 400 + (q if q % 2 else -q), 400) for q in range(50)]
    found = length_controlled(verdicts)
    assert found is not None and 0 < found.low < found.win_rate < found.high < 1 and 1 < found.effect < 10


def test_equal_length_far_from_the_data_is_said_to_be_a_guess() -> None:
    near, far = (length_controlled(judged(50, 1.0, 0.0, longer)) for longer in (0, 400))
    assert near is not None and far is not None and far.high - far.low > 2 * (near.high - near.low)


def test_difficulty_explains_what_length_does_not() -> None:
    verdicts = judged(2000, 0.5, 1.0, 50, hardness=1.5)
    found = length_controlled(verdicts, {str(q): float(hard) for q, hard in enumerate(standardised(2000))})
    assert found is not None and found.difficulty == pytest.approx(-1.5, abs=0.25)
    assert found.effect == pytest.approx(1.0, abs=0.3)


def test_a_question_without_a_difficulty_is_named() -> None:
    with pytest.raises(BadInput, match="49 of the questions have no difficulty, 1 first"):
        length_controlled(judged(50, 0.5, 1.0, 50), {"0": 0.0})


def test_a_question_that_more_submissions_fail_is_harder() -> None:
    told = {
        "mine": {"q1": "loss", "q2": "win"},
        "one": {"q1": "win", "q2": "win", "q3": "loss"},
        "two": {"q1": "win", "q2": "flip", "q3": "tie"},
    }
    hard = difficulties(told, without=["mine"])
    assert hard["q1"] == -hard["q3"] < hard["q2"] == 0.0


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        judged(FEWEST - 1, 0.0, 0.0, 0),
        [Verdict(str(q), "win", 100 + q, 100) for q in range(50)],
        [Verdict(str(q), "win" if q % 2 else "tie", 150, 100) for q in range(50)],
    ],
    ids=["none", "too few", "all won", "one difference in length"],
)
def test_where_the_verdicts_can_not_tell_it_there_is_none(verdicts: list[Verdict]) -> None:
    assert length_controlled(verdicts) is None
    assert score(verdicts).length_controlled_win_rate is None


LENGTHS = st.one_of(st.integers(0, 2000), st.just(100_000))
MANY = st.lists(
    st.tuples(st.sampled_from(["win", "tie", "loss", "flip"]), LENGTHS, LENGTHS), min_size=FEWEST, max_size=60
)


@settings(max_examples=60)
@given(MANY, st.randoms(use_true_random=False))
def test_a_score_is_in_bounds_holds_its_intervals_and_knows_no_order(rows: list, chance: Random) -> None:
    verdicts = [Verdict(str(q), *row) for q, row in enumerate(rows)]
    found = score(verdicts)
    if found.length_controlled_win_rate is not None:
        assert 0 <= found.length_controlled_low <= found.length_controlled_win_rate <= found.length_controlled_high <= 1
    assert 0 <= found.low <= found.win_rate + 1e-12 and found.win_rate - 1e-12 <= found.high <= 1
    chance.shuffle(verdicts)
    assert asdict(score(verdicts)) == pytest.approx(asdict(found), abs=2e-6)


def test_a_score_is_kept_as_json_and_read_with_or_without_the_new_fields() -> None:
    found = score(judged(50, 0.5, 1.0, 50))
    kept = json.loads(json.dumps(asdict(found)))
    assert Score(**kept) == found and found.length_controlled_win_rate is not None
    old = {name: value for name, value in kept.items() if not name.startswith("length_controlled")}
    assert Score(**old).length_controlled_win_rate is None


def test_a_score_is_made_within_the_time_that_a_submission_has() -> None:
    verdicts = judged(50, 0.5, 1.0, 50)
    score(verdicts)
    best = min(_seconds(verdicts) for _ in range(5))
    assert best < 0.05


def _seconds(verdicts: list[Verdict]) -> float:
    began = time.perf_counter()
    score(verdicts)
    return time.perf_counter() - began
