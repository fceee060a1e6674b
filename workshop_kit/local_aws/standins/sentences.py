"""Questions about plain English sentences of any subject, by rules.

A sentence is cut at its first verb; what stands before is what it is about, and the verb decides how one
would ask. The rules are few and cautious: a sentence that fits none gets a general question about its
subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TITLE_END = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|Prof|vs|e\.g|i\.e|[A-Z])\.$")
_VERBS = (
    "is are was were costs cost opens open closes close takes take lasts last needs need requires require "
    "must may can cannot should will has have includes include covers cover applies apply offers offer pays "
    "pay handles runs gets get begins starts ends accepts allows allow looks keeps holds serves issues "
    "sends blocks leaves comes stays remains provides provide receives receive expires works happens happen"
).split()
_ADJECTIVES = set(
    "due open closed free full empty new late early not always never only valid ready small large high low".split()
)
_BASE_FORMS = set(
    "cost open close take last need require have include cover apply offer pay get allow provide receive happen".split()
)
_HOLDING = set(
    "has have includes include covers cover offers offer accepts allow allows provides provide receives "
    "receive gets get pay pays".split()
)
# Right after an article or a preposition the same word is a noun: "the cover for a bakery".
_NO_VERB_AFTER = "".join(
    rf"(?<!\b{word})" for word in ("[Tt]he", "[Aa]", "[Aa]n", "of", "for", "to", "[Ii]ts", "[Nn]o", "this")
)
_VERB = re.compile(rf"^(?P<subject>.+?){_NO_VERB_AFTER}\s+(?P<verb>{'|'.join(_VERBS)})\s+(?P<rest>.+?)[.!]?$")
_NUMBER = r"(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|half)"
DURATION = re.compile(rf"\b{_NUMBER}[\w.,-]*\s+(?:\w+\s+)?(?:minute|hour|day|week|month|year)s?\b", re.IGNORECASE)
MONEY = re.compile(r"[$€£]\s?\d|\d\s*(?:dollar|euro|pound|cent)s?\b|free of charge|\bfree\b", re.IGNORECASE)
TIME = re.compile(
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b"
    r"|\b\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.)|\b\d{1,2}:\d\d\b",
    re.IGNORECASE,
)
_NOUN_PHRASE = re.compile(rf"^(?:an?|the|{_NUMBER}|[$€£]\d[\d.,]*|[A-Z]\w*)(?!\w)")
_NAME = re.compile(r"^(?:(?:Mr|Mrs|Ms|Dr|Prof)\.?\s+)?[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)*$")
PERSON = re.compile(r"^(?:Mr|Mrs|Ms|Dr|Prof)\.?\s")
_LEAD_IN = re.compile(
    r"^(?:(?:If|When|Once|Before|After|Unless|Until|In|On|At|For|During|With|Without|From)\b[^,]{2,60}),\s+"
)
_SMALL = set(
    "the a an every each all any most some no new late this these people members anyone anybody everyone "
    "nobody you we it they there".split()
)


@dataclass(frozen=True)
class Clue:
    """What a sentence lets one ask: its subject, and questions that it answers."""

    sentence: str
    subject: str
    questions: tuple[str, ...]


def split_sentences(text: str) -> list[str]:
    """The sentences of a passage; titles and initials don't end one."""
    out: list[str] = []
    for part in re.split(r"(?<=[.!?])[\"”)]*\s+(?=[\"“(]?[A-Z0-9])", " ".join(text.split())):
        if out and _TITLE_END.search(out[-1]):
            out[-1] += " " + part
        elif part:
            out.append(part)
    return out


def clue(sentence: str, passage: str) -> Clue:
    """Questions that `sentence` answers; `passage` helps to tell a name from a sentence's first word."""
    body = _LEAD_IN.sub("", sentence)
    match = _VERB.match(body)
    if not match or len(match["subject"].split()) > 12:
        about = _lower(_opening(body), passage)
        return Clue(sentence, about, (f"What happens with {about}?", *_general(about)))
    subject, verb, rest = _lower(match["subject"], passage), match["verb"], match["rest"]
    return Clue(sentence, subject, tuple(dict.fromkeys(_questions(subject, verb, rest, match["subject"]))))


