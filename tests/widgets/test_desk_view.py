"""The desk can be worked with keys alone, shows hostile rows as text, and never acts on many rows unasked."""

import pytest

from workshop_kit.records import Dataset, Example, Finding
from workshop_kit.widgets.desk import ReviewDesk, open_desk

ROWS = Dataset(
    (
        *(Example(f"What does permit {n} cost?", f"Permit {n} costs ${n}.", topic="ab"[n % 2]) for n in range(6)),
        Example("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", topic="a"),
    ),
    "permits",
)


@pytest.fixture
def view(tmp_path):
    made = open_desk(ROWS, tmp_path / "me.jsonl")
    yield made
    made.desk.close()


def type_keys(view: ReviewDesk, keys: str) -> None:
    for key in keys:
        view.keyboard.value = key


def test_keys_alone_do_a_whole_review(view):
    type_keys(view, "arfjk")
    assert [d and d.action for d in map(view.desk.decision, range(4))] == ["accept", "reject", "flag", None]
    assert view.current == 3 and view.keyboard.value == ""
    type_keys(view, "u")
    assert view.desk.decision(2) is None and "Taken back on 1" in view.told.value
    assert len(view.value) == 6, "the rejected row is out"
    type_keys(view, "uuu")
    assert "nothing to take back" in view.told.value and len(view.value) == 7


def test_an_edit_replaces_the_row_and_can_be_left(view):
    type_keys(view, "e")
    assert view.question.value == ROWS.examples[0].instruction and view.editor.layout.display != "none"
    view.answer.value = "It costs nothing."
    view.leave.click()
    assert view.desk.decision(0) is None
    type_keys(view, "e")
    view.answer.value = "It costs nothing."
    view.save.click()
    assert view.value.examples[0].response == "It costs nothing." and view.current == 1
    view.press("k")
    assert "edited" in view.shown.value and "<s>Permit 0 costs $0.</s>" in view.shown.value


def test_an_edit_to_nothing_is_refused_in_words(view):
    view.press("e")
    view.answer.value = " "
    view.save.click()
    assert "needs a question and an answer" in view.told.value and view.desk.decision(0) is None


def test_a_note_is_saved_by_enter(view):
    view.press("n")
    assert view.question.layout.display == "none"
    view.remark.value = "ask the office"
    assert view.desk.decision(0).note == "ask the office" and view.editor.layout.display == "none"
    assert "ask the office" in view.shown.value


def test_many_rows_at_once_need_a_yes_and_follow_the_filter(view):
    view.topic.value = "b"
    assert view.reject_all.description == "Reject all 3 shown"
    view.reject_all.click()
    assert view.desk.counts["reject"] == 0 and view.sure.layout.display != "none"
    view.sure.click()
    assert view.desk.counts["reject"] == 3 and "3 rows rejected" in view.told.value
    view.press("u")
    assert view.desk.counts["open"] == 7


def test_filters_and_their_empty_answer(view):
    view.words.value = "permit 4"
    assert view.rows == (4,) and "Permit 4" in view.shown.value
    view.words.value = "no such word"
    assert view.current is None and "No row fits" in view.shown.value
    type_keys(view, "arfenjk")
    assert view.desk.counts["open"] == 7


def test_rows_are_text_whatever_they_hold(view):
    view.words.value = "script"
    assert (
        "<script>" not in view.shown.value and "&lt;script&gt;" in view.shown.value and "<img" not in view.shown.value
    )


def test_findings_stand_beside_their_row(tmp_path):
    from workshop_kit.review import review

    rows = Dataset((*ROWS.examples[:2], Example("Q: How?", "Answer: so.")))
    with open_desk(review(rows), tmp_path / "me.jsonl").desk as desk:
        view = ReviewDesk(desk)
        view.state.value = "found"
        assert view.current == 2 and "begins with a label" in view.shown.value
        assert ("label", "label") in view.code.options


def test_the_last_finding_lists_what_it_can(tmp_path):
    odd = Finding("warning", "cut-off", "breaks off", fix="complete it", example_id=ROWS.examples[0].id)
    from workshop_kit.review.desk import Desk

    with Desk(ROWS, tmp_path / "me.jsonl", findings=[odd]) as desk:
        assert "breaks off; complete it" in ReviewDesk(desk).shown.value
        assert ReviewDesk(desk).as_text() == "Review desk: 0 of 7 rows decided"


def test_a_cell_that_is_run_again_goes_on_where_it_was(view, tmp_path):
    view.press("a")
    again = open_desk(ROWS, tmp_path / "me.jsonl")
    assert again.desk.counts["accept"] == 1
    again.press("r")
    assert again.desk.counts["reject"] == 1
    view.press("a")
    assert "open elsewhere" in view.told.value, "the old view must say why it does nothing"
    again.desk.close()


def test_a_safe_mend_is_one_key(tmp_path):
    rows = Dataset((Example("Q: How?", "Answer: so."), Example("How?", "So.")))
    view = open_desk(rows, tmp_path / "me.jsonl")
    view.press("m")
    assert view.value.examples[0] == Example("How?", "so.") and view.current == 0 and "Mended" in view.told.value
    view.press("m")
    assert "nothing here that can be mended" in view.told.value
    view.press("u")
    assert view.value == rows
    view.desk.close()
