"""The instructor's page in a real browser, with a class of simulated people: it fits, it is live, keys work."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.worlds.pages import complaints_of
from workshop_kit.classroom.steps import STEPS

PICTURES = os.environ.get("WORKSHOP_PICTURES")
pytestmark = pytest.mark.browser


def simulate(room, count: int) -> None:
    """People who are simulated, in every state: at work, failing, slow, with a hand up, finished, without a name."""
    chance = random.Random(count)
    for n in range(count):
        token = room.member(f"Simulated {n + 1}", f"Team {n // 4 + 1}")
        more = {"anonymous": f"{n:032x}"} if chance.random() < 0.1 else {}
        last = min(5, int(chance.expovariate(0.45)))
        reports = [
            room.one(STEPS[number].id, seconds=chance.uniform(0.3, 1.4) * 60 * STEPS[number].minutes)
            for number in range(last)
        ]
        reports.append(
            room.one(STEPS[last].id, kind="begin", seconds=chance.uniform(0, 1.7) * 60 * STEPS[last].minutes)
        )
        reports += [room.one(STEPS[last].id, ok=False) for _ in range(chance.choice([0, 0, 0, 1, 2, 4]))]
        room.report(token, *reports, **more)
        if chance.random() < 0.05:
            room.told("POST", "/api/class/help", token, json={"step": STEPS[last].id} | more)


@pytest.fixture(scope="module")
def classes(served):
    found = {}
    for count in (40, 400):
        room = found[count] = served()
        simulate(room, count)
        room.told(
            "POST", "/api/class/hints", room.organizer, json={"text": "A row <b>needs</b> an answer.", "step": "review"}
        )
        room.told("PUT", "/api/class/steps/submission", room.organizer, json={"open": False})
        room.told("PUT", "/api/class/steps/dataset", room.organizer, json={"released": True})
    return found


def opened(browser, room, **settings):
    page = browser.new_page(**settings)
    page.goto(f"{room.url}/classroom")
    page.wait_for_selector("#signin:not([hidden])")
    page.complaints = complaints_of(page)
    page.fill("#token", room.organizer)
    page.click("#signin button")
    page.wait_for_selector("#people tr")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("count", [40, 400])
def test_it_fits_and_shows_everybody(browser, classes, count: int, width: int, scheme: str) -> None:
    page = opened(browser, classes[count], viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_text("Live", exact=True).wait_for()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"classroom-{count}-{width}-{scheme}.png", full_page=True)
    assert page.locator("#people tr").count() == count
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for box in page.query_selector_all(".card, .scroll"):
        assert box.evaluate("e => e.scrollWidth <= e.clientWidth"), box.get_attribute("aria-labelledby")
    assert page.complaints == []


def test_keys_filters_and_order(browser, classes) -> None:
    page = opened(browser, classes[400], viewport={"width": 1280, "height": 900})
    page.keyboard.press("s")
    # Read in one go: people become stuck as time goes by.
    rows, stuck = page.evaluate(
        "[byId('people').children.length, Number(byId('facts').querySelector('b').textContent)]"
    )
    assert rows == stuck > 0
    page.keyboard.press("s")
    assert page.locator("#people tr").count() == 400
    page.keyboard.press("/")
    page.keyboard.type("simulated 399")
    assert page.locator("#people tr").count() <= 1
    page.fill("#find", "")
    page.focus("[data-sort=seconds]")
    page.keyboard.press("Enter")
    assert page.get_attribute("th:has([data-sort=seconds])", "aria-sort") == "descending"
    page.select_option("#at", "review")
    assert set(page.locator("#people td:nth-child(3)").all_inner_texts()) <= {"2", "2 done"}
    assert page.complaints == []


def test_what_happens_appears_by_itself_and_a_hostile_name_is_only_text(browser, classes) -> None:
    room = classes[40]
    page = opened(browser, room, viewport={"width": 1280, "height": 900})
    name = "<img src=x onerror=alert(1)>"
    room.told("POST", "/api/class/help", room.member(name, "<b>Team</b>"), json={"step": "review"})
    row = page.locator("#people tr", has_text=name)
    row.wait_for(timeout=10_000)
    assert "asked for help" in row.inner_text() and page.locator("#people img, #people b").count() == 0
    row.get_by_role("button", name="was helped").click()
    page.locator("#people tr.hand", has_text=name).wait_for(state="detached")
    page.get_by_role("button", name="Close step 4").click()
    page.get_by_role("button", name="Open step 4").wait_for()
    assert not room.board()["steps"][3]["open"]
    page.fill("#hint", "All look here")
    page.click("#say .main")
    page.locator("#hints li", has_text="All look here").wait_for()
    assert page.complaints == []
