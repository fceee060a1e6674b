"""Cases: which risk factors come together, what is decided, and what the rubric then asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from workshop_kit.worlds.base import Deck, Fact, holds, share_of
from workshop_kit.worlds.underwriting.phrases import DECISION_FACTS, DECISION_WORDINGS, DECISIONS
from workshop_kit.worlds.underwriting.rules import (
    CONDITIONS,
    DECLINE,
    GOOD,
    GROUPS,
    LEVELS,
    REFER,
    Core,
    Procedure,
    Rule,
)

PERSONAS = ("broker", "trainee", "claims-handler", "branch-clerk", "customer")
# How often each decision is wanted. Real books hold more plain cases; learners need to meet every decision.
LEVEL_SHARES = {CONDITIONS: 10, REFER: 5, DECLINE: 4, GOOD: 3}
_HOME_ONLY = {"thatch", "stove"}
_TRADE_ONLY = {"sprinklers"}


@dataclass(frozen=True)
class Case:
    """A risk: the rules that its factors call for, in the order in which they are told, and who asks about it."""

    rules: tuple[Rule, ...]
    persona: str
    worried: bool = False
    about: str = ""

    @property
    def id(self) -> str:
        """The same for the same factors, whoever asks and in whatever words."""
        return "+".join(sorted(rule.id for rule in self.rules))

    @property
    def lead(self) -> Rule:
        """The rule that decides: the strictest."""
        return max(self.rules, key=lambda rule: LEVELS.index(rule.level))

    @property
    def level(self) -> str:
        """The decision."""
        return self.lead.level

    @property
    def topic(self) -> str:
        """The topic of the rule that the case was drawn for, or of the decisive one."""
        return self.about or self.lead.topic


def draw(
    rules: Mapping[str, Rule], share: str, lead: Rule, chance: Random, *, used: Mapping[str, int], most: int = 4
) -> Case | None:
    """A case around one decisive rule, from this share of the cases; None when the draw is not fit.

    `used` counts how often each rule has come: rare ones are taken first.
    """
    trade = lead.factor == "trade" or lead.id in _TRADE_ONLY
    if not trade and lead.factor not in ("use", "pipes", "heating") and lead.id not in _HOME_ONLY:
        trade = chance.random() < 0.45
    chosen = [lead]
    # A declined case has one reason; what would follow afterwards stays short.
    size = min(most, chance.choice((2, 3, 3)) if lead.level == DECLINE else chance.choice((2, 3, 3, 4)))
    if trade and lead.factor != "trade":
        size = max(size, 2)
        chosen.append(_rarest([r for r in rules.values() if r.factor == "trade" and _fits(r, chosen)], used, chance))
    while len(chosen) < size:
        options = [r for r in rules.values() if _fits(r, chosen) and _belongs(r, trade)]
        if not options:
            return None
        chosen.append(_rarest(options, used, chance))
    chance.shuffle(chosen)
    chosen.sort(key=lambda rule: rule.factor not in ("use", "trade"))  # what it is comes first
    case = Case(tuple(chosen), chance.choice(PERSONAS), about=lead.topic)
    if share_of(case.id) != share:
        return None
    worried = case.persona == "customer" and case.level != GOOD and chance.random() < 0.6
    return replace(case, worried=worried)


def _belongs(rule: Rule, trade: bool) -> bool:
    if trade:
        return rule.factor not in ("use", "pipes", "trade") and rule.id not in _HOME_ONLY
    return rule.factor != "trade" and rule.id not in _TRADE_ONLY


def _fits(rule: Rule, chosen: Sequence[Rule]) -> bool:
    """Whether the rule can join: another factor, and no stricter than the decisive rule allows."""
    if rule.factor in {other.factor for other in chosen}:
        return False
    lead = chosen[0].level
    return rule.level == GOOD if lead == GOOD else rule.level in (GOOD, CONDITIONS)


def _rarest(options: Sequence[Rule], used: Mapping[str, int], chance: Random) -> Rule:
    """A rule that has come seldom; among good ones and others alike."""
    return min(options, key=lambda rule: used[rule.id] // 2 + (rule.level == GOOD) + chance.random() * 4)


def leads(rules: Mapping[str, Rule], topics: Sequence[str] | None, chance: Random) -> Deck[Rule]:
    """The decisive rules to draw cases around, every decision as often as LEVEL_SHARES wants it."""
    known = [rule for rule in rules.values() if topics is None or rule.topic in topics]
    deck: list[Rule] = []
    for level, share in LEVEL_SHARES.items():
        of_level = [rule for rule in known if rule.level == level]
        if of_level:
            each = Deck(of_level, chance)
            deck += [each.draw() for _ in range(3 * share)]
    return Deck(deck, chance)


def key_facts(case: Case, extra: Sequence[Rule | Procedure] = ()) -> tuple[Fact, ...]:
    """What a good answer to the case holds: the decision and every rule's facts; then those of a second need."""
    parts = (*case.rules, *extra)
    right = _right_words(parts, case.level)
    wrong = tuple(w for level in LEVELS if level != case.level for w in DECISION_WORDINGS[level])
    decision = Fact(DECISION_FACTS[case.level], DECISION_WORDINGS[case.level], "decision", _only_wrong(wrong, right))
    return decision, *(_fact(core, right) for part in parts for core in part.facts)


def rule_facts(part: Rule | Procedure) -> tuple[Fact, ...]:
    """What a good answer about one rule holds; for a rule that refers or declines, that too."""
    level = getattr(part, "level", "")
    right = _right_words((part,), level)
    facts = [_fact(core, right) for core in part.facts]
    if level in (REFER, DECLINE):
        wrong = tuple(w for other in LEVELS if other != level for w in DECISION_WORDINGS[other])
        facts.insert(0, Fact(DECISION_FACTS[level], DECISION_WORDINGS[level], "decision", _only_wrong(wrong, right)))
    return tuple(facts)


def _right_words(parts: Sequence[Rule | Procedure], level: str) -> str:
    """Everything that a right answer may say."""
    texts = [text for part in parts for text in (*part.clauses, getattr(part, "more", ""))]
    decided = [text for (_, of), told in DECISIONS.items() if of == level for text in told]
    return ". ".join([*texts, *decided, *DECISION_WORDINGS.get(level, ())])


def _only_wrong(wordings: Sequence[str], right: str) -> tuple[str, ...]:
    return tuple(wording for wording in wordings if not holds(right, [wording]))


def _fact(core: Core, right: str) -> Fact:
    wrong = (*core.wrong, *GROUPS.get(core.group, ()))
    return Fact(core.fact, core.any_of, core.kind, _only_wrong(wrong, right))
