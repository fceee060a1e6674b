"""Single keys on the instructor's page can be switched off, and the page says what the amounts leave out."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from workshop_kit.classroom import ledger
from workshop_kit.classroom.running import Running

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="needs Debian's chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Any:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def signed_in(context: Any, room: Any) -> Any:
    page = context.new_page()
    page.goto(f"{room.url}/classroom")
    page.fill("#token", room.organizer)
    page.click("#signin button")
    page.wait_for_selector("#people tr")
    return page


def test_keys_act_until_they_are_switched_off_and_stay_so(browser: Any, room: Any) -> None:
    room.check(room.member(), "dataset")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = signed_in(context, room)
    focused = "document.activeElement.id"
    page.keyboard.press("s")
    assert page.is_checked("#only")
    page.keyboard.press("s")
    page.get_by_label("keys").uncheck()
    page.focus("[data-sort=seconds]")
    page.keyboard.press("s")
    page.keyboard.press("/")
    assert not page.is_checked("#only") and page.evaluate(focused) != "find"
    page.reload()
    page.wait_for_selector("#people tr")
    assert not page.is_checked("#keys")
    page.keyboard.press("/")
    assert page.evaluate(focused) != "find"
    page.get_by_label("keys").check()
    page.focus("[data-sort=seconds]")
    page.keyboard.press("/")
    assert page.evaluate(focused) == "find"
    context.close()


def test_what_has_no_price_is_said_beside_the_sums_even_when_a_look_failed(browser: Any, room: Any) -> None:
    room.check(room.member(), "dataset")
    one = Running(
        "arn:aws:bedrock:us-west-2:1:provisioned-model/p", "provisioned throughput", "p", "Otters", 0.0, 3600.0, True,
        None, None, True,
    )  # fmt: skip
    with room.database.write() as connection:
        ledger.keep(connection, [one], {("us-west-2", "1")})
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = signed_in(context, room)
    page.locator("#money-note", has_text="no price for it: 1 provisioned throughput.").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "1 without a price" in page.inner_text("#teams tr")
    context.close()
