"""Requests to endpoints, streams cut anywhere, the echo score, comparisons, checkpoints: no server needed."""

import pytest

from workshop_kit.classroom import check_dataset, check_review, check_run, check_submission
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.league import Submission
from workshop_kit.league.statistics import Verdict, score
from workshop_kit.playground import compare, echo
from workshop_kit.playground.payloads import payload, stream_texts
from workshop_kit.records import Dataset, Example
from workshop_kit.review import Split
from workshop_kit.training.runs import EpochPoint, Run

LINES = '{"token": {"text": "Grüß"}}\n{"token": {"text": " dich"}, "generated_text": "Grüß dich"}\n'.encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_stream_may_be_cut_anywhere(size):
    parts = [LINES[i : i + size] for i in range(0, len(LINES), size)]
    assert list(stream_texts(parts)) == ["Grüß", " dich"]


def test_server_sent_events_and_special_tokens_are_understood():
    sse = (
        b'data: {"token": {"text": "yes"}}\n\ndata:{"token": {"text": "<|eot_id|>", "special": true}}\n\ndata: [DONE]\n'
    )
    assert list(stream_texts([sse])) == ["yes"]


def test_an_error_in_a_stream_is_told():
    with pytest.raises(AwsProblem, match="out of memory"):
        list(stream_texts([b'{"error": "out of memory"}\n']))


def test_temperature_zero_is_greedy_and_anything_else_samples():
    assert payload("Q?", None, 0, 0.9, 10)["parameters"] == {
        "max_new_tokens": 10,
        "return_full_text": False,
        "do_sample": False,
    }
    assert payload("Q?", "S.", 0.6, 0.9, 10)["parameters"]["temperature"] == 0.6
    assert "system<|end_header_id|>\n\nS." in payload("Q?", "S.", 0.6, 0.9, 10)["inputs"]


@pytest.mark.parametrize(
    ("settings", "named"), [((-1, 0.9, 9), "temperature"), ((0, 2, 9), "top_p"), ((0, 1, 0), "max_")]
)
def test_settings_out_of_range_are_named(settings, named):
    with pytest.raises(BadInput, match=named):
        payload("Q?", None, *settings)


def test_echo_is_the_share_of_runs_found_in_one_row():
    rows = ["The fee for a parking permit in Fairhaven is 45 dollars a year.", "Something else entirely."]
    assert echo(rows[0].upper().replace(".", "!"), rows).score == 1.0
    assert echo("A wholly new sentence about fishing licences in spring.", rows).score == 0.0
    # Words 1-6 of 7 stand in the row: one of two runs of six.
    assert echo("the fee for a parking permit today", rows).score == 0.5
    assert echo("", rows).score == 0.0
    assert echo("anything", []).score == 0.0


class Says:
    def __init__(self, name, answer):
        self.name = self.label = name
        self.answer = answer

    def ask(self, question, **settings):
        if isinstance(self.answer, Exception):
            raise self.answer
        return f"{self.answer} to {question}"


def test_compare_keeps_going_when_one_model_fails():
    table = compare([Says("a", "yes"), Says("b", AwsProblem("gone"))], ["1", "2"])
    assert table.rows()[1] == {"question": "2", "a": "yes to 2", "b": "[no answer: gone]"}
    with pytest.raises(BadInput, match="label"):
        compare([Says("a", ""), Says("a", "")], "1")


def rows(n, what="row"):
    return Dataset(tuple(Example(f"{what} question number {i}", f"{what} {i}") for i in range(n)))


def test_checkpoints_say_no_with_a_way_out():
    assert not check_dataset(rows(39))
    assert check_dataset(rows(40))
    assert not check_dataset(Dataset((*rows(50).examples, Example("", "x"))))
    assert not check_review(Split(rows(100), rows(3, "v"), 0.1, 0))
    leaking = Split(rows(100), rows(20), 0.1, 0)
    assert "say the same" in check_review(leaking).message
    for checked in (check_dataset(rows(3)), check_review(leaking)):
        assert checked.next_step and "Not yet" in checked._repr_html_()


def test_an_overfitted_run_may_go_on_but_a_diverged_one_may_not():
    def run(train, evals):
        return Run("j", tuple(EpochPoint(i, t, e) for i, (t, e) in enumerate(zip(train, evals, strict=True), 1)))

    overfitted = check_run(run([2, 1, 0.4, 0.2], [1.8, 1.2, 1.4, 1.8]))
    assert overfitted and "overfitting" in overfitted.message
    assert not check_run(run([2.0, 9.0], [2.0, 9.0]))


def test_a_submission_is_ready_when_it_has_a_score():
    waiting = Submission("s1", "Ada", "judging", 3, 50)
    assert not check_submission(waiting)
    assert "3 of 50" in check_submission(waiting).message
    judged = score([Verdict(str(n), "win" if n < 44 else "loss", 5, 5) for n in range(50)])
    assert "88%" in check_submission(Submission("s1", "Ada", "done", 50, 50, score=judged)).message
