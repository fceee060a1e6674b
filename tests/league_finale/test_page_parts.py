"""The finale's pages as the server gives them: put together whole, each its own, and nothing but its own scripts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

import workshop_kit.league.server
from workshop_kit.league.finale.pages import LETS_IN

STATIC = Path(workshop_kit.league.server.__file__).with_name("static")
VOID = {"meta", "link", "input", "img", "br"}


class Outline(HTMLParser):
    """What a page consists of: its ids, title, body's class and the addresses of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.words: dict[str, str] = {}
        self.body = ""
        self.wanted: list[str] = []
        self.handlers: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.ids += [told["id"]] if "id" in told else []
        self.handlers += [name for name in told if name.startswith("on")]
        if tag == "body":
            self.body = told["class"]
        if tag == "script" or (tag == "link" and told["rel"] == "stylesheet"):
            self.wanted.append(told["src" if tag == "script" else "href"])
        if tag not in VOID:
            self._open.append((tag, f"#{told['id']}" if "id" in told else tag))

    def handle_endtag(self, tag: str) -> None:
        # HTML may leave some open; the pages close everything.
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, place = self._open[-1] if self._open else ("", "")
        assert tag != "script", f"a script of the page's own: {data[:60]}"
        self.words[place] = self.words.get(place, "") + data


@pytest.mark.parametrize("name", LETS_IN)
def test_a_page_is_whole_and_its_own(playing, name: str) -> None:
    reply = requests.get(f"{playing.url}/finale/{name}", timeout=20)
    assert reply.status_code == 200
    assert "script-src 'self';" in reply.headers["Content-Security-Policy"]
    page = reply.text
    assert page.startswith("<!doctype html>\n<html lang=") and page.endswith("</html>\n")
    assert page.count("<html") == page.count("<main>") == 1
    found = Outline(page)
    assert (found.words["title"], found.body) == (name.capitalize(), name)
    assert len(found.ids) == len(set(found.ids)), "an id stands twice"
    assert {"title", "live", "rehearsal", "problem", "milestone", "state", "question"} <= set(found.ids)
    assert not found.handlers
    assert found.wanted[-1] == f"../static/finale_{name}.js"
    for address in found.wanted:
        assert (STATIC / address.removeprefix("../static/")).is_file(), address


def test_only_pages_that_take_a_token_ask_for_one_and_say_whose(playing) -> None:
    asked = {}
    for name in LETS_IN:
        found = Outline(requests.get(f"{playing.url}/finale/{name}", timeout=20).text)
        asked[name] = found.words.get("#signin-why", "")
        assert ("token" in found.ids) == ("signin" in found.ids) == bool(asked[name])
    assert not asked["vote"] and not asked["stage"]
    assert "organizer" in asked["director"] and "finalists" in asked["contestant"] and "experts" in asked["judge"]


@pytest.mark.parametrize("part", ["frame", "signin", "nothing"])
def test_a_part_of_a_page_is_no_page(playing, part: str) -> None:
    reply = requests.get(f"{playing.url}/finale/{part}", timeout=20)
    assert reply.status_code == 404
    assert "vote, stage, director, contestant, judge" in reply.json()["error"]["message"]
