"""Answers to cases, in many orders and voices; every one holds all facts of the case."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from workshop_kit.worlds.base import listed, sentence, words
from workshop_kit.worlds.underwriting import phrases
from workshop_kit.worlds.underwriting.cases import Case
from workshop_kit.worlds.underwriting.rules import DECLINE, GOOD, REFER, Rule

SHORTEST, LONGEST = 30, 90
# Persona -> the forms of an answer that suit it; a form that stands twice comes twice as often.
FORMS = {
    "broker": ("brief", "brief", "brief", "decided"),
    "trainee": ("reasoned", "reasoned", "reasoned", "steps"),
    "claims-handler": ("reasoned", "reasoned", "decided"),
    "branch-clerk": ("steps", "steps", "reasoned", "brief"),
    "customer": ("reasoned", "reasoned", "steps", "decided"),
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
    if case.worried:
        opening = chance.choice(phrases.COMFORT)
    elif case.persona == "customer" and extras is not False and (extras or chance.random() < 0.7):
        opening = chance.choice(phrases.WARM)
    if level == GOOD:
        decision += phrases.PLAIN
    rules = list(case.rules)
    if chance.random() < 0.15:
        chance.shuffle(rules)
    head = sentence(decision)
    if case.level == level and level in (REFER, DECLINE) and (level == DECLINE or form != "reasoned"):
        # The rule that decides says so itself; it comes first and stands for the decision.
        head = sentence(_clause(case.lead, chance, form))
        rules.remove(case.lead)
    if level == DECLINE:
        form = "decided"
        body = head + " " + _told(rules, chance, declined=True)
    elif form in ("brief", "steps"):
        body = head + " " + _points(rules, chance, form)
    elif form == "reasoned":
        body = _told(rules, chance) + " " + sentence(chance.choice(phrases.SO) + decision)
    else:
        body = head + " " + _told(rules, chance)
    if form == "steps" and close:
        return "\n".join(part for part in (opening, body, close) if part)
    return " ".join(part for part in (opening, body, close) if part)


def _clauses(rules: Sequence[Rule], chance: Random, form: str = "") -> list[str]:
    """What follows from each rule, mostly with its reason; several that ask for nothing may share one clause."""
    goods = [rule.noun for rule in rules if not rule.facts]
    shared = len(goods) > 1 and chance.random() < 0.6
    clauses = []
    for rule in rules:
        if rule.facts or not shared:
            clauses.append(_clause(rule, chance, form))
    if shared:
        clauses.append(chance.choice(phrases.NOTHING).format(goods=listed(goods)))
    return clauses


def _clause(rule: Rule, chance: Random, form: str) -> str:
    """What follows from a rule; outside the brief form often with its reason."""
    if form == "brief":
        return rule.then
    return chance.choices(rule.clauses, weights=(5, 4, 1)[: len(rule.clauses)])[0]


def _told(rules: Sequence[Rule], chance: Random, declined: bool = False) -> str:
    """One sentence a clause, joined by connectives."""
    clauses = _clauses(rules, chance)
    told = []
    for number, clause in enumerate(clauses):
        link = chance.choice(phrases.LINKS) if number else ""
        if number == len(clauses) - 1 and number > 1:
            link = chance.choice(phrases.LAST_LINKS)
        if declined and number == 0:
            link = chance.choice(phrases.AFTERWARDS)
        told.append(sentence(link + clause))
    return " ".join(told)


def _points(rules: Sequence[Rule], chance: Random, form: str) -> str:
    """A numbered list, or a broker's line of points."""
    points = _clauses(rules, chance, form)
    if form == "steps":
        return "\n".join(
            [chance.choice(phrases.STEPS), *(f"{n}. {sentence(p)}" for n, p in enumerate(points, start=1))]
        )
    return sentence("; ".join(points))
