"""Tables in notebooks show what is in them, amounts in dollars too."""

from __future__ import annotations

from workshop_kit.records import NO_FORMULAS, html_table, pandas


def test_no_table_takes_two_amounts_for_a_formula() -> None:
    row = ["It costs $24 & <b>then</b> $60."]
    shown = html_table(["answer"], [list(row)])
    assert shown.startswith(f"<div class='{NO_FORMULAS}'>") and "$24 &amp; &lt;b&gt;" in shown
    frame = pandas().DataFrame([row])._repr_html_()
    assert f"dataframe {NO_FORMULAS}" in frame
