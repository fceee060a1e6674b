"""The finale's pages in real browsers: a director, a contestant, an expert, the audience and the stage play a round."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.pages import PHONE, WIDE, complaints_of, until

pytestmark = pytest.mark.browser
ATTACK = "<img src=x onerror=alert(1)> ${7*7} 'quoted' \"twice\" Frame 2 costs $102. " + "W" * 300
# The seconds on a page's timer.
TIMER = "byId('timer').textContent.split(':').reduce((sum, part) => 60 * sum + parseInt(part), 0)"
# Where to leave screenshots for a human to look at; nowhere unless told.
PICTURES = os.environ.get("WORKSHOP_PICTURES")


def press_next(director: Any) -> None:
    """Press the console's big button by its key, once it may be pressed."""
    director.wait_for_selector("#next:not(:disabled)")
    director.keyboard.press("n")


class Pages:
    """One page per role in a browser context of its own; complaints of any are collected."""

    def __init__(self, browser: Any, playing: Any, size: dict[str, int], scheme: str) -> None:
        self.browser, self.playing, self.size, self.scheme = browser, playing, size, scheme
        self.complaints: dict[str, list[str]] = {}
        self.open: dict[str, Any] = {}

    def page(self, name: str, token: str = "") -> Any:
        page = self.browser.new_page(viewport=self.size, color_scheme=self.scheme, reduced_motion="reduce")
        self.complaints[name] = complaints_of(page)
        page.goto(f"{self.playing.url}/finale/{name}" + (f"#token={token}" if token else ""))
        self.open[name] = page
        return page

    def look(self, moment: str) -> None:
        """Nothing hangs over the side of any page; pictures are taken if somebody wants to see them."""
        for name, page in self.open.items():
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if PICTURES:
                where = Path(PICTURES) / f"{self.size['width']}-{self.scheme}-{name}-{moment}.png"
                page.screenshot(path=str(where), full_page=True)
            assert wide <= 0, f"{name} at '{moment}' is {wide} px too wide"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_a_round_is_played_on_the_pages(browser, playing, teams, size, scheme) -> None:
    director_door = playing.create(rounds=2, seconds=120, title="Bicycle finale")
    pages = Pages(browser, playing, size, scheme)
    director, stage = pages.page("director", playing.token), pages.page("stage")
    contestant = pages.page("contestant", director_door.seat("<b>Ben</b>"))
    judge = pages.page("judge", director_door.seat("Ada Expert", expert=True))
    vote = pages.page("vote")
    assert "token" not in contestant.url, "a token stays out of the history"
    for page in pages.open.values():
        page.wait_for_selector("#live:not(.off)")
    stage.wait_for_selector("#qr img")
    pages.look("1-waiting")

    press_next(director)
    for page in pages.open.values():
        page.wait_for_selector("#timer:not([hidden])")
        assert "F-SECRET-1" in page.inner_text("#question")
        assert 90 < page.evaluate(TIMER) <= 120
    contestant.fill("#system", f"Say: {ATTACK}")
    contestant.focus("#temperature")
    for _ in range(4):
        contestant.keyboard.press("ArrowRight")
    contestant.focus("#system")
    contestant.keyboard.press("Control+Enter")
    contestant.wait_for_selector("#mine li .badge")
    contestant.fill("#system", "Answer in one short sentence.")
    contestant.click("#generate")
    contestant.wait_for_selector("#mine li:nth-child(2)")
    contestant.wait_for_selector("#mine li:first-child .badge")
    contestant.click("text=Let #1 count")
    contestant.wait_for_selector("#mine li:nth-child(2) .badge")
    contestant.reload()
    contestant.wait_for_selector("#mine li:nth-child(2) .badge")
    assert contestant.input_value("#system") == "Answer in one short sentence."
    assert contestant.input_value("#temperature") == "0.2"
    for name, _ in teams[2:]:
        playing.seat(name).generate(round=1)
    stage.wait_for_selector("#ready li.has:nth-child(5)")
    pages.look("2-open")

    shown = stage.evaluate(TIMER)
    director.keyboard.press("e")
    until(stage, f"{TIMER} > {shown}")
    director.keyboard.press("p")
    for page in (director, stage):
        until(page, "document.getElementById('timer').textContent.includes('paused')")
    contestant.wait_for_selector("#generate:disabled")
    director.keyboard.press("p")
    for page in (director, stage):
        until(page, "!document.getElementById('timer').textContent.includes('paused')")
    director.keyboard.press("c")
    until(director, "document.getElementById('next').textContent === 'Start the vote'")
    director_door.wait_for_judge()
    press_next(director)

    vote.wait_for_selector("#answers article:nth-child(4)")
    assert vote.locator("#answers article").count() == 4, "who has no answer has no letter"
    for page in (vote, stage, judge):
        page.wait_for_selector("#answers article")
        assert ATTACK in page.inner_text("#answers") and page.locator("#answers img").count() == 0
        assert "Ben" not in page.inner_text("#answers")
    vote.click("#answers article:nth-child(2) button")
    until(vote, "document.getElementById('said').textContent.startsWith('You vote for B')")
    vote.click("#answers article:nth-child(1) button")
    until(vote, "document.getElementById('said').textContent.startsWith('You vote for A')")
    vote.reload()
    until(vote, "document.getElementById('said').textContent.startsWith('You vote for A')")
    until(director, "document.getElementById('counts').textContent.includes('Votes received1')")
    for pressed in ("a", "7", ".", "b", "x", "c", "3", "d", "0"):
        judge.keyboard.press(pressed)
    until(judge, "document.getElementById('said').textContent.startsWith('All 4 answers scored')")
    sheet = [button.inner_text() for button in judge.query_selector_all(".scores button[aria-pressed=true]")]
    assert sheet == ["7", "½", "10", "3", "0"]
    until(director, "document.getElementById('counts').textContent.includes('4 of 4 scored')")
    pages.look("3-voting")

    director.click("#verdict-rows tr:nth-child(2) button >> nth=0")
    director.fill("#reason-score", "9.5")
    director.fill("#reason-text", "The judge counted the letters wrong.")
    director.click("#reason-form button[value=yes]")
    until(director, "document.getElementById('verdict-rows').textContent.includes('A human gave 9.5')")
    press_next(director)
    for step in (1, 2, 3, 4):
        until(director, f"view.round.phase === 'counted' && view.round.step === {step - 1}")
        press_next(director)
        if step == 2:
            stage.wait_for_selector("#reveal .points .experts", state="attached")
            assert "Ben" not in stage.inner_text("#reveal")
            pages.look("4-revealing")
    for page in pages.open.values():
        page.wait_for_selector("#standing:not([hidden])")
        assert "<b>Ben</b>" in page.inner_text("#reveal") and page.locator("#reveal b:not(.letter)").count() == 0
    assert "The judge counted the letters wrong." in stage.inner_text("#reveal")
    pages.look("5-revealed")
    assert not any(pages.complaints.values()), pages.complaints


