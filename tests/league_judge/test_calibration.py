"""Pairs whose better answer is known, and what they tell of a judge."""

import json
import threading
import time
from collections import Counter

import pytest

from tests.league_judge.conftest import Asked
from workshop_kit.domains import load_domain
from workshop_kit.errors import AwsProblem, BadInput, Cancelled
from workshop_kit.league.judge.calibration import calibrate
from workshop_kit.league.judge.known import KINDS, known_pairs

DOMAINS = ["state-local-services", "insurance-underwriting"]


def verdict(winner: str) -> str:
    a, b = {"A": (9, 1), "B": (1, 9), "tie": (5, 5)}[winner]
    return json.dumps({"winner": winner, "score_a": a, "score_b": b, "reason": "r"})


@pytest.mark.parametrize("name", DOMAINS)
def test_the_pairs_are_what_their_kind_says(name: str) -> None:
    domain = load_domain(name)
    pairs = known_pairs(domain)
    assert len({pair.id for pair in pairs}) == len(pairs) >= 150
    found = Counter(pair.kind for pair in pairs)
    assert set(found) == set(KINDS) and found["wrong value"] == len(domain.practice_questions)
    assert {pair.kind for pair in pairs[: len(KINDS)]} == set(KINDS), "any beginning has each kind"
    assert 0.35 < sum(p.expected == "win" for p in pairs) / sum(p.expected != "tie" for p in pairs) < 0.65
    for pair in pairs:
        right = pair.question.reference_answer
        other = {"win": pair.reference, "loss": pair.candidate}.get(pair.expected)
        accepted = [[w.lower() for w in fact.any_of] for fact in pair.question.key_facts]
        if other is None:
            assert right in (pair.candidate, pair.reference)
            assert all(any(w in pair.candidate.lower() for w in fact) for fact in accepted), pair
            assert all(any(w in pair.reference.lower() for w in fact) for fact in accepted), pair
        else:
            assert {pair.candidate, pair.reference} == {right, other} and other != right
            assert not all(any(w in other.lower() for w in fact) for fact in accepted), pair
        if pair.kind == "long and wrong":
            assert len(other) > 1.5 * len(right)


def test_wrong_values_are_of_the_same_kind() -> None:
    for name in DOMAINS:
        for pair in known_pairs(load_domain(name)):
            if pair.kind == "wrong value":
                right = pair.question.reference_answer
                other = pair.reference if pair.expected == "win" else pair.candidate
                assert ("$" in right) == ("$" in other) and right.split()[:3] == other.split()[:3]
                assert abs(len(right.split()) - len(other.split())) <= 2


def test_pairs_are_drawn_alike_each_time_and_otherwise_with_another_seed() -> None:
    domain = load_domain(DOMAINS[0])
    assert known_pairs(domain) == known_pairs(domain) != known_pairs(domain, seed=1)


@pytest.mark.parametrize("name", DOMAINS)
def test_the_local_judges_rules_find_the_better_answer(rules: Asked, name: str) -> None:
    """With the gate of language open. These pairs differ in key facts, which is what the rules measure."""
    told = calibrate(rules, "m", name)
    assert told.accuracy >= 0.95, [row for row in told.rows if not row.right]
    assert all(right / n >= 0.9 for _, right, n in told.by_kind())
    assert told.flip_rate == 0 and told.spent.calls == 2 * len(told.rows)


def test_a_judge_without_judgement_is_found_out() -> None:
    biased = calibrate(Asked(lambda _: verdict("A")), "m", DOMAINS[0], limit=80)
    assert biased.accuracy == 0 and biased.flip_rate == 1
    lazy = calibrate(Asked(lambda _: verdict("tie")), "m", DOMAINS[0], limit=80)
    assert [kind for kind, right, n in lazy.by_kind() if right == n] == ["said otherwise", "identical"]


def test_a_judge_that_likes_length_is_found_out() -> None:
    def longer(messages: list) -> str:
        lines = [
            sum(map(len, part.split("</answer")[0].split("\n")[2:-2]))
            for part in messages[-1]["content"][0]["text"].split("<answer_")[1:]
        ]
        return verdict("tie" if lines[0] == lines[1] else "A" if lines[0] > lines[1] else "B")

    by_kind = {kind: right / n for kind, right, n in calibrate(Asked(longer), "m", DOMAINS[1]).by_kind()}
    assert by_kind["long and wrong"] == 0 and by_kind["missing fact"] == by_kind["no answer"] == 1


def test_an_unusable_verdict_counts_as_wrong_and_the_rest_goes_on() -> None:
    told = calibrate(Asked(lambda _: "I would rather not say."), "m", DOMAINS[0], limit=5)
    assert len(told.rows) == 5 and told.accuracy == 0 and "no usable verdict twice" in told.rows[0].reason


def test_rows_keep_the_order_of_the_pairs_and_progress_counts_up(rules: Asked) -> None:
    seen: list[tuple[int, int]] = []
    told = calibrate(rules, "m", DOMAINS[0], limit=20, workers=8, progress=lambda done, n: seen.append((done, n)))
    assert [row.id for row in told.rows] == [pair.id for pair in known_pairs(load_domain(DOMAINS[0]))[:20]]
    assert seen == [(n, 20) for n in range(1, 21)]
    page = told._repr_html_()
    assert "wrong value" in page and "95 % interval" in page


def test_no_more_pairs_are_under_way_than_there_are_workers() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def slow(_: list) -> str:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.005)
        with lock:
            under_way -= 1
        return verdict("tie")

    calibrate(Asked(slow), "m", DOMAINS[0], limit=30, workers=3)
    assert most == 3


def test_it_can_be_stopped(rules: Asked) -> None:
    stop = threading.Event()
    with pytest.raises(Cancelled):
        calibrate(rules, "m", DOMAINS[0], workers=2, cancel=stop, progress=lambda done, _: done == 3 and stop.set())
    assert len(rules.prompts) <= 2 * (3 + 2 * 2)


def test_a_call_that_can_not_be_made_ends_it() -> None:
    def refused(_: list) -> str:
        raise AwsProblem("You have no access to this model.", "AccessDeniedException")

    with pytest.raises(AwsProblem, match="no access"):
        calibrate(Asked(refused), "m", DOMAINS[0], limit=50)


def test_a_calibration_of_nothing_is_refused(rules: Asked) -> None:
    with pytest.raises(BadInput, match="at least one"):
        calibrate(rules, "m", DOMAINS[0], limit=0)
