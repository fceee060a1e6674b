"""What tests in a real browser share."""

from __future__ import annotations

from typing import Any

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def complaints_of(page: Any) -> list[str]:
    """What the page's console and scripts complain of from now on, and dialogs that something opens."""
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append("a dialog was opened"))
    return complaints


def until(page: Any, what: str, timeout: int = 8000) -> None:
    """Wait for an expression to hold; asked from outside, since the pages allow no script but their own."""
    for _ in range(timeout // 50):
        if page.evaluate(what):
            return
        page.wait_for_timeout(50)
    complaint = page.locator("#problem:visible")
    told = f"; the page says: {complaint.first.inner_text()}" if complaint.count() else ""
    raise AssertionError(f"after {timeout} ms it does not hold that {what}{told}")
