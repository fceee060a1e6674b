import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.errors import BadInput
from workshop_kit.masters import attendee_notebook, attendee_source, build, render

REPO = Path(__file__).resolve().parents[2]
CELL = """form = 1
### BEGIN SOLUTION
epochs = 4
### END SOLUTION
### BEGIN STARTER
# epochs = 1  # try more
### END STARTER
print(epochs)"""


def test_the_solution_gives_way_to_the_starter() -> None:
    assert attendee_source(CELL) == "form = 1\nepochs = 1  # try more\nprint(epochs)"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("### BEGIN SOLUTION\nx = 1", "never closed"),
        ("### END SOLUTION", "no matching BEGIN"),
        ("### BEGIN SOLUTION\n### BEGIN STARTER", "inside another"),
        ("### BEGIN STARTER\nx = 1\n### END STARTER", "must be commented out"),
    ],
)
def test_wrong_marks_are_named_with_their_cell(source: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        attendee_source(source, "03.ipynb, cell 7")
    assert "03.ipynb, cell 7" in str(caught.value)


@given(st.text(alphabet=st.characters(blacklist_characters="#", blacklist_categories=("Cs", "Cc", "Zl", "Zp"))))
def test_a_cell_without_marks_is_left_alone(text: str) -> None:
    assert attendee_source(text) == "\n".join(text.splitlines())


def test_outputs_never_reach_a_copy() -> None:
    cell = {"cell_type": "code", "source": [CELL], "outputs": [{"output_type": "stream"}], "execution_count": 3}
    copy = attendee_notebook({"cells": [cell]})
    assert copy["cells"][0]["outputs"] == [] and copy["cells"][0]["execution_count"] is None


def test_the_committed_copies_are_the_ones_the_masters_make() -> None:
    assert list((REPO / "solutions").glob("*.ipynb")), "no masters found"
    assert build(REPO / "solutions", REPO / "notebooks", check=True) == []
    masters = {p.name for p in (REPO / "solutions").glob("*.ipynb")}
    assert {p.name for p in (REPO / "notebooks").glob("*.ipynb")} == masters


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_notebooks_are_kept_without_outputs(folder: str) -> None:
    for path in (REPO / folder).glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert all(not c.get("outputs") for c in notebook["cells"]), f"{path} has outputs"
        assert render(notebook) == path.read_text(encoding="utf-8"), f"{path} is not in its committed form"
