"""What participants' models wrote, made safe to show to a judge: cleaned, cut, quoted between marks nobody can guess.

    clean(text, longest)   the text without hidden characters, in common letters, repeats told and not shown, cut
    quote(text, mark)      every line behind "| ", between two lines that hold the mark, markup and braces escaped
    mark(...)              twelve hexadecimal digits of everything that is judged, so that no answer can hold its own

Quoting keeps an answer from closing its tag, opening another or standing as a line of the league. It can't keep a model
from obeying a sentence that it reads; for that the prompt says what the quoted lines are, and `flags` shows them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from workshop_kit.records import content_id

# Raised whenever cleaning or quoting changes, so that a score says by which rules its answers were shown.
VERSION = 1
# So many times the longest answer is read of a text before anything else; what lies beyond is never looked at.
READ = 4
# A piece that stands this many times in a row is told as a count after the first KEPT.
RUN, KEPT = 6, 3
_SAME = "[the same "
_LINES = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
# Letters that show nothing: fillers of Hangul and Khmer, the blank Braille cell.
_BLANK = str.maketrans(dict.fromkeys("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800", " "))
# Brackets that look like those of a tag and have no compatibility mapping to them.
_BRACKETS = str.maketrans(dict.fromkeys("‹〈⟨❮❰ᐸ˂⧼", "<") | dict.fromkeys("›〉⟩❯❱ᐳ˃⧽", ">"))
_VARIATION = re.compile("[\ufe00-\ufe0f\u180b-\u180d\U000e0100-\U000e01ef]")
_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Cs")  # controls, format marks, unassigned, private, lone surrogates
# Joiners and selectors in ordinary emoji and Persian text, a byte-order mark: they go too, but are no trick.
_COMMON = set("\u200c\u200d\ufe0e\ufe0f\ufeff")
_STACKED = re.compile(r"(?<=[\u0300-\u036f]{2})[\u0300-\u036f]+")
_PERIODIC = re.compile(r"(\S{1,8}?)\1{23,}")
_PIECE = re.compile(r"\S+\s*")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "{": "&#123;", "}": "&#125;"})


@dataclass(frozen=True)
class Cleaned:
    """A text as a judge may see it; `length` is that of the original in characters."""

    text: str
    length: int
    cut: bool
    repeats: bool
    hidden: bool  # it held control, invisible or direction-changing characters


def clean(text: str, longest: int) -> Cleaned:
    """At most `longest` characters of `text`, without what a reader would not see.

    Compatibility forms such as full-width brackets become common ones (Unicode NFKC), controls, zero-width and
    direction marks, variation selectors, tags and lone surrogates go, line ends become one kind, white space shrinks,
    and a piece that stands RUN times or more in a row stands KEPT times with the number of the others after it.
    """
    read = text[: READ * longest]
    shown = _LINES.sub("\n", read)
    # Compatibility forms may be much longer (one Arabic ligature stands for 18 letters): cut before and after.
    shown = unicodedata.normalize("NFKC", shown)[: READ * longest]
    gone = {c for c in set(shown) if c not in "\n\t" and (unicodedata.category(c) in _UNSEEN or _VARIATION.match(c))}
    seen = shown.translate(dict.fromkeys(map(ord, gone)))
    # What stood apart by a hidden character may be one letter without it.
    visible = _STACKED.sub("", unicodedata.normalize("NFKC", seen))
    hidden = bool(gone - _COMMON) or len(visible) < len(seen)
    visible = visible.translate(_BLANK).translate(_BRACKETS)
    visible = re.sub(r"[^\S\n]+", " ", visible)
    visible = re.sub(r" ?\n ?", "\n", visible)
    visible = re.sub(r"\n{3,}", "\n\n", visible).strip()
    told, repeats = _without_repeats(visible)
    return Cleaned(
        told[:longest].rstrip(), len(text), len(read) < len(text) or len(told) > longest, repeats, hidden
    )  # fmt: skip


def mark(*everything: object) -> str:
    """A mark for the quotes of one prompt: a hash of all that is in it, so that it can't be known to an answer.

    The same prompt always has the same mark, so a call that is made again asks the same.
    """
    return content_id(everything)


def quote(cleaned: Cleaned, mark: str, notes: tuple[str, ...] = ()) -> str:
    """The lines between which, and behind which, an answer stands in a prompt; `notes` are the league's."""
    size = f"{cleaned.length:,} characters" + (f", cut to {len(cleaned.text):,}" if cleaned.cut else "")
    head = "; ".join([f"[{mark} begins", size if cleaned.text else "no answer", *notes]) + "]"
    body = "".join(f"| {line}\n" for line in cleaned.text.translate(_ESCAPES).split("\n")) if cleaned.text else ""
    return f"{head}\n{body}[{mark} ends]"


def plain(text: str) -> str:
    """The league's own text (a question, a fact) with markup escaped."""
    return text.translate(str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"}))


def _without_repeats(text: str) -> tuple[str, bool]:
    """`text` with runs of the same piece told as a count: pieces of up to 8 characters, or of up to 60 words."""

    def count(found: re.Match[str]) -> str:
        piece = found[1]
        if not any(c.isalnum() for c in piece):
            return piece * KEPT  # a ruled line is no repetition
        return f"{piece * KEPT} {_SAME}{len(found[0]) // len(piece) - KEPT} more times] "

    told = _PERIODIC.sub(count, text)
    repeats = told.count(_SAME) > text.count(_SAME)
    words = _PIECE.findall(told)
    bare = [word.rstrip() for word in words]
    out: list[str] = []
    at = 0
    while at < len(words):
        copies, size = 1, 0
        for size in range(1, min(60, (len(words) - at) // RUN) + 1):
            if bare[at] != bare[at + size] or bare[at : at + size] != bare[at + size : at + 2 * size]:
                continue
            copies = 2
            while bare[at + copies * size : at + (copies + 1) * size] == bare[at : at + size]:
                copies += 1
            if copies >= RUN:
                break
        if copies >= RUN:
            out += [*words[at : at + KEPT * size], f" {_SAME}{copies - KEPT} more times] "]
            at += copies * size
            repeats = True
        else:
            out.append(words[at])
            at += 1
    return "".join(out).strip(), repeats
