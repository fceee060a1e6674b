"""The standings page in a real browser: it changes by itself, and a hostile name is only text."""

from __future__ import annotations

import threading

import pytest

from tests.worlds.pages import complaints_of
from workshop_kit.league import client

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (420, "light")])
def test_a_row_appears_by_itself_and_fits(browser, league: str, aws, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints = complaints_of(page)
    page.goto(league)
    page.wait_for_selector("#empty:not([hidden])")
    name = "<img src=x onerror=alert(1)> & Söhne"
    worker = threading.Thread(
        target=client.submit, args=(aws, "right-80", name), kwargs={"domain": "bicycle-library", "url": league}
    )
    worker.start()
    page.wait_for_selector("#rows tr", timeout=20000)
    worker.join()
    row = page.inner_text("#rows tr")
    assert name in row and "80 %" in row
    assert page.locator("#rows img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width < 500:
        assert page.evaluate(
            "document.querySelector('.card').scrollWidth <= document.querySelector('.card').clientWidth"
        )
    assert page.inner_text("#live") == "Live" and complaints == []


def test_behind_a_proxy_that_holds_streams_back_the_page_asks_by_itself(browser, league: str, aws) -> None:
    page = browser.new_page()
    page.route("**/api/stream", lambda route: route.abort())
    page.goto(league)
    page.wait_for_selector("#empty:not([hidden])")
    client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=league)
    page.wait_for_selector("#rows tr", timeout=20000)
    assert "Ada" in page.inner_text("#rows tr") and page.inner_text("#live") == "Live, every 3 s"


def test_after_an_interruption_the_page_asks_by_itself_and_then_listens_again(browser, league: str, aws) -> None:
    page = browser.new_page()
    page.add_init_script(
        "Math.random = () => 0; window.made = []; const Honest = EventSource;"
        "window.EventSource = class extends Honest { constructor(url) { super(url); made.push(this); } };"
    )
    page.goto(league)
    page.wait_for_selector("#live:text-is('Live')")
    page.evaluate("made[0].onerror(); made[0].onerror()")
    page.wait_for_selector("#live:text-is('Live, every 3 s')")
    client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=league)
    page.wait_for_selector("#rows tr", timeout=10000)
    page.wait_for_selector("#live:text-is('Live')", timeout=30000)
    assert page.evaluate("made.map(source => source.readyState)") == [2, 1]
    client.submit(aws, "right-70", "Bob", domain="bicycle-library", url=league)
    page.wait_for_selector("#rows tr:nth-child(2)", timeout=10000)


def test_the_big_screen_the_search_and_the_curves(browser, league: str, aws) -> None:
    for name, endpoint in (("Ada", "right-50"), ("Ada", "right-90"), ("Bob", "right-70")):
        client.submit(aws, endpoint, name, domain="bicycle-library", url=league)
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.goto(f"{league}/?screen=big")
    page.wait_for_selector("#rows tr")
    assert page.locator("body.big").count() == 1 and not page.is_visible("footer")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("body.big").count() == 0, "the button works by keyboard"
    page.fill("#find", "bo")
    page.wait_for_selector("#rows tr:only-child")
    assert "Bob" in page.inner_text("#rows tr") and "2" in page.inner_text("#rows tr .rank")
    page.wait_for_selector("#curves path >> nth=1", state="attached")
    assert page.locator("#curves text", has_text="Ada").count() == 1
    page.click("#progress summary")
    assert page.locator("#steps tbody tr").count() == 3
    assert "of 3" in page.inner_text("#rows tr")
