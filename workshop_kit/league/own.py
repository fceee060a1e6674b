"""The key to this workspace's own league, for whoever holds the workspace."""

from __future__ import annotations

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.client.talking import server_url
from workshop_kit.league.process import folder
from workshop_kit.settings import league_url, workspace_root


def own_league(domain: str, name: str, use: str) -> tuple[str, str]:
    """The address of the league that this workspace runs, started if need be, and a new organizer's token for `name`.

    Raises LeagueProblem when WORKSHOP_LEAGUE_URL names a league of somebody else; `use` takes its token then.
    """
    from workshop_kit.league.store.audit import note
    from workshop_kit.league.store.database import open_database
    from workshop_kit.league.store.tokens import issue

    if told := league_url():
        raise LeagueProblem(
            f"WORKSHOP_LEAGUE_URL names the league at {told}; ask its host for an organizer's token and use {use}."
        )
    url = server_url(domain)
    database = open_database(folder(workspace_root()) / "league.sqlite")
    try:
        with database.write() as connection:
            token = issue(connection, "organizer", None, name[:60])
            note(connection, "this workspace", "new token", "organizer", {"name": name[:60]})
    finally:
        database.close()
    return url, token
