from collections.abc import Callable
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from workshop_kit.errors import BadInput
from workshop_kit.league.statistics import Ratings, bouts, bradley_terry

# Wins of the row's team over the column's, American League East 1987; A. Agresti, "Categorical Data Analysis".
TEAMS = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
WINS = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
# The fit published with the R package BradleyTerry2, with Baltimore at 0.
PUBLISHED = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0]


def values(found: Ratings) -> dict[str, float]:
    return {row.name: row.value for row in found.rows}


def won(models: int, questions: int, strengths: list[float], seed: int = 0) -> dict[str, dict[str, str]]:
    rng = np.random.default_rng(seed)
    return {
        f"m{i}": {f"q{q}": "win" if rng.random() < 1 / (1 + exp(-strengths[i])) else "loss" for q in range(questions)}
        for i in range(models)
    }


def test_a_published_fit_is_met() -> None:
    table = {(TEAMS[i], TEAMS[j]): WINS[i][j] for i in range(7) for j in range(7) if i != j}
    found = bradley_terry(table, ridge=0)
    at = values(found)
    assert [at[team] - at["Baltimore"] for team in TEAMS] == pytest.approx(PUBLISHED, abs=6e-5)
    assert [row.name for row in found.rows] == TEAMS and sum(at.values()) == pytest.approx(0)
    assert found.rows[0].low is None and not found.note
    assert found.probability("Milwaukee", "Baltimore") == pytest.approx(1 / (1 + exp(-PUBLISHED[0])), abs=1e-5)


RESULTS = st.lists(st.integers(0, 9), min_size=12, max_size=12)


@settings(max_examples=40)
@given(RESULTS)
def test_the_fit_is_the_logistic_regression_of_a_library(numbers: list[int]) -> None:
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    numbers = [number + 1 for number in numbers]
    found = values(bradley_terry({(str(i), str(j)): n for (i, j), n in zip(pairs, numbers, strict=True)}, ridge=0.5))
    terms = np.array([[(k == i) - (k == j) for k in range(4)] for i, j in pairs])
    library = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-10, max_iter=1000)
    # Every bout stands there from either side, with half its weight.
    library.fit(np.vstack([terms, -terms]), [1] * 12 + [0] * 12, sample_weight=np.array(numbers * 2) / 2)
    assert [found[str(k)] for k in range(4)] == pytest.approx(library.coef_[0].tolist(), abs=1e-3)
    assert sum(found.values()) == pytest.approx(0, abs=1e-9)


@settings(max_examples=30)
@given(RESULTS, st.permutations(range(4)))
def test_the_order_of_the_models_does_not_matter_and_losing_mirrors_winning(
    numbers: list[int], order: list[int]
) -> None:
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    table = {(str(i), str(j)): number for (i, j), number in zip(pairs, numbers, strict=True)}
    found = values(bradley_terry(table))
    assert values(bradley_terry({(str(i), str(j)): table[str(i), str(j)] for i in order for j in order if i != j})) == (
        pytest.approx(found, abs=1e-8)
    )
    mirrored = values(bradley_terry({(loser, winner): number for (winner, loser), number in table.items()}))
    assert mirrored == pytest.approx({name: -value for name, value in found.items()}, abs=1e-8)


def test_true_strengths_are_found_again() -> None:
    rng, true, table = np.random.default_rng(3), [0.0, 0.5, 1.0, 2.0], {}
    for i in range(4):
        for j in range(i):
            n = rng.binomial(2000, 1 / (1 + exp(true[j] - true[i])))
            table[str(i), str(j)], table[str(j), str(i)] = n, 2000 - n
    found = values(bradley_terry(table))
    assert [found[str(i)] - found["0"] for i in range(4)] == pytest.approx(true, abs=0.1)


def test_against_the_reference_alone_the_strength_is_the_log_odds_of_the_points() -> None:
    told = {"mine": {f"q{n}": "win" if n < 30 else "tie" if n < 40 else "loss" for n in range(50)}}
    found = values(bradley_terry(bouts(told, indirect=False), ridge=0))
    assert found["mine"] - found["reference"] == pytest.approx(log(35 / 15), abs=1e-6)


def test_the_better_outcome_wins_an_indirect_bout() -> None:
    made = bouts({"a": {"q1": "win", "q2": "flip", "q3": "loss"}, "b": {"q1": "tie", "q2": "tie", "q4": "win"}})
    assert made.names == ("reference", "a", "b") and made.questions == ("q1", "q2", "q3", "q4")
    assert made.points[:, 1, 2].tolist() == [1.0, 0.5, 0.0, 0.0]  # a against b: won, tied, not met, not met
    assert made.points[:, 2, 1].tolist() == [0.0, 0.5, 0.0, 0.0]
    assert made.points[:, 1, 0].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert made.points[:, 0, 1].tolist() == [0.0, 0.5, 1.0, 0.0]
    assert not bouts({"a": {"q": "win"}, "b": {"q": "loss"}}, indirect=False).points[:, 1, 2].any()


