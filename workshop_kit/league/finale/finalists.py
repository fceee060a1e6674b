"""The finalists and their models, put behind endpoints for the evening and taken down after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workshop_kit.aws import Aws
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.client.talking import call
from workshop_kit.playground import Endpoint, deploy
from workshop_kit.training.jobs import JobProgress

Finalist = tuple[str, Endpoint | dict[str, Any]]


def finalists(
    aws: Aws,
    url: str,
    token: str,
    *,
    accounts: str | Path | None = None,
    progress: Callable[[JobProgress], None] | None = None,
) -> list[Finalist]:
    """The first teams of the standings with the models they chose, ready for Director.create(contestants=...).

    A model that was sent in as a training job is put behind an endpoint, which costs money from then on; one that
    stands already is given back as it is. `token` is the organizer's. `accounts` is the file of the teams' accounts, if
    they have some of their own; it must lie in the league's workspace too, as league/accounts.csv. Raises LeagueProblem
    when nobody has been judged, BadInput for such a file with faults, and AwsProblem when a model can't be deployed.
    """
    address = url.rstrip("/")
    count = call("GET", f"{address}/api/organizer/settings", token=token)["finalists"]
    rows = call("GET", f"{address}/api/standings?limit={count}", token=token)["rows"]
    if not rows:
        raise LeagueProblem("Nobody has been judged yet, so there are no finalists.")
    teams = {team["name"]: team for team in call("GET", f"{address}/api/organizer/teams", token=token)["teams"]}
    account_of = _accounts(aws, accounts)
    found: list[Finalist] = []
    for row in rows:
        plays = teams[row["participant"]]["plays"] or row["submission"]
        target = call("GET", f"{address}/api/submissions/{plays}", token=token)["target"]
        if target["kind"] == "artefact":
            team = row["participant"]
            found.append((team, deploy(account_of(team), target["training_job"], progress=progress)))
        else:
            found.append((row["participant"], target))
    return found


def _accounts(aws: Aws, path: str | Path | None) -> Callable[[str], Aws]:
    """The connection to use for each team."""
    if path is None:
        return lambda team: aws
    from workshop_kit.aws.account_list import read_accounts
    from workshop_kit.league.accounts import TeamAccounts

    read_accounts(path)  # a file that is missing or at fault is told, not passed over
    return TeamAccounts(aws, Path(path)).of


def take_down(found: Iterable[Finalist]) -> tuple[str, ...]:
    """Delete the endpoints that `finalists` put up; gives what is left, nothing when all went well."""
    left: list[str] = []
    for _, model in found:
        if isinstance(model, Endpoint):
            left += model.delete()
    return tuple(left)
