"""Teams and their members."""

from __future__ import annotations

import time
import unicodedata
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, String, bindparam, func, select, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import members, submissions, teams
from workshop_kit.league.store.sql import insert_once

NAME_LENGTH = 60
_ASKED = bindparam("team", type_=String)
USED = select(func.count()).where(
    submissions.c.team == _ASKED, submissions.c.set == "ranked", submissions.c.state != "failed"
)
_TEAM = select(teams).where(teams.c.id == _ASKED)
_TEAM_AND_USED = select(teams, USED.scalar_subquery().label("used")).where(teams.c.id == _ASKED)
_MEMBERS = select(members.c.name).where(members.c.team == _ASKED).order_by(members.c.created, members.c.name)


@dataclass(frozen=True)
class Team:
    """A team; `best` and `frozen` are ids of submissions."""

    id: str
    name: str
    created: float
    disabled: bool
    best: str | None
    frozen: str | None

    @property
    def plays(self) -> str | None:
        """The submission that plays the finale: the team's choice, else its best."""
        return self.frozen or self.best


def name_key(name: str) -> str:
    """What two names that people would take for the same have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:120]


def named(connection: Connection, name: str) -> Team:
    """The team of this name, made if there is none. Raises LeagueProblem when it was shut out."""
    insert_once(
        connection,
        teams,
        id=uuid.uuid4().hex[:12],
        name=name[:NAME_LENGTH],
        name_key=name_key(name),
        created=time.time(),
        disabled=False,
        judged=0,
    )
    row = connection.execute(select(teams.c.id).where(teams.c.name_key == name_key(name))).scalar_one()
    found = team(connection, row)
    if found.disabled:
        raise LeagueProblem(f"The team {found.name} was shut out of this league; ask its organizer.", status=403)
    return found


def found_team(connection: Connection, name: str, who: str = "") -> tuple[Team, bool]:
    """The team of this name and whether it is new."""
    before = connection.execute(select(teams.c.id).where(teams.c.name_key == name_key(name))).scalar_one_or_none()
    made = named(connection, name)
    if before is None:
        note(connection, who or name, "found team", made.id, {"name": made.name})
    return made, before is None


def new_team(connection: Connection, name: str, who: str) -> Team:
    """A team of this name that was not there before.

    Raises LeagueProblem when there is one: whoever names a team must not get into it by its name.
    """
    made, new = found_team(connection, name, who)
    if not new:
        raise LeagueProblem(
            f"There is a team {made.name} already: take another name, or join it with its own code, which its members "
            "and the organizer can give you.",
            status=409,
        )
    return made


def team(connection: Connection, id: str) -> Team:
    """A team; raises LeagueProblem when there is none with this id."""
    row = connection.execute(_TEAM, {"team": id}).mappings().one_or_none()
    if row is None:
        raise LeagueProblem("There is no team with this id.", status=404)
    return Team(**{name: row[name] for name in Team.__dataclass_fields__})


def all_teams(connection: Connection) -> list[Team]:
    """Every team, oldest first."""
    return [
        Team(**{name: row[name] for name in Team.__dataclass_fields__})
        for row in connection.execute(select(teams).order_by(teams.c.created, teams.c.id)).mappings()
    ]


def add_member(connection: Connection, team_id: str, name: str, email: str = "") -> bool:
    """Note a member; whether they are new to the team."""
    return insert_once(connection, members, team=team_id, name=name, email=email, created=time.time())


def members_of(connection: Connection, team_id: str) -> list[str]:
    """The names of a team's members, in the order they came."""
    return list(connection.execute(_MEMBERS, {"team": team_id}).scalars())


def disable(connection: Connection, team_id: str, disabled: bool, who: str) -> None:
    """Shut a team out, or let it in again; its rows stay, its place in the standings goes."""
    connection.execute(update(teams).where(teams.c.id == team_id).values(disabled=disabled))
    note(connection, who, "shut out" if disabled else "let in", team_id)
    bump(connection, "access")
    bump(connection, "standings")
    bump(connection, "league")


def choose(connection: Connection, team_id: str, submission: str, who: str) -> Team:
    """Choose the submission that plays the finale. Raises LeagueProblem unless it is the team's own and judged."""
    row = connection.execute(
        select(submissions.c.id).where(
            submissions.c.id == submission,
            submissions.c.team == team_id,
            submissions.c.state != "failed",
            submissions.c.win_rate.is_not(None),
            submissions.c.set == "ranked",
        )
    ).one_or_none()
    if row is None:
        raise LeagueProblem("That is not a judged, ranked submission of your team; choose one of those.", status=404)
    connection.execute(update(teams).where(teams.c.id == team_id).values(frozen=submission))
    note(connection, who, "choose", team_id, {"submission": submission})
    bump(connection, "league")
    return team(connection, team_id)


def used(connection: Connection, team_id: str) -> int:
    """How many ranked submissions count against the team's quota: all but the failed ones."""
    return connection.execute(USED, {"team": team_id}).scalar_one()


def team_and_used(connection: Connection, id: str) -> tuple[Team, int]:
    """A team and how much of its quota is used, read together; raises LeagueProblem when there is none with this id."""
    found = connection.execute(_TEAM_AND_USED, {"team": id}).mappings().one_or_none()
    if found is None:
        raise LeagueProblem("There is no team with this id.", status=404)
    return Team(**{name: found[name] for name in Team.__dataclass_fields__}), found["used"]


def members_by_team(connection: Connection) -> dict[str, list[str]]:
    """The names of all members by team."""
    found: dict[str, list[str]] = {}
    query = select(members.c.team, members.c.name).order_by(members.c.created, members.c.name)
    for id, name in connection.execute(query):
        found.setdefault(id, []).append(name)
    return found
