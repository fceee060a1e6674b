"""The guide to Ellowin's offices as prose, and what stands in domain.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workshop_kit.worlds.base import sentence
from workshop_kit.worlds.services.cards import COUNTY, HELP, OUTSIDE, SENIOR, SERVICES, STATE, TOPICS, URGENT, Service

HELP_TEXT = (
    f"This guide does not cover everything. If it says nothing about your question, please call the {HELP}. People"
    " there find the right office for you, and nobody has to guess."
)


def paragraph(service: Service) -> str:
    """All that the guide says about one service."""
    step, office, paper, done = service.steps[1], service.office, service.paper, service.done
    fee = f"the fee is {service.price}" if service.fee else "there is no fee"
    shape = [card.id for card in SERVICES].index(service.id) % 3
    if shape == 0:
        told = [f"The {office} takes care of {service.matter}", service.covers, f"First, {step}"]
        told += [f"Then go there and bring {paper}", f"{fee}, and {done} within {service.wait}"]
    elif shape == 1:
        told = [f"For {service.named[0]}, people turn to the {office}", service.covers, f"Before you go, {step}"]
        told += [f"You need {paper}", f"As a rule {done} within {service.wait}; {fee}"]
    else:
        told = [f"Help with {service.matter} comes from the {office}", service.covers, fee]
        told += [f"The first step: {step}", f"Have {paper} ready when you come", f"{done} within {service.wait}"]
    if SENIOR in service.changes:
        told.append("The fee is waived for people over 65")
    if URGENT in service.changes:
        told.append("If it is urgent, say so and ask for the fast lane, which takes one day")
    if OUTSIDE in service.changes:
        told.append(f"Outside the city limits, the {COUNTY} takes care of it instead")
    return " ".join(sentence(part) for part in told)


def passage(services: Iterable[Service]) -> str:
    """The paragraphs that decide a question."""
    return " ".join(paragraph(service) for service in services)


def handbook(cards: Mapping[str, Service]) -> str:
    """The guide as Markdown: a section a topic, a paragraph a service."""
    parts = [f"# A guide to the offices of the state of {STATE}"]
    for id, title, _ in TOPICS:
        parts.append(f"## {title} {{#{id}}}")
        parts += [paragraph(card) for card in cards.values() if card.topic == id] or [HELP_TEXT]
    return "\n\n".join(parts) + "\n"


def document() -> dict[str, Any]:
    """What stands in domain.json."""
    personas = (
        ("newcomer", "A newcomer", f"Has just moved to {STATE} and knows none of its offices."),
        ("worried", "A worried resident", "Something bad has happened and a kind word is needed before the steps."),
        ("hurried", "A resident in a hurry", "Asks in few words and wants the steps, the fee and the wait."),
        ("planner", "A careful planner", "Wants to know every paper and every cost before setting out."),
        ("neighbor", "A neighbor", "Tells calmly what has happened and asks who takes care of it."),
    )
    prompts = (
        ("kind", f"You are a kind adviser for the people of {STATE}. Say a warm word to those in trouble, then give the"
         " first step, the office, the papers, the fee and the wait."),
        ("exact", f"You answer questions about the offices of {STATE}. Name the office, papers, fee and wait."
         f" If the guide does not say, say so and name the {HELP}."),
        ("brief", "Answer in at most 40 words: first step, office, papers, fee, wait."),
    )  # fmt: skip
    return {
        "schema_version": 1,
        "id": "state-local-services",
        "title": "State and local services",
        "brief": f"Residents of the fictional state of {STATE}, many of them in trouble, tell what has happened and"
        " ask what to do, which office helps, what it costs, how long it takes and what to bring.",
        "language": "en",
        "system_prompts": [{"id": id, "text": text} for id, text in prompts],
        "topics": [{"id": id, "title": title, "description": told} for id, title, told in TOPICS],
        "personas": [{"id": id, "name": name, "description": told} for id, name, told in personas],
    }
