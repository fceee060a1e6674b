"""A learner's side of a class: nothing is told unasked, nothing but a closed step holds a notebook up, the bar
hears by itself."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from workshop_kit.classroom import attending, check_dataset, reporting, sharing
from workshop_kit.errors import BadInput, LeagueProblem, NotYet
from workshop_kit.league.client.membership_file import keep_token
from workshop_kit.records import Dataset, Example
from workshop_kit.widgets.pace import PaceBar

ROWS = Dataset(tuple(Example(f"What is {n}?", f"It is {n}.") for n in range(60)))


@pytest.fixture(scope="module")
def served_once(served):
    return served()


@pytest.fixture
def joined(served_once, tmp_path, monkeypatch):
    """A workspace that has joined a class under a name of its own."""
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKSHOP_LEAGUE_URL", served_once.url)
    monkeypatch.delenv("WORKSHOP_LEAGUE_TOKEN", raising=False)
    monkeypatch.setenv("WORKSHOP_TEAM", "Otters")
    keep_token(served_once.url, served_once.member(f"Ann {time.perf_counter_ns()}"), "Otters")
    served_once.before = len(served_once.board()["people"])
    return served_once


@pytest.fixture
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    for name in ("WORKSHOP_LEAGUE_URL", "WORKSHOP_LEAGUE_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_is_told_before_somebody_agrees(joined) -> None:
    assert not sharing.current_sharing().on
    assert check_dataset(ROWS)
    assert reporting.flush(1)
    assert len(joined.board()["people"]) == joined.before
    text = str(sharing.current_sharing())
    for word in ("which step", "seconds", "No code", "stop_sharing"):
        assert word in text


def test_once_agreed_checkpoints_tell_and_no_more_once_stopped(joined) -> None:
    sharing.share_progress("team")
    reporting.begin("dataset")
    assert check_dataset(ROWS) and not check_dataset(Dataset(ROWS.examples[:3]))
    assert reporting.flush(5)
    assert len(joined.board()["people"]) == joined.before + 1
    newest = max(joined.board()["people"], key=lambda p: p["seen"])
    assert newest["team"] == "Otters" and newest["failed"] == 1 and "dataset" in newest["done"]
    sharing.stop_sharing()
    check_dataset(ROWS)
    assert reporting.flush(2)
    assert max(joined.board()["people"], key=lambda p: p["seen"])["failed"] == 1


def test_without_a_name_no_name_arrives(joined) -> None:
    chosen = sharing.share_progress("anonymous")
    assert len(chosen.anonymous) == 32
    check_dataset(ROWS)
    assert reporting.flush(5)
    newest = max(joined.board()["people"], key=lambda p: p["seen"])
    assert newest["name"].startswith("Anonymous") and newest["team"] == ""
    with pytest.raises(BadInput, match="'team' or 'anonymous'"):
        sharing.share_progress("loud")


def test_whoever_wants_to_be_forgotten_is(joined) -> None:
    for kind in ("team", "anonymous"):
        sharing.share_progress(kind)
        check_dataset(ROWS)
        assert reporting.flush(5)
    assert len(joined.board()["people"]) == joined.before + 2
    assert "deleted" in attending.forget_me() and not sharing.current_sharing().on
    assert len(joined.board()["people"]) == joined.before


def silent_port() -> socket.socket:
    """A listener that takes connections and never answers."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)
    return listener


def test_a_class_that_never_answers_costs_a_notebook_nothing(joined, monkeypatch) -> None:
    with silent_port() as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        monkeypatch.setenv("WORKSHOP_LEAGUE_URL", url)
        monkeypatch.setenv("WORKSHOP_LEAGUE_TOKEN", "wk_nobody")
        monkeypatch.setattr(reporting, "_reporter", reporter := reporting.Reporter(pause=0.01, timeout=0.05))
        sharing.share_progress("team")
        began = time.monotonic()
        for _ in range(300):
            reporting.report("dataset", True)
        assert time.monotonic() - began < 3
        assert reporter.flush(20) and reporter.sent == 0 and reporter.dropped == 300
        monkeypatch.setattr(attending, "QUICK", 0.2)
        assert attending.gate("review").open and "can't be reached" in str(attending.gate("review"))
        assert "can't be reached" in str(attending.hints()) and "can't be reached" in attending.i_am_stuck("review")


def test_who_learns_alone_meets_open_steps_and_no_class(alone) -> None:
    gate = attending.gate("training")
    assert gate and "on your own" in str(gate)
    assert len(attending.hints()) == 0 and "on your own" in attending.i_am_stuck(2)
    with pytest.raises(NotYet, match="solutions/"):
        attending.solution("review")
    bar = PaceBar("training")
    assert "every step is open" in bar.as_text() and bar._thread is None
    with pytest.raises(BadInput, match="the steps are 1"):
        attending.gate(7)


