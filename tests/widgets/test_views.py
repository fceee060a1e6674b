"""Views show values and hand back choices; other threads reach them only through the pump."""

import asyncio
import math
import threading
import time

import pytest

from workshop_kit.errors import AwsProblem, BadInput, Cancelled
from workshop_kit.training.jobs import JobProgress
from workshop_kit.training.runs import EpochPoint, Run
from workshop_kit.widgets.board import BoardView
from workshop_kit.widgets.curves import CurvesView
from workshop_kit.widgets.playground import PlaygroundView
from workshop_kit.widgets.progress import Progress
from workshop_kit.widgets.pump import Pump


def test_progress_shows_share_and_time_left():
    bar = Progress("Training")
    bar(JobProgress(40, 160, 75.0, "Training: epoch 1 of 4"))
    assert bar.bar.value == 0.25
    assert "epoch 1 of 4" in bar.status.value and "75 s left" in bar.status.value


def test_without_a_browser_the_last_line_is_the_text():
    bar = Progress("Training")
    bar(JobProgress(4, 4, 0.0, "Finished in 0:42", "Completed"))
    bar.close_with()
    bundle = bar._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == "Training: Finished in 0:42"


def test_events_of_another_thread_are_shown_by_the_thread_at_home():
    bar, setters = Progress("Work"), set()
    bar.bar.observe(lambda _: setters.add(threading.get_ident()), names="value")

    def work(progress, cancel):
        for i in range(3):
            progress(JobProgress(i + 1, 3, None, ""))
        return threading.get_ident()

    other = bar.run(work).result(timeout=10)
    assert other != threading.get_ident()
    assert setters == {threading.get_ident()}
    assert bar.bar.bar_style == "success" and bar.finished


def test_in_a_notebook_the_kernels_loop_does_it_unasked():
    async def notebook():
        pump, seen = Pump(), []
        thread = threading.Thread(target=lambda: pump.post(lambda: seen.append(threading.get_ident())))
        thread.start()
        while thread.is_alive() or not seen:
            await asyncio.sleep(0.01)
        return seen

    assert asyncio.run(asyncio.wait_for(notebook(), 5)) == [threading.get_ident()]


def test_the_button_cancels_work_in_the_background():
    bar, begun = Progress("Work"), threading.Event()

    def work(progress, cancel):
        begun.set()
        while not cancel.is_set():
            pass
        raise Cancelled("Stopped as you asked.")

    bar.run(work)
    begun.wait(5)
    bar.button.click()
    assert bar.is_set() and bar.button.disabled
    with pytest.raises(Cancelled):
        bar.result(timeout=10)
    assert "Stopped as you asked." in bar.status.value


def test_an_awaited_run_leaves_the_loop_free_and_gives_its_result():
    async def cell():
        def work(progress, cancel):
            while not cancel.is_set():
                pass
            return "stopped by the button"

        bar = Progress("Work")
        asyncio.get_running_loop().call_later(0.1, bar.button.click)
        return await bar.run(work)

    assert asyncio.run(asyncio.wait_for(cell(), 10)) == "stopped by the button"


def test_a_failure_in_the_background_comes_out_of_result():
    def work(progress, cancel):
        raise AwsProblem("It is gone.")

    bar = Progress("Work").run(work)
    with pytest.raises(AwsProblem, match="It is gone"):
        bar.result(timeout=10)
    assert bar.bar.bar_style == "danger"


def run():
    points = [(2.0, 1.9), (1.2, 1.4), (0.8, 1.3), (0.5, 1.5), (0.3, 1.8)]
    return Run("<job>", tuple(EpochPoint(i, t, e, math.exp(t), math.exp(e)) for i, (t, e) in enumerate(points, 1)))


def test_curves_come_with_a_table_a_verdict_and_an_alternative_text():
    view = CurvesView(run())
    assert view.value.verdict == "overfitting"
    assert "3 (best)" in view.table.value and "1.800" in view.table.value
    assert "alt='Loss" in view.picture.value and "overfitting" in view.picture.value
    before = view.picture.value
    view.metric.value = "perplexity"
    assert "overfitting" in view.as_text() and "1.8000" in view.as_text()
    assert view.picture.value != before and "6.050" in view.table.value


class Says:
    def __init__(self, text, problem=None):
        self.label, self.text, self.problem, self.settings = "a stand-in", text, problem, {}

    def ask(self, question, stream=False, **settings):
        self.settings = settings
        if self.problem:
            raise self.problem
        return iter(self.text.split(" ")) if stream else self.text


def test_the_playground_asks_every_model_with_the_same_settings():
    tuned, base = Says("<b>45 dollars</b>"), Says("a permit")
    view = PlaygroundView({"tuned": tuned, "base": base}, system="Help.", questions=["How much?"])
    view.temperature.value = 0.5
    asked = view.ask()
    assert asked.rows() == [{"question": "How much?", "tuned": "<b>45dollars</b>", "base": "apermit"}]
    assert (
        tuned.settings == base.settings == {"system": "Help.", "temperature": 0.5, "top_p": 0.9, "max_new_tokens": 200}
    )
    assert "&lt;b&gt;45" in view.answers["tuned"].value
    assert not view.ask_button.disabled


def test_one_model_that_fails_does_not_lose_the_other():
    view = PlaygroundView({"gone": Says("", AwsProblem("It is gone.")), "there": Says("yes")})
    asked = view.ask("Are you there?")
    assert asked.answers == (("[no answer: It is gone.]", "yes"),)
    assert not view.ask_button.disabled


