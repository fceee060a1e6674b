"""What a finale's page shows when answers of the server come late, or in another order than they were asked for."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.worlds.pages import PHONE, WIDE, until

pytestmark = pytest.mark.browser


class Late:
    """Answers of the server to requests of one method, held back until told."""

    def __init__(self, page: Any, which: str, method: str = "POST") -> None:
        self._held: list[tuple[Any, Any]] = []

        def hold(route: Any) -> None:
            if route.request.method == method:
                self._held.append((route, route.fetch()))
            else:
                route.continue_()

        page.route(which, hold)

    def wait(self, page: Any, count: int = 1) -> None:
        """Until so many have been answered by the server."""
        for _ in range(200):
            if len(self._held) >= count:
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"{len(self._held)} of {count} requests came within 10 s")

    def arrive(self) -> None:
        """Let the page have them, in the order asked for."""
        while self._held:
            route, answer = self._held.pop(0)
            route.fulfill(response=answer)


def console(browser: Any, playing: Any) -> Any:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{playing.url}/finale/director#token={playing.token}")
    page.wait_for_selector("#desk:not([hidden])")
    page.wait_for_selector("#live:not(.off)")
    return page


def test_an_answer_that_was_long_on_its_way_does_not_bring_back_what_was_before(browser, playing) -> None:
    director = playing.create(seconds=60)
    page = console(browser, playing)
    late = Late(page, "**/api/finale/director/open")
    page.keyboard.press("n")
    late.wait(page)
    until(page, "view.round.phase === 'open'")
    director.close(1)
    until(page, "view.round.phase === 'closed'")
    late.arrive()
    page.wait_for_timeout(300)
    assert page.evaluate("view.round.phase") == "closed", "the page went back to the countdown"
    assert page.inner_text("#next") == "Start the vote"


def test_what_is_pressed_while_an_answer_is_on_its_way_is_done_after_it(browser, playing) -> None:
    playing.create(seconds=60).open(1)
    page = console(browser, playing)
    until(page, "view.round.phase === 'open'")
    late = Late(page, "**/api/finale/director/pause")
    page.keyboard.press("p")
    late.wait(page)
    until(page, "view.round.phase === 'paused'")
    page.keyboard.press("p")
    page.keyboard.press("c")
    page.wait_for_timeout(300)
    assert page.evaluate("view.round.phase") == "paused", "a press overtook the one before it"
    late.arrive()
    until(page, "view.round.phase === 'closed'")
    assert page.is_hidden("#problem"), page.inner_text("#problem")


def test_a_vote_cast_while_the_page_asks_for_the_one_before_is_the_one_shown(browser, playing) -> None:
    director = playing.create(seconds=60)
    director.open(1)
    for name in director.view().told["contestants"][:2]:
        playing.seat(name).generate(round=1)
    director.close(1)
    page = browser.new_page(viewport=PHONE)
    late = Late(page, "**/api/finale/ballot", "GET")
    page.goto(f"{playing.url}/finale/vote")
    late.wait(page)
    director.start_voting(1)
    page.wait_for_selector("#answers article:nth-child(2)")
    page.click("#answers article:nth-child(2) button")
    until(page, "document.getElementById('said').textContent.startsWith('You vote for B')")
    late.arrive()
    page.wait_for_timeout(300)
    assert page.inner_text("#said").startswith("You vote for B"), "the vote was kept and the page forgot it"


def test_after_the_league_came_back_from_an_older_copy_its_word_counts(browser, fresh, tmp_path) -> None:
    fresh.create(seconds=60)
    fresh.stop()
    shutil.copytree(fresh.home, tmp_path / "older")
    fresh.start()
    fresh.director.open(1)
    page = console(browser, fresh)
    until(page, "view.round.phase === 'open'")
    fresh.stop()
    page.wait_for_selector("#live.off", state="attached")
    shutil.rmtree(fresh.home)
    shutil.copytree(tmp_path / "older", fresh.home)
    fresh.start()
    until(page, "view.round.phase === 'waiting'", timeout=20000)
