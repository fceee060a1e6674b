"""Insurance underwriting: the manual of a made-up insurer for homes and small businesses."""

from __future__ import annotations

from workshop_kit.worlds.base import World
from workshop_kit.worlds.underwriting.world import Underwriting


def make(edition: int = 0) -> World:
    """The world in this edition; 0 is the shipped one."""
    return Underwriting(edition)
