"""Judging through the real work: several judges, a rate, failures, artefacts."""

import threading
import time

import pytest

from tests.league.conftest import entry_of
from workshop_kit.errors import AwsProblem
from workshop_kit.league import client
from workshop_kit.league.answer import Answer
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging import artefact
from workshop_kit.league.judging.service import measured, service
from workshop_kit.league.store import submissions, teams
from workshop_kit.league.store.submissions import verdicts_of


def test_several_judges_each_give_a_verdict_and_the_majority_counts(prepare, aws) -> None:
    contrary = '{"winner": "tie", "score_a": 5, "score_b": 5, "reason": "I like both"}'
    honest = aws.converse

    def converse(modelId, messages, **more):
        if modelId == "contrary.judge":
            return {"output": {"message": {"content": [{"text": contrary}]}}}
        return honest(modelId="toy.judge" if "judge" in modelId else modelId, messages=messages, **more)

    aws.converse = converse
    store, entry, judge = prepare(EventSettings(judges=("a.judge", "b.judge", "contrary.judge")))
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == "done" and found.score.wins == 8 and found.judges == ("a.judge", "b.judge", "contrary.judge")
    with store.read() as connection:
        told = verdicts_of(connection, entry.id)
    assert len(told) == 30 and {v.outcome for v in told if v.judge == "contrary.judge"} == {"tie"}
    assert set(told[0].criteria) and told[0].first in ("candidate", "reference", "tie")
    assert len(aws.asked) == 10, "the candidate was asked once for each judge"


def test_calls_to_a_judge_keep_to_the_rate(prepare, aws) -> None:
    calls: list[float] = []
    honest = aws.converse

    def converse(modelId, **more):
        if "judge" in modelId:
            calls.append(time.monotonic())
        return honest(modelId=modelId, **more)

    aws.converse = converse
    store, entry, judge = prepare(EventSettings(calls_per_second=20.0, questions_at_once=8))
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and len(calls) == 20
    # 20 calls, 50 ms apart: the last can't come before 0.95 s; no window of half a second holds more than 11.
    assert calls[-1] - calls[0] > 0.85
    assert max(sum(1 for c in calls if a <= c < a + 0.5) for a in calls) <= 12


BEDROCK = {"kind": "bedrock", "model_id": "toy.bikes-v1:0", "system": ""}


def test_models_are_asked_for_answers_within_the_rate_too(prepare, aws) -> None:
    calls: dict[str, list[float]] = {}
    honest = aws.converse

    def converse(modelId, **more):
        calls.setdefault(modelId, []).append(time.monotonic())
        return honest(modelId=modelId, **more)

    aws.converse = converse
    store, entry, judge = prepare(
        EventSettings(calls_per_second=20.0, questions_at_once=8, open_models=True), target=BEDROCK
    )
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done"
    assert sorted(len(times) for times in calls.values()) == [10, 10, 20]
    for model, times in calls.items():
        at_once = max(sum(1 for c in times if a <= c < a + 0.2) for a in times)
        assert at_once <= 6, f"{model} was asked {at_once} times within 0.2 s"


def test_waiting_for_a_turn_is_no_latency_of_a_model(prepare, aws, monkeypatch) -> None:
    monkeypatch.setattr("workshop_kit.league.judging.pace.Paced._turn", lambda self, name: time.sleep(0.4))
    store, entry, judge = prepare(EventSettings(questions_at_once=8, open_models=True), target=BEDROCK)
    judge.run(entry.id)
    figures = entry_of(store, entry.id).service
    assert max(figures["seconds_p50"], figures["reference"]["seconds_p50"]) < 0.3


def test_what_passes_is_tried_again_and_costs_nothing(prepare, aws, no_pauses) -> None:
    honest, failed = aws.invoke_endpoint, []

    def invoke(**more):
        if len(failed) < 3:
            failed.append(1)
            raise AwsProblem("Slow down.", "ThrottlingException")
        return honest(**more)

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and len(failed) == 3


