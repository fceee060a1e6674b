"""Reviewing row by row: every decision is kept, can be taken back, and survives a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Example, Finding
from workshop_kit.review.desk import ACTIONS, Desk, Filter, agreement, shared_rows

ROWS = Dataset(
    tuple(Example(f"What does permit {n} cost?", f"Permit {n} costs ${n}.", topic="ab"[n % 2]) for n in range(8)),
    "permits",
)


@pytest.fixture
def desk(tmp_path):
    finding = Finding("warning", "cut-off", "breaks off", example_id=ROWS.examples[3].id)
    with Desk(ROWS, tmp_path / "me.jsonl", findings=[finding]) as desk:
        yield desk


def test_each_decision_does_what_its_name_says(desk):
    desk.decide([0], "accept")
    desk.decide([1], "reject")
    desk.decide([2], "flag", note="ask the office")
    desk.decide([3], "edit", edited=Example("What is the fee?", "It is $3.", topic="b"))
    assert desk.counts == {"accept": 1, "edit": 1, "reject": 1, "flag": 1, "open": 4}
    kept = [e.instruction for e in desk.result()]
    assert "What does permit 1 cost?" not in kept and "What does permit 2 cost?" not in kept
    assert kept[:2] == ["What does permit 0 cost?", "What is the fee?"] and len(kept) == 6
    assert len(desk.result(flagged=True, unread=False)) == 3


def test_filters_find_rows_by_state_topic_finding_and_words(desk):
    desk.decide([0, 2], "accept")
    desk.annotate(5, "odd")
    assert desk.rows(Filter(state="open")) == (1, 3, 4, 6, 7)
    assert desk.rows(Filter(state="found")) == desk.rows(Filter(code="cut-off")) == (3,)
    assert desk.rows(Filter(state="noted")) == desk.rows(Filter(state="flag")) == (5,)
    assert desk.rows(Filter(topic="a", words="PERMIT 4")) == (4,)
    assert desk.rows(Filter(words="nothing like it")) == ()


def test_a_bulk_decision_is_one_step_to_take_back(desk):
    desk.decide([1], "accept", note="fine")
    desk.decide(desk.rows(), "reject")
    assert desk.counts["reject"] == 8 and desk.decision(1).note == "fine"
    assert desk.undo() == 8
    assert desk.counts == {"accept": 1, "edit": 0, "reject": 0, "flag": 0, "open": 7}
    assert desk.undo() == 1 and desk.undo() == 0


@pytest.mark.parametrize(
    ("rows", "action", "edited"),
    [
        ([0], "burn", None), ([0], "edit", None), ([0, 1], "edit", Example("a", "b")),
        ([0], "accept", Example("a", "b")), ([0], "edit", Example("a", "  ")),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(desk, rows, action, edited):
    with pytest.raises(BadInput):
        desk.decide(rows, action, edited=edited)
    assert desk.counts["open"] == 8 and desk.undo() == 0


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["accept", "reject", "flag"]), st.lists(st.integers(0, 7), max_size=4)),
            st.tuples(st.just("undo"), st.just([])),
            st.tuples(st.just("note"), st.lists(st.integers(0, 7), min_size=1, max_size=1)),
        ),
        max_size=12,
    )
)
def test_opened_again_it_is_as_it_was_left(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("desk") / "me.jsonl"
    with Desk(ROWS, path) as desk:
        for action, rows in steps:
            if action == "undo":
                desk.undo()
            elif action == "note":
                desk.annotate(rows[0], "é\n\u2028 note")
            else:
                desk.decide(rows, action)
        left = [desk.decision(row) for row in range(8)]
    with Desk(ROWS, path) as again:
        assert [again.decision(row) for row in range(8)] == left
        while again.undo():
            pass
        assert again.counts["open"] == 8


def test_a_kill_loses_no_decision(tmp_path):
    path = tmp_path / "me.jsonl"
    script = textwrap.dedent("""
        import sys
        sys.path.insert(0, sys.argv[2])
        from test_desk_rows import ROWS
        from workshop_kit.review.desk import Desk
        desk = Desk(ROWS, sys.argv[1])
        for row in range(8):
            desk.decide([row], "accept")
            print(row, flush=True)
            if row == 4:
                import time; time.sleep(60)
    """)
    (tmp_path / "test_desk_rows.py").write_text(
        "from workshop_kit.records import Dataset, Example\n"
        "ROWS = Dataset(tuple(Example(f'What does permit {n} cost?', f'Permit {n} costs ${n}.') for n in range(8)))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    for line in child.stdout:
        if line.strip() == "4":
            break
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with path.open("a") as file:
        file.write('{"set": {"half a li')
    with Desk(ROWS, path) as desk:
        assert desk.counts["accept"] == 5


def test_one_reviewers_file_is_not_anothers_and_damage_is_told(tmp_path):
    path = tmp_path / "ada.jsonl"
    with Desk(ROWS, path, reviewer="Ada"):
        with pytest.raises(BadInput, match="another run"):
            Desk(ROWS, path, reviewer="Ada")
    with pytest.raises(BadInput, match="'Ada', not of 'Bob'"):
        Desk(ROWS, path, reviewer="Bob")
    with path.open("a") as file:
        file.write('{"set": {"x": {"action": "burn"}}}\n')
    with pytest.raises(BadInput, match="line 2"):
        Desk(ROWS, path, reviewer="Ada")


def test_kappa_is_cohens(tmp_path):
    """The table of a textbook example: 20 both yes, 15 both no, 5 and 10 apart; kappa 0.4."""
    rows = Dataset(tuple(Example(f"q{n}?", f"a{n}") for n in range(50)))
    one, two = Desk(rows, tmp_path / "1"), Desk(rows, tmp_path / "2")
    one.decide(range(25), "accept")
    one.decide(range(25, 50), "reject")
    two.decide(range(20), "accept")
    two.decide(range(20, 25), "reject")
    two.decide(range(25, 35), "accept")
    two.decide(range(35, 50), "reject")
    found = agreement(one, two)
    assert found.observed == pytest.approx(0.7) and found.kappa == pytest.approx(0.4)
    assert len(found.differ) == 15 and "0.40" in str(found)


def test_kappa_is_not_made_up_where_there_is_none(tmp_path):
    rows = Dataset(tuple(Example(f"q{n}?", f"a{n}") for n in range(3)))
    one, two = Desk(rows, tmp_path / "1"), Desk(rows, tmp_path / "2")
    assert agreement(one, two).kappa is None and "No row" in str(agreement(one, two))
    for desk in (one, two):
        desk.decide(range(3), "accept")
    assert agreement(one, two).kappa is None and "3 of 3" in str(agreement(one, two))
    with pytest.raises(BadInput, match="different datasets"):
        agreement(one, Desk(ROWS, tmp_path / "3"))


def test_both_reviewers_get_the_same_rows():
    sample = shared_rows(ROWS, 5, seed=1)
    assert sample == shared_rows(ROWS, 5, seed=1) and len(sample) == 5
    assert set(sample) <= set(ROWS) and set(ACTIONS) == {"accept", "edit", "reject", "flag"}
