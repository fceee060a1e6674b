"""What a new finale is made of: who plays with which model, and the questions of its rounds."""

from __future__ import annotations

import random
import uuid
from typing import Any

from sqlalchemy import Connection, select

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import bodies
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.state import Contestant
from workshop_kit.league.server.context import Context
from workshop_kit.league.store import schema, submissions, teams
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.standings import places


def contestants_of(connection: Connection, body: bodies.NewFinale, who: str) -> tuple[Contestant, ...]:
    """The finalists named, or the first teams of the standings with the models they chose.

    In an open league a name that is new founds a team, as sending a model in does; where teams have codes it raises
    LeagueProblem (404), for there it is a misspelt one.
    """
    if body.contestants is None:
        return _first_of_the_standings(connection)
    if settings_of(connection).access == "codes":
        known = _known(connection, [told.name for told in body.contestants])
        found = [known[teams.name_key(told.name)] for told in body.contestants]
    else:
        found = [teams.found_team(connection, told.name, who)[0] for told in body.contestants]
    return tuple(
        Contestant(uuid.uuid4().hex[:12], team.name, team.id, told.target.model_dump())
        for team, told in zip(found, body.contestants, strict=True)
    )


def _known(connection: Connection, names: list[str]) -> dict[str, teams.Team]:
    """The league's teams of these names, by what equal names have in common."""
    keys = [teams.name_key(name) for name in names]
    rows = connection.execute(
        select(schema.teams.c.name_key, schema.teams.c.id).where(schema.teams.c.name_key.in_(keys))
    )
    found = {row.name_key: teams.team(connection, row.id) for row in rows}
    if unknown := [name for name, key in zip(names, keys, strict=True) if key not in found]:
        raise LeagueProblem(
            f"The league has no team named {' or '.join(unknown)}; write each name as the league lists it.",
            status=404,
        )
    if out := [team.name for team in found.values() if team.disabled]:
        raise LeagueProblem(f"The team {out[0]} was shut out of this league; let it in again first.", status=403)
    return found


def _first_of_the_standings(connection: Connection) -> tuple[Contestant, ...]:
    made = []
    for place in places(connection)[: settings_of(connection).finalists]:
        team = teams.team(connection, place.team)
        target = submissions.entry(connection, team.plays or place.submission).target
        if target["kind"] == "artefact":
            raise LeagueProblem(
                f"The model of {team.name} is the training job {target['training_job']}, which stands behind no "
                "endpoint; deploy it and name every contestant with its endpoint."
            )
        made.append(Contestant(uuid.uuid4().hex[:12], team.name, team.id, target))
    if len(made) < 2:
        raise LeagueProblem(f"The standings have {len(made)} teams; name the contestants of the finale yourself.")
    return tuple(made)


def questions_of(context: Context, body: bodies.NewFinale, seed: str) -> tuple[Any, ...]:
    """The questions given, or some of the league's own."""
    if body.questions is not None:
        return tuple(do.question_from(told.model_dump()) for told in body.questions)
    if body.draw_from == "ranked":
        with context.database.read() as connection:
            rules = settings_of(connection).rules_at(context.clock())
        if rules.ranked:
            raise LeagueProblem(
                "Ranked submissions are still taken and the finale would show their hidden questions; freeze the "
                "league first, or give questions of your own.",
                status=409,
            )
    found = list(context.questions[body.draw_from])
    return tuple(random.Random(seed).sample(found, min(body.rounds, len(found))))
