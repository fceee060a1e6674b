"""Being in a class, from a notebook: is a step open, the instructor's hints, a solution once it is out, a hand up.

Whoever learns alone is in no class: every step is open then, and nothing here raises for it. A class that can't be
reached never holds a notebook up.
"""

from __future__ import annotations

import html
import os
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from workshop_kit.classroom.sharing import current_sharing, stop_sharing
from workshop_kit.classroom.steps import Step, step_of
from workshop_kit.errors import LeagueProblem, NotYet
from workshop_kit.league import process
from workshop_kit.league.client.membership_file import team_for, token_for
from workshop_kit.league.client.talking import call
from workshop_kit.records import html_table
from workshop_kit.settings import league_url, workspace_root

QUICK = 3.0  # seconds that a notebook waits for its class
ALONE = "You learn on your own: every step is open."
AWAY = "The class can't be reached just now, so go on."


@dataclass(frozen=True)
class Place:
    """This workspace's place in a class: the league's address and the token it has there."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Gate:
    """Whether a step is open, in a sentence. It is true in an `if` when the step is open."""

    step: Step
    open: bool
    message: str

    def __bool__(self) -> bool:
        return self.open

    def __str__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        colour, sign = ("#009E73", "✔") if self.open else ("#D55E00", "✖")
        return (
            f"<p role='status' style='border-left:6px solid {colour};padding-left:8px'>{sign} "
            f"{html.escape(self.message)}</p>"
        )


@dataclass(frozen=True)
class Hint:
    """Something that the instructor said; `at` in seconds since 1970, `step` '' for every step."""

    text: str
    step: str
    at: float
    for_team: bool = False


@dataclass(frozen=True)
class Hints:
    """The instructor's hints, newest first; `message` says why there is none."""

    hints: tuple[Hint, ...]
    message: str = ""

    def __len__(self) -> int:
        return len(self.hints)

    def __str__(self) -> str:
        return "\n".join(f"{_clock(hint.at)}  {hint.text}" for hint in self.hints) or self.message

    def _repr_html_(self) -> str:
        if not self.hints:
            return f"<p>{html.escape(self.message)}</p>"
        rows: list[list[object]] = [[_clock(h.at), _about(h), h.text] for h in self.hints]
        return html_table(["at", "about", "hint"], rows)


@dataclass(frozen=True)
class Solution:
    """The masters' cells of a step: (number of the cell, its text) each."""

    step: Step
    cells: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return "\n\n".join(f"# cell {number}\n{text}" for number, text in self.cells)

    def _repr_html_(self) -> str:
        shown = "".join(
            f"<p><b>Cell {number}</b></p><pre style='white-space:pre-wrap'>{html.escape(text)}</pre>"
            for number, text in self.cells
        )
        return f"<p><b>Solution of step {html.escape(str(self.step))}</b></p>{shown}"


@dataclass(frozen=True)
class Pace:
    """The class's pace as this workspace's team has it."""

    steps: tuple[dict[str, Any], ...]
    hints: tuple[Hint, ...]
    revision: int

    def of(self, step: Step | str | int) -> dict[str, Any]:
        """One step: minutes, extended, open, released."""
        return next(found for found in self.steps if found["id"] == step_of(step).id)


def place() -> Place | None:
    """This workspace's place in a class, None for whoever learns alone."""
    told = league_url()
    if told is None and (found := process.find(workspace_root())):
        told = found.url
    token = token_for(told) if told else None
    if not told or not token:
        return None
    # What is launched from here on is marked as this team's, so that the instructor sees what runs.
    if team := team_for(told):
        os.environ.setdefault("WORKSHOP_TEAM", team)
    return Place(told.rstrip("/"), token)


def fetch_pace(where: Place, *, after: int = -1, wait: float = 0.0) -> Pace:
    """The pace now, or with `wait` (seconds) as soon as it is not revision `after` any more.

    Raises LeagueProblem when the class refuses or can't be reached.
    """
    try:
        reply = requests.get(
            f"{where.url}/api/class/pace",
            params={"after": after, "wait": wait},
            headers={"Authorization": f"Bearer {where.token}"},
            timeout=QUICK + wait,
        )
        told = reply.json()
    except (requests.RequestException, ValueError) as problem:
        raise LeagueProblem(f"The class at {where.url} can't be reached ({type(problem).__name__}).") from None
    if reply.status_code >= 400 or "steps" not in told:
        message = told.get("error", {}).get("message") if isinstance(told, dict) else None
        raise LeagueProblem(message or f"The class answered with status {reply.status_code}.", reply.status_code)
    hints = tuple(Hint(h["text"], h["step"], h["at"], h["for_team"]) for h in told["hints"])
    return Pace(tuple(told["steps"]), hints, told["revision"])


