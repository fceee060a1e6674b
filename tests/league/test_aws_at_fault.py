"""AWS at fault: no submission is lost by what passes, and what does not pass is told."""

import pytest

from tests.league.conftest import RIGHT_50, entry_of
from tests.worlds.models import failing, generated
from workshop_kit.errors import AwsProblem
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging import submission as work
from workshop_kit.league.store import scoring, submissions
from workshop_kit.league.store.events import change_settings
from workshop_kit.league.store.submissions import verdicts_of


@pytest.mark.parametrize("code", ["NoConnection", "ThrottlingException", "ModelNotReadyException", "ExpiredToken"])
def test_an_outage_of_aws_costs_no_submission(prepare, aws, no_pauses, code: str) -> None:
    aws.invoke_endpoint = failing(aws.invoke_endpoint, 60, code)
    aws.converse = failing(aws.converse, 60, code)
    choose = failing(lambda role: f"toy.{role}", 9, code)
    aws.choose_model = lambda role: choose(role=role)
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done"


def test_a_judge_that_throttles_every_third_call_for_ever_judges_all(prepare, aws, no_pauses) -> None:
    honest, calls = aws.converse, []

    def converse(**more):
        calls.append(1)
        if len(calls) % 3 == 0:
            raise AwsProblem("Slow down.", "ThrottlingException")
        return honest(**more)

    aws.converse = converse
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).score.questions == 10


def test_a_judge_that_was_not_allowed_yet_is_waited_for_and_a_team_that_is_not_is_told(prepare, aws, no_pauses) -> None:
    aws.converse = failing(aws.converse, 20, "AccessDeniedException")
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done"
    aws.invoke_endpoint = failing(aws.invoke_endpoint, 10**9, "AccessDeniedException")
    with store.write() as connection:
        other = submissions.submit(connection, entry.team, set="ranked", target=RIGHT_50, provenance={}, key="k2")
    judge.run(other.id)
    assert entry_of(store, other.id).state == "failed"


def test_an_outage_that_does_not_end_is_told(prepare, aws, no_pauses, monkeypatch) -> None:
    monkeypatch.setattr(work, "LASTING", 0.3)
    aws.converse = failing(aws.converse, 10**9, "NoConnection")
    store, entry, judge = prepare()
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "failed"


def test_an_endpoint_at_fault_itself_does_not_hold_the_others_up(prepare, aws, no_pauses) -> None:
    asked = []

    def invoke(**more):
        asked.append(1)
        raise AwsProblem("The model failed.", "ServiceUnavailable")

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare(EventSettings(questions_at_once=1))
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "failed" and len(asked) == 4


def test_a_retry_goes_to_the_judge_that_the_organizer_has_put_right(prepare, aws) -> None:
    honest = aws.converse

    def converse(modelId, **more):
        if modelId == "no-such.judge":
            raise AwsProblem("There is no such model in this region.", "ModelNotFound")
        return honest(modelId=modelId, **more)

    aws.converse = converse
    store, entry, judge = prepare(EventSettings(judges=("a.judge", "no-such.judge"), questions_at_once=1))
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "failed"
    with store.write() as connection:
        change_settings(connection, EventSettings(judges=("b.judge",)), "organizer Eve")
        submissions.retry(connection, entry.id)
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.judges, found.score.questions, found.score.wins) == ("done", ("b.judge",), 10, 8)
    assert len(aws.asked) == 10, "the candidate was asked again"


@pytest.mark.parametrize(("refused", "state"), [(1, "done"), (2, "failed")])
def test_a_judge_that_refuses_a_pair_costs_that_question_and_no_more(prepare, aws, refused: int, state: str) -> None:
    honest = aws.converse

    def converse(modelId, messages, **more):
        if "judge" in modelId and any(f"SECRET-{n}:" in str(messages) for n in range(refused)):
            return {"output": {"message": {"content": [{"text": "I can't help with that."}]}}}
        return honest(modelId=modelId, messages=messages, **more)

    aws.converse = converse
    store, entry, judge = prepare()
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.state == state
    if state == "failed":
        assert "no usable verdict" in found.problem, "a judge that is at fault itself gave everybody flips"
        return
    assert (found.score.questions, found.score.wins, found.score.flips) == (10, 7, 1)
    with store.write() as connection:
        told = next(v for v in verdicts_of(connection, entry.id) if v.flags)
        assert (told.question, told.flags) == ("h00", ["no verdict"])
        after = scoring.override(connection, entry.id, "h00", "win", "it is right", "organizer Eve")
    assert after.score.wins == 8


def test_an_endless_answer_is_cut(prepare, aws) -> None:
    def invoke(**more):
        return generated("bicycle " * 100_000)

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare()
    judge.run(entry.id)
    with store.read() as connection:
        assert {len(answer.text) for answer in submissions.answers_of(connection, entry.id).values()} == {100_000}
