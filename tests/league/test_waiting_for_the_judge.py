"""A judge that throttles or does not answer: asked no more than it must be, waited for where the organizer sees it."""

import threading

import pytest
import requests

from tests.league.conftest import entry_of
from tests.worlds.serving import until
from workshop_kit.errors import AwsProblem
from workshop_kit.league import client
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judging import patience
from workshop_kit.league.store import open_database, tokens


def test_an_order_that_was_answered_is_not_asked_again_when_the_other_is_throttled(prepare, aws, no_pauses) -> None:
    honest, asked, answered, lock = aws.converse, [], [], threading.Lock()

    def converse(modelId, messages, **more):
        if "judge" not in modelId:
            return honest(modelId=modelId, messages=messages, **more)
        prompt = messages[0]["content"][0]["text"]
        with lock:
            asked.append(prompt)
            if asked.count(prompt) <= 3 and len(set(asked)) % 2 == 0:
                raise AwsProblem("Slow down.", "ThrottlingException")
            answered.append(prompt)
        return honest(modelId=modelId, messages=messages, **more)

    aws.converse = converse
    store, entry, judge = prepare(EventSettings(questions_at_once=1))
    judge.run(entry.id)
    assert entry_of(store, entry.id).score.wins == 8
    assert len(asked) > 40, "nothing was throttled"
    assert len(answered) == len(set(answered)) == 20, "an order was judged twice"


def test_a_model_that_judges_and_answers_is_asked_within_one_rate(prepare, aws, monkeypatch) -> None:
    """The account is allowed so many calls to a model, whatever they are for."""
    turns = []
    monkeypatch.setattr("workshop_kit.league.judging.pace.Paced.wait", lambda self, model: turns.append(model))
    honest = aws.converse

    def converse(modelId, messages, **more):
        judging = "answer" in str(messages) and "reply" in str(messages).lower()
        return honest(modelId="toy.judge" if judging else "toy.reference", messages=messages, **more)

    aws.converse = converse
    both = EventSettings(judges=("one.model",), reference="one.model", open_models=True)
    store, entry, judge = prepare(both, target={"kind": "bedrock", "model_id": "one.model", "system": ""})
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and turns == ["one.model"] * 40


def test_the_reason_told_is_the_one_that_came_first(prepare, aws, no_pauses) -> None:
    """The first question waits out a throttle and gives up, since the second is refused for good."""
    waiting = threading.Event()
    honest = aws.invoke_endpoint

    def invoke(Body, **more):
        if "SECRET-0:" in Body:
            waiting.set()
            raise AwsProblem("Slow down.", "ThrottlingException")
        if "SECRET-1:" in Body:
            waiting.wait(10)
            raise AwsProblem("The endpoint is gone.", "ValidationError")
        return honest(Body=Body, **more)

    aws.invoke_endpoint = invoke
    store, entry, judge = prepare(EventSettings(questions_at_once=2))
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert (found.state, found.problem) == ("failed", "The endpoint is gone.")


@pytest.mark.parametrize("part", ["judge", "candidate", "choice"])
def test_what_is_waited_for_stands_in_the_submission_until_it_has_passed(prepare, aws, monkeypatch, part) -> None:
    monkeypatch.setattr(patience, "SOON", 0.2)
    monkeypatch.setattr("workshop_kit.league.asking.LONGEST_PAUSE", 0.2)
    away, told = threading.Event(), []
    away.set()

    def fragile(call):
        def made(*args, **more):
            if away.is_set():
                raise AwsProblem("Nothing answers.", "NoConnection")
            return call(*args, **more)

        return made

    name = {"judge": "converse", "candidate": "invoke_endpoint", "choice": "choose_model"}[part]
    setattr(aws, name, fragile(getattr(aws, name)))
    store, entry, judge = prepare()
    judge.changed = lambda: told.append(entry_of(store, entry.id).problem)
    thread = threading.Thread(target=judge.run, args=(entry.id,))
    thread.start()
    assert until(lambda: entry_of(store, entry.id).problem)
    found = entry_of(store, entry.id)
    assert found.state in ("queued", "judging")
    assert found.problem.startswith("Waiting since ") and found.problem.endswith(" UTC: Nothing answers.")
    away.clear()
    thread.join(20)
    found = entry_of(store, entry.id)
    assert (found.state, found.problem) == ("done", "") and any(told), "nobody was told that something changed"


def test_the_organizers_api_shows_what_is_waited_for(tmp_path, domain, aws, serving, monkeypatch) -> None:
    monkeypatch.setattr(patience, "SOON", 0.0)
    monkeypatch.setattr("workshop_kit.league.asking.LONGEST_PAUSE", 0.2)
    honest = aws.converse

    def away(**more):
        raise AwsProblem("Nothing answers.", "NoConnection")

    aws.converse = away
    with serving(tmp_path / "home", domain, aws) as url:
        store = open_database(tmp_path / "home" / "league" / "league.sqlite")
        with store.write() as connection:
            token = tokens.issue(connection, "organizer", None, "Eve")
        store.close()
        client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url, wait=False)

        def shown() -> dict:
            headers = {"Authorization": f"Bearer {token}"}
            return requests.get(f"{url}/api/organizer/submissions", headers=headers, timeout=10).json()["submissions"][
                0
            ]

        assert until(lambda: shown()["problem"].startswith("Waiting since ")) and shown()["state"] == "judging"
        aws.converse = honest
        assert until(lambda: shown()["state"] == "done") and shown()["problem"] == ""


def test_a_wait_that_is_soon_over_is_not_told(prepare, aws, no_pauses) -> None:
    honest, told, left = aws.converse, [], [5]

    def converse(**more):
        if left[0]:
            left[0] -= 1
            raise AwsProblem("Slow down.", "ThrottlingException")
        return honest(**more)

    aws.converse = converse
    store, entry, judge = prepare()
    judge.changed = lambda: told.append(entry_of(store, entry.id).problem)
    judge.run(entry.id)
    assert entry_of(store, entry.id).state == "done" and set(told) == {""}
