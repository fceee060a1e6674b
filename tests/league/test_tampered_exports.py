"""Exports from strangers: whatever was done to one, it is told by its line and leaves nothing."""

import json

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.league.store import open_database, transfer

TAMPERED = [
    ("submissions", {"created": "yesterday"}),
    ("submissions", {"created": float("nan")}),
    ("submissions", {"created": 10**400}),
    ("submissions", {"judged": True}),
    ("submissions", {"state": ["done"]}),
    ("submissions", {"problem": "\x00"}),
    ("submissions", {"problem": "\ud800"}),
    ("submissions", {"score": {"wins": 3}}),
    ("submissions", {"provenance": {"a": json.loads(40 * "[" + 40 * "]")}}),
    ("submissions", None),
    ("teams", {"disabled": "no"}),
    ("teams", {"best_rate": 1e999}),
    ("teams", {"judged": 2**80}),
    ("event", {"settings": {"phase": "no such"}}),
    ("event", {"settings": {"phases": [1]}}),
    ("event", {"settings": {"phases": [{"name": "virtual", "starts": "soon"}]}}),
    ("event", {"settings": {"calls_per_second": "fast"}}),
    ("event", {"settings": {"title": ["x"]}}),
    ("event", {"settings": []}),
]


def test_an_export_that_was_tampered_with_is_told_and_leaves_nothing(prepare, tmp_path) -> None:
    store, entry, judge = prepare()
    judge.run(entry.id)
    lines = list(transfer.export_lines(store))
    other = open_database(tmp_path / "other.sqlite")
    for table, change in TAMPERED:
        number = next(n for n, line in enumerate(lines) if line.startswith(f'{{"table": "{table}"'))
        value = json.loads(lines[number])
        if change is None:
            value["row"] = list(value["row"])
        else:
            value["row"] |= change
        with pytest.raises(BadInput, match=f"Line {number + 1} "):
            transfer.import_lines(other, [*lines[:number], json.dumps(value), *lines[number + 1 :]])
            pytest.fail(f"{table} {change} went in")
        with other.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM teams").scalar_one() == 0
    transfer.import_lines(other, lines)
    other.close()


def test_a_line_nested_without_end_is_told(prepare, tmp_path) -> None:
    store, *_ = prepare()
    lines = [*transfer.export_lines(store), '{"table": "teams", "row": ' + "[" * 200_000]
    other = open_database(tmp_path / "other.sqlite")
    with pytest.raises(BadInput, match=f"Line {len(lines)} "):
        transfer.import_lines(other, lines)
    other.close()
