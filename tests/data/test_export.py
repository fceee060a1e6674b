"""An export says what it loses, and loses nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import formats
from workshop_kit.authoring import import_file
from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Example

ROWS = Dataset(
    (Example("Why?", "So.", "A place.", "t", "manual.pdf, page 3"), Example("=1+1", "@x", "", "t")), "rows", "Be brief."
)
FIELDS = ("instruction", "response", "context", "topic", "source")


@pytest.mark.parametrize("format", [*formats.FORMATS, "csv"])
def test_what_is_not_named_as_lost_is_read_back(tmp_path, format):
    made = formats.export(ROWS, tmp_path / f"rows.{'csv' if format == 'csv' else 'jsonl'}", format)
    again = import_file(made.path).dataset if format == "csv" else formats.read_dataset(made.path)
    for name in FIELDS:
        same = [getattr(e, name) for e in again] == [getattr(e, name) for e in ROWS]
        assert same == (name not in made.lost), name
    assert (again.system == ROWS.system) == ("system" not in made.lost)
    assert made.rows == 2 and all(name in str(made) for name in made.lost)


def test_nothing_is_called_lost_that_was_not_there(tmp_path):
    plain = Dataset((Example("a?", "b."),))
    assert formats.export(plain, tmp_path / "rows.jsonl", "bedrock").lost == ()


def test_jumpstarts_template_comes_along(tmp_path):
    formats.export(ROWS, tmp_path / "rows.jsonl")
    assert "Be brief." in json.loads((tmp_path / "template.json").read_text())["prompt"]


def test_a_spreadsheet_runs_nothing(tmp_path):
    text = formats.export(ROWS, tmp_path / "rows.csv", "csv").path.read_text()
    assert "'=1+1" in text and "'@x" in text and "\n=" not in text


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]) | st.sampled_from("=+-@'\" ,;"), min_size=1
)


@settings(max_examples=80)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4))
def test_any_cell_survives_csv(tmp_path_factory, triples):
    rows = Dataset(tuple(Example(*(text.strip() or "x" for text in triple)) for triple in triples))
    path = formats.export(rows, tmp_path_factory.mktemp("csv") / "rows.csv", "csv").path
    assert import_file(path).dataset.examples == rows.examples


def test_an_unknown_format_and_an_unwritable_file_are_told(tmp_path):
    with pytest.raises(BadInput, match="no format 'xml'"):
        formats.export(ROWS, tmp_path / "a", "xml")
    with pytest.raises(BadInput, match="can't be written"):
        formats.export(ROWS, tmp_path, "csv")
