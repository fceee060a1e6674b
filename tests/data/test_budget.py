"""A budget is never passed, what it left undone is done later, and calls keep their pace."""

from __future__ import annotations

import math
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import authoring
from workshop_kit.authoring.budget import Budget, BudgetReached, Meter, Pace, estimate, price_of, tokens_of, usd
from workshop_kit.authoring.converse import Usage
from workshop_kit.domains import load_domain
from workshop_kit.errors import AwsProblem, BadInput, Cancelled

sys.path.insert(0, str(Path(__file__).parent))
from toy_aws import ToyAws, rows_of

LOCAL, PRO = "workshop.writer-v1:0", "us.amazon.nova-pro-v1:0"


@pytest.fixture
def plan(bicycle_folder):
    return authoring.plan(load_domain(bicycle_folder), 8)


def test_the_run_stops_before_the_limit_keeps_its_rows_and_goes_on_with_more(plan, tmp_path):
    out = tmp_path / "rows.jsonl"
    whole = authoring.write(ToyAws(), plan, tmp_path / "whole.jsonl").usage
    room = Meter(None, LOCAL)
    worst = room._reserved[room.reserve([plan.templates.system, plan.question_prompt(plan.items[0])], "questions")]
    # Enough for half of what a whole run takes, and for the longest that one more call could.
    limit = worst.input_tokens + worst.output_tokens + (whole.input_tokens + whole.output_tokens) // 2
    with pytest.raises(BudgetReached, match="tokens has no room.*rows are safe") as told:
        authoring.write(ToyAws(), plan, out, workers=1, budget=Budget(tokens=limit))
    assert "\n" not in str(told.value)
    first = rows_of(out)
    aws = ToyAws()
    whole = authoring.write(aws, plan, out, budget=Budget(tokens=10_000_000))
    assert 0 < len(first) < len(whole)
    assert {r["instruction"] for r in first} <= {e.instruction for e in whole}
    assert len(aws.prompts) < len(plan.items) + plan.rows, "what was paid for was asked again"


def test_what_an_earlier_run_spent_counts(plan, tmp_path):
    out = tmp_path / "rows.jsonl"
    written = authoring.write(ToyAws(), plan, out)
    spent = written.usage.input_tokens + written.usage.output_tokens
    out.write_text("".join(out.read_text().splitlines(keepends=True)[:-3]))
    aws = ToyAws()
    with pytest.raises(BudgetReached):
        authoring.write(aws, plan, out, budget=Budget(tokens=spent))
    assert not aws.prompts


def test_what_useless_replies_took_counts_in_a_later_run_too(plan, tmp_path):
    out = tmp_path / "rows.jsonl"
    first = authoring.write(ToyAws(spoil=lambda *_: "no JSON at all"), plan, out)
    assert not first.examples and first.usage.calls == 2 * len(plan.items)
    second = authoring.write(ToyAws(spoil=lambda *_: "no JSON at all"), plan, out)
    assert second.usage.calls == 4 * len(plan.items)
    aws = ToyAws()
    with pytest.raises(BudgetReached):
        authoring.write(aws, plan, out, budget=Budget(tokens=second.usage.input_tokens + second.usage.output_tokens))
    assert not aws.prompts
    assert len(authoring.write(ToyAws(), plan, out)) == plan.rows


@pytest.mark.parametrize("end", ["cancel", "failure"])
def test_calls_under_way_when_a_run_is_stopped_are_kept(plan, tmp_path, end):
    out, aws, cancel, started = tmp_path / "rows.jsonl", ToyAws(), threading.Event(), threading.Event()
    plan = replace(plan, items=plan.items[:1])
    authoring.write(aws, plan, out)
    out.write_text("")  # the questions are known, the answers are to be had again

    def slow(number: int, prompt: str, text: str) -> str:
        if number == 1 and end == "failure":
            started.wait(5)
            raise AwsProblem("Bedrock is throttling.", "ThrottlingException")
        started.set()
        cancel.set()
        time.sleep(0.5)
        return text

    slow_aws = ToyAws(spoil=slow)
    with pytest.raises(Cancelled if end == "cancel" else AwsProblem, match="rows are safe"):
        authoring.write(slow_aws, plan, out, cancel=cancel if end == "cancel" else None, workers=4)
    made = len(slow_aws.prompts) - (end == "failure")
    assert 0 < made == len(rows_of(out)), "a call that was paid for is lost"


