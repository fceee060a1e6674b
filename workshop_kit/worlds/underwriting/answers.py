"""Answers to cases, in many orders and voices; every one holds all facts of the case."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from workshop_kit.worlds.base import listed, sentence, words
from workshop_kit.worlds.underwriting import phrases
from workshop_kit.worlds.underwriting.cases import Case
from workshop_kit.worlds.underwriting.rules import DECLINE, GOOD, Rule

SHORTEST, LONGEST = 30, 90
# Persona -> the forms of an answer that suit it; a form that stands twice comes twice as often.
FORMS = {
    "broker": ("decided", "brief", "brief", "steps"),
    "trainee": ("decided", "reasoned", "reasoned", "steps"),
    "claims-handler": ("decided", "reasoned", "brief"),
    "branch-clerk": ("decided", "reasoned", "steps", "brief"),
    "customer": ("decided", "reasoned", "steps"),
}


def answer(case: Case, chance: Random, *, level: str = "", second: str = "", longest: int = LONGEST) -> str:
    """An answer of 30 to 90 words. `level` decides otherwise than the rules do (a mistake); `second` is a second need."""
    best = ""
    for _ in range(40):
        text = _compose(case, chance, level or case.level)
        if second:
            text += f" {second}" if "\n" not in text else f"\n{second}"
        if SHORTEST <= words(text) <= longest:
            return text
        if not best or abs(words(text) - 60) < abs(words(best) - 60):
            best = text
    return best


def _compose(case: Case, chance: Random, level: str) -> str:
    form = chance.choice(FORMS[case.persona])
    decision = chance.choice(phrases.DECISIONS[level])
    closings = phrases.CLOSINGS["customer" if case.persona == "customer" else "", level]
    close = chance.choice(closings) if chance.random() < 0.6 else ""
    opening = ""
    if case.worried:
        opening = chance.choice(phrases.COMFORT)
    elif case.persona == "customer" and chance.random() < 0.7:
        opening = chance.choice(phrases.WARM)
    telling = [rule for rule in case.rules if rule.facts]
    goods = [rule.noun for rule in case.rules if not rule.facts]
    if form == "brief" or form == "steps":
        body = _points(telling, goods, chance, form, decision, level)
    elif form == "reasoned" and level != DECLINE:
        told = chance.sample(telling, len(telling))
        body = _told(told, goods, chance) + " " + sentence(chance.choice(phrases.SO) + decision)
    else:
        body = sentence(decision) + " " + _told(telling, goods, chance, declined=level == DECLINE)
    if form == "steps" and close:
        return "\n".join(part for part in (opening, body, close) if part)
    return " ".join(part for part in (opening, body, close) if part)


def _told(rules: Sequence[Rule], goods: Sequence[str], chance: Random, declined: bool = False) -> str:
    """One sentence a rule, joined by connectives; what asks for nothing comes last, or first."""
    clauses = [chance.choice(rule.clauses) for rule in rules]
    nothing = chance.choice(phrases.NOTHING).format(goods=listed(goods)) if goods else ""
    if nothing and (not clauses or chance.random() < 0.75):
        clauses.append(nothing)
        nothing = ""
    links = [link for link in chance.sample(phrases.LINKS, len(phrases.LINKS))]
    told = []
    for number, clause in enumerate(clauses):
        link = "" if number == 0 else links[number]
        if number == len(clauses) - 1 and number > 1:
            link = chance.choice(phrases.LAST_LINKS)
        if declined and number == 1:
            told.append(chance.choice(phrases.AFTERWARDS))
            told[-1] += " " + clause + "."
            continue
        told.append(sentence(link + clause))
    if nothing:
        told.insert(0, sentence(nothing)) if not declined else told.append(sentence(nothing))
    return " ".join(told)


def _points(
    rules: Sequence[Rule], goods: Sequence[str], chance: Random, form: str, decision: str, level: str
) -> str:
    """A numbered list, or a broker's line of points."""
    if form == "steps":
        points = [chance.choice(rule.clauses) for rule in rules]
        if goods:
            points.append(chance.choice(phrases.NOTHING).format(goods=listed(goods)))
        head = sentence(decision) + " " + chance.choice(phrases.STEPS)
        return "\n".join([head, *(f"{n}. {sentence(point)}" for n, point in enumerate(points, start=1))])
    points = [chance.choice(rule.brief) for rule in rules]
    if goods:
        points.append(chance.choice(phrases.NOTHING_BRIEF).format(goods=listed(goods)))
    joined = "; ".join(points) if chance.random() < 0.5 else ". ".join(p[:1].upper() + p[1:] for p in points)
    if level != GOOD and chance.random() < 0.35:
        return sentence(joined) + " " + sentence(chance.choice(phrases.SO) + decision)
    return sentence(decision) + " " + sentence(joined)
