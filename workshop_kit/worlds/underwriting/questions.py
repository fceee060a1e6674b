"""Questions: a case told by somebody, a rule looked up, two needs at once, something the manual is silent about."""

from __future__ import annotations

from random import Random

from workshop_kit.worlds.base import listed, sentence
from workshop_kit.worlds.underwriting import phrases
from workshop_kit.worlds.underwriting.cases import Case
from workshop_kit.worlds.underwriting.rules import Procedure, Rule


def ask(case: Case, chance: Random, held_out: bool) -> str:
    """The case in the words of whoever asks; `held_out` takes the wordings that no training row has."""
    side = int(held_out)
    subject = next((rule for rule in case.rules if rule.factor in ("use", "trade")), None)
    home = chance.choice(phrases.HOMES_OTHER if held_out else phrases.HOMES)
    named = chance.choice(subject.np_other if held_out else subject.np).format(home=home) if subject else f"a {home}"
    others = [rule for rule in case.rules if rule is not subject]
    attached = chance.choice((0, 0, 1, len(others), len(others)))
    inside = [chance.choice(rule.np_other if held_out else rule.np) for rule in others[:attached]]
    after = [chance.choice(rule.says_other if held_out else rule.says) for rule in others[attached:]]
    if inside:
        named += (" with " if " with " not in named else " and " if len(inside) == 1 else ", ") + listed(inside)
    intro = chance.choice(phrases.INTROS[case.persona][side]).format(s=named)
    ask = chance.choice(phrases.ASKS[case.persona][side])
    worry = [chance.choice(phrases.WORRIES[side])] if case.worried else []
    parts = [intro, *after, *worry, ask]
    if chance.random() < 0.15:
        parts = [ask, intro, *after, *worry]
    return chance.choice(phrases.GREETINGS[side]) + " ".join(parts)


def lookup(part: Rule | Procedure, chance: Random, held_out: bool, opener: bool = True) -> str:
    """A question about one rule."""
    side = int(held_out)
    if isinstance(part, Procedure):
        asked = chance.choice(part.asks_other if held_out else part.asks)
    else:
        names = part.np_other if held_out else part.np
        home = chance.choice(phrases.HOMES_OTHER if held_out else phrases.HOMES)
        asked = chance.choice(phrases.LOOKUPS[side]).format(np=chance.choice(names).format(home=home))
    before = chance.choice(phrases.LOOKUP_OPENERS[side]) if opener else ""
    if before and isinstance(part, Procedure):
        asked = asked[:1].lower() + asked[1:]
    return sentence(before + asked)


def lookup_answer(part: Rule | Procedure, chance: Random) -> str:
    """The rule in a sentence or two, with its reason."""
    told = sentence(chance.choice(part.clauses[1:2] if isinstance(part, Rule) and part.facts else part.clauses))
    if isinstance(part, Procedure):
        return f"{told} {part.more}"
    return told


def second_need(asked: str, part: Rule | Procedure, chance: Random, held_out: bool) -> tuple[str, str]:
    """A question with another question behind it, and the sentence that answers the second."""
    frame = chance.choice(phrases.SECOND_NEED[int(held_out)])
    also = lookup(part, chance, held_out, opener=False)
    if not frame.endswith(": {q}"):
        also = also[:1].lower() + also[1:]
    told = part.clauses[0]
    opening = chance.choice(("As for your other question, ", "On your other question, "))
    return f"{asked} {frame.format(q=also)}", sentence(opening + told)


def unknown(thing: str, chance: Random, held_out: bool) -> tuple[str, str]:
    """A question about something that the manual is silent about, and its answer."""
    asked = chance.choice(phrases.UNKNOWN_ASKS[int(held_out)]).format(thing=thing)
    before = chance.choice(phrases.LOOKUP_OPENERS[int(held_out)])
    asked = before + (asked[:1].lower() + asked[1:] if before else asked)
    return asked, chance.choice(phrases.UNKNOWN_ANSWERS).format(thing=thing)
