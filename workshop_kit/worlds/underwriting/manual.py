"""The manual as a whole: the book of rules, its text, and what the domain says about itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workshop_kit.worlds.underwriting import homes, uses
from workshop_kit.worlds.underwriting.rules import Procedure, Rule, amounts, filled

TITLE = "Intelligent insurance underwriter"
TOPICS = (
    ("electrics", "Electrics", "Fuse boxes and wiring."),
    ("roof", "Roofs", "What lies on top and what the weather does to it."),
    ("water", "Water and flood", "Flood zones and pipes."),
    ("fire", "Fire protection and heating", "Hydrants, sprinklers and stoves."),
    ("occupancy", "Occupancy of homes", "Owners, tenants, guests, or nobody at all."),
    ("trades", "Trades", "Shops, workshops and offices."),
    ("claims", "Claims", "What happened in the last five years, and reporting a loss."),
    ("authority", "Decisions and authority", "How a case is decided, who signs, and the papers."),
)
# How single rules make a decision; they open the section on authority.
DECIDING = (
    "The strictest rule decides. If one rule declines, the whole case is declined. If none declines and one refers, "
    "the case is referred, and the conditions of the other rules go along with it.",
    "A case that is neither declined nor referred is accepted with conditions as soon as one rule brings a condition, "
    "a deductible, an exclusion or a higher premium. Where no rule brings any of these, it is accepted on standard "
    "terms.",
    "Where the manual says nothing about something, the technical desk has to be asked, and nothing may be promised "
    "before they answer.",
)


def book(edition: int) -> tuple[dict[str, Rule], tuple[Procedure, ...]]:
    """The rules by their ids, with the amounts of this edition, and the rules about the office."""
    values = amounts(edition)
    groups = (homes.ELECTRICS, homes.ROOF, homes.WATER, homes.FIRE, uses.OCCUPANCY, uses.TRADES, uses.CLAIMS, uses.SUMS)
    return {rule.id: filled(rule, values) for group in groups for rule in group}, uses.PROCEDURES


def handbook(rules: dict[str, Rule], procedures: Iterable[Procedure]) -> str:
    """One section a topic, one paragraph a rule."""
    parts = ["# The underwriting manual of Pellowick Insurance, for homes and small businesses", ""]
    procedures = tuple(procedures)
    for id, title, _ in TOPICS:
        parts += [f"## {title} {{#{id}}}", ""]
        texts = [rule.handbook for rule in (*rules.values(), *procedures) if rule.topic == id]
        for text in (*(DECIDING if id == "authority" else ()), *texts):
            parts += [text, ""]
    return "\n".join(parts)


def passage(parts: Iterable[Rule | Procedure]) -> str:
    """What the manual says about these rules; how a case is decided comes first when there are several."""
    texts = [part.handbook for part in parts]
    return " ".join([*DECIDING[:2], *texts] if len(texts) > 1 else texts)


def document() -> dict[str, Any]:
    """What stands in domain.json."""
    return {
        "schema_version": 1,
        "id": "insurance-underwriting",
        "title": TITLE,
        "brief": (
            "Brokers, trainees, claims handlers, clerks and customers of the fictional insurer Pellowick Insurance "
            "describe a home or a small business and ask whether it can be insured, on what terms, and why."
        ),
        "language": "en",
        "system_prompts": [
            {
                "id": "underwriter",
                "text": "You are a senior underwriter at Pellowick Insurance. Decide the case, name every condition, "
                "deductible and change of premium, and say why.",
            },
            {
                "id": "friendly",
                "text": "You explain Pellowick Insurance's underwriting manual to people in plain and friendly words. "
                "If the manual does not say, say so.",
            },
            {"id": "brief", "text": "Answer in at most 40 words. Decide first, then name the terms."},
        ],
        "topics": [{"id": i, "title": t, "description": d} for i, t, d in TOPICS],
        "personas": [
            {"id": "broker", "name": "A broker", "description": "Has a client waiting and wants the terms at once."},
            {
                "id": "trainee",
                "name": "A trainee",
                "description": "In the first month; wants the decision and the reasons.",
            },
            {
                "id": "claims-handler",
                "name": "A claims handler",
                "description": "Looks back at what should have been agreed.",
            },
            {"id": "branch-clerk", "name": "A branch clerk", "description": "Prepares quotes for others to sign."},
            {
                "id": "customer",
                "name": "A customer",
                "description": "Owns a home or a shop, and may be worried about cover.",
            },
        ],
    }
