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


def answer(case: Case, chance: Random, *, level: str = "", second: str = "") -> str:
    """An answer of 30 to 90 words. `second` answers a second need.

    `level` decides otherwise than the rules do: a mistake.
    """
    text = ""
    extras: bool | None = None  # opening and closing: left to chance, then as the length wants it
    for _ in range(60):
        text = _compose(case, chance, level or case.level, extras)
        if second:
            text += f" {second}" if "\n" not in text else f"\n{second}"
        if words(text) > LONGEST:
            extras = False
        elif words(text) < SHORTEST:
            extras = True
        else:
            break
    return text


def _compose(case: Case, chance: Random, level: str, extras: bool | None) -> str:
    form = "brief" if extras is False and chance.random() < 0.5 else chance.choice(FORMS[case.persona])
    decision = chance.choice(phrases.DECISIONS[phrases.voice(case.persona), level])
    closings = phrases.CLOSINGS[phrases.voice(case.persona), level]
    close = chance.choice(closings) if extras or (extras is None and chance.random() < 0.4) else ""
    opening = ""
    if extras is False:
        pass
    elif case.worried:
        opening = chance.choice(phrases.COMFORT)
    elif case.persona == "customer" and (extras or chance.random() < 0.7):
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
    if level == GOOD:
        body += ("\n" if form == "steps" else " ") + chance.choice(phrases.PLAIN)
    if form == "steps" and close:
        return "\n".join(part for part in (opening, body, close) if part)
    return " ".join(part for part in (opening, body, close) if part)


def _told(rules: Sequence[Rule], goods: Sequence[str], chance: Random, declined: bool = False) -> str:
    """One sentence a rule, joined by connectives; what asks for nothing comes last."""
    clauses = [_clause(rule, chance) for rule in rules]
    if goods:
        clauses.append(chance.choice(phrases.NOTHING).format(goods=listed(goods)))
    told = []
    for number, clause in enumerate(clauses):
        link = chance.choice(phrases.LINKS) if number else ""
        if number == len(clauses) - 1 and number > 1:
            link = chance.choice(phrases.LAST_LINKS)
        if declined and number == 1:
            link = chance.choice(phrases.AFTERWARDS)
        told.append(sentence(link + clause))
    return " ".join(told)


def _clause(rule: Rule, chance: Random) -> str:
    """What follows from a rule, mostly with its reason."""
    return chance.choices(rule.clauses, weights=(4, 4, 1)[: len(rule.clauses)])[0]


def _points(rules: Sequence[Rule], goods: Sequence[str], chance: Random, form: str, decision: str, level: str) -> str:
    """A numbered list, or a broker's line of points."""
    points = [_clause(rule, chance) if form == "steps" else rule.then for rule in rules]
    if goods:
        points.append(chance.choice(phrases.NOTHING).format(goods=listed(goods)))
    if form == "steps":
        head = sentence(decision) + " " + chance.choice(phrases.STEPS)
        return "\n".join([head, *(f"{n}. {sentence(point)}" for n, point in enumerate(points, start=1))])
    return sentence(decision) + " " + sentence("; ".join(points))
