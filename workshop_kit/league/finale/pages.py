"""The finale's five pages: one frame around what each of them alone shows."""

from __future__ import annotations

from pathlib import Path
from string import Template

FOLDER = Path(__file__).resolve().parents[1] / "server" / "pages"
# Whom a page lets in, as it tells who has no token yet; without a word it is open to everybody.
LETS_IN = {
    "vote": "",
    "stage": "",
    "director": "This page is for the organizer.",
    "contestant": "This page is for the finalists. Your team's token, or the one the director gave you, lets you in.",
    "judge": "This page is for the experts. The director gives you a token.",
}


def finale_page(name: str) -> str:
    """A page's HTML by its name, one of LETS_IN: frame, sign-in where it takes a token, and its own part."""
    why = LETS_IN[name]
    signin = Template(_read("signin")).substitute(why=why) if why else ""
    return Template(_read("frame")).substitute(name=name, title=name.title(), signin=signin, body=_read(name))


def _read(part: str) -> str:
    return (FOLDER / f"finale_{part}.html").read_text(encoding="utf-8")
