"""The organizer's console in a real browser: what people wrote is only text, and everything works by keyboard."""

from __future__ import annotations

import pytest

from tests.league_organizer.conftest import HOSTILE, HOSTILE_ANSWER, join, send_in
from tests.worlds.pages import complaints_of
from workshop_kit.errors import AwsProblem
from workshop_kit.league.client.talking import call
from workshop_kit.league.judging import patience
from workshop_kit.league.organizer import Organizer

pytestmark = pytest.mark.browser


def signed_in(browser, league, *, width: int = 1280, scheme: str = "light"):
    """The console's page after signing in, and what its browser complained of since."""
    url, token = league
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"{url}/organizer")
    page.wait_for_selector("#signin:not([hidden])")
    complaints = complaints_of(page)
    page.keyboard.type(token)
    page.keyboard.press("Enter")
    page.wait_for_selector("#event:not([hidden])")
    return page, complaints


def go(page, league, section: str) -> None:
    page.goto(f"{league[0]}/organizer#/{section}")
    page.wait_for_selector(f"body[data-loaded={section.split('/')[0]}]")


@pytest.fixture
def hostile(league, judged) -> str:
    """The id of a submission of a team whose name and answers are markup, with an open appeal."""
    member = join(*league, HOSTILE, HOSTILE)
    id = send_in(league[0], member, "right-30")
    call("POST", f"{league[0]}/api/appeals", token=member, json={"submission": id, "text": f"{HOSTILE}\nlook again"})
    return id


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_whatever_people_wrote_is_only_text_and_every_section_fits(browser, league, hostile, width, scheme) -> None:
    page, complaints = signed_in(browser, league, width=width, scheme=scheme)
    sections = (
        "event",
        "teams",
        "submissions",
        f"submission/{hostile}",
        "vote",
        "questions",
        "appeals",
        "trust",
        "log",
    )
    told = {}
    for section in sections:
        go(page, league, section)
        name = section.split("/")[0]
        told[name] = page.inner_text(f"#{name}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), section
        assert page.locator("main img, main script").count() == 0, section
    for name in ("teams", "submissions", "submission", "appeals", "trust", "log"):
        assert HOSTILE in told[name], name
    assert HOSTILE_ANSWER in told["submission"] and "addresses the judge" in told["submission"]
    assert "Not calibrated yet" in told["trust"] and "reference model" in told["trust"]
    assert complaints == []


def test_who_is_no_organizer_sees_nothing(browser, league, member: str) -> None:
    page = browser.new_page()
    page.goto(f"{league[0]}/organizer")
    page.wait_for_selector("#signin:not([hidden])")
    page.fill("#token", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem:not([hidden])")
    assert "not valid" in page.inner_text("#problem")
    page.fill("#token", member)
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem:has-text('for the organizer')")
    assert not page.is_visible("#desk")


def test_phases_are_set_by_hand_and_by_dates(browser, league) -> None:
    page, complaints = signed_in(browser, league)
    organizer = Organizer(*league)
    page.fill("#s-title", "Half typed")
    page.select_option("#phase", "freeze")
    page.click("#by-hand button")
    page.wait_for_selector("#phase-now:has-text('Freeze')")
    assert organizer.settings().phase == "freeze"
    assert page.input_value("#s-title") == "Half typed" and organizer.settings().title != "Half typed"
    page.click("#add-date")
    page.fill("#dates input", "2030-05-04T10:30")
    page.select_option("#dates select", "virtual")
    page.click("#by-dates button.main")
    page.wait_for_selector("#said:has-text('dates are set')")
    (phase,) = organizer.settings().phases
    assert phase.name == "virtual" and phase.starts == page.evaluate("new Date('2030-05-04T10:30').getTime() / 1000")
    page.fill("#s-ranked_quota", "7")
    page.fill("#s-judges", "one.judge\n\ntwo.judge")
    page.fill("#s-bases", "a.base")
    page.select_option("#s-open_models", "true")
    page.select_option("#s-reference_open_book", "false")
    page.fill("#s-longest_system_prompt", "250")
    page.click("#settings button")
    page.wait_for_selector("#said:has-text('settings are set')")
    assert organizer.settings().ranked_quota == 7 and organizer.settings().judges == ("one.judge", "two.judge")
    told = organizer.settings()
    assert (told.bases, told.open_models, told.reference_open_book) == (("a.base",), True, False)
    assert told.calls_per_second is None and told.longest_system_prompt == 250 and complaints == []


def test_nothing_can_be_chosen_before_it_is_loaded(browser, league) -> None:
    page, _ = signed_in(browser, league)
    waiting: list = []
    page.route("**/api/event", lambda route: waiting.append(route))
    with page.expect_request("**/api/event"):
        page.reload()
    page.wait_for_selector("#desk:not([hidden])")
    page.wait_for_timeout(300)
    assert waiting and not page.is_visible("#phase")
    waiting.pop().continue_()
    page.wait_for_selector("#phase", state="visible")


def test_a_judge_that_does_not_answer_is_told_in_every_section(browser, league, aws, monkeypatch) -> None:
    monkeypatch.setattr(patience, "SOON", 0.0)
    monkeypatch.setattr("workshop_kit.league.asking.LONGEST_PAUSE", 0.2)
    page, complaints = signed_in(browser, league)
    answering = aws.converse

    def away(modelId: str, **more):
        if "judge" in modelId:
            raise AwsProblem("Nothing answers.", "NoConnection")
        return answering(modelId=modelId, **more)

    aws.converse = away
    target = {"kind": "sagemaker", "endpoint": "right-30", "system": ""}
    call(
        "POST",
        f"{league[0]}/api/submissions",
        token=join(*league, "Otters"),
        json={"target": target, "key": "held-12345"},
    )
    page.wait_for_selector("#held:has-text('1 of 1 submissions under way')")
    assert "Waiting since" in page.inner_text("#held")
    aws.converse = answering
    page.wait_for_selector("#held", state="hidden")
    assert complaints == []


def test_codes_are_shown_once_printed_alone_and_open_the_team(browser, league) -> None:
    page, _ = signed_in(browser, league)
    go(page, league, "teams")
    page.fill("#names", f"Ada\n\n{HOSTILE}")
    page.click("#new-teams button.main")
    page.wait_for_selector("#code-cards li:nth-child(2)")
    code = page.inner_text("#code-cards li:nth-child(2) code")
    assert call("POST", f"{league[0]}/api/join", json={"code": code, "name": "Eve"})["team"] == HOSTILE
    page.emulate_media(media="print")
    assert page.is_visible("#code-cards") and not page.is_visible("#team-rows") and not page.is_visible("nav")
    page.emulate_media(media="screen")
    page.reload()
    page.wait_for_selector("body[data-loaded=teams]")
    assert page.locator("#code-cards li").count() == 0 and code not in page.content()
    page.click("#team-rows button:has-text('Shut out')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#said:has-text('Ada is shut out')")
    assert [row["disabled"] for row in Organizer(*league).teams()] == [True, False]


def test_a_verdict_is_overridden_an_appeal_decided_a_question_withdrawn(browser, league, hostile) -> None:
    page, complaints = signed_in(browser, league)
    organizer = Organizer(*league)
    go(page, league, f"submission/{hostile}")
    page.select_option("#only", "flags")
    card = page.locator("#pairs > section").first
    question = card.get_attribute("data-question")
    card.locator("button:has-text('Override')").click()
    page.click("#asking-yes")
    assert page.is_visible("#asking"), "without a reason nothing is overridden"
    page.fill("#asking-text", "The judge missed it")
    page.select_option("#asking-choice", "win")
    page.click("#asking-yes")
    page.wait_for_selector("#said:has-text('40 %')")
    assert organizer.submissions(team=HOSTILE)[0]["win_rate"] == 0.4
    assert "overridden: win" in page.inner_text(f"[data-question={question}]")
    go(page, league, "appeals")
    assert page.inner_text("#appeals-open") == "1"
    page.click("button:has-text('Uphold')")
    page.fill("#asking-text", "You are right")
    page.click("#asking-yes")
    page.wait_for_selector("#appeals-open", state="hidden")
    assert (organizer.appeals()[0]["state"], organizer.appeals()[0]["answer"]) == ("upheld", "You are right")
    go(page, league, "questions")
    page.click("#question-rows button >> nth=0")
    page.keyboard.press("Escape")
    assert all(row["withdrawn"] is None for row in organizer.questions())
    page.click("#question-rows button >> nth=0")
    page.keyboard.type("Two readings")
    page.click("#asking-yes")
    page.wait_for_selector("#said:has-text('3 submissions')")
    assert organizer.questions()[0]["withdrawn"] == "Two readings" and complaints == []


def test_people_vote_blind_by_keyboard(browser, league, judged) -> None:
    page, complaints = signed_in(browser, league)
    go(page, league, f"vote/{judged['Ada']}")
    orders = []
    for _ in range(10):
        left, right = page.inner_text("#vote-a"), page.inner_text("#vote-b")
        orders.append(page.inner_text("#vote-question"))
        assert "Ada" not in page.inner_text("#vote") and "reference" not in page.inner_text("#vote").lower()
        page.keyboard.press("t" if HOSTILE_ANSWER in left + right else "a" if "$" in left else "b")
        page.wait_for_selector(f"#vote-count:has-text('{len(orders)} votes given')")
    assert "Thank you" in page.inner_text("#vote-count") and not page.is_visible("#ballot")
    assert len(set(orders)) == 10
    (same,) = (row for row in Organizer(*league).trust() if row["measure"] == "same as people")
    assert (same["value"], same["cases"]) == ("100%", "10"), "a side that was drawn is told as the submission's or not"
    assert complaints == []


def test_a_judge_of_the_finale_votes_by_a_link_on_practice_answers_and_on_nothing_else(browser, league, judged) -> None:
    url, token = league
    practice = send_in(url, join(url, token, "Ada"), "right-50", set="practice")
    expert = Organizer(url, token).new_token("judge", "Jo")
    page = browser.new_page()
    page.goto(f"{url}/organizer#/vote/{practice}")
    page.wait_for_selector("#signin:not([hidden])")
    page.fill("#token", expert)
    page.keyboard.press("Enter")
    page.wait_for_selector("#vote-count:has-text('10 to go')")
    assert not page.is_visible("nav") and not page.is_visible("#back")
    page.keyboard.press("t")
    page.wait_for_selector("#vote-count:has-text('1 votes given')")
    page.goto(f"{url}/organizer#/vote/{judged['Ada']}")
    page.wait_for_selector("#problem:has-text('hidden')")
    assert not page.is_visible("#ballot") and "H-SECRET" not in page.content()


def test_a_calibration_shows_its_progress_by_itself(browser, league, judged, aws) -> None:
    page, complaints = signed_in(browser, league)
    go(page, league, "trust")
    aws.judge_hold.clear()
    page.click("#calibrate")
    page.wait_for_selector("#calibrations progress")
    assert page.is_disabled("#calibrate")
    aws.judge_hold.set()
    page.wait_for_selector("#calibrations [data-state=done]", timeout=20000)
    assert "known answers found" in page.inner_text("#calibrations") and page.is_enabled("#calibrate")
    page.click("#compare button")
    page.wait_for_selector("#compared:has-text('points')")
    assert complaints == []
