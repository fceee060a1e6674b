"""The class of this workspace's own league, for whoever holds it."""

from __future__ import annotations

from workshop_kit.classroom.instructor import Classroom
from workshop_kit.league.own import own_league
from workshop_kit.settings import DEFAULT_DOMAIN


def host(domain: str = DEFAULT_DOMAIN, *, name: str = "Instructor") -> Classroom:
    """The class in the league that this workspace runs, started if need be.

    Whoever has the workspace's files may hold its class; elsewhere the league's host gives out organizers' tokens
    (`workshop-kit league token`) for Classroom(url, token). Raises LeagueProblem when WORKSHOP_LEAGUE_URL names one.
    """
    return Classroom(*own_league(domain, name, "Classroom"))
