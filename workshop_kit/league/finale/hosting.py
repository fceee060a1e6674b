"""Being the director of this workspace's own league."""

from __future__ import annotations

from workshop_kit.league.finale.client import Director
from workshop_kit.league.own import own_league
from workshop_kit.settings import DEFAULT_DOMAIN


def host(domain: str = DEFAULT_DOMAIN, *, name: str = "Director") -> Director:
    """The director of the league that this workspace runs, started if need be.

    Whoever has the workspace's files may direct its league; elsewhere the host gives out organizers' tokens
    (`workshop-kit league token`). Raises LeagueProblem when WORKSHOP_LEAGUE_URL names a league of somebody else.
    """
    return Director(*own_league(domain, name, "Director"))
