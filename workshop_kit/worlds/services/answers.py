"""Answers: a card told in many orders and wordings, two cards at once, a look-up, and what the guide does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from workshop_kit.worlds.base import sentence, words
from workshop_kit.worlds.services import phrases
from workshop_kit.worlds.services.cards import COUNTY, OUTSIDE, SENIOR, URGENT, Service

SHORTEST, LONGEST = 30, 90
# Forms of an answer; one that stands twice comes twice as often.
FORMS = ("office", "office", "office", "steps", "steps", "fee")


@dataclass(frozen=True)
class Need:
    """What a person needs: a service, what changes its card, and whether the person is in trouble."""

    service: Service
    changes: tuple[str, ...] = ()
    trouble: bool = False

    @property
    def office(self) -> str:
        """The office in charge for this person."""
        return COUNTY if OUTSIDE in self.changes else self.service.office

    @property
    def waived(self) -> bool:
        """Whether the fee is waived for this person."""
        return SENIOR in self.changes


def answer(need: Need, chance: Random) -> str:
    """An answer of 30 to 90 words that gives the whole card as it is for this person."""
    form = chance.choice(FORMS)
    comfort = _comfort(chance) if need.trouble else ""
    text = {"office": _office, "fee": _fee_first, "steps": _steps}[form](need, chance)
    mark = "\n" if form == "steps" else " "
    if comfort:
        text = f"{comfort} {text}"
    closings = phrases.CLOSINGS_KIND if need.trouble else phrases.CLOSINGS
    if words(text) < SHORTEST or chance.random() < 0.35:
        text += mark + chance.choice(closings)
    if words(text) < SHORTEST:
        text += " " + chance.choice(phrases.CLOSINGS[:1])
    return text


def both(needs: Sequence[Need], chance: Random) -> str:
    """An answer to two needs."""
    told = [_office(need, chance) for need in needs]
    if chance.random() < 0.4:
        text = "\n".join([chance.choice(phrases.STEPS), *(f"{n}. {part}" for n, part in enumerate(told, start=1))])
    else:
        text = f"{told[0]} {told[1]}"
    if any(need.trouble for need in needs):
        text = f"{_comfort(chance)} {text}"
    return text


def lookup(service: Service, slot: str, chance: Random) -> str:
    """The one thing that was asked for, and the office or the paper beside it."""
    office = f"The {service.office} takes care of {service.matter}."
    bring = chance.choice(phrases.BRING).format(paper=service.paper)
    told = {
        "office": bring,
        "paper": bring,
        "county": f"Outside the city limits, the {COUNTY} takes care of {service.matter}. {bring}",
        "fee": f"The fee is {service.price}." if service.fee else "It is free.",
        "wait": sentence(f"{service.done} within {service.wait}"),
        "waiver": "The fee is waived for people over 65.",
        "fast": f"If it is urgent, ask for the fast lane, and {service.done} within one day.",
    }
    return told[slot] if slot == "county" else f"{office} {told[slot]}"


def unknown(thing: str, trouble: bool, chance: Random) -> str:
    """That the guide does not say, and whom to ask."""
    told = chance.choice(phrases.UNKNOWN_ANSWERS).format(thing=thing)
    return f"{chance.choice(phrases.SORRY)} {told}" if trouble else told


def _comfort(chance: Random) -> str:
    return chance.choice(phrases.COMFORT)


def _first(need: Need, chance: Random) -> str:
    return chance.choice(phrases.FIRST).format(step=_step(need, chance))


def _step(need: Need, chance: Random) -> str:
    return need.service.steps[int(chance.random() < 0.3)]


def _money(need: Need, chance: Random) -> str:
    if need.waived and need.service.fee:
        return phrases.WAIVED
    if not need.service.fee:
        return chance.choice(phrases.FREE)
    return chance.choice(phrases.FEE).format(price=need.service.price)


def _time(need: Need, chance: Random) -> str:
    frames = phrases.FAST if URGENT in need.changes else phrases.WAIT
    return chance.choice(frames).format(done=need.service.done, wait=need.service.wait)


def _money_and_time(need: Need, chance: Random) -> str:
    money, time = _money(need, chance), _time(need, chance)
    if URGENT in need.changes:
        return f"{sentence(money)} {sentence(time)}"
    if chance.random() < 0.15:
        return f"{sentence(time)} {sentence(money)}"
    return sentence(f"{money}, and {time}") if chance.random() < 0.7 else f"{sentence(money)} {sentence(time)}"


def _in_charge(need: Need, chance: Random) -> str:
    frames = phrases.OUTSIDE_FIRST if OUTSIDE in need.changes else phrases.OFFICE_FIRST
    return chance.choice(frames).format(office=need.office, matter=need.service.matter)


def _office(need: Need, chance: Random) -> str:
    bring = chance.choice(phrases.BRING).format(paper=need.service.paper)
    return f"{_in_charge(need, chance)} {_first(need, chance)} {bring} {_money_and_time(need, chance)}"


def _fee_first(need: Need, chance: Random) -> str:
    there = f"{_in_charge(need, chance)} {sentence(_money(need, chance))}"
    bring = chance.choice(phrases.BRING).format(paper=need.service.paper)
    return f"{there} {_first(need, chance)} {bring} {sentence(_time(need, chance))}"


def _steps(need: Need, chance: Random) -> str:
    bring = chance.choice(phrases.BRING).format(paper=need.service.paper)
    points = [sentence(_step(need, chance)), bring, _money_and_time(need, chance)]
    head = f"{_in_charge(need, chance)} {chance.choice(phrases.STEPS)}"
    return "\n".join([head, *(f"{n}. {point}" for n, point in enumerate(points, start=1))])
