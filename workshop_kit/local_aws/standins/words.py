"""English text as comparable words: amounts, durations and small numbers in one form, so that wordings can be matched.

"1,500 dollars" and "$1500" become $1500      "two weeks", "a fortnight" and "14 days" become 14 day
"ten per cent" becomes 10%                    "licences", "license" become licence
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_UNITS = {
    word: n
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SPELLINGS = {
    "license": "licence", "center": "centre", "neighbor": "neighbour", "percent": "%", "program": "programme",
    "business": "working",
    "isnt": "isn't", "dont": "don't", "doesnt": "doesn't", "cant": "can't", "wont": "won't",
    "photocopy": "copy", "photocopies": "copy", "children": "child", "premises": "premise",
}  # fmt: skip
# Days in a unit of time that is counted in days; months and years are counted in months.
_IN_DAYS = {"day": 1, "week": 7, "fortnight": 14}
_TIME_UNITS = ("minute", "hour", "day", "month")
ARTICLES = {"a", "an", "the"}
STOP = ARTICLES | set(
    "is are was were be been being of for in on at to and or it its with you your i my me we our they their them he she "
    "do does did must may can could will would should by as this that these those there here from if when so but not no "
    "have has had get also any all please what which who how where".split()
)
_PIECE = re.compile(
    r"\$\s?\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?|[a-zà-öø-ÿ]+(?:['’][a-z]+)*|%|[.!?;:,()\n]|[–—]|\S", re.IGNORECASE
)
_ENDS = {".", "!", "?", "\n"}
_BREAKS = _ENDS | {";", ":", ",", "(", ")", "–", "—"}
# Words that begin a clause of their own.
_JOINTS = set("and but so because although though while whereas however then otherwise plus yet".split())
_LIST_MARK = re.compile(r"(?m)^\s*(?:step\s+)?\d{1,2}[.):]\s+|^\s*[-*•]\s+", re.IGNORECASE)
_ORDINAL_STEP = re.compile(r"\bstep (?:\d+|one|two|three|four|five)\b[:,.]?", re.IGNORECASE)


@dataclass(frozen=True)
class Word:
    """A word in its comparable form; `clause` and `sentence` count from 0."""

    text: str
    clause: int
    sentence: int


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text without punctuation, articles and the marks of lists."""
    text = _ORDINAL_STEP.sub(" ", _LIST_MARK.sub("\n", text))
    raw: list[tuple[str, int, int]] = []
    clause = sentence = 0
    pieces = [piece.lower().replace("’", "'") for piece in _PIECE.findall(text)]
    for n, piece in enumerate(pieces):
        if piece in _BREAKS:
            clause += 1
            sentence += piece in _ENDS
            continue
        if piece in _JOINTS:
            clause += 1
        if piece == "-" or not re.match(r"[\w$%]", piece):
            continue
        # "No, the fee …" answers a question; it denies nothing that follows.
        if piece == "no" and n + 1 < len(pieces) and pieces[n + 1] in {",", ".", "!"}:
            continue
        raw.append((_plain(piece), clause, sentence))
    return tuple(_measured(_counted(raw)))


def plain(text: str) -> tuple[str, ...]:
    """The words of a text alone."""
    return tuple(word.text for word in words(text))


def content(text: str) -> set[str]:
    """The words that carry meaning."""
    return set(plain(text)) - STOP


# "A week" may be an amount of time or just a word; it is matched with "one week" and "seven days" all the same.
_ONE = {"12month": "year", "1month": "month", "7day": "week", "14day": "fortnight", "1day": "day", "1hour": "hour"}


def same(one: str, two: str) -> bool:
    """Whether two comparable words are the same, "a week" and "seven days" among them."""
    return one == two or _ONE.get(one) == two or _ONE.get(two) == one


def is_value(word: str) -> str:
    """The kind of value that a word names: "$", "%", a unit of time as in "14day", or ''."""
    if word.startswith("$"):
        return "$"
    if word.endswith("%") and len(word) > 1:
        return "%"
    found = re.fullmatch(r"[\d.]+([a-z]+)", word)
    return found[1] if found and found[1] in _TIME_UNITS else ""


def _plain(piece: str) -> str:
    piece = piece.replace(" ", "").replace(",", "") if piece[0] in "$0123456789" else piece
    if re.fullmatch(r"\$?\d+\.0+", piece):
        piece = piece.split(".")[0]
    piece = _SPELLINGS.get(piece, piece)
    if piece.endswith("'s"):
        piece = piece[:-2]
    if len(piece) > 3 and piece.endswith("ies"):
        piece = piece[:-3] + "y"
    elif len(piece) > 3 and piece.endswith("s") and not piece.endswith(("ss", "us", "is", "'s")):
        piece = piece[:-1]
    return _SPELLINGS.get(piece, piece)


def _counted(raw: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Number words as figures: "two hundred and fifty" as 250. A lone "one" or "a" stays, unless time follows."""
    found: list[tuple[str, int, int]] = []
    n = 0
    while n < len(raw):
        word, clause, sentence = raw[n]
        if word in _UNITS or word in _TENS:
            total, last, end = 0, 0, n
            while end < len(raw):
                text = raw[end][0]
                if text in _UNITS and last % 10 == 0 and last != 10 and last % 100 != 10:
                    last += _UNITS[text]
                elif text in _TENS and last % 100 == 0:
                    last += _TENS[text]
                elif text == "hundred" and 0 < last < 100:
                    last *= 100
                elif text == "thousand" and last > 0:
                    total, last = total + 1000 * last, 0
                elif text == "and" and last >= 100 and end + 1 < len(raw) and raw[end + 1][0] in {**_UNITS, **_TENS}:
                    pass
                else:
                    break
                end += 1
            found.append((str(total + last), clause, sentence))
            n = end
            continue
        found.append((word, clause, sentence))
        n += 1
    return found


def _measured(raw: list[tuple[str, int, int]]) -> list[Word]:
    """Amounts, shares and durations as one word each; articles left out."""
    found: list[Word] = []
    n = 0
    while n < len(raw):
        word, clause, sentence = raw[n]
        after = raw[n + 1][0] if n + 1 < len(raw) else ""
        number = re.fullmatch(r"\d+(?:\.\d+)?", word)
        working = after == "working" and n + 2 < len(raw) and raw[n + 2][0] == "day"
        if number and after in ("dollar", "usd"):
            found.append(Word(f"${word}", clause, sentence))
            n += 2
        elif number and after == "%":
            found.append(Word(f"{word}%", clause, sentence))
            n += 2
        elif number and after == "per" and n + 2 < len(raw) and raw[n + 2][0] == "cent":
            found.append(Word(f"{word}%", clause, sentence))
            n += 3
        elif number and working:
            found += [Word(f"{word}day", clause, sentence), Word("working", clause, sentence)]
            n += 3
        elif number and (time := _duration(word, after)):
            found.append(Word(time, clause, sentence))
            n += 2
        else:
            if word not in ARTICLES:
                found.append(Word(word, clause, sentence))
            n += 1
    return found


def _duration(count: str, unit: str) -> str:
    number = float(count)
    if unit in _IN_DAYS:
        return f"{number * _IN_DAYS[unit]:g}day"
    if unit == "hour" and number >= 24 and number % 24 == 0:
        return f"{number / 24:g}day"
    if unit == "year":
        return f"{12 * number:g}month"
    return f"{number:g}{unit}" if unit in _TIME_UNITS else ""