def _questions(subject: str, verb: str, rest: str, raw: str) -> list[str]:
    do = "do" if verb in _BASE_FORMS else "does"
    if PERSON.match(raw):
        return [f"Who {verb} {rest}?", f"What does {subject} do?"]
    asked: list[str] = []
    if verb in ("is", "are", "was", "were"):
        first = (rest.split() or [""])[0]
        # "The exclusion for a bakery is flood": a bare noun after "the ... for ..." names a thing as well.
        named = re.match(r"the\s.*\b(?:for|of)\b", subject) and not first.endswith("ed") and first not in _ADJECTIVES
        if _NOUN_PHRASE.match(rest) or named:
            what = "Who" if subject.startswith(("the person", "the one who")) else "What"
            asked += [f"{what} {verb} {subject}?", f"Can you tell me {what.lower()} {subject} {verb}?"]
        if MONEY.search(rest):
            asked.append(f"How {'high' if _NOUN_PHRASE.match(rest) else 'much'} {verb} {subject}?")
        elif TIME.search(rest):
            asked.append(f"When {verb} {subject} {first}?" if first.endswith("ed") else f"When {verb} {subject}?")
        if first == "due":
            asked.append(f"When {verb} {subject} due?")
        if first.endswith("ed"):
            asked.append(f"How {verb} {subject} {first}?")
    elif verb == "comes" and rest.startswith("from "):
        asked.append(f"Where does {subject} come from?")
    elif verb in ("cost", "costs"):
        asked += [f"How much {do} {subject} cost?", f"What would I pay for {subject}?"]
    elif verb in ("open", "opens", "close", "closes", "begins", "starts", "ends", "expires"):
        base = {"begins": "begin"}.get(verb, verb.removesuffix("s"))
        asked += [f"When {do} {subject} {base}?", f"At what time {do} {subject} {base}?"]
    elif verb in ("take", "takes", "last", "lasts") and DURATION.search(rest):
        asked += [f"How long {do} {subject} {verb.removesuffix('s')}?"]
    elif verb in ("need", "needs", "require", "requires"):
        asked += [f"What {do} {subject} need?", f"What is needed by {subject}?"]
    elif verb in ("must", "can", "may", "should", "will", "cannot"):
        passive = re.match(r"be\s+(\w+(?:ed|en|t|pt|id))\b", rest)
        modal = "can" if verb == "cannot" else verb
        if passive and DURATION.search(rest):
            asked.append(f"For how long {modal} {subject} be {passive[1]}?")
        elif passive and TIME.search(rest):
            asked.append(f"When {modal} {subject} be {passive[1]}?")
        elif passive:
            asked.append(f"How {modal} {subject} be {passive[1]}?")
        else:
            asked.append(f"What {modal} {subject} do?" if verb != "cannot" else f"What can {subject} not do?")
    elif verb in _HOLDING:
        base = {"has": "have"}.get(verb, verb if do == "do" else verb.removesuffix("s"))
        if MONEY.search(rest):
            asked.append(f"How much {do} {subject} {base}?")
        asked.append(f"What {do} {subject} {base}?")
    if _NAME.match(raw) and not asked:
        asked.append(f"What does {subject} do?")
    return [*asked, *_general(subject)]


def _general(subject: str) -> tuple[str, str]:
    return f"What are the rules on {subject}?", f"What should I know about {subject}?"


def _opening(sentence: str) -> str:
    """A guess at the subject where no verb is known: the words up to one before "the", "for" and the like."""
    words = sentence.rstrip(".!?").split() or [sentence]
    edge = next((n for n, word in enumerate(words) if n > 1 and word.lower() in _EDGES), min(len(words), 4))
    verbless = words[: max(1, edge - 1)]
    return " ".join(words[:edge] if verbless[-1].lower() in _EDGES else verbless)


_EDGES = set("the a an for to in on at by with from as of and or if their its your every any no not up".split())


def _lower(subject: str, passage: str) -> str:
    """The subject as it would stand inside a sentence."""
    first, _, rest = subject.partition(" ")
    inside = re.search(rf"(?<![.!?]\s)(?<!^)\b{re.escape(first.lower())}\b", passage)
    plural = first.endswith("s") and not first.endswith("ss") and not rest[:1].isupper()
    if first.lower() in _SMALL or inside or plural or (first.endswith("ing") and not rest[:1].isupper()):
        return f"{first.lower()} {rest}".strip()
    return subject
