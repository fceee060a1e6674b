"""The world of the state of Ellowin: rows, practice questions and hidden questions about its offices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.worlds.base import Deck, WorldQuestion, plan_kinds, share_of
from workshop_kit.worlds.services import answers, guide, phrases, questions, rubric
from workshop_kit.worlds.services.answers import Need
from workshop_kit.worlds.services.cards import OUTSIDE, SENIOR, TOPICS, URGENT, Service, catalog
from workshop_kit.worlds.services.situations import SITUATIONS

KINDS = {"case": 0.55, "two-needs": 0.20, "lookup": 0.15, "not-in-handbook": 0.10}
ROW_KINDS = {"case": 0.62, "two-needs": 0.20, "lookup": 0.08, "not-in-handbook": 0.10}
# How often somebody's card is changed by who they are, and how often twice (never in training rows).
CHANGED, TWICE = 0.5, 0.5
SLOTS = ("fee", "wait", "office", "paper")
# A way to answer a question wrongly.
Spoil = Callable[[Random], str]


class Services:
    """The offices of a made-up state; another edition has other fees and waits."""

    id = "state-local-services"

    def __init__(self, edition: int = 0) -> None:
        self.edition = edition
        self.cards = catalog(edition)

    def document(self) -> dict[str, Any]:
        """What stands in domain.json."""
        return guide.document()

    def handbook(self) -> str:
        """The guide as Markdown, one paragraph a service."""
        return guide.handbook(self.cards)

    def rows(
        self, count: int, seed: int, *, topics: Sequence[str] | None = None, mistakes: float = 0.0
    ) -> list[dict[str, Any]]:
        """Training rows; `mistakes` is the share with a wrong fee, office or paper, or with half an answer.

        Raises BadInput for a topic that the guide does not have.
        """
        known = [topic for topic, _, _ in TOPICS]
        for topic in topics or ():
            if topic not in known:
                raise BadInput(f"The world '{self.id}' has no topic '{topic}'; it has {', '.join(known)}.")
        chance = Random(f"services/rows/{self.edition}/{seed}")
        wrong = Random(f"services/mistakes/{self.edition}/{seed}")
        spoil = set(wrong.sample(range(count), round(count * mistakes)))
        return [
            {
                "id": question.case,
                "instruction": question.question,
                "context": "",
                "response": again(wrong) if number in spoil else question.reference_answer,
                "topic": question.topic,
            }
            for number, (question, again) in enumerate(self._questions(count, chance, "rows", ROW_KINDS, topics))
        ]

    def practice(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Questions with rubrics that learners see."""
        return self._asked(count, seed, "practice", "p")

    def hidden(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Questions with rubrics that decide a league."""
        return self._asked(count, seed, "hidden", "h")

    def _asked(self, count: int, seed: int, share: str, letter: str) -> list[dict[str, Any]]:
        chance = Random(f"services/{share}/{self.edition}/{seed}")
        made = self._questions(count, chance, share, KINDS, None)
        return [question.row(f"{letter}{number:02d}") for number, (question, _) in enumerate(made, start=1)]

    def _questions(
        self, count: int, chance: Random, share: str, kinds: dict[str, float], topics: Sequence[str] | None
    ) -> list[tuple[WorldQuestion, Spoil]]:
        """Questions of one share, no text twice, each with a way to answer it wrongly."""
        maker = _Maker(self.cards, share, chance, topics)
        return [maker.make(kind) for kind in plan_kinds(count, kinds, chance)]


class _Maker:
    """Makes the questions of one set; services, situations and look-ups come in turn, so that all are used evenly."""

    def __init__(self, cards: dict[str, Service], share: str, chance: Random, topics: Sequence[str] | None) -> None:
        self.cards, self.share, self.chance = cards, share, chance
        self.held_out = share != "rows"
        self.seen: set[str] = set()
        mine = [card for card in cards.values() if topics is None or card.topic in topics]
        self.services = Deck(mine, chance)
        self.several = len({card.topic for card in mine}) > 1
        self.empty = not mine
        self.helps = topics is None or "help" in topics
        self.situations = {card.id: Deck(enumerate(SITUATIONS[card.id][share]), chance) for card in mine}
        slots = [(card, slot) for card in mine for slot in _slots(card)]
        self.lookups = Deck([s for s in slots if share_of(f"{s[0].id}/{s[1]}") == share] or slots, chance)
        self.things = Deck(phrases.UNKNOWN[share], chance)
        self.personas = Deck(phrases.ASKS, chance)
        self.changed: Counter[str] = Counter()

    def make(self, kind: str) -> tuple[WorldQuestion, Spoil]:
        """A question whose text has not come before in this set."""
        if kind == "two-needs" and not self.several or kind == "not-in-handbook" and not self.helps:
            kind = "case"
        if self.empty:
            kind = "not-in-handbook"
        make = {"case": self._case, "two-needs": self._two, "lookup": self._lookup}.get(kind, self._unknown)
        for _ in range(10_000):
            question, spoil = make()
            if question.question not in self.seen:
                self.seen.add(question.question)
                return question, spoil
        raise AssertionError(f"no more questions of the kind {kind} in {self.share}")

    def _situation(self, service: Service) -> tuple[str, str, bool]:
        """(id, what is told, whether in trouble)"""
        number, told = self.situations[service.id].draw()
        return f"{service.id}/{self.share}-{number}", told.removeprefix("!"), told.startswith("!")

    def _changes(self, service: Service) -> tuple[str, ...]:
        if not service.changes or self.chance.random() >= CHANGED:
            return ()
        first = min(service.changes, key=lambda change: (self.changed[change], self.chance.random()))
        self.changed[first] += 1
        others = [change for change in service.changes if change != first]
        if self.held_out and others and self.chance.random() < TWICE:
            second = self.chance.choice(others)
            return first, second
        return (first,)

    def _case(self) -> tuple[WorldQuestion, Spoil]:
        service, persona = self.services.draw(), self.personas.draw()
        id, told, trouble = self._situation(service)
        need = Need(service, self._changes(service), trouble)
        question = WorldQuestion(
            "+".join([id, *need.changes]),
            service.topic,
            questions.ask(told, need.changes, persona, self.chance, self.held_out),
            answers.answer(need, self.chance),
            rubric.facts([need], self.cards),
            persona,
            "case",
            guide.passage([service]),
            "kind" if trouble else "neutral",
        )
        return question, lambda wrong: self._spoiled([need], question.reference_answer, wrong)

    def _two(self) -> tuple[WorldQuestion, Spoil]:
        first, persona = self.services.draw(), self.personas.draw()
        second = next(service for service in iter(self.services.draw, None) if service.topic != first.topic)
        told = [self._situation(service) for service in (first, second)]
        needs = [Need(service, (), trouble) for service, (_, _, trouble) in zip((first, second), told, strict=True)]
        question = WorldQuestion(
            "&".join(id for id, _, _ in told),
            first.topic,
            questions.ask_both([text for _, text, _ in told], persona, self.chance, self.held_out),
            answers.both(needs, self.chance),
            rubric.facts(needs, self.cards),
            persona,
            "two-needs",
            guide.passage([first, second]),
            "kind" if any(need.trouble for need in needs) else "neutral",
        )
        return question, lambda wrong: self._spoiled(needs, question.reference_answer, wrong)

    def _lookup(self) -> tuple[WorldQuestion, Spoil]:
        service, slot = self.lookups.draw()
        named = service.named[int(self.held_out)]
        question = WorldQuestion(
            f"lookup/{service.id}/{slot}",
            service.topic,
            questions.look_up(slot, named, self.chance, self.held_out),
            answers.lookup(service, slot, self.chance),
            rubric.lookup_facts(service, slot, self.cards),
            "planner",
            "lookup",
            guide.passage([service]),
        )

        def spoil(wrong: Random) -> str:
            return answers.lookup(self._mixed_up(service, wrong), slot, wrong)

        return question, spoil

    def _unknown(self) -> tuple[WorldQuestion, Spoil]:
        thing, told = self.things.draw()
        trouble, persona = told.startswith("!"), self.personas.draw()
        question = WorldQuestion(
            f"unknown/{thing}",
            "help",
            questions.ask_unknown(told.removeprefix("!"), persona, self.chance, self.held_out),
            answers.unknown(thing, trouble, self.chance),
            (rubric.unknown_fact(self.cards),),
            persona,
            "not-in-handbook",
            "",
            "kind" if trouble else "neutral",
        )
        # Wrong: an office and a fee made up for what the guide does not say.
        return question, lambda wrong: answers.answer(Need(wrong.choice(list(self.cards.values()))), wrong)

    def _mixed_up(self, service: Service, wrong: Random) -> Service:
        """The card with the office and the paper of another."""
        other = wrong.choice([card for card in self.cards.values() if card.topic != service.topic])
        return replace(service, desk=other.desk, paper=other.paper)

    def _spoiled(self, needs: Sequence[Need], right: str, wrong: Random) -> str:
        """A wrong fee, another's office or paper, or half of the answer."""
        kind = wrong.choice(("fee", "name", "paper", "half"))
        if kind == "half":
            parts = [part for part in re.split(r"(?<=[.!?])\s", right) if not re.fullmatch(r"\d\.", part)]
            return " ".join(parts[: max(1, len(parts) // 2)])
        first, *rest = needs
        mine = first.service
        others = [card for card in self.cards.values() if card.topic != mine.topic and card.fee != mine.fee]
        other = wrong.choice(others)
        desk = replace(mine.desk, **{kind: getattr(other.desk, kind)}) if kind != "paper" else mine.desk
        spoiled = replace(mine, desk=desk, paper=other.paper if kind == "paper" else mine.paper)
        need = replace(first, service=spoiled, changes=tuple(c for c in first.changes if c == URGENT))
        return answers.both([need, *rest], wrong) if rest else answers.answer(need, wrong)


def _slots(service: Service) -> tuple[str, ...]:
    """What of a card can be looked up."""
    more = {"waiver": SENIOR, "fast": URGENT, "county": OUTSIDE}
    return (*SLOTS, *(slot for slot, change in more.items() if change in service.changes))
