"""Questions replayed to several models, and a model against the best so far."""

from __future__ import annotations

import csv
import threading
from types import SimpleNamespace

import pytest

from workshop_kit.errors import AwsProblem, BadInput, Cancelled
from workshop_kit.league.client import Practice
from workshop_kit.league.previous import against_best
from workshop_kit.league.statistics import Verdict, score
from workshop_kit.playground.endpoints import BedrockModel
from workshop_kit.playground.replay import replay
from workshop_kit.workspace import Workspace


class Says:
    label = "says"

    def __init__(self, text):
        self.text = text

    def ask(self, question, **settings):
        if self.text is None:
            raise AwsProblem("Nobody answers.")
        return f"{self.text} {question}"


def test_answers_come_in_order_with_latency_and_go_to_a_csv_that_runs_nothing(tmp_path):
    found = replay({"one": Says("=1+1"), "two": Says("b"), "broken": Says(None)}, ["x", "y"])
    assert [(r.question, r.model) for r in found.replies] == [(q, m) for q in "xy" for m in ("one", "two", "broken")]
    assert found.replies[2].failed and "Nobody answers" in found.replies[2].answer
    assert all(reply.seconds >= 0 and reply.tokens > 0 for reply in found.replies)
    with found.to_csv(tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 and rows[0]["answer"] == "'=1+1 x"
    assert [row[0] for row in found.summary()] == ["one", "two", "broken"] and found.summary()[2][2] == 2
    assert "=1+1 x" in found._repr_html_()


def test_a_blind_replay_hides_which_is_which_until_it_is_revealed():
    models = {name: Says(name) for name in ("one", "two", "three")}
    found = replay(models, ["x"], blind=True, seed=1)
    assert found.models == ("A", "B", "C") and not {"one", "two", "three"} & {r.model for r in found.replies}
    shown = found.reveal()
    assert all(reply.answer.startswith(reply.model) for reply in shown.replies)
    assert set(shown.models) == set(models)


def test_five_models_or_no_question_are_refused_and_a_replay_can_be_stopped():
    with pytest.raises(BadInput, match="one to 4 models"):
        replay({str(n): Says("a") for n in range(5)}, ["x"])
    with pytest.raises(BadInput, match="0 questions"):
        replay({"a": Says("a")}, [])
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match="after 0 answers"):
        replay({"a": Says("a")}, ["x"], cancel=cancel)


def test_an_answer_costs_by_the_token_on_aws_and_nothing_here():
    paid = BedrockModel(SimpleNamespace(endpoint_url=None), "us.amazon.nova-micro-v1:0")
    object.__setattr__(paid, "ask", None)
    local = SimpleNamespace(endpoint_url="http://127.0.0.1:1")

    class Micro(BedrockModel):
        def ask(self, question, **settings):
            return "y" * 4000

    on_aws = replay({"a": Micro(paid.aws, paid.model_id)}, ["x" * 4000]).replies[0]
    assert on_aws.usd == pytest.approx((1000 * 0.035 + 1000 * 0.14) / 1e6)
    assert replay({"a": Micro(local, paid.model_id)}, ["x"]).replies[0].usd == 0.0
    unknown = replay({"a": Micro(paid.aws, "somebody.else-v1:0")}, ["x"]).replies[0]
    assert unknown.usd is None


def practice(outcomes):
    rows = tuple({"question": f"q{n}", "outcome": outcome} for n, outcome in enumerate(outcomes))
    return Practice(rows, score(Verdict(row["question"], row["outcome"], 1, 1) for row in rows), "judge", "reference")


def test_a_model_is_compared_with_the_best_so_far_question_by_question(tmp_path):
    workspace = Workspace(tmp_path)
    assert against_best(workspace, practice(["win"] * 4 + ["loss"] * 8), "first") is None
    found = against_best(workspace, practice(["loss"] + ["win"] * 11), "second")
    assert (found.gained, found.lost) == (tuple(f"q{n}" for n in range(4, 12)), ("q0",))
    assert "7 more of 12 questions than first" in found.verdict and found.p_value < 0.05
    worse = against_best(workspace, practice(["win"] * 10 + ["loss"] * 2), "third")
    assert worse.before == "second" and "may well be chance" in worse.verdict
    assert against_best(workspace, practice(["loss"] + ["win"] * 11), "again").before == "second", "the best is kept"
    with pytest.raises(BadInput, match="other questions"):
        against_best(workspace, practice(["win"]), "short")


def test_answers_that_loop_or_parrot_are_told():
    from workshop_kit.playground import check_answers, repetition
    from workshop_kit.records import Dataset, Example

    rows = Dataset((Example("What does a permit cost?", "A parking permit in Calder costs thirty dollars a year."),))
    assert repetition("one two three four five") == 0.0 and repetition("a b c a b c a b c a b c") > 0.6
    assert repetition("") == 0.0

    class Always:
        label = "always"

        def __init__(self, text):
            self.text = text

        def ask(self, question, **settings):
            return self.text

    parrot = check_answers(Always(rows.examples[0].response), ["Who wins?"], rows)
    assert parrot.echo == 1.0 and "word for word" in str(parrot)
    loop = check_answers(Always("so it is " * 20), ["Who wins?"], rows)
    assert "run in circles" in loop._repr_html_()
    assert "nothing to object to" in str(check_answers(Always("I can't say."), ["Who wins?"], rows))
    with pytest.raises(BadInput, match="no question"):
        check_answers(Always("x"), [], rows)


def test_a_seed_goes_to_an_endpoint_and_is_refused_where_it_means_nothing():
    from workshop_kit.playground.payloads import payload

    assert payload("q", None, 0.7, 0.9, 10, 5)["parameters"]["seed"] == 5
    assert "seed" not in payload("q", None, 0.7, 0.9, 10)["parameters"]
    with pytest.raises(BadInput, match="seed is -1"):
        payload("q", None, 0.7, 0.9, 10, -1)
    with pytest.raises(BadInput, match="takes no seed"):
        BedrockModel(SimpleNamespace(), "any").ask("q", seed=1)
