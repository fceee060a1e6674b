"""Worlds: the made-up offices and firms that the shipped domains are about, as data and grammars.

A world writes training rows, practice questions and hidden questions with rubrics, as many as wanted and for any seed.
`python -m workshop_kit.worlds FOLDER` writes the domain folders.
"""

from __future__ import annotations

from importlib import import_module

from workshop_kit.errors import BadInput
from workshop_kit.worlds.base import World

# Domain id -> the package that makes its world: each has `make(edition) -> World`.
WORLDS = {
    "insurance-underwriting": "workshop_kit.worlds.underwriting",
    "state-local-services": "workshop_kit.worlds.services",
}


def world(id: str, edition: int = 0) -> World:
    """The world behind a domain; edition 0 is the shipped one, others have other amounts and times.

    Raises BadInput for an id that no world has.
    """
    if id not in WORLDS:
        raise BadInput(f"There is no world '{id}'; there are {', '.join(WORLDS)}.")
    return import_module(WORLDS[id]).make(edition)
