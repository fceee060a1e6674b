"""The local judge on labelled pairs: all of the hand-written ones, and a part of those made from the worlds."""

from __future__ import annotations

from collections import defaultdict

import pytest

from workshop_kit.bench.judge import __main__ as bench
from workshop_kit.bench.judge.pairs import WORLDS, Pair, pairs

# The whole table is `python -m workshop_kit.bench.judge`; every so many pairs of a world show a broken rule.
EACH = 17


@pytest.fixture(scope="module")
def chosen() -> tuple[Pair, ...]:
    every = pairs(WORLDS)
    written = [pair for pair in every if pair.id.startswith("library/")]
    return (*written, *[pair for pair in every if not pair.id.startswith("library/")][::EACH])


def test_there_are_enough_pairs_of_every_kind_and_half_of_them_are_held_out() -> None:
    every = pairs(WORLDS)
    kinds: dict[str, int] = defaultdict(int)
    for pair in every:
        kinds[pair.kind] += 1
    assert len(every) >= 400 and len({pair.id for pair in every}) == len(every)
    assert all(count >= 12 for count in kinds.values()), kinds
    assert 0.4 < sum(pair.half == "dev" for pair in every) / len(every) < 0.6


def test_the_judge_is_right_on_nearly_all_of_them(chosen: tuple[Pair, ...]) -> None:
    wrong: dict[str, list[str]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    for pair in chosen:
        count[pair.kind] += 1
        got, _ = bench.outcome(pair)
        if got not in pair.right:
            wrong[pair.kind].append(f"{pair.id}: {got}")
    assert sum(map(len, wrong.values())) <= 0.02 * len(chosen), dict(wrong)
    assert all(len(found) <= 1 + 0.05 * count[kind] for kind, found in wrong.items()), dict(wrong)


def test_a_position_bias_flips_equal_answers_and_says_so(
    chosen: tuple[Pair, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    same = next(pair for pair in chosen if pair.kind == "the same answer")
    assert bench.outcome(same)[0] == "tie"
    monkeypatch.setenv("WORKSHOP_JUDGE_BIAS", "position=1.5")
    got, reason = bench.outcome(same)
    assert got == "flip" and "biased on purpose (position 1.5)" in reason
    monkeypatch.setenv("WORKSHOP_JUDGE_BIAS", "position=lots, charm=1")
    assert bench.outcome(same)[0] == "tie"
