"""Tokens and join codes. They are told once; only their SHA-256 is kept.

Whatever makes a token useless counts the topic "access" up: a server may remember whose a token is until then.

A token has 192 random bits, so a plain hash can't be turned back by trying. A join code has 50 and is typed by hand:
the server bounds how often one may be tried.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, insert, select, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import join_codes, teams, tokens

Role = Literal["organizer", "attendee", "judge"]
# No letters or digits that are taken for one another.
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_WHOSE = (
    select(tokens.c.role, tokens.c.team, tokens.c.name, tokens.c.id, tokens.c.revoked, teams.c.disabled)
    .outerjoin(teams, teams.c.id == tokens.c.team)
    .where(tokens.c.hash == bindparam("hash"))
)


@dataclass(frozen=True)
class Identity:
    """Who is asking."""

    role: Role
    team: str | None
    name: str
    token_id: str

    def __str__(self) -> str:
        return f"{self.role} {self.name}".strip()


def hashed(secret: str) -> str:
    """What is kept of a token or code."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def issue(connection: Connection, role: Role, team: str | None = None, name: str = "") -> str:
    """A new token in clear; it can't be shown again."""
    token = f"wk_{secrets.token_urlsafe(24)}"
    connection.execute(
        insert(tokens).values(
            id=uuid.uuid4().hex[:12],
            hash=hashed(token),
            role=role,
            team=team,
            name=name,
            created=time.time(),
            revoked=False,
        )
    )
    return token


def identify(connection: Connection, token: str) -> Identity | None:
    """Whose token this is; None for one that is unknown, revoked, or of a team that was shut out."""
    row = connection.execute(_WHOSE, {"hash": hashed(token)}).one_or_none()
    if row is None or row.revoked or row.disabled:
        return None
    return Identity(row.role, row.team, row.name, row.id)


def revoke(connection: Connection, *, team: str | None = None, token_id: str | None = None) -> int:
    """Make a team's tokens, or one, useless; gives how many."""
    if team is None and token_id is None:
        raise LeagueProblem("Nothing to revoke: name a team or a token.")
    query = update(tokens).where(tokens.c.revoked.is_(False))
    query = query.where(tokens.c.team == team) if team is not None else query.where(tokens.c.id == token_id)
    bump(connection, "access")
    return connection.execute(query.values(revoked=True)).rowcount


def new_code(connection: Connection, team: str | None) -> str:
    """A new join code in clear, in the place of the team's earlier ones; without a team, one that founds teams."""
    connection.execute(
        update(join_codes)
        .where(join_codes.c.team == team if team is not None else join_codes.c.team.is_(None))
        .values(revoked=True)
    )
    letters = "".join(secrets.choice(ALPHABET) for _ in range(10))
    code = f"{letters[:5]}-{letters[5:]}"
    connection.execute(
        insert(join_codes).values(hash=hashed(_plain(code)), team=team, created=time.time(), revoked=False)
    )
    return code


def team_of_code(connection: Connection, code: str) -> tuple[bool, str | None]:
    """Whether a code is good, and for which team (None: for founding one)."""
    row = connection.execute(
        select(join_codes.c.team, join_codes.c.revoked).where(join_codes.c.hash == hashed(_plain(code)))
    ).one_or_none()
    return (False, None) if row is None or row.revoked else (True, row.team)


def _plain(code: str) -> str:
    return "".join(character for character in code.upper() if character.isalnum())
