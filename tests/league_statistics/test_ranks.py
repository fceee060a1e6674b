import time
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.league.statistics import places, shared_ranks, wilson_interval

INTERVALS = st.lists(st.lists(st.integers(0, 20), min_size=2, max_size=2).map(sorted), max_size=40)


def test_rows_that_reach_up_to_the_leader_share_its_rank() -> None:
    #        leader      reaches it  reaches the second only  apart
    assert shared_ranks([0.80, 0.70, 0.55, 0.10], [0.95, 0.85, 0.75, 0.30]) == [1, 1, 2, 4]


def test_intervals_that_touch_overlap() -> None:
    assert shared_ranks([0.5, 0.2], [0.9, 0.5]) == [1, 1]


@given(INTERVALS, st.randoms(use_true_random=False))
def test_a_rank_is_one_more_than_the_rows_that_are_clearly_better(rows: list[list[int]], chance: Random) -> None:
    ranks = shared_ranks([low for low, _ in rows], [high for _, high in rows])
    assert ranks == [1 + sum(other > high for other, _ in rows) for _, high in rows]
    assert not rows or min(ranks) == 1
    order = chance.sample(range(len(rows)), len(rows))
    assert shared_ranks([rows[i][0] for i in order], [rows[i][1] for i in order]) == [ranks[i] for i in order]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30))
def test_a_place_is_given_once_and_the_earlier_of_equals_comes_first(rows: list[tuple[int, int]]) -> None:
    found = places([rate / 5 for rate, _ in rows], [float(at) for _, at in rows])
    assert sorted(found) == list(range(1, len(rows) + 1))
    by_place = [rows[found.index(place)] for place in sorted(found)]
    assert by_place == sorted(rows, key=lambda row: (-row[0], row[1]))


def test_the_earlier_submission_wins_a_tie() -> None:
    assert places([0.9, 0.9, 0.95], [20.0, 10.0, 30.0]) == [3, 2, 1]


def test_nobody_has_no_ranks() -> None:
    assert shared_ranks([], []) == places([], []) == []


def test_bounds_that_make_no_interval_are_refused() -> None:
    with pytest.raises(ValueError, match="paired"):
        shared_ranks([0.1], [])
    with pytest.raises(ValueError, match="above"):
        shared_ranks([0.5], [0.4])
    with pytest.raises(ValueError, match="no number"):
        shared_ranks([float("nan")], [0.4])
    with pytest.raises(ValueError, match="paired"):
        places([0.1], [])


def test_ten_thousand_rows_are_ranked_in_a_tenth_of_a_second() -> None:
    wins = np.random.default_rng(0).binomial(50, 0.6, 10_000)
    bounds = [wilson_interval(int(w), 50) for w in wins]
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    times = []
    for _ in range(5):
        began = time.perf_counter()
        ranks = shared_ranks(lows, highs)
        places((wins / 50).tolist(), list(range(10_000)))
        times.append(time.perf_counter() - began)
    assert min(times) < 0.1 and len(set(ranks)) > 3