def test_gate_hints_and_solution_follow_the_instructor(joined) -> None:
    joined.told("PUT", "/api/class/steps/curves", joined.organizer, json={"open": False})
    joined.told("POST", "/api/class/hints", joined.organizer, json={"text": "For <all>"})
    joined.told("POST", "/api/class/hints", joined.organizer, json={"text": "Curves only", "step": "curves"})
    gate = attending.gate("04")
    assert not gate and "not open yet" in str(gate)
    assert [h.text for h in attending.hints("dataset").hints] == ["For <all>"]
    assert "&lt;all&gt;" in attending.hints()._repr_html_()
    with pytest.raises(LeagueProblem, match="not released"):
        attending.solution("curves")
    joined.told("PUT", "/api/class/steps/training", joined.organizer, json={"released": True})
    assert "lora_r=8" in str(attending.solution("training"))


def test_a_closed_step_stops_a_notebook_at_its_bar_until_the_instructor_opens_it(joined) -> None:
    cells = [
        "import workshop_kit as wk; from workshop_kit.widgets.pace import PaceBar",
        "PaceBar('endpoint')",
        "print('behind the gate')",
    ]

    def run_all() -> tuple[str, str]:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        try:
            NotebookClient(notebook, timeout=60).execute()
        except CellExecutionError:
            pass
        outputs = [output for cell in notebook.cells for output in cell.outputs]
        shown = "application/vnd.jupyter.widget-view+json"
        assert any(shown in output.get("data", {}) for output in outputs), "the bar is not shown"
        said = "".join(output.get("text", "") for output in outputs)
        return said, "".join("\n".join(output.get("traceback", [])) for output in outputs)

    joined.told("PUT", "/api/class/steps/endpoint", joined.organizer, json={"open": False})
    said, told = run_all()
    assert "behind the gate" not in said
    assert told.startswith("NotYet: Step 5") and "Run this cell again then." in told and "Traceback" not in told
    with pytest.raises(NotYet, match="not open yet"):
        PaceBar("endpoint", live=False)
    assert "not open yet" in PaceBar("endpoint", live=False, hold=False).as_text()
    joined.told("PUT", "/api/class/steps/endpoint", joined.organizer, json={"open": True})
    assert run_all() == ("behind the gate\n", "")


def test_the_bar_hears_a_hint_by_itself_and_the_loop_at_home_shows_it(joined) -> None:
    async def notebook() -> tuple[PaceBar, set[int]]:
        setters: set[int] = set()
        bar = PaceBar("dataset")
        bar.said.observe(lambda _: setters.add(threading.get_ident()), names="value")
        words = f"Fresh <b>hint</b> {time.perf_counter_ns()}"
        joined.told("POST", "/api/class/hints", joined.organizer, json={"text": words})
        while words not in bar.as_text():
            await asyncio.sleep(0.02)
        bar.stop()
        return bar, setters

    bar, setters = asyncio.run(asyncio.wait_for(notebook(), 10))
    assert setters == {threading.get_ident()}
    assert "<b>hint</b>" not in bar.said.value and "&lt;b&gt;hint" in bar.said.value


def test_the_button_raises_a_hand_and_takes_it_down(joined) -> None:
    bar = PaceBar("dataset", live=False)
    bar.button.click()
    assert "sees that you are stuck" in bar.told.value and bar.button.description == "Not any more"
    assert joined.board()["hands"] == 1
    bar.button.click()
    assert joined.board()["hands"] == 0 and bar.button.description == "I am stuck"


def test_the_instructors_calls_do_what_the_page_does(joined, tmp_path) -> None:
    from workshop_kit.classroom.instructor import Classroom

    room = Classroom(joined.url, joined.organizer)
    sharing.share_progress("team")
    reporting.report("dataset", False)
    assert reporting.flush(5)
    room.plan("endpoint", 33)
    room.extend("endpoint", 5, team="Otters")
    id = room.hint("To the team", team="Otters", step=5)
    assert attending.gate("endpoint").message.startswith("Step 5 · Endpoint inference is open; 38 minutes")
    assert "To the team" in str(attending.hints("endpoint"))
    room.withdraw(id)
    assert "To the team" not in str(attending.hints("endpoint"))
    room.stuck_rule(failed=1)
    board = room.board()
    assert board.stuck and "failed" in board.to_frame()["stuck"].iloc[0] and "<table" in board._repr_html_()
    room.stuck_rule()
    assert room.record(tmp_path / "r.json")["format"] and (tmp_path / "r.json").stat().st_size > 100
    room.record(tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text().startswith("person,name,team,step")
    assert room.statistics().people is None and joined.organizer not in repr(room)
    with pytest.raises(BadInput, match="no team 'Nobody'"):
        room.hint("x", team="Nobody")