def test_a_failure_in_the_middle_keeps_what_was_judged_and_a_retry_asks_only_the_rest(prepare, aws) -> None:
    honest = aws.invoke_endpoint

    def invoke(**more):
        if len(aws.asked) >= 6:
            raise AwsProblem("The endpoint is gone.", "ValidationError")
        return honest(**more)

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare(EventSettings(questions_at_once=1))
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == "failed" and "gone" in found.problem and found.judged == 6
    aws.invoke_endpoint = honest
    with store.write() as connection:
        assert teams.used(connection, found.team) == 0
        submissions.retry(connection, entry.id)
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and len(aws.asked) == 10


def test_stopping_leaves_a_submission_to_be_taken_up(prepare, aws) -> None:
    aws.hold.clear()
    store, entry, judge = prepare()
    thread = threading.Thread(target=judge.run, args=(entry.id,))
    thread.start()
    time.sleep(0.2)
    judge.stop.set()
    aws.hold.set()
    thread.join(10)
    assert entry_of(store, entry.id).state == "judging"


def test_an_artefact_stands_behind_an_endpoint_only_while_it_is_judged(prepare, aws, no_pauses, monkeypatch) -> None:
    stands = []

    class Deployed:
        name, system = "right-70", "Be brief."

    refused = ["NoConnection", "ResourceLimitExceeded"]

    def deploy(aws, job, name):
        assert (job, name) == ("job-1", f"league-{entry.id}")
        if refused:
            raise AwsProblem("There is no room for another endpoint now.", refused.pop())
        stands.append("right-70")
        return Deployed()

    monkeypatch.setattr(artefact, "deploy", deploy)
    monkeypatch.setattr(artefact, "delete", lambda aws, name: stands.clear())
    monkeypatch.setattr(artefact, "leftovers", lambda aws, name: [])
    store, entry, judge = prepare(target={"kind": "artefact", "training_job": "job-1", "system": ""})
    judge.run(entry.id)
    assert entry_of(store, entry.id).score.wins == 7 and stands == []
    assert all("Be brief." in prompt for prompt in aws.asked)


def test_cost_and_speed_are_measured_beside_the_references(prepare, aws) -> None:
    store, entry, judge = prepare()
    judge.run(entry.id)
    figures = entry_of(store, entry.id).service
    assert figures["seconds_p50"] >= 0 and figures["tokens_estimated"] and figures["tokens_out"] > 3
    assert figures["usd_per_answer"] == 0.0 and figures["reference"]["tokens_out"] > 3

    class Paid:
        endpoint_url = None

    told = [Answer("x" * 40, 100, 50, seconds) for seconds in (1.0, 2.0, 3.0)]
    assert measured(told) == {
        "tokens_in": 100, "tokens_out": 50, "tokens_estimated": False, "seconds_p50": 2.0, "seconds_p90": 2.8,
    }  # fmt: skip
    model = {"kind": "bedrock", "model_id": "us.amazon.nova-pro-v1:0"}
    # Nova Pro: 0.80 USD a million tokens in, 3.20 out.
    assert service(Paid(), model, told, "no.such-model", told)["usd_per_answer"] == pytest.approx(
        100 * 0.8e-6 + 50 * 3.2e-6
    )
    assert service(Paid(), model, told, "no.such-model", told)["reference"]["usd_per_answer"] is None


def test_practice_submissions_are_without_limit_and_their_verdicts_are_open(league: str, aws) -> None:
    for n in range(4):
        told = client.submit(aws, f"right-{50 + n}", "Ada", domain="bicycle-library", url=league, set="practice")
    assert told.state == "done" and told.questions == 10
    rows = client.verdicts(told, url=league)
    assert len(rows) == 10 and rows[0]["question"].startswith("P-SECRET") and rows[0]["verdicts"][0]["outcome"]
    assert client.standings(url=league).rows == ()
    ranked = client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=league)
    from workshop_kit.errors import LeagueProblem

    with pytest.raises(LeagueProblem, match="hidden"):
        client.verdicts(ranked, url=league)
