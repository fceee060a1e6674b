"""How an answer is said, by rules: kindness, rudeness, steps, filling, other languages, orders to the judge."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workshop_kit.local_aws.standins.words import content, plain

_KIND = re.compile(
    r"\b(?:sorry|i understand|we understand|i can (?:see|imagine|hear)|that (?:sounds|must|is) (?:\w+ )?(?:hard|stressful|"
    r"frightening|worrying|upsetting|frustrating|tough|difficult|be|scary|awful)|must be (?:\w+ )?(?:hard|stressful|upsetting|"
    r"worrying|frustrating|difficult|a shock)|what a (?:shock|nuisance|worry|mess)|don't worry|do not worry|no need to worry|"
    r"please (?:don't|do not) worry|rest assured|glad (?:you|to|that)|happy to help|here to help|hope (?:this|that|you|it)|"
    r"take care|good news|thank you|thanks for|you are not alone|you're not alone|we can help|can help you|good luck|"
    r"congratulations|understandable|of course|gladly|one step at a time|that's (?:hard|stressful|upsetting|worrying))\b",
    re.IGNORECASE,
)
_RUDE = re.compile(
    r"\b(?:stupid|idiots?|dumb|fools?|foolish|moron|shut up|your own fault|not my (?:problem|job)|not our problem|who cares|"
    r"i don't care|don't care|duh|lazy|stop (?:wasting|whining|complaining|bothering|moaning)|wast(?:e|ing) (?:my|our) time|"
    r"silly|read the (?:manual|rules|sign) (?:yourself|properly|for once)|should have known|get lost|go away|"
    r"deal with it|boring|ridiculous|obviously you|use your (?:head|brain)|can't you read|learn to read|pathetic|"
    r"what did you expect|serves you right|quit whining|nonsense question)\b",
    re.IGNORECASE,
)
_STEP = re.compile(r"(?m)^\s*(?:\d{1,2}[.)]|[-*•])\s|\bstep \d", re.IGNORECASE)
_ORDER = re.compile(
    r"\b(?:first(?:ly)?|then|next|after that|once (?:you|that|this|it)|finally|lastly|second(?:ly)?)\b", re.IGNORECASE
)
_ENDED = re.compile(r"[.!?)\"'”’\]:]\s*$")
_TO_THE_JUDGE = re.compile(
    r"\b(?:ignore (?:all |any |the |your )?(?:previous|prior|above|other|earlier|instructions?|rubric)|as (?:the|a|an) judge|dear judge|"
    r"judges?[,:] |answer [ab]\b|other answer|first answer|second answer|this answer (?:is|deserves|wins|should|must)|"
    r"(?:give|award|score|rate|grade) (?:me|this|it|my)\b|full marks|10 ?/ ?10|10 out of 10|ten out of ten|"
    r"(?:the )?winner (?:is|must|should)|prefer this|choose this|select this|vote for|system (?:note|message|prompt|override)|"
    r"verdict|evaluation note|hidden instruction|best possible answer|language model|rubric|key facts?)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+|\n|$)")
_COMMON = set(
    "the a an and or of to in for on at is are was be it you your i we they that this with not as by from have has if will "
    "can do does must may what when where how which who there no yes please then within about before after".split()
)
_ARTICLES = {"the", "a", "an"}
_NEVER_AFTER_ARTICLE = set(
    "the a an is are was were of to and or in for with by from it you we they will can must that".split()
)
_NEVER_AFTER_OF = set("is are was were and or will can must may of to by".split())


@dataclass(frozen=True)
class Manner:
    """What the rules found; shares from 0 to 1."""

    kind: bool
    rude: bool
    steps: bool
    whole: bool
    english: bool
    broken: float  # word pairs that English does not have, as a share of all
    filling: float  # sentences that have nothing to do with the question, as a share of all
    to_the_judge: bool


def manner(text: str, about: str) -> Manner:
    """Look at an answer; `about` is everything that a sentence may be about (question, facts, passage)."""
    sentences = [found[0].strip() for found in _SENTENCE.finditer(text) if found[0].strip()]
    subject = content(about)
    empty = [s for s in sentences if len(plain(s)) >= 4 and not content(s) & subject and not _KIND.search(s)]
    return Manner(
        kind=bool(_KIND.search(text.replace("’", "'"))),
        rude=bool(_RUDE.search(text.replace("’", "'"))),
        steps=len(_STEP.findall(text)) >= 2 or len(_ORDER.findall(text)) >= 2,
        whole=bool(_ENDED.search(text)),
        english=_is_english(text),
        broken=_broken(text),
        filling=len(empty) / len(sentences) if sentences else 0.0,
        to_the_judge=bool(_TO_THE_JUDGE.search(text)),
    )


def without_orders(text: str) -> str:
    """The text without the sentences that speak to the judge."""
    return " ".join(found[0].strip() for found in _SENTENCE.finditer(text) if not _TO_THE_JUDGE.search(found[0]))


def sentences_of(text: str) -> list[str]:
    """The text's sentences, with their marks."""
    return [found[0].strip() for found in _SENTENCE.finditer(text) if found[0].strip()]


def _raw(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower())


def _is_english(text: str) -> bool:
    """Whether the commonest English words have their usual share; short texts pass."""
    said = _raw(text)
    if sum(not character.isascii() and character.isalpha() for character in text) > 0.2 * max(1, len(text)):
        return False
    return len(said) < 8 or sum(word in _COMMON for word in said) / len(said) >= 0.12


def _broken(text: str) -> float:
    found = total = 0
    for sentence in re.split(r"[.!?;:,\n()]", text):
        said = _raw(sentence)
        for one, two in zip(said, said[1:], strict=False):
            total += 1
            found += (one in _ARTICLES and two in _NEVER_AFTER_ARTICLE) or (one == "of" and two in _NEVER_AFTER_OF)
        found += bool(said) and said[-1] in _ARTICLES
        total += bool(said)
    return found / total if total else 0.0
