"""Worlds with ground truth: every place of every sector, with a value for each attribute of each entity."""

from __future__ import annotations

import random
from dataclasses import dataclass

from workshop_kit.local_aws.foundry.language import Fact
from workshop_kit.local_aws.foundry.sectors import SECTORS, Sector


@dataclass(frozen=True)
class World:
    """All the facts of one place."""

    sector: Sector
    place: str
    facts: tuple[Fact, ...]

    def about(self, entity: str) -> tuple[Fact, ...]:
        """The facts of one entity, an attribute each."""
        return tuple(fact for fact in self.facts if fact.entity == entity)


def make_world(sector: Sector, place: str, seed: int = 0) -> World:
    """The world of one place: drawn from the place's name and the seed, so that it is always the same one."""
    chance = random.Random(f"{sector.id}/{place}/{seed}")
    facts: list[Fact] = []
    for attribute in sector.attributes:
        # Values are dealt out evenly, so that guessing the commonest one never pays.
        deck: list[str] = []
        for entity in sector.entities:
            deck = deck or chance.sample(attribute.values, len(attribute.values))
            facts.append(Fact(sector.id, place, entity, attribute.key, deck.pop()))
    facts.sort(key=lambda fact: sector.entities.index(fact.entity))
    return World(sector, place, tuple(facts))


def pretraining_worlds() -> tuple[World, ...]:
    """The worlds that the pre-training text is about; never a shipped one."""
    return tuple(make_world(sector, place) for sector in SECTORS for place in sector.places)


def shipped_worlds() -> tuple[World, ...]:
    """The worlds behind the shipped domains."""
    return tuple(make_world(sector, sector.shipped) for sector in SECTORS if sector.shipped)
