"""What a judge may reply, and what it is asked again for."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.league_judge.conftest import Asked
from workshop_kit.domains import KeyFact, Question
from workshop_kit.errors import LeagueProblem
from workshop_kit.league import judge
from workshop_kit.league.judge.verdict import MAX_TOKENS

NAMES = judge.JudgeSettings.load().names
QUESTION = Question("q1", "t", "What does it cost?", "It costs $8.", (KeyFact("$8", ("$8",)),), "simple")
SCORE = st.floats(0, 10) | st.integers(0, 10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def said(winner: str = "A", a: float = 9, b: float = 1, **more: object) -> str:
    return json.dumps({"winner": winner, "score_a": a, "score_b": b, "reason": "r", **more})


def scores(a: object = 8, b: object = 2) -> dict[str, object]:
    return {name: {"a": a, "b": b} for name in NAMES}


@given(st.sampled_from(["A", "B", "tie"]), SCORE, SCORE, st.text(max_size=80))
def test_every_sound_verdict_is_read_as_it_was_told(winner: str, a: float, b: float, reason: str) -> None:
    a, b = (max(a, b), min(a, b)) if winner == "A" else (min(a, b), max(a, b))
    told = judge.parse(said(winner, a, b, criteria=scores(a, None), reason=reason), NAMES)
    assert (told.winner, told.score_a, told.score_b) == (winner, a, b)
    assert told.criteria == tuple((name, a, None) for name in NAMES)
    assert "\n" not in told.reason and told.reason.isprintable()


@given(st.text(max_size=60) | JSON.map(json.dumps))
def test_anything_else_is_a_told_problem_and_nothing_worse(reply: str) -> None:
    for read in (judge.parse, lambda text: judge.parse(text, NAMES), lambda text: judge.parse_rating(text, NAMES)):
        with pytest.raises(ValueError) as told:
            read(reply)
        assert str(told.value) and "\n" not in str(told.value)


@given(JSON, st.sampled_from(["winner", "score_a", "score_b", "criteria"]))
def test_one_bad_field_spoils_a_verdict(value: object, field: str) -> None:
    good = {"winner": "tie", "score_a": 5, "score_b": 5, "criteria": scores(), "reason": ""}
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10
    if field.startswith("score_") and number:
        return
    with pytest.raises(ValueError):
        judge.parse(json.dumps({**good, field: value}), NAMES)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (said("A", 1, 2), "lower score"),
        (said("B", 2, 1), "lower score"),
        ('{"winner": "A", "winner": "B", "score_a": 5, "score_b": 5}', "twice"),
        (said(a=float("nan")), "score_a"),
        (said(criteria={"accuracy": {"a": 1, "b": 2}}), "exactly accuracy, completeness, domain_adaptability"),
        (said(criteria={**scores(), "charm": {"a": 1, "b": 2}}), "charm"),
        (said(criteria={**scores(), "accuracy": 7}), 'accuracy" is not an object with "a" and "b"'),
        (said(criteria=scores(11)), "accuracy.a"),
        (said(criteria=[1]), '"criteria" is not an object'),
        (said() + said(), "not JSON"),
        ("The winner is A. " + said(), "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_verdict_that_does_not_hold_together_is_not_guessed_at(reply: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        judge.parse(reply, NAMES)


def test_a_plain_verdict_without_criteria_will_do() -> None:
    assert judge.parse(said(), NAMES).criteria == ()


def test_a_reason_can_plant_nothing() -> None:
    told = judge.parse(said(reason="a\u202eb\x1b[2J\n\n<script>" + "x" * 9000))
    assert told.reason.startswith("ab[2J <script>x") and len(told.reason) <= 500


@pytest.mark.parametrize("reply", ["{}", '{"scores": {}}', '{"scores": {"accuracy": 4}}', '{"scores": [1, 2, 3]}'])
def test_a_rating_must_score_every_criterion(reply: str) -> None:
    with pytest.raises(ValueError, match="scores"):
        judge.parse_rating(reply, NAMES)
    with pytest.raises(ValueError, match="no score"):
        judge.parse_rating(json.dumps({"scores": dict.fromkeys(NAMES)}), NAMES)


def test_the_repair_says_what_was_wrong_and_both_calls_are_counted() -> None:
    replies = iter([said("A", 0, 5), said("A", 6, 5)])
    aws = Asked(lambda _: next(replies))
    told = judge.opinion(aws, "m", "p")
    assert told.winner == "A" and 'winner" is A, which has the lower score' in aws.prompts[1]
    assert (told.spent.calls, told.spent.input_tokens, told.spent.output_tokens) == (2, 200, 20)


def test_a_reply_cut_at_its_end_is_told_as_that() -> None:
    class Short(Asked):
        def converse(self, **asked: object) -> dict:
            assert asked["inferenceConfig"] == {"maxTokens": MAX_TOKENS, "temperature": 0.0}
            return {**super().converse(**asked), "stopReason": "max_tokens"}

    with pytest.raises(LeagueProblem, match="cut off before its end"):
        judge.opinion(Short(lambda _: '{"winner": "A", "sco'), "m", "p")


def test_the_judge_is_told_who_it_is() -> None:
    class Heard(Asked):
        def converse(self, **asked: object) -> dict:
            self.system = asked["system"]
            return super().converse(**asked)

    aws = Heard(lambda _: said())
    judge.opinion(aws, "m", "p", settings=replace(judge.JudgeSettings.load(), system="You are strict.\n"))
    assert aws.system == [{"text": "You are strict.\n"}]
