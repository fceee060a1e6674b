"""Signs that an answer speaks to the judge and not to the person who asked.

A flag changes no verdict by itself: it stands in the prompt as the league's note, and the organizer sees it beside the
answer. The patterns know the usual tricks in the languages listed here and miss a new one; what they find is nearly
always meant (no row of the shipped data sets one off).
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from workshop_kit.league.judge.shield import Cleaned

# flag -> what it says, for the organizer's page
FLAGS: dict[str, str] = {
    "addresses the judge": "It asks for a verdict, gives orders or claims authority.",
    "fake verdict": "It holds a verdict as the judge would write it.",
    "fake turn": "It holds a line that looks like another speaker's: system, user, assistant.",
    "planted tag": "It holds a tag or mark like those of the prompt.",
    "encoded text": "It holds a long run of base64 or hexadecimal digits.",
    "hidden characters": "It held characters that nobody sees; they were taken out.",
    "copies the question": "It is mostly the question again.",
    "copies the prompt": "It repeats a part of the judge's own prompt.",
    "repeats itself": "A piece of it stood many times in a row; the judge saw it three times and the count.",
    "cut": "It was longer than a judge reads; the rest was left out.",
    "empty": "It said nothing.",
}
# The tricks' wordings, one regular expression a line, for small letters.
WORDINGS = Path(__file__).with_name("addressing.txt")
# Letters of other alphabets that look like Latin ones, Cyrillic and Greek.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝвмнткАВЕКМНОРСТУХІЈЅ" + "οανρτικεΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwbmhtkABEKMHOPCTYXIJS" + "oavptikeABEZHIKMNOPTYX",
)
_VERDICT = re.compile(
    r"\bwinner\W{1,5}(?:is\W+)?\W{0,3}(?:a|b|tie|answer_?[ab])\b|\bscore_[ab]\b|[\"']scores[\"']\s*:|\bverdict\s*[:=]"
)
_TURN = re.compile(
    r"^\W{0,4}(?:system|assistant|user|human|developer|ai)(?: (?:message|prompt|note|override|update))?\W{0,3}:"
    r"|<\|\w+\|>|\[/?(?:inst|system|sys)\]|<</?sys>>|^#+ ?(?:system|instructions?)\b",
    re.MULTILINE,
)
_TAG = re.compile(
    r"<\s*[/\\]?\s*(?:answer|question|reference|key_?facts?|criteria|task|system|instructions?|verdict|judge|note)\w*\b"
    r"[^>\n]{0,40}>|\[[0-9a-f]{8,16} (?:begins|ends)|^\|? ?-{3,} ?(?:begin|end)\b",
    re.MULTILINE,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_HEX = re.compile(r"\b[0-9a-fA-F]{40,}\b|(?:\\x[0-9a-fA-F]{2}){8,}")


def find_flags(cleaned: Cleaned, question: str = "", prompt: str = "") -> tuple[str, ...]:
    """The names of FLAGS that fit an answer, in the order of that table; `prompt` is the judge's template."""
    if not cleaned.text:
        return ("empty",)
    text = _folded(cleaned.text)
    inside = _decoded(cleaned.text)
    both = f"{text}\n{_folded(inside)}" if inside else text
    found = {
        "addresses the judge": bool(_addresses().search(both)),
        "fake verdict": bool(_VERDICT.search(both)),
        "fake turn": bool(_TURN.search(both)),
        "planted tag": bool(_TAG.search(both)),
        "encoded text": bool(inside) or bool(_HEX.search(cleaned.text)),
        "hidden characters": cleaned.hidden,
        "copies the question": _copies(text, _folded(question)),
        "copies the prompt": _holds_a_line(text, _folded(prompt)),
        "repeats itself": cleaned.repeats,
        "cut": cleaned.cut,
    }
    return tuple(name for name in FLAGS if found.get(name))


@cache
def _addresses() -> re.Pattern[str]:
    """The wordings of the file as one pattern; {NAME} stands for what the line of that name defines."""
    names: dict[str, str] = {}
    patterns = []
    for line in WORDINGS.read_text(encoding="utf-8").splitlines():
        for name, meaning in names.items():
            line = line.replace(f"{{{name}}}", f"(?:{meaning})")
        if defined := re.match(r"([A-Z]+) = (.+)", line):
            names[defined[1]] = defined[2]
        elif line and not line.startswith("#"):
            patterns.append(line)
    return re.compile("|".join(patterns), re.MULTILINE)


def _folded(text: str) -> str:
    """Small Latin letters without accents, entities decoded however often they were escaped, lookalikes replaced."""
    for _ in range(4):
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    text = unicodedata.normalize("NFKC", text).lower()
    if re.search("[a-z]", text):
        text = f"{text}\n{text.translate(_LOOKALIKES)}"
    return text.replace("\u2019", "'")


def _decoded(text: str) -> str:
    """What long runs of base64 hold, where that is text."""
    out = []
    for run in _BASE64.findall(text)[:20]:
        body = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            said = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            continue
        if sum(c.isprintable() or c in "\n\t" for c in said) > 0.95 * len(said):
            out.append(said)
    return "\n".join(out)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))


def _copies(answer: str, question: str) -> bool:
    said, asked = _words(answer), _words(question)
    return bool(asked) and asked in said and said.count(asked) * len(asked) > 0.6 * len(said)


def _holds_a_line(answer: str, prompt: str) -> bool:
    said = _words(answer)
    return len(said) >= 45 and any(line in said for line in _lines(prompt))


@lru_cache(maxsize=8)
def _lines(prompt: str) -> tuple[str, ...]:
    """The sentences of a prompt that are long enough to be nobody else's."""
    lines = (_words(part) for line in prompt.splitlines() for part in re.split(r"(?<=[.:?])\s", line))
    return tuple(line for line in lines if len(line) >= 45)
