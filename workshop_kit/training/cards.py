"""A plan as a card in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from workshop_kit.records import NO_FORMULAS, Finding


def plan_card(facts: Mapping[str, str], findings: Sequence[Finding], programs: Mapping[str, str]) -> str:
    """Facts by name, what to stop for and look at, and programs by title, folded up."""
    cell = "text-align:left;vertical-align:top;"
    rows = "".join(
        f"<tr><th scope='row' style='{cell}padding-right:16px;white-space:nowrap'>{html.escape(name)}</th>"
        f"<td style='{cell}white-space:normal'>{html.escape(value)}</td></tr>"
        for name, value in facts.items()
    )
    notes = "".join(
        f"<p role='note'><b>{'Stop' if finding.severity == 'error' else 'Look'}:</b> {html.escape(finding.message)} "
        f"{html.escape(finding.fix)}</p>"
        for finding in findings
    )
    folded = "".join(
        f"<details><summary>{html.escape(title)}</summary>"
        f"<pre style='overflow-x:auto'>{html.escape(code)}</pre></details>"
        for title, code in programs.items()
    )
    return f"<div class='{NO_FORMULAS}'><table>{rows}</table>{notes}{folded}</div>"