def test_scores_decide_between_two_submissions_where_they_are_given() -> None:
    both = {"a": {"q": "loss"}, "b": {"q": "loss"}}
    made = bouts(both, scores={"a": {"q": 4.0}, "b": {"q": 6.5}})
    assert made.points[0].tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]
    assert not bouts(both, scores={"a": {"q": 4.0}}).points[:, 1:, 1:].any()


OUTCOMES = st.sampled_from(["win", "tie", "loss", "flip"])


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), OUTCOMES), min_size=1)
)
def test_each_bout_is_worth_one_point(told: dict[str, dict[str, str]]) -> None:
    made = bouts(told)
    both = made.points + made.points.transpose(0, 2, 1)
    assert set(np.unique(both)) <= {0.0, 1.0} and not made.points[:, range(len(told) + 1), range(len(told) + 1)].any()
    assert both[:, 1:, 0].sum() == sum(len(answers) for answers in told.values())


def test_the_interval_over_questions_holds_the_estimate_and_narrows_with_more_of_them() -> None:
    few, many = (bradley_terry(bouts(won(4, n, [0, 0.5, 1, -1])), draws=400) for n in (40, 640))
    for row in (*few.rows, *many.rows):
        assert row.low <= row.value <= row.high
    width = [np.mean([row.high - row.low for row in found.rows]) for found in (few, many)]
    assert width[0] == pytest.approx(4 * width[1], rel=0.35)
    assert few == bradley_terry(bouts(won(4, 40, [0, 0.5, 1, -1])), draws=400)


def test_a_model_that_won_everything_has_a_finite_strength() -> None:
    found = bradley_terry(bouts({"best": dict.fromkeys("abcdefgh", "win"), "worst": dict.fromkeys("abcdefgh", "loss")}))
    assert [row.name for row in found.rows] == ["best", "reference", "worst"] and found.rows[0].value < 10
    with pytest.raises(BadInput, match="best never both won and lost"):
        bradley_terry({("best", "other"): 5}, ridge=0)


def test_models_that_no_chain_of_bouts_joins_are_not_compared() -> None:
    table = {("a", "b"): 3, ("b", "a"): 1, ("c", "d"): 2, ("d", "c"): 2}
    found = bradley_terry(table)
    assert found.note.startswith("No chain of bouts joins a, b with c, d;")
    assert [row.group for row in found.rows] == [0, 0, 1, 1]
    assert found.rows[2].value == pytest.approx(0, abs=1e-9)
    with pytest.raises(BadInput, match="can't be compared"):
        found.probability("a", "c")
    with pytest.raises(BadInput, match="no model 'x'"):
        found.probability("a", "x")
    with pytest.raises(BadInput, match="never met"):
        bradley_terry(table, ridge=0)


def test_models_whose_intervals_overlap_share_a_rank_in_the_table() -> None:
    told = {name: {f"q{n}": "win" if n % 2 == odd else "loss" for n in range(200)} for odd, name in enumerate("ac")}
    told["<b>"] = {f"q{n}": "loss" for n in range(200)}
    found = bradley_terry(bouts(told), draws=300)
    # The reference beats <b> on every question, a and c on half of them: the other half is a tie of two losses.
    assert [row[:2] for row in found.to_rows()] == [["1", "reference"], ["2", "a"], ["2", "c"], ["4", "<b>"]]
    assert "<b>" not in found._repr_html_() and "&lt;b&gt;" in found._repr_html_()
    assert bradley_terry({("a", "b"): 3, ("b", "a"): 1, ("c", "d"): 1}).ranks == (1, 2, 1, 2)


def test_four_hundred_points_of_elo_are_odds_of_ten() -> None:
    found = {row.name: row for row in bradley_terry({("a", "b"): 10, ("b", "a"): 1}, ridge=0).rows}
    assert found["a"].elo() - found["b"].elo() == pytest.approx(400) and found["a"].elo() == pytest.approx(1200)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bouts({}), "no submission"),
        (lambda: bouts({"reference": {"q": "win"}}), "called 'reference'"),
        (lambda: bouts({str(n): {} for n in range(201)}), "too many"),
        (lambda: bradley_terry({}), "results of 0"),
        (lambda: bradley_terry({("a", "a"): 1}), "no result"),
        (lambda: bradley_terry({("a", "b"): float("nan")}), "no result"),
    ],
)
def test_what_can_not_be_compared_is_said(call: Callable[[], object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        call()
