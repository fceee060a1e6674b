"""The finale's pages under the hands of people: focus, presses and typing outlast the news that keeps coming."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worlds.finale import TEAMS, Playing, questions_of
from tests.worlds.pages import PHONE, WIDE, until
from workshop_kit.league.finale.client import Seat

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.textContent"
SAID = "byId('problem').textContent"


def opened(browser: Any, playing: Playing, name: str, token: str = "", size: dict[str, int] = WIDE) -> Any:
    page = browser.new_page(viewport=size)
    page.goto(f"{playing.url}/finale/{name}" + (f"#token={token}" if token else ""))
    page.wait_for_selector("#live:not(.off)")
    return page


def votes(playing: Playing, page: Any, count: int) -> None:
    """One more device votes, and the director's page has heard of it."""
    playing.device().vote("A")
    until(page, f"byId('counts').textContent.includes('Votes received{count}')")


def test_votes_that_come_in_take_nothing_out_of_the_director_s_hands(browser, playing) -> None:
    playing.create(rounds=1, seconds=60)
    playing.to_voting()
    page = opened(browser, playing, "director", playing.token)
    page.wait_for_selector("#verdict-rows tbody tr:nth-child(5) button")
    page.focus("#verdict-rows tbody tr:nth-child(2) button")
    page.evaluate("window.row = document.activeElement")
    votes(playing, page, 1)
    assert page.evaluate("document.activeElement === window.row"), "the focus on an override went"
    page.focus("#leave-out button")
    votes(playing, page, 2)
    assert page.evaluate(FOCUSED) == "Leave out the LLM judge"
    page.fill("#w-llm", "50")
    page.focus("#w-experts")
    votes(playing, page, 3)
    assert page.input_value("#w-llm") == "50", "what was typed went"
    close = page.locator("#buttons button[data-action=skip]")
    close.scroll_into_view_if_needed()
    box = close.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    votes(playing, page, 4)
    page.mouse.up()
    assert page.is_visible("#reason-box"), "a press went"
    page.keyboard.press("Escape")
    page.focus("#leave-out button")
    page.keyboard.press("Enter")
    page.fill("#reason-text", "It is asleep.")
    page.click("#reason-form button[value=yes]")
    until(page, "byId('leave-out').textContent.includes('Count the LLM judge')")


def test_the_focus_goes_with_the_clock_s_button_from_pause_to_go_on(browser, playing) -> None:
    director = playing.create(rounds=1, seconds=60)
    director.open(1)
    page = opened(browser, playing, "director", playing.token)
    page.focus("#buttons [data-action=pause]")
    page.keyboard.press("Enter")
    until(page, "view.round.phase === 'paused'")
    assert page.evaluate(FOCUSED) == "Go on P"


def test_a_contestant_keeps_the_focus_in_the_list_of_answers(browser, playing) -> None:
    director = playing.create(rounds=1, seconds=60)
    director.open(1)
    token = director.seat("Cy")
    for text in ("first", "second"):
        Seat(playing.url, token).generate(f"Say: {text}", round=1)
    page = opened(browser, playing, "contestant", token)
    page.wait_for_selector("#mine li:nth-child(2)")
    page.focus("#mine li:nth-child(2) button.quiet")
    playing.seat("Dee").generate(round=1)
    Seat(playing.url, token).generate("Say: third", round=1)
    page.wait_for_selector("#mine li:nth-child(3)")
    assert page.evaluate("document.activeElement.dataset.key") == "1/use"
    page.focus("#mine li:nth-child(3) button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#mine li:nth-child(3) .badge")
    assert page.evaluate("document.activeElement.dataset.key") == "1/use", (
        "what was pressed is gone; its neighbour holds"
    )


def test_a_contestant_s_prompt_is_not_the_next_one_s_on_a_shared_computer(browser, playing) -> None:
    director = playing.create(rounds=1, seconds=60)
    director.open(1)
    page = opened(browser, playing, "contestant", director.seat("Cy"))
    page.fill("#system", "Cy's secret recipe")
    page.reload()
    until(page, "byId('system').value === \"Cy's secret recipe\"")
    page.goto(f"{playing.url}/finale/contestant#token={director.seat('Dee')}")
    page.locator("#where", has_text="Dee").wait_for()
    assert page.input_value("#system") == ""
    page.fill("#system", "Dee's own")
    page.goto(f"{playing.url}/finale/contestant#token={director.seat('Cy')}")
    page.locator("#where", has_text="Cy").wait_for()
    assert page.input_value("#system") == "Cy's secret recipe"


def test_an_action_whose_answer_was_lost_is_sent_once_more_and_acts_once(browser, playing) -> None:
    director = playing.create(rounds=1, seconds=60)
    director.open(1)
    page = opened(browser, playing, "director", playing.token)
    sent: list[str] = []

    def lose_the_first(route: Any) -> None:
        sent.append(route.request.post_data)
        if len(sent) == 1:
            route.fetch()  # it arrives; its answer does not
            route.abort()
        else:
            route.continue_()

    page.route("**/director/extend", lose_the_first)
    page.click("#buttons [data-action=extend]")
    until(page, "view.round.length === 75")
    page.wait_for_timeout(1500)
    assert len(sent) == 2 and sent[0] == sent[1] and director.view().told["round"]["length"] == 75
    assert page.is_hidden("#problem")


