"""Key facts of a card as it is for somebody, and the values that would be wrong there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workshop_kit.worlds.base import Fact
from workshop_kit.worlds.services import phrases
from workshop_kit.worlds.services.answers import Need
from workshop_kit.worlds.services.cards import COUNTY, HELP, OUTSIDE, URGENT, Service

FREE_WORDS = ("free", "no fee", "no charge", "costs nothing", "cost nothing", "nothing to pay", "without a fee")
WAIVED_WORDS = (
    "waived",
    "waive",
    "free for you",
    "you do not pay",
    "you don't pay",
    "no fee",
    "free",
    "nothing to pay",
)
FAST_WORDS = ("one day", "1 day", "24 hours", "a day", "a single day")


def facts(needs: Sequence[Need], cards: Mapping[str, Service]) -> tuple[Fact, ...]:
    """The key facts of one need or of two; no value that one of them asks for is wrong for the other."""
    return tuple(fact for need in needs for fact in _card(need, _Wrong(needs, cards)))


def lookup_facts(service: Service, slot: str, cards: Mapping[str, Service]) -> tuple[Fact, ...]:
    """The one fact that was asked for."""
    wrong = _Wrong((Need(service),), cards)
    if slot == "waiver":
        return (Fact("The fee is waived for people over 65.", WAIVED_WORDS, "condition", wrong.fees),)
    if slot == "fast":
        return (
            Fact("There is a fast lane.", ("fast lane",), "condition"),
            Fact("The fast lane takes one day.", FAST_WORDS, "time", wrong.waits),
        )
    if slot == "county":
        return (_office(COUNTY, tuple({card.office: 0 for card in cards.values()})),)
    made = {"office": lambda: _office(service.office, wrong.offices), "fee": lambda: _fee(service, wrong)}
    made |= {"wait": lambda: _wait(service, wrong), "paper": lambda: _paper(service, wrong)}
    return (made[slot](),)


def unknown_fact(cards: Mapping[str, Service]) -> Fact:
    """The guide does not say, and the help line has to be asked."""
    wrong = (*(card.office for card in cards.values()), "the fee is", "it costs", "it is free")
    return Fact(f"The guide does not say; the {HELP} has to be asked.", phrases.UNKNOWN_WORDINGS, "unknown", wrong)


class _Wrong:
    """The values of each slot that no card of these needs has."""

    def __init__(self, needs: Sequence[Need], cards: Mapping[str, Service]) -> None:
        own = {need.service.id for need in needs}
        others = [card for card in cards.values() if card.id not in own]
        mine = [need.service for need in needs]
        offices = [card.office for card in others if card.office not in {c.office for c in mine}]
        offices += [need.service.office for need in needs if OUTSIDE in need.changes]
        if not any(OUTSIDE in need.changes for need in needs):
            offices.append(COUNTY)
        self.offices = tuple(dict.fromkeys(offices))
        held_fees = {card.fee for card in mine}
        self.fees = tuple(dict.fromkeys(card.price for card in others if card.fee and card.fee not in held_fees))
        held = {card.wait for card in mine}
        self.waits = tuple(dict.fromkeys(word for card in others if card.wait not in held for word in card.waits))
        self.papers = tuple(card.paper_words[0] for card in others)
        self.free = any(not card.fee for card in mine) or any(need.waived for need in needs)


def _card(need: Need, wrong: _Wrong) -> list[Fact]:
    service = need.service
    made = [_office(need.office, wrong.offices)]
    if need.waived and service.fee:
        made.append(Fact("The fee is waived for people over 65.", WAIVED_WORDS, "condition", wrong.fees))
    else:
        made.append(_fee(service, wrong))
    if URGENT in need.changes:
        made.append(Fact("There is a fast lane.", ("fast lane",), "condition"))
        made.append(Fact("The fast lane takes one day.", FAST_WORDS, "time", wrong.waits))
    else:
        made.append(_wait(service, wrong))
    made.append(_paper(service, wrong))
    made.append(Fact(f"First: {service.steps[0]}.", service.step_words, "step"))
    return made


def _office(office: str, wrong: tuple[str, ...]) -> Fact:
    return Fact(f"The {office} is in charge.", (office,), "name", wrong)


def _fee(service: Service, wrong: _Wrong) -> Fact:
    if not service.fee:
        return Fact("It is free.", FREE_WORDS, "amount", wrong.fees)
    free = () if wrong.free else ("it is free", "free of charge", "no fee", "costs nothing", "is waived")
    return Fact(
        f"The fee is {service.price}.", (service.price, f"{service.fee} dollars"), "amount", (*wrong.fees, *free)
    )


def _wait(service: Service, wrong: _Wrong) -> Fact:
    return Fact(f"The wait is {service.wait}.", service.waits, "time", wrong.waits)


def _paper(service: Service, wrong: _Wrong) -> Fact:
    return Fact(f"Bring {service.paper}.", service.paper_words, "paper", wrong.papers)
