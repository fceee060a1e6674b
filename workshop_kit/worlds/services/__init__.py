"""State and local services: the offices of a made-up state, and the people who need them."""

from __future__ import annotations

from workshop_kit.worlds.base import World
from workshop_kit.worlds.services.world import Services


def make(edition: int = 0) -> World:
    """The world in this edition; 0 is the shipped one."""
    return Services(edition)