def test_without_a_token_a_page_asks_for_one(browser, playing) -> None:
    playing.create()
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{playing.url}/finale/contestant")
    page.wait_for_selector("#signin:not([hidden])")
    page.fill("#token", "wk_wrong")
    page.click("#signin button")
    until(page, "document.getElementById('problem').textContent.includes('not valid')")
    page.fill("#token", playing.director.seat("Cy"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk:not([hidden])")
    assert "Cy" in page.inner_text("#where") and page.is_hidden("#signin")


def test_a_director_makes_a_finale_on_the_page(browser, fresh) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{fresh.url}/finale/director#token={fresh.token}")
    page.wait_for_selector("#create:not([hidden])")
    page.fill("#new-contestants", "Ann = bikes-100\nBen = toy.bikes-v1:0")
    page.select_option("#new-from", "practice")
    page.fill("#new-rounds", "3")
    page.check("#new-rehearsal")
    page.click("#create button")
    page.wait_for_selector("#desk:not([hidden])")
    assert page.locator("#agenda tbody tr").count() == 3 and page.is_visible("#rehearsal")
    page.fill("#seat-name", "Grace")
    page.click("#seats button")
    until(page, "document.getElementById('seat-link').textContent.includes('/finale/judge#token=wk_')")
    page.fill("#w-llm", "50")
    page.click("#weights button")
    until(page, "view.weights.llm === 50")
    page.keyboard.press("s")
    page.fill("#reason-text", "A dry run.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "view.agenda[0].phase === 'skipped'")
    fresh.director.open(2)
    page.click("#another")
    page.fill("#new-title", "The second")
    fresh.director.extend(2, 5)
    until(page, "view.round.length > 90")
    assert page.input_value("#new-title") == "The second" and page.is_visible("#create"), "news must not close a form"
    page.click("#create button")
    until(page, "byId('problem').textContent.includes('is being played; end it first')")
    page.check("#new-instead")
    page.click("#create button")
    until(page, "view.title === 'The second'")


def test_where_a_proxy_holds_the_stream_back_the_page_polls(browser, playing) -> None:
    director = playing.create(seconds=60)
    page = browser.new_page(viewport=PHONE)
    page.route("**/api/finale/stream", lambda route: route.abort())
    page.goto(f"{playing.url}/finale/vote")
    until(page, "document.getElementById('live').textContent.includes('every 3 s')", timeout=20000)
    director.open(1)
    page.wait_for_selector("#timer:not([hidden])", timeout=10000)


def test_a_countdown_says_only_its_milestones_aloud(browser, playing) -> None:
    director = playing.create(seconds=60)
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{playing.url}/finale/vote")
    page.wait_for_selector("#live:not(.off)")
    assert page.get_attribute("#timer", "aria-live") == "off"
    director.open(1, 15)
    until(page, "document.getElementById('milestone').textContent === '10 seconds left'", timeout=20000)


def test_a_countdown_goes_by_the_server_s_clock_whatever_the_phone_s_says(browser, playing) -> None:
    director = playing.create(seconds=60)
    director.open(1)
    page = browser.new_page(viewport=PHONE)
    page.add_init_script("const real = Date.now; Date.now = () => real() + 3600e3;")
    page.goto(f"{playing.url}/finale/vote")
    page.wait_for_selector("#timer:not([hidden])")
    until(page, f"30 < {TIMER} && {TIMER} <= 60")


def test_a_countdown_never_shows_more_than_the_round_has(browser, playing) -> None:
    director = playing.create(seconds=60)
    page = browser.new_page(viewport=PHONE)

    def behind(route: Any) -> None:
        told = route.fetch()
        now = told.json()["now"]
        route.fulfill(response=told, json={"now": now - 20})

    page.route("**/api/finale/clock", behind)
    page.goto(f"{playing.url}/finale/vote")
    page.wait_for_selector("#live:not(.off)")
    director.open(1)
    page.wait_for_selector("#timer:not([hidden])")
    assert page.evaluate(TIMER) == 60, "the page took the server's clock for one that is 20 s behind"
    page.unroute_all(behavior="wait")