def gate(step: Step | str | int) -> Gate:
    """Whether a step is open for this workspace's team."""
    wanted, where = step_of(step), place()
    if where is None:
        return Gate(wanted, True, ALONE)
    try:
        return gate_of(fetch_pace(where), wanted)
    except LeagueProblem:
        return Gate(wanted, True, AWAY)


def gate_of(pace: Pace, step: Step) -> Gate:
    """The same from a pace that is known."""
    found = pace.of(step)
    if not found["open"]:
        return Gate(step, False, f"Step {step} is not open yet; your instructor opens it for the whole class.")
    more = f", {found['extended']} of them added" if found["extended"] > 0 else ""
    return Gate(step, True, f"Step {step} is open; {found['minutes']} minutes are planned for it{more}.")


def hints(step: Step | str | int | None = None) -> Hints:
    """What the instructor said: all of it, or what is for one step and for everybody."""
    where = place()
    if where is None:
        return Hints((), "You learn on your own, so nobody sends hints.")
    try:
        found = fetch_pace(where).hints
    except LeagueProblem:
        return Hints((), AWAY)
    if step is not None:
        found = tuple(hint for hint in found if hint.step in ("", step_of(step).id))
    return Hints(found, "" if found else "There are no hints yet.")


def solution(step: Step | str | int) -> Solution:
    """The masters' cells of a step. Raises LeagueProblem until the instructor releases them, NotYet without a class."""
    wanted, where = step_of(step), place()
    if where is None:
        raise NotYet("You are in no class; the masters with their solutions are in the kit's folder solutions/.")
    told = call("GET", f"{where.url}/api/class/solutions/{wanted.id}", token=where.token)
    return Solution(wanted, tuple((cell["cell"], cell["text"]) for cell in told["cells"]))


def i_am_stuck(step: Step | str | int, stuck: bool = True) -> str:
    """Raise a hand at a step, or take it down; gives a sentence.

    Asking for help tells the instructor your name and team, unless you share your progress without a name.
    """
    wanted, where = step_of(step), place()
    if where is None:
        return "You learn on your own; look at the solutions in the kit's folder solutions/ if you are stuck."
    sharing = current_sharing()
    body: dict[str, Any] = {"step": wanted.id, "stuck": stuck}
    if sharing.anonymous:
        body["anonymous"] = sharing.anonymous
    try:
        headers = {"Authorization": f"Bearer {where.token}"}
        reply = requests.post(f"{where.url}/api/class/help", json=body, headers=headers, timeout=QUICK)
    except requests.RequestException:
        return "The class can't be reached just now; wave to your instructor."
    if reply.status_code >= 400:
        return f"The class did not take it (status {reply.status_code}); wave to your instructor."
    return "Your instructor sees that you are stuck, and comes." if stuck else "Your hand is down again."


def forget_me() -> str:
    """Have the class delete everything that this workspace has told it, and tell no more; gives a sentence.

    Raises LeagueProblem when the class can't be reached: nothing may be deleted then.
    """
    where, word = place(), current_sharing().word
    stop_sharing()
    from workshop_kit.classroom import reporting

    quiet = reporting.drop()  # what still waits must not arrive afterwards
    if where is None:
        return "You are in no class, and nothing was told."
    # Under one's name, and under the word that stands for none.
    for body in ({}, *([{"anonymous": word}] if word else [])):
        call("POST", f"{where.url}/api/class/forget", token=where.token, json=body)
    if not quiet:
        return (
            "Your class has deleted what you told it, but a report was on its way and may arrive after that; "
            "call forget_me() once more in a minute."
        )
    return "Your class has deleted what you told it, and you tell it no more."


def _clock(at: float) -> str:
    return time.strftime("%H:%M", time.localtime(at))


def _about(hint: Hint) -> str:
    about = f"step {step_of(hint.step).number}" if hint.step else "all steps"
    return f"{about}, for your team" if hint.for_team else about
