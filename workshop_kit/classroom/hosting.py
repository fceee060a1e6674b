"""The class of this workspace's own league, for whoever holds it."""

from __future__ import annotations

from workshop_kit.classroom.instructor import Classroom
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.client.talking import server_url
from workshop_kit.league.process import folder
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import open_database
from workshop_kit.league.store.tokens import issue
from workshop_kit.settings import DEFAULT_DOMAIN, league_url, workspace_root


def host(domain: str = DEFAULT_DOMAIN, *, name: str = "Instructor") -> Classroom:
    """The class in the league that this workspace runs, started if need be.

    Whoever has the workspace's files may hold its class; elsewhere the league's host gives out organizers' tokens
    (`workshop-kit league token`) for Classroom(url, token). Raises LeagueProblem when WORKSHOP_LEAGUE_URL names one.
    """
    if told := league_url():
        raise LeagueProblem(
            f"WORKSHOP_LEAGUE_URL names the league at {told}; ask its host for an organizer's token and use Classroom."
        )
    url = server_url(domain)
    database = open_database(folder(workspace_root()) / "league.sqlite")
    try:
        with database.write() as connection:
            token = issue(connection, "organizer", None, name[:60])
            note(connection, "this workspace", "new token", "organizer", {"name": name[:60]})
    finally:
        database.close()
    return Classroom(url, token)
