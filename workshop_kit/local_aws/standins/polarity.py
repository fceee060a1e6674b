"""Whether a text says a thing or denies it: where a wording stands, and whether that place is negated.

Rules on words, not an understanding of English: a negation counts from its place to the end of its clause, "it is not
true that …" to the end of its sentence, and a few turns of phrase that only look like negations are left out first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workshop_kit.local_aws.standins.words import Word, is_value, plain, same, words

_NOT = set(
    "nobody not no never none neither nor cannot without hardly isn't aren't wasn't weren't don't doesn't didn't can't couldn't "
    "won't wouldn't shouldn't needn't hasn't haven't mustn't false untrue incorrect".split()
)
# Before a thing within its clause, these deny it as well.
_INSTEAD = (
    ("instead", "of"), ("rather", "than"), ("used", "to", "be"), ("far", "from"), ("nothing", "like"),
    ("anything", "but"), ("other", "than"), ("fail", "to"), ("unlike",), ("formerly",), ("previously",),
)  # fmt: skip
# Said of all that follows in the sentence.
_DENIED = re.compile(
    r"\b(?:far from (?:true|right|correct)|not (?:true|correct|right|the case|so|a fact)|untrue|false|incorrect|wrong|mistaken|a (?:common )?(?:myth|mistake)"
    r"|nobody (?:say|said)|no one (?:say|said)|den(?:y|ied)|never said|do not (?:believe|think)|don't (?:believe|think)"
    r"|doubt)\b[^.!?\n]{0,24}?\b(?:that|to (?:say|think|believe|claim|assume|call)|whether)\b",
    re.IGNORECASE,
)
# Said of what stands before, within its clause: "$40 is wrong", "the $40 that people name is a myth".
_DENIED_AFTER = re.compile(
    r"\b(?:(?:is|are|was|were) (?:simply |just |plainly |completely )?(?:wrong|false|untrue|incorrect|mistaken|myth)"
    r"|(?:is|are|was|were) not (?:true|correct|right|case|fee|wait|answer|amount|rule|required|needed|enough|accepted)"
    r"|(?:isn't|aren't|wasn't) (?:true|correct|right|case|required|needed|enough|accepted)"
    r"|(?:was|were|been) (?:abolished|dropped|scrapped|ended)|(?:do|does) not apply|doesn't apply|don't apply|no longer (?:apply|hold|valid|required|needed))\b"
)
# What looks like a negation and is none, or denies something else.
_IDIOMS = re.compile(
    r"\b(?:(?:do not|don't) (?:worry|hesitate|forget|panic|delay|wait|lose heart|be afraid|give up|feel bad)"
    r"|not (?:only|just|merely)|no (?:worries|problem|later than|more than|less than|fewer than|need to worry|doubt)"
    r"|not (?:later than|more than|less than|to worry)|why not|can't wait|never mind|not at all"
    r"|at no (?:extra )?(?:cost|charge)|no matter)\b",
    re.IGNORECASE,
)


def places(said: Sequence[Word], wording: str) -> Iterator[tuple[int, int]]:
    """(first, one past the last) word of each place where the wording stands."""
    wanted = plain(wording)
    if not wanted:
        return
    for start in range(len(said) - len(wanted) + 1):
        if all(same(said[start + n].text, wanted[n]) for n in range(len(wanted))):
            yield start, start + len(wanted)


class Statement:
    """A text to ask what it says."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("’", "'")
        cleaned = _IDIOMS.sub(" ", self.text)
        self.words = words(cleaned)
        self._denied = _denied_sentences(cleaned)

    def says(self, wording: str) -> bool:
        """Whether the wording stands somewhere and is not denied there."""
        return any(not self.negated(start, end) for start, end in places(self.words, wording))

    def denies(self, wording: str) -> bool:
        """Whether the wording stands somewhere, and is denied everywhere it does."""
        found = list(places(self.words, wording))
        return bool(found) and all(self.negated(start, end) for start, end in found)

    def negated(self, start: int, end: int) -> bool:
        """Whether the words from `start` to before `end` are denied."""
        first = self.words[start]
        before = [w.text for w in self.words[:start] if w.clause == first.clause]
        after = " ".join(w.text for w in self.words[end:] if w.clause == self.words[end - 1].clause)
        for marker, sentence in self._denied:
            if sentence == first.sentence and self._before(start, marker):
                # What the denial itself says is no second negation.
                return not _odd([word for word in before if word not in marker.split()])
        here = _odd(before) or any(_just_before(before, phrase) for phrase in _INSTEAD)
        return here or bool(_DENIED_AFTER.search(after))

    def _before(self, start: int, marker: str) -> bool:
        sentence = self.words[start].sentence
        told = " ".join(w.text for w in self.words[:start] if w.sentence == sentence)
        return marker in told and not any(f" {turn} " in f" {told.split(marker)[-1]} " for turn in ("but", "actually"))


def _odd(before: Sequence[str]) -> bool:
    """Whether the words negate what follows them: two negations cancel out.

    "No" denies the thing it stands before ("no fee of $40") and not what is then said of it ("no hydrant adds 15%").
    """
    near = before[-3:]
    return sum(word in _NOT and (word != "no" or word in near) for word in before) % 2 == 1


def _just_before(before: Sequence[str], phrase: tuple[str, ...]) -> bool:
    """Whether the phrase stands before, with at most three words and no amount in between."""
    for gap in range(4):
        end = len(before) - gap
        if end < len(phrase):
            return False
        if tuple(before[end - len(phrase) : end]) == phrase:
            return not any(is_value(word) for word in before[end:])
    return False


def _denied_sentences(text: str) -> list[tuple[str, int]]:
    """(the denial in comparable words, its sentence) for each that denies what follows."""
    found = []
    for match in _DENIED.finditer(text):
        marker = plain(match[0])
        for start, _ in places(words(text), match[0]):
            found.append((" ".join(marker), words(text)[start].sentence))
            break
    return found