@settings(max_examples=150)
@given(
    limit=st.integers(2_000, 40_000),
    calls=st.lists(
        st.tuples(st.integers(0, 4000), st.sampled_from(["questions", "answer"]), st.floats(0, 1)), max_size=30
    ),
)
def test_no_order_of_calls_passes_the_limit(limit, calls):
    meter = Meter(Budget(tokens=limit), LOCAL)
    open_calls = []
    for length, kind, share in calls:
        ticket = meter.reserve(["x" * length], kind)
        if ticket is None:
            for other, worst, part in open_calls:
                meter.settle(other, Usage(1, int(worst.input_tokens * part), int(worst.output_tokens * part)))
            open_calls.clear()
        else:
            open_calls.append((ticket, meter._reserved[ticket], share))
    for other, worst, _ in open_calls:
        meter.settle(other, worst)  # the longest that they can take
    assert meter.spent.input_tokens + meter.spent.output_tokens <= limit


def test_money_is_counted_by_the_models_price_whatever_its_region(plan):
    assert price_of(PRO) == price_of("amazon.nova-pro-v1:0") and price_of("unknown.model") is None
    assert usd(PRO, Usage(1, 1_000_000, 1_000_000)) == pytest.approx(4.0)
    found = estimate(plan, PRO)
    assert found.calls == len(plan.items) + plan.rows and 0 < found.usd < 1 and "2025" in str(found)
    assert "no cost" in str(estimate(plan, LOCAL)) and "not known here" in str(estimate(plan, "unknown.model"))


def test_a_budget_that_cant_be_kept_is_refused_before_any_call(plan, tmp_path):
    aws = ToyAws()
    with pytest.raises(BadInput, match="price of unknown.model is not known.*Budget.tokens"):
        authoring.write(aws, plan, tmp_path / "rows.jsonl", model_id="unknown.model", budget=Budget(usd=1.0))
    for wrong in ({"usd": 0.0}, {"tokens": -1}, {"usd": math.nan}):
        with pytest.raises(BadInput, match="above 0"):
            Budget(**wrong)
    assert not aws.prompts


def test_calls_come_no_faster_than_asked():
    now = [0.0]
    pace = Pace(60, burst=2, clock=lambda: now[0])
    made = []
    while len(made) < 10:
        if pace.ready():
            made.append(now[0])
        now[0] += 0.01
    assert made[1] == 0.01 and made[-1] >= 7.9, "two at once, then one a second"
    with pytest.raises(BadInput, match="above 0"):
        Pace(0)


def test_a_pace_holds_for_many_threads_together():
    pace = Pace(60, burst=5, clock=lambda: 0.0)
    allowed = []
    crowd = [threading.Thread(target=lambda: [allowed.append(1) for _ in range(200) if pace.ready()]) for _ in range(8)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(allowed) == 5


def test_other_letters_than_englishs_count_for_more():
    assert tokens_of("a" * 40) == 10 and tokens_of("字" * 40) == 40 and tokens_of("", "abc") == 1


def test_the_estimate_says_how_it_counts(plan):
    assert "at 4 characters a token" in str(estimate(plan, LOCAL))


def test_a_paced_run_makes_the_same_rows(plan, tmp_path):
    slow = authoring.write(ToyAws(), plan, tmp_path / "a.jsonl", calls_per_minute=6000)
    assert slow.examples == authoring.write(ToyAws(), plan, tmp_path / "b.jsonl").examples
