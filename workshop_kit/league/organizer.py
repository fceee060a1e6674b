"""The organizer's side from Python, for a notebook.

    organizer = Organizer(url, token)
    organizer.set(access="codes", ranked_quota=5, phases={"workshop": "2026-11-26T09:00", "freeze": "2026-11-27T17:00"})
    organizer.add_teams(["Ada", "Bob"])
    organizer.trust()

Every call asks the league. What comes back shows itself in a notebook. Everything that changes something is in the
league's audit log under the token's name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal
from urllib.parse import quote

import requests

from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.client.talking import TIMEOUT, Unreachable, call
from workshop_kit.league.event import EventSettings, settings_from
from workshop_kit.league.organizer_values import Rows, TeamCode, TeamCodes, seconds_of

Outcome = Literal["win", "tie", "loss", "flip"]
PAGE = 1000


class Organizer:
    """What an organizer may do. Raises LeagueProblem with the league's sentence where it refuses."""

    def __init__(self, url: str, token: str) -> None:
        if not token.strip():
            raise BadInput(
                "The organizer's token is missing; `workshop-kit league token --name YOURS` on its host makes one."
            )
        self.url, self._token = url.rstrip("/"), token.strip()

    def __repr__(self) -> str:
        return f"Organizer({self.url!r})"

    # The event

    def settings(self) -> EventSettings:
        """The event's settings."""
        return settings_from(self._call("GET", "settings"))

    def set(self, *, phases: Mapping[str, str | datetime | float] | None = None, **settings: Any) -> EventSettings:
        """Change settings, those of EventSettings; what is left out stays.

        `phases` are names with the moments they begin, as ISO dates (UTC unless they say another zone) or datetimes.
        `ranked_quota=None` and `calls_per_second=None` are without limit, `phase=""` goes by the dates again,
        `reference_open_book=None` opens the book for local AWS's untuned model alone.
        """
        unlimited = {name: 0 for name in ("ranked_quota", "calls_per_second") if settings.get(name, 0) is None}
        body = settings | unlimited
        if settings.get("reference_open_book", 0) is None:
            body["reference_open_book"] = "auto"
        if phases is not None:
            dated = [{"name": name, "starts": seconds_of(when)} for name, when in phases.items()]
            body["phases"] = sorted(dated, key=lambda phase: phase["starts"])
        if unknown := sorted(set(body) - set(EventSettings.__dataclass_fields__)):
            known = ", ".join(EventSettings.__dataclass_fields__)
            raise BadInput(f"An event has no setting '{unknown[0]}'; there are {known}.")
        return settings_from(self._call("PATCH", "settings", body))

    def export(self, path: str | Path) -> Path:
        """The whole event into a file that `workshop-kit league --import` reads; whole or not at all, for you alone.

        Hidden questions' answers are in it, tokens and codes are not. Raises LeagueProblem when the league can't be
        reached, and OSError as `open` does.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        # The file that tempfile makes is readable for its owner alone.
        with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                for piece in self._pieces():
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return path

    def audit(self, limit: int = 200) -> Rows:
        """Who did what, the newest first."""
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            before = {"before": found[-1]["id"]} if found else {}
            lines = self._call("GET", "audit", limit=min(PAGE, limit - len(found)), **before)["lines"]
            found += lines
            if not lines:
                break
        return Rows("Audit log", ("at", "who", "action", "subject", "detail"), tuple(found))

    # Who plays

    def teams(self) -> Rows:
        """Every team: id, name, members, whether it is shut out, and the submission that plays the finale."""
        found = self._call("GET", "teams")["teams"]
        return Rows("Teams", ("name", "id", "members", "disabled", "plays"), tuple(found))

    def add_teams(self, names: Iterable[str]) -> TeamCodes:
        """Make teams and their join codes, which are told this once. A team that is there already gets a new code."""
        if isinstance(names, str):
            raise BadInput(f"Teams are a list of names; write [{names!r}] for one.")
        told = [self._call("POST", "teams", {"name": name}) for name in names]
        return TeamCodes(tuple(TeamCode(**team) for team in told))

    def event_code(self) -> str:
        """A new code with which anybody may found a team; the one before it stops working."""
        return str(self._call("POST", "code")["code"])

    def shut_out(self, team: str) -> None:
        """Shut a team out, by its name or id; its tokens don't work and its place is gone until it is let in."""
        self._call("POST", f"teams/{self._team(team)}/disabled", {"disabled": True})

    def let_in(self, team: str) -> None:
        """Let a team in again; its tokens work as before."""
        self._call("POST", f"teams/{self._team(team)}/disabled", {"disabled": False})

    def tokens(self) -> Rows:
        """Who has tokens; never the tokens."""
        found = self._call("GET", "tokens")["tokens"]
        return Rows("Tokens", ("id", "role", "name", "team", "created", "revoked"), tuple(found))

    def new_token(self, role: Literal["organizer", "judge"], name: str) -> str:
        """A token for another organizer or a judge of the finale; it is told this once."""
        return str(self._call("POST", "tokens", {"role": role, "name": name})["token"])

    def revoke(self, token_id: str) -> bool:
        """Make a token useless, by its id as `tokens` tells it; whether there was one."""
        return bool(self._call("DELETE", f"tokens/{_safe(token_id)}")["revoked"])

    # What was sent in

    def submissions(self, *, team: str | None = None, state: str | None = None) -> Rows:
        """Everybody's submissions, oldest first; of one team (name or id) or in one state perhaps."""
        only = {"team": self._team(team) if team else None, "state": state}
        found: list[dict[str, Any]] = []
        while True:
            page = self._call("GET", "submissions", limit=PAGE, offset=len(found), **only)["submissions"]
            found += page
            if len(page) < PAGE:
                break
        rows = tuple(row | {"win_rate": row["score"]["win_rate"] if row["score"] else None} for row in found)
        return Rows(
            "Submissions", ("id", "participant", "set", "state", "judged", "win_rate", "problem", "created"), rows
        )

    def verdicts(self, id: str) -> Rows:
        """A submission's answers with every judge's verdict in both orders: a row a question and judge.

        `first` is who won when the candidate stood first, `second` when it stood second; `flags` say what the answer
        tried, "addresses the judge" for one; `override` is a human's word in the judges' place.
        """
        rows = []
        for row in self._call("GET", f"submissions/{_safe(id)}/verdicts")["rows"]:
            own = {name: value for name, value in row.items() if name != "verdicts"}
            said = (row["override"] or {}).get("outcome")
            # What is told of the answer goes last: its `question` is the text, a verdict's is the id.
            rows += [verdict | own | {"override": said, "question_id": row["id"]} for verdict in row["verdicts"]]
        columns = ("question_id", "question", "answer", "reference_answer", "judge", "first", "second", "outcome")
        return Rows(f"Verdicts on {id}", (*columns, "flags", "override", "reason"), tuple(rows))

    def override(self, id: str, question: str, outcome: Outcome, reason: str) -> None:
        """Put a human's outcome in the place of the judges'; the score follows at once, the reason is in the log."""
        body = {"question": question, "outcome": outcome, "reason": reason}
        self._call("POST", f"submissions/{_safe(id)}/override", body)

    def rejudge(self, id: str) -> str:
        """Queue a failed submission again, whatever the quota says; gives its state by now."""
        return str(self._call("POST", f"submissions/{_safe(id)}/rejudge")["state"])

    def questions(self) -> Rows:
        """The hidden questions with what the judges told of them over all submissions, and why one is withdrawn."""
        found = self._call("GET", "questions")["questions"]
        return Rows(
            "Ranked questions", ("id", "topic", "question", "win", "tie", "loss", "flip", "withdrawn"), tuple(found)
        )

    def withdraw(self, question: str, reason: str) -> int:
        """Take a question out of every score; gives how many submissions were counted anew."""
        return int(self._call("POST", f"withdrawn/{_safe(question)}", {"reason": reason})["changed"])

    def restore(self, question: str) -> int:
        """Let a question count again; gives how many submissions were counted anew."""
        return int(self._call("DELETE", f"withdrawn/{_safe(question)}")["changed"])

    def appeals(self) -> Rows:
        """Every appeal, open ones first."""
        found = self._call("GET", "appeals")["appeals"]
        return Rows(
            "Appeals", ("id", "state", "team", "submission", "text", "answer", "created", "decided"), tuple(found)
        )

    def decide(self, id: str, decision: Literal["upheld", "dismissed"], answer: str) -> None:
        """Decide an appeal, with an answer to the team; to change the score, `override` the questions it is about."""
        self._call("POST", f"appeals/{_safe(id)}", {"decision": decision, "answer": answer})

    # How far the judges can be trusted

    def pairs(self, id: str) -> Rows:
        """A submission's answers beside the reference's without any verdict, for people to vote on."""
        found = self._call("GET", f"submissions/{_safe(id)}/pairs")["rows"]
        return Rows(f"Pairs of {id}", ("id", "question", "answer", "reference_answer"), tuple(found))

    def vote(self, id: str, question: str, outcome: Literal["win", "tie", "loss"]) -> int:
        """Your own verdict on a pair, for the trust panel: does the submission's answer win? Gives the votes by now."""
        return int(
            self._call("POST", f"submissions/{_safe(id)}/votes", {"question": question, "outcome": outcome})["votes"]
        )

    def trust(self) -> Rows:
        """Every measure of every judge with its 95 % interval and what it means; the notes say what to mistrust."""
        told = self._call("GET", "trust")
        rows = tuple(dict(zip(told["columns"], row, strict=True)) for row in told["rows"])
        return Rows("How far the judges can be trusted", tuple(told["columns"]), rows, tuple(told["cautions"]))

    def calibrate(self) -> int:
        """Have the event's judges decide pairs with a known outcome, in the background; gives how many judges began."""
        return int(self._call("POST", "calibration")["begun"])

    def calibrations(self) -> Rows:
        """Each judge's last calibration: its state, how far it is, and what was right by kind of pair."""
        found = self._call("GET", "calibration")["calibrations"]
        rows = tuple(
            row | {"right": ", ".join(f"{kind['kind']} {kind['right']} of {kind['pairs']}" for kind in row["kinds"])}
            for row in found
        )
        return Rows("Calibrations", ("judge", "state", "done", "total", "right", "problem", "started"), rows)

    def strengths(self, teams: int = 20) -> Rows:
        """Bradley-Terry strengths (log-odds) of the first teams and the reference; `low` and `high` bound 95 %."""
        told = self._call("GET", "strengths", teams=teams)
        notes = (told["note"],) if told["note"] else ()
        return Rows("Strengths", ("rank", "name", "value", "low", "high", "elo"), tuple(told["rows"]), notes)

    def compare(self, first: str, second: str) -> str:
        """Two judged submissions, question by question: a sentence with the difference and its 95 % interval."""
        return str(self._call("GET", "compare", first=first, second=second)["sentence"])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **asked: Any) -> Any:
        options: dict[str, Any] = {} if body is None else {"json": body}
        options["params"] = {name: value for name, value in asked.items() if value is not None}
        return call(method, f"{self.url}/api/organizer/{path}", token=self._token, **options)

    def _team(self, team: str) -> str:
        """The id of a team by its name or id."""
        found = self.teams()
        ids = [row["id"] for row in found if row["name"] == team] or [row["id"] for row in found if row["id"] == team]
        if not ids:
            raise BadInput(f"There is no team {team!r} in this league; `teams()` tells which there are.")
        return str(ids[0])

    def _pieces(self) -> Iterable[bytes]:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            address = f"{self.url}/api/organizer/export"
            with requests.get(address, headers=headers, timeout=TIMEOUT, stream=True) as reply:
                if reply.status_code != 200:
                    raise LeagueProblem(_refusal(reply), status=reply.status_code)
                yield from reply.iter_content(1 << 16)
        except requests.RequestException as problem:
            raise Unreachable(
                f"The league at {self.url} broke off ({type(problem).__name__}); nothing was written, export again."
            ) from None


def _refusal(reply: requests.Response) -> str:
    try:
        return str(reply.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The league answered with status {reply.status_code}."


def _safe(part: str) -> str:
    return quote(part, safe="")