def test_without_a_connection_people_are_told_in_a_sentence(browser, playing) -> None:
    playing.create(rounds=1, seconds=60)
    playing.to_voting()
    page = opened(browser, playing, "vote", size=PHONE)
    page.wait_for_selector("#answers article")
    page.route("**/api/finale/ballot", lambda route: route.abort())
    page.click("#answers article:nth-child(1) button")
    until(page, f"{SAID} === 'The league does not answer; check the connection, then try again.'")


def test_a_clock_that_could_not_be_asked_is_asked_again_soon(browser, playing) -> None:
    director = playing.create(seconds=60)
    director.open(1)
    page = browser.new_page(viewport=PHONE)
    page.add_init_script("const real = Date.now; Date.now = () => real() + 3600e3;")
    failed: list[int] = []

    def fail_once(route: Any) -> None:
        failed.append(1)
        route.abort() if len(failed) == 1 else route.continue_()

    page.route("**/api/finale/clock", fail_once)
    page.goto(f"{playing.url}/finale/vote")
    until(page, "byId('timer').textContent === '0:00'")
    until(page, "byId('timer').textContent > '0:30' && byId('timer').textContent < '0:59'")


def test_every_answer_can_be_chosen_by_its_key_and_keys_can_be_switched_off(browser, playing) -> None:
    names = [f"Team {n}" for n in range(8)]
    director = playing.director
    director.create(
        contestants=[(name, "bikes-50") for name in names], questions=questions_of(1), instead=True, seconds=60
    )
    director.open(1)
    for name in names:
        playing.seat(name).generate(round=1)
    director.close(1)
    director.start_voting(1)
    page = opened(browser, playing, "judge", director.seat("Ada", expert=True))
    page.wait_for_selector("#answers article:nth-child(8)")
    for pressed in ("h", "6", "."):
        page.keyboard.press(pressed)
    until(page, "Boolean(view.sheet.H && view.sheet.H.score === 6.5)")
    page.uncheck("#keys-on")
    page.keyboard.press("2")
    page.reload()
    page.wait_for_selector("#answers article:nth-child(8)")
    assert not page.is_checked("#keys-on"), "this browser remembers it"
    page.keyboard.press("2")
    page.check("#keys-on")
    page.keyboard.press("b")
    page.keyboard.press("4")
    until(page, "Boolean(view.sheet.B && view.sheet.B.score === 4)")
    assert page.evaluate("Object.keys(view.sheet).sort().join('')") == "BH"
    assert page.evaluate("view.sheet.H.score") == 6.5


def test_the_director_s_keys_can_be_switched_off(browser, playing) -> None:
    director = playing.create(rounds=1, seconds=60)
    page = opened(browser, playing, "director", playing.token)
    page.wait_for_selector("#next:not(:disabled)")
    page.uncheck("#keys-on")
    page.keyboard.press("n")
    page.wait_for_timeout(500)
    assert director.view().phase == "waiting"
    page.check("#keys-on")
    page.keyboard.press("n")
    until(page, "view.round.phase === 'open'")


def test_a_director_makes_an_earlier_finale_the_current_one_on_the_page(browser, fresh) -> None:
    director = fresh.create(rounds=2, title="The real one")
    page = opened(browser, fresh, "director", fresh.token)
    page.wait_for_selector("#next:not(:disabled)")
    assert page.is_hidden("#finales"), "there is nothing to choose"
    first = director.view().told["finale"]
    director.create(contestants=TEAMS[:2], questions=questions_of(2), title="By mistake")
    director.open(1)
    page.wait_for_selector("#finale-rows button")
    assert page.inner_text("#finale-rows tbody tr:nth-child(1)").startswith("By mistake")
    page.click("#finale-rows button")
    until(page, f"{SAID}.includes('Round 1 of By mistake is being played')")
    page.check("#current-instead")
    page.click("#finale-rows button")
    until(page, f"view.finale === '{first}' && byId('title').textContent === 'The real one'")
    until(page, "byId('finale-rows').querySelector('tbody tr').textContent.startsWith('The real one')")
    assert not page.is_checked("#current-instead") and page.is_hidden("#problem")


def test_an_expert_who_is_sent_away_reads_so_and_a_new_link_lets_her_in(browser, playing) -> None:
    director = playing.create(rounds=2, seconds=60)
    page = opened(browser, playing, "judge", director.seat("Ada", expert=True))
    organizer = opened(browser, playing, "director", playing.token)
    organizer.fill("#seat-name", "Ada")
    organizer.click("#seats button")
    until(organizer, "byId('seat-link').textContent.includes('given out for this name before is good no more')")
    director.open(1)
    until(page, f"{SAID} === 'You were signed out; ask the director for a new link.'")
    link = organizer.inner_text("#seat-link").split(": ", 1)[1].split()[0]
    page.goto(link)
    page.wait_for_selector("#timer:not([hidden])")
    assert page.is_hidden("#problem") and "token" not in page.url
