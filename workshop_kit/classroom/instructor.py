"""The instructor's view and hands from Python: everything that the page does as plain calls.

room = Classroom(url, token)
room.board()                      who is where, who is stuck, and money by team
room.hint("Look at line 3", step="review")
room.close("training"); room.open("training"); room.extend("review", 10); room.release("review")
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.classroom.joining import CODES, Place, Sheet, known_codes
from workshop_kit.classroom.roster import Attendee, read_roster
from workshop_kit.classroom.steps import Step, step_of
from workshop_kit.errors import BadInput
from workshop_kit.league.client.talking import call
from workshop_kit.records import html_table
from workshop_kit.training.cost import duration
from workshop_kit.workspace import write_atomically

# What one request may hold: the server takes 64 KiB, 100 teams, and 50 members of one.
BYTES_AT_ONCE, TEAMS_AT_ONCE, MEMBERS_AT_ONCE = 48 * 1024, 50, 50
CODE_ROOM = 60  # for a team's code
SHOWN = 40


@dataclass(frozen=True)
class Board:
    """The class at one moment: `steps`, `people` (who is stuck first) and `money` by team, as plain rows.

    Times are seconds since 1970, durations seconds, amounts USD as estimated.
    """

    steps: tuple[dict[str, Any], ...]
    people: tuple[dict[str, Any], ...]
    money: tuple[dict[str, Any], ...]
    money_note: str
    now: float
    members: int

    @property
    def stuck(self) -> tuple[dict[str, Any], ...]:
        """Those who are stuck, with the reasons under "stuck"."""
        return tuple(person for person in self.people if person["stuck"])

    def to_frame(self) -> Any:
        """A line a person as a pandas DataFrame; seconds on the step are None for who has finished it."""
        import pandas as pd

        rows = [
            {
                "name": p["name"], "team": p["team"], "step": p["step"], "finished": p["finished"],
                "seconds": None if p["finished"] else self.now - p["since"], "failed": p["failed"],
                "stuck": "; ".join(p["stuck"]),
            }
            for p in self.people
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["name", "team", "step", "finished", "seconds", "failed", "stuck"])

    def __str__(self) -> str:
        return f"{len(self.people)} of {max(self.members, len(self.people))} report, {len(self.stuck)} are stuck."

    def _repr_html_(self) -> str:
        steps: list[list[object]] = [
            [
                f"{s['number']} · {s['title']}", s["here"], f"{s['finished']} of {s['started']}",
                duration(s["median"]) if s["median"] else "", f"{s['minutes']} min",
                ("open" if s["open"] else "closed") + (", solution out" if s["released"] else ""),
            ]
            for s in self.steps
        ]  # fmt: skip
        people: list[list[object]] = [
            [
                p["name"], p["team"], f"{p['number']}{' done' if p['finished'] else ''}",
                "" if p["finished"] else duration(self.now - p["since"]), "; ".join(p["stuck"]),
            ]
            for p in self.people[:SHOWN]
        ]  # fmt: skip
        money: list[list[object]] = [
            [m["team"], m["endpoints"], m["jobs"], f"{m['usd_per_hour']:.2f}", f"{m['usd']:.2f}"] for m in self.money
        ]
        more = f"<p>… and {len(self.people) - SHOWN} more people.</p>" if len(self.people) > SHOWN else ""
        return (
            f"<p><b>{html.escape(str(self))}</b></p>"
            + html_table(["step", "here now", "finished", "usual time", "planned", "pace"], steps)
            + html_table(["name", "team", "step", "there for", "stuck"], people)
            + more
            + (html_table(["team", "endpoints", "jobs", "USD per hour", "USD so far"], money) if money else "")
            + f"<p>{html.escape(self.money_note)}</p>"
        )


@dataclass(frozen=True)
class Classroom:
    """A class by its league's address and an organizer's token. Every call raises LeagueProblem when it is refused."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Classroom({self.url!r})"

    def _call(self, method: str, path: str, **options: Any) -> Any:
        return call(method, f"{self.url.rstrip('/')}/api/class/{path}", token=self.token, **options)

    @property
    def page(self) -> str:
        """The address of the live page."""
        return f"{self.url.rstrip('/')}/classroom"

    def board(self, *, money: bool = True) -> Board:
        """Who is where, who is stuck and, unless `money` is off, what runs and costs by team."""
        told = self._call("GET", "board")
        costs = self._call("GET", "money") if money else {"teams": [], "note": "", "problem": ""}
        return Board(
            tuple(told["steps"]),
            tuple(told["people"]),
            tuple(costs["teams"]),
            " ".join(filter(None, (costs["problem"], costs["note"]))),
            told["now"],
            told["members"],
        )

    def hint(self, text: str, *, step: Step | str | int | None = None, team: str | None = None) -> str:
        """Say something into the notebooks, of all, of a step or of a team by its name; gives the hint's id."""
        body = {"text": text, "step": step_of(step).id if step is not None else "", "team": self._team(team)}
        return self._call("POST", "hints", json=body)["id"]

    def withdraw(self, hint: str) -> None:
        """Take a hint out of the notebooks."""
        self._call("DELETE", f"hints/{hint}")

    def open(self, step: Step | str | int) -> None:
        """Open a step."""
        self._step(step, open=True)

    def close(self, step: Step | str | int) -> None:
        """Close a step: the notebooks say that it is not open yet."""
        self._step(step, open=False)

    def plan(self, step: Step | str | int, minutes: int) -> None:
        """Plan so many minutes for a step, in the place of the notebook's own."""
        self._step(step, minutes=minutes)

    def release(self, step: Step | str | int, released: bool = True) -> None:
        """Let the notebooks read the solution of a step, or not any more."""
        self._step(step, released=released)

    def extend(self, step: Step | str | int, minutes: int, *, team: str | None = None) -> None:
        """Give minutes more for a step, to all or to a team by its name."""
        body = {"step": step_of(step).id, "minutes": minutes, "team": self._team(team)}
        self._call("POST", "extensions", json=body)

    def helped(self, person: str) -> None:
        """Take a person's hand down, by the id on the board."""
        self._call("POST", f"people/{person}/helped")

    def stuck_rule(self, *, failed: int = 3, times: float = 2.0) -> None:
        """Change after how many failed checkpoints in a row, or how many medians' time, somebody counts as stuck."""
        self._call("PUT", "rule", json={"failed": failed, "times": times})

    def set_up(self, roster: str | Path, folder: str | Path, *, title: str = "Workshop") -> Sheet:
        """Make the teams and join codes of a CSV file (name, team, perhaps email), and the sheet in `folder`.

        Raises BadInput, naming lines and fields, before anything is done. Doing it again keeps the codes that the
        folder's sheet has; one that was interrupted goes on.
        """
        teams = read_roster(roster).require_sound().teams
        known, places = known_codes(Path(folder) / CODES), {}
        for parcel in _parcels(teams):
            # A team that is told in several parcels has its code from the first.
            some = [one | {"code": known.get(one["name"], "")} for one in parcel]
            told = self._call("POST", "teams", json={"teams": some})["places"]
            for one, p in zip(parcel, told, strict=True):
                first = places.get(one["name"])
                new = first.new if first else p["new"]
                places[one["name"]] = Place(p["team"], p["code"], tuple(p["members"]), new)
                known[one["name"]] = p["code"]
            waiting = [Place(n, known[n], (), False) for n in teams if n in known and n not in places]
            Sheet((*places.values(), *waiting), self.url, title).save(folder)
        return Sheet(tuple(places.values()), self.url, title)

    def record(self, path: str | Path | None = None) -> dict[str, Any]:
        """Everything that the class has kept; with `path`, also written there as .json (all) or .csv (progress)."""
        path = Path(path) if path is not None else None
        if path is not None and path.suffix == ".csv":
            write_atomically(path, self._text("record.csv"))
        elif path is not None and path.suffix != ".json":
            raise BadInput(f"{path} ends in neither .json nor .csv; choose one of them.")
        told = self._call("GET", "record")
        if path is not None and path.suffix == ".json":
            write_atomically(path, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        return told

    def statistics(self) -> Any:
        """The event in figures without names, as EventStatistics."""
        from workshop_kit.classroom.event_figures import statistics_from

        return statistics_from(self._call("GET", "statistics"))

    def _step(self, step: Step | str | int, **changes: Any) -> None:
        self._call("PUT", f"steps/{step_of(step).id}", json=changes)

    def _team(self, name: str | None) -> str | None:
        if name is None:
            return None
        for team in self._call("GET", "teams")["teams"]:
            if team["name"] == name:
                return team["id"]
        raise BadInput(f"There is no team {name!r} in this class; look at the board for the names.")

    def _text(self, path: str) -> str:
        import requests

        from workshop_kit.errors import LeagueProblem
        from workshop_kit.league.client.talking import TIMEOUT

        try:
            reply = requests.get(
                f"{self.url.rstrip('/')}/api/class/{path}",
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=TIMEOUT,
            )
        except requests.RequestException as problem:
            raise LeagueProblem(f"The league at {self.url} can't be reached ({type(problem).__name__}).") from None
        if reply.status_code >= 400:
            raise LeagueProblem(f"The league at {self.url} refused with status {reply.status_code}.")
        return reply.text


def _parcels(teams: Mapping[str, Sequence[Attendee]]) -> Iterator[list[dict[str, Any]]]:
    """The teams in parcels of what one request may hold; a team too large for one goes on in the next."""
    parcel: list[dict[str, Any]] = []
    size = 0
    for name, attendees in teams.items():
        one: dict[str, Any] = {}
        for attendee in attendees:
            member = {"name": attendee.name, "email": attendee.email}
            more = _size(member)
            fits = size + more + (0 if one else _size(name) + CODE_ROOM) <= BYTES_AT_ONCE
            if (one and len(one["members"]) == MEMBERS_AT_ONCE) or (parcel and not fits):
                yield parcel
                parcel, size, one = [], 0, {}
            if not one:
                one = {"name": name, "members": []}
                parcel.append(one)
                size += _size(name) + CODE_ROOM
            one["members"].append(member)
            size += more
        if len(parcel) == TEAMS_AT_ONCE:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel


def _size(value: object) -> int:
    """The bytes of a value as it is sent, with what stands between it and the next."""
    return len(json.dumps(value)) + 20
