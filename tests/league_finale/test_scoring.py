"""Points, weights and ties of a finale, as pure arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.errors import BadInput
from workshop_kit.league.finale.scoring import PARTS, Parts, RoundScore, Sheet, Weights, overall, score_round

WHO = ["ann", "ben", "cy"]
halves = st.integers(0, 20).map(lambda n: n / 2)
weights = st.builds(Weights, st.floats(1, 100), st.floats(0, 100), st.floats(0, 100))


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    answered = {who: draw(st.floats(0, 90)) for who in draw(st.sets(st.sampled_from(WHO)))}
    return Sheet(
        1,
        WHO,
        answered,
        90.0,
        {who: draw(st.none() | halves) for who in answered},
        {name: {who: draw(halves) for who in draw(st.sets(st.sampled_from(WHO)))} for name in ("x", "y")},
        {who: draw(st.integers(0, 400)) for who in answered},
        {part: "told so" for part in draw(st.sets(st.sampled_from(PARTS)))},
    )


def full(llm: dict[str, float], experts: dict[str, dict[str, float]], votes: dict[str, int]) -> Sheet:
    return Sheet(1, WHO, {who: 10.0 for who in WHO}, 90.0, llm, experts, votes)


def test_the_finale_is_forty_forty_twenty() -> None:
    sheet = full({"ann": 8, "ben": 5, "cy": 0}, {"x": {"ann": 6, "ben": 10, "cy": 0}}, {"ann": 30, "ben": 60, "cy": 0})
    rows = score_round(sheet, Weights()).rows
    assert rows["ann"] == Parts(80.0, 60.0, 50.0, 0.4 * 80 + 0.4 * 60 + 0.2 * 50, True, 10.0)
    assert rows["ben"].points == pytest.approx(0.4 * 50 + 0.4 * 100 + 0.2 * 100)
    assert rows["cy"].points == 0.0


@given(sheets(), weights)
def test_points_and_parts_run_from_0_to_100(sheet: Sheet, told: Weights) -> None:
    found = score_round(sheet, told)
    assert set(found.rows) == set(WHO)
    for who, row in found.rows.items():
        values = [getattr(row, part) for part in PARTS]
        assert all(value is None or 0 <= value <= 100 for value in values) and 0 <= row.points <= 100 + 1e-9
        if who not in sheet.answered:
            assert row.points == 0 and row.elapsed == sheet.length and not row.answered


@given(sheets(), weights)
def test_a_missing_part_is_missing_for_all_and_said_so(sheet: Sheet, told: Weights) -> None:
    found = score_round(sheet, told)
    for part in PARTS:
        missing = {getattr(found.rows[who], part) is None for who in sheet.answered}
        assert len(missing) <= 1, f"{part} counts for some and not for others"
        if part not in found.shares and getattr(told, part) > 0:
            assert any("Without" in note for note in found.notes)
    assert not found.shares or sum(found.shares.values()) == pytest.approx(1.0)


@given(sheets(), weights, st.sampled_from(WHO))
def test_a_better_word_of_the_judge_never_costs_points(sheet: Sheet, told: Weights, who: str) -> None:
    if sheet.llm.get(who) is None:
        return
    better = Sheet(**{**sheet.__dict__, "llm": {**sheet.llm, who: 10.0}})
    assert score_round(better, told).rows[who].points >= score_round(sheet, told).rows[who].points - 1e-9


@given(sheets(), weights, st.floats(1, 9))
def test_only_the_shares_of_the_weights_matter(sheet: Sheet, told: Weights, by: float) -> None:
    scaled = Weights(*(getattr(told, part) * by for part in PARTS))
    before, after = score_round(sheet, told), score_round(sheet, scaled)
    assert all(before.rows[who].points == pytest.approx(after.rows[who].points, abs=1e-6) for who in WHO)


def test_an_expert_who_skipped_an_answer_is_not_counted_and_said_so() -> None:
    sheet = full(
        dict.fromkeys(WHO, 5.0),
        {"x": {"ann": 10, "ben": 0, "cy": 0}, "y": {"ben": 10}},
        {"ann": 1},
    )
    found = score_round(sheet, Weights())
    assert found.rows["ann"].experts == 100 and found.rows["ben"].experts == 0
    assert found.notes == ("1 expert did not score every answer and is not counted.",)


def test_without_an_audience_the_rest_is_scaled_up_and_said_so() -> None:
    found = score_round(full(dict.fromkeys(WHO, 4.0), {"x": dict.fromkeys(WHO, 8.0)}, {}), Weights())
    assert found.shares == {"llm": 0.5, "experts": 0.5} and found.rows["ann"].points == pytest.approx(60)
    assert "Without the audience: nobody voted." in found.notes
    assert "The other weights were scaled up: LLM judge 50%, experts 50%." in found.notes


def test_with_no_part_left_nobody_has_points() -> None:
    found = score_round(Sheet(1, WHO, {"ann": 3.0}, 90.0, {"ann": None}), Weights())
    assert {row.points for row in found.rows.values()} == {0} and found.shares == {}


@pytest.mark.parametrize("told", [(0, 0, 0), (-1, 50, 50), (float("nan"), 1, 1), (float("inf"), 1, 1), (True, 1, 1)])
def test_weights_that_mean_nothing_are_refused(told: tuple[float, float, float]) -> None:
    with pytest.raises(BadInput, match="weight"):
        Weights(*told)


def played(number: int, rows: dict[str, tuple[float, float, float]], elapsed: dict[str, float]) -> RoundScore:
    """Rounds with points set apart from their parts, so that ties can be made at will."""
    made = {who: Parts(llm, experts, 0.0, points, True, elapsed[who]) for who, (points, experts, llm) in rows.items()}
    return RoundScore(number, made, {})


@pytest.mark.parametrize(
    ("rows", "elapsed", "why"),
    [
        ({"ann": (50, 70, 30), "ben": (50, 60, 40)}, {"ann": 9, "ben": 1}, "experts' scores"),
        ({"ann": (50, 60, 50), "ben": (50, 60, 40)}, {"ann": 9, "ben": 1}, "LLM judge's scores"),
        ({"ann": (50, 60, 40), "ben": (50, 60, 40)}, {"ann": 1, "ben": 9}, "earlier answers"),
    ],
)
def test_equal_points_are_ordered_by_experts_then_judge_then_time(rows, elapsed, why) -> None:
    for order in (["ann", "ben"], ["ben", "ann"]):
        first, second = overall([played(1, rows, elapsed)], order)
        assert (first.contestant, first.rank, first.tie) == ("ann", 1, why)
        assert (second.contestant, second.rank, second.tie) == ("ben", 2, why)


def test_who_is_equal_in_everything_shares_the_place() -> None:
    rows = {"ann": (50.0, 60.0, 40.0), "ben": (50.0, 60.0, 40.0), "cy": (10.0, 0.0, 0.0)}
    places = overall([played(1, rows, dict.fromkeys(WHO, 5.0))], WHO)
    assert [place.rank for place in places] == [1, 1, 3] and places[0].tie == "equal in everything"


@given(st.lists(st.lists(st.floats(0, 100), min_size=3, max_size=3), max_size=6), st.permutations(range(6)))
def test_the_order_of_the_rounds_decides_nothing(points: list[list[float]], order: list[int]) -> None:
    rounds = [
        played(n, {who: (p, p, p) for who, p in zip(WHO, row, strict=True)}, dict.fromkeys(WHO, 1.0))
        for n, row in enumerate(points)
    ]
    shuffled = [rounds[n] for n in order if n < len(rounds)]
    assert overall(rounds, WHO) == overall(shuffled, WHO)
    assert [p.points for p in overall(rounds, WHO)] == sorted((p.points for p in overall(rounds, WHO)), reverse=True)
