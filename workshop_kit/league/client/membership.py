"""Being in a team: joining with a code, the team's own place, the model for the finale, appeals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workshop_kit.league.client.membership_file import keep_token
from workshop_kit.league.client.taking_part import submission_from
from workshop_kit.league.client.talking import call, server_url
from workshop_kit.league.client.values import AppealTold, Me, Submission

PAGE = 500


def join(code: str, name: str, *, team: str | None = None, url: str | None = None) -> Me:
    """Join a team with the code from the instructor; this workspace acts for the team from then on.

    `team` names a new team, for a code that founds teams; the answer then holds the new team's own code, for its other
    members. The token stays in the workspace, outside the notebooks. Raises LeagueProblem when the code opens nothing,
    or a team of that name is there.
    """
    address = (url or server_url()).rstrip("/")
    told = call("POST", f"{address}/api/join", json={"code": code, "name": name} | ({"team": team} if team else {}))
    keep_token(address, told["token"], told["team"])
    return replace(me(url=address), code=told.get("code", ""))


def me(*, url: str | None = None) -> Me:
    """The team's own place and what is left of its submissions; raises LeagueProblem before joining."""
    address = (url or server_url()).rstrip("/")
    told = call("GET", f"{address}/api/me")
    return Me(**{name: told[name] for name in Me.__dataclass_fields__ if name in told} | _members(told))


def my_submissions(*, url: str | None = None) -> tuple[Submission, ...]:
    """All of the team's own submissions, oldest first."""
    address = (url or server_url()).rstrip("/")
    found: list[dict[str, Any]] = []
    while True:
        told = call("GET", f"{address}/api/submissions?limit={PAGE}&before={len(found)}")["submissions"]
        found[:0] = told
        if len(told) < PAGE:
            return tuple(submission_from(one) for one in found)


def choose(submission: Submission | str, *, url: str | None = None) -> Me:
    """Choose the model that plays the finale; raises LeagueProblem when it is another team's or too late."""
    address = (url or server_url()).rstrip("/")
    id = submission if isinstance(submission, str) else submission.id
    call("POST", f"{address}/api/me/choice", json={"submission": id})
    return me(url=address)


def appeal(submission: Submission | str, text: str, *, url: str | None = None) -> AppealTold:
    """Ask the organizer to look at a submission again, and say why."""
    address = (url or server_url()).rstrip("/")
    id = submission if isinstance(submission, str) else submission.id
    return _appeal(call("POST", f"{address}/api/appeals", json={"submission": id, "text": text}))


def appeals(*, url: str | None = None) -> tuple[AppealTold, ...]:
    """The team's own appeals with the organizer's answers."""
    address = (url or server_url()).rstrip("/")
    return tuple(_appeal(told) for told in call("GET", f"{address}/api/appeals")["appeals"])


def _appeal(told: dict[str, Any]) -> AppealTold:
    return AppealTold(told["id"], told["submission"], told["text"], told["state"], told["answer"])


def _members(told: dict[str, Any]) -> dict[str, Any]:
    return {"members": tuple(told.get("members", ()))}