def test_an_empty_question_is_told():
    view = PlaygroundView({"there": Says("yes")})
    with pytest.raises(BadInput):
        view.ask("  ")
    assert "empty" in view.told.value


def test_the_board_keeps_what_it_showed_when_the_league_is_away():
    answers = [["ann 90 %"], AwsProblem("The league can't be reached.")]

    def fetch():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    board = BoardView(fetch)
    assert "ann 90 %" in board.table.value
    board.button.click()
    assert "ann 90 %" in board.table.value and "can&#x27;t be reached" in board.told.value


def test_the_board_keeps_looking_while_it_is_told_to_and_shows_ones_own_place(monkeypatch):
    from workshop_kit.league.client import Me, Standings
    from workshop_kit.widgets import board as module

    monkeypatch.setattr(module, "EVERY", 0.02)
    calls = []

    def fetch():
        calls.append(threading.get_ident())
        score = {
            "win_rate": 0.5,
            "low": 0.4,
            "high": 0.6,
            "wins": 5,
            "ties": 0,
            "losses": 5,
            "flips": 0,
            "questions": 10,
        }
        row = {
            "place": 1,
            "rank": 1,
            "participant": "<b>Ada</b>",
            "score": score,
            "gap": 0.0,
            "submissions": len(calls),
        }
        steps = ({"participant": "<b>Ada</b> $x$", "steps": [[1000.0, 0.3], [2000.0, 0.5]]},)
        return Standings("d", 10, (row | {"judge": "j", "reference": "r"},), teams=1, quota=3, progress=steps)

    board = BoardView(fetch, mine=lambda: Me("Ada", "Ada", place=1, teams=1, win_rate=0.5, used=1, left=2))
    assert "&lt;b&gt;Ada" in board.table.value and "<b>Ada" not in board.table.value
    assert "1 of 3" in board.table.value and "left" in board.own.value and "<img" in board.picture.value
    board.live.value = True
    until = time.monotonic() + 5
    while len(calls) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    board.live.value = False
    board._pump.drain()
    assert (
        len(calls) >= 4 and f"{len(calls) - 1} of 3" in board.table.value or f"{len(calls)} of 3" in board.table.value
    )
    assert threading.get_ident() not in calls[1:], "the kernel's thread was held up by looking"


def test_progress_of_one_moment_is_drawn_over_minutes():
    from workshop_kit.league.client import Standings

    one = ({"participant": "_Ada", "steps": [[1_700_000_000.0, 0.5]]},)
    (axes,) = Standings("d", 10, (), progress=one).plot().axes
    low, high = axes.get_xlim()
    assert 1 / 200 < high - low < 1 / 100, "in days"
    assert [text.get_text().strip() for text in axes.get_legend().get_texts()] == ["_Ada"]


def test_a_board_that_is_switched_on_and_off_looks_once_at_a_time_and_outlives_any_fault():
    asked = []

    def fetch():
        asked.append(threading.get_ident())
        if len(asked) == 2:
            raise RuntimeError("something else")
        return "standings"

    board = BoardView(fetch)
    board.live.value = True
    until = time.monotonic() + 5
    while len(asked) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    board._pump.drain()
    assert "could not be shown (something else)" in board.told.value
    for _ in range(4):
        board.live.value = False
        board.live.value = True
    until = time.monotonic() + 5
    while [thread.name for thread in threading.enumerate()].count("board") > 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert [thread.name for thread in threading.enumerate()].count("board") == 1
    board.close()


def test_the_curves_view_relaunches_with_the_coachs_change_and_shows_steps():
    from workshop_kit.training.runs import EpochPoint, Run, StepPoint
    from workshop_kit.widgets import CurvesView

    losses = zip([2.0, 1.2, 0.8, 0.5, 0.3], [1.9, 1.4, 1.3, 1.5, 1.8], strict=True)
    epochs = tuple(EpochPoint(n, train, held) for n, (train, held) in enumerate(losses, 1))
    run = Run("job", epochs, tuple(StepPoint(n, 1, 2.0 / n) for n in range(1, 30)))
    asked = []
    view = CurvesView(run, relaunch=lambda change: asked.append(change) or "a job")
    assert view.again.layout.display == "" and view.again.description == "Relaunch with epoch = 3"
    view.again.click()
    assert asked == [{"epoch": 3}] and view.relaunched == "a job" and "new job" in view.told.value
    before = view.picture.value
    view.metric.value, view.log_axis.value = "steps", True
    assert view.picture.value != before and "Training loss by step" in view.picture.value
    assert CurvesView(run).again.layout.display == "none"


def test_live_curves_follow_a_job_until_it_is_over():
    from workshop_kit.errors import AwsProblem, NotYet
    from workshop_kit.training.runs import EpochPoint, Run
    from workshop_kit.widgets import LiveCurves

    points = tuple(EpochPoint(n, 2.0 / n, 2.1 / n) for n in range(1, 4))
    told = [NotYet("nothing yet"), Run("job", points[:1], status="InProgress"), Run("job", points, status="Completed")]

    def load():
        found = told.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    view = LiveCurves(load, every=0.01).wait(10)
    assert told == [] and view.runs[-1].epochs == points and "<td>3" in view.table.value

    def broken():
        raise AwsProblem("There is no such job.")

    assert "no such job" in LiveCurves(broken, every=0.01).wait(10).told.value
