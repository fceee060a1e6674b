"""A plan as a card: what whoever pays reads before a launch, with nothing of theirs taken for HTML."""

from __future__ import annotations

from workshop_kit.records import Finding
from workshop_kit.training.cards import plan_card


def test_a_card_tells_facts_then_what_stops_then_the_programs() -> None:
    findings = [
        Finding("error", "rows", "There are <2> rows.", fix="Take & more."),
        Finding("warning", "validation", "There are no validation rows."),
    ]
    card = plan_card({"Model": "<script>", "Cost": "0 & USD"}, findings, {"In boto3": 'x = "<a>"', "In <SDK>": "y"})
    told = [
        ">Model</th>", ">&lt;script&gt;</td>", ">Cost</th>", ">0 &amp; USD</td>",
        "<b>Stop:</b> There are &lt;2&gt; rows. Take &amp; more.</p>",
        "<b>Look:</b> There are no validation rows. </p>",
        "<summary>In boto3</summary>", ">x = &quot;&lt;a&gt;&quot;</pre>",
        "<summary>In &lt;SDK&gt;</summary>", ">y</pre>",
    ]  # fmt: skip
    places = [card.find(part) for part in told]
    assert -1 not in places and places == sorted(places)
    assert card.count("<tr>") == card.count("role='note'") == card.count("<details>") == 2


def test_a_card_of_a_plan_without_findings_has_no_notes() -> None:
    assert "note" not in plan_card({"Rows": "12"}, [], {})
