"""Two versions of a dataset: every row is accounted for once, and the difference is shown word by word."""

from __future__ import annotations

import html
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.records import Dataset, Example
from workshop_kit.review.compare import compare, word_diff

A = Example("How long is a loan?", "A loan lasts four days.", topic="loans")
B = Example("Where is the desk?", "The desk is on the first floor.", topic="desks")
C = Example("What does a permit cost in Alder Bay?", "It costs $40 at the counter.", topic="fees")


def test_each_kind_of_change_is_told_apart():
    answer = Example(A.instruction, "A loan lasts five days.", topic="loans")
    worded = Example("What does a boat permit cost in Alder Bay?", C.response, topic="fees")
    new = Example("Who signs?", "The clerk signs.", topic="desks")
    found = compare(Dataset((A, B, C)), Dataset((answer, worded, new)))
    assert found.changed == ((A, answer), (C, worded))
    assert found.removed == (B,) and found.added == (new,) and found.unchanged == 0
    assert found.topics() == {"desks": (1, 1), "fees": (1, 1), "loans": (1, 1)}
    assert list(found.to_frame()["what"]) == ["removed", "added", "changed", "changed"]
    assert "3 rows" in str(found) and "1 removed" in str(found)


def test_order_does_not_matter_and_copies_count():
    found = compare(Dataset((A, A, B)), Dataset((B, A)))
    assert (found.unchanged, found.removed, found.added, found.changed) == (2, (A,), (), ())


ROWS = st.lists(
    st.builds(Example, st.sampled_from(["a b c?", "a b d?", "x?"]), st.sampled_from(["y z.", "y."])), max_size=8
)


@settings(max_examples=100)
@given(ROWS, ROWS)
def test_every_row_is_accounted_for_once(before, after):
    found = compare(Dataset(tuple(before)), Dataset(tuple(after)))
    assert found.unchanged + len(found.removed) + len(found.changed) == len(before)
    assert found.unchanged + len(found.added) + len(found.changed) == len(after)


@settings(max_examples=200)
@given(st.text("ab <>&;.\n", max_size=30), st.text("ab <>&;.\n", max_size=30))
def test_a_diff_holds_both_texts_and_no_markup_of_theirs(before, after):
    shown = word_diff(before, after)
    assert html.unescape(re.sub(r"<ins>.*?</ins>|</?del>", "", shown, flags=re.DOTALL)) == before
    assert html.unescape(re.sub(r"<del>.*?</del>|</?ins>", "", shown, flags=re.DOTALL)) == after
