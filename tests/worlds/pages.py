"""What tests in a real browser share."""

from __future__ import annotations

from typing import Any

WIDER = "document.documentElement.scrollWidth - window.innerWidth"


def complaints_of(page: Any) -> list[str]:
    """What the page's console and scripts complain of from now on, and dialogs that something opens."""
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append("a dialog was opened"))
    return complaints
