"""An answer as a careful prompt shows it: between two lines with a mark, each of its own lines behind "| ".

A prompt without such lines is read as it stands, so the local judge answers anybody's prompt.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_QUOTED = re.compile(r"\s*\[([0-9a-f]{8,64}) begins([^\n]*)\]\n(.*)\[\1 ends\]\s*", re.DOTALL)
_CUT = re.compile(r"; ([\d,]+) characters, cut to ")
_NOTES = re.compile(r"the league notes: ([^;\]\n]+)")
_AGAIN = re.compile(r"\[the same (\d+) more times\]")


@dataclass(frozen=True)
class Shown:
    """An answer's text, its length before it was cut, how many repeats of pieces were left out, notes on it."""

    text: str
    length: int
    repeats: int = 0
    notes: str = ""  # what the prompt's author noted of it


def shown(raw: str) -> Shown:
    """The answer in a tag of a prompt, as its author wrote it."""
    found = _QUOTED.fullmatch(raw)
    if not found:
        text = html.unescape(raw).strip()
        return Shown(text, len(text))
    lines = (line.removeprefix("|").removeprefix(" ") for line in found[3].split("\n"))
    text = html.unescape("\n".join(lines))
    # Only counts that the prompt's author could have written: an answer that plants one is the worse for it.
    repeats = sum(min(int(number[:9]), 10**6) for number in _AGAIN.findall(text))
    text = _AGAIN.sub(" ", text).strip()
    cut = _CUT.match(found[2])
    notes = _NOTES.search(found[2])
    return Shown(text, int(cut[1].replace(",", "")) if cut else len(text), repeats, notes[1] if notes else "")
