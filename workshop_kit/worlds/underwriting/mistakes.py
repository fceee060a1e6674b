"""Answers with an error in them, as rows written by a model have."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from workshop_kit.worlds.underwriting.answers import answer
from workshop_kit.worlds.underwriting.cases import Case
from workshop_kit.worlds.underwriting.rules import DOLLARS, GROUPS, LEVELS, PERCENT, Rule


def spoiled(case: Case | None, rules: Mapping[str, Rule], right: str, chance: Random, thing: str = "") -> str:
    """The answer with a wrong amount, with the condition of another factor, or with a wrong decision.

    Without a case (a question that the manual is silent about, or one about the office) a rule is made up.
    """
    if case is None:
        rule = chance.choice([rule for rule in rules.values() if rule.facts])
        about = f"For {thing} the usual rule applies: " if thing else "The manual is clear here: "
        return about + chance.choice(rule.clauses) + "."
    ways = ["condition", "decision"]
    amounts = [value for value in (*PERCENT.values(), *DOLLARS.values()) if f" {value}" in right]
    if amounts:
        ways.append("amount")
    way = chance.choice(ways)
    if way == "amount":
        value = chance.choice(amounts)
        group = GROUPS["percent" if value.endswith("%") else "dollars"]
        return right.replace(value, chance.choice([v for v in group if v not in right]))
    if way == "decision":
        level = chance.choice([level for level in LEVELS if level != case.level])
        return answer(case, chance, level=level)
    factors = {rule.factor for rule in case.rules}
    strangers = [rule for rule in rules.values() if rule.facts and rule.factor not in factors]
    changed = list(case.rules)
    changed[chance.randrange(len(changed))] = chance.choice(strangers)
    return answer(Case(tuple(changed), case.persona, case.worried), chance, level=case.level)
