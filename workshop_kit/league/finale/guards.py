"""What a command may count on: the checks that the rules of a finale share."""

from __future__ import annotations

from datetime import UTC, datetime

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.state import Round, State

SAID = {
    "waiting": "has not been opened",
    "open": "is open",
    "paused": "is paused",
    "closed": "is closed",
    "voting": "is being voted on",
    "counted": "has been voted on",
    "revealed": "has been revealed",
    "skipped": "was skipped",
}


def round_of(state: State, number: int) -> Round:
    """The round with a number; raises LeagueProblem (404)."""
    found = next((r for r in state.rounds if r.number == number), None)
    if found is None:
        raise LeagueProblem(f"There is no round {number}; this finale has {len(state.rounds)}.", status=404)
    return found


def round_in(state: State, number: int, *phases: str, what: str) -> Round:
    """The round, if it is in one of the phases; raises LeagueProblem (409) that ends in `what` otherwise."""
    found = round_of(state, number)
    if found.phase not in phases:
        raise LeagueProblem(f"Round {number} {SAID[found.phase]}; {what}.", status=409)
    return found


def behind(played: Round, letter: str) -> str:
    """The contestant behind a letter; raises LeagueProblem (404)."""
    who = played.letters.get(letter)
    if who is None:
        there = ", ".join(played.letters)
        raise LeagueProblem(f"Round {played.number} has no answer {letter[:2]!r}; it has {there}.", status=404)
    return who


def half_points(value: float) -> float:
    """A score from 0 to 10 in halves; raises LeagueProblem for any other."""
    if not 0 <= value <= 10 or (2 * value) % 1:
        raise LeagueProblem(f"A score is a number from 0 to 10 in halves, not {value:g}.")
    return float(value)


def reason_for(text: str, what: str) -> str:
    """A reason without blanks around it; raises LeagueProblem for none."""
    if not text.strip():
        raise LeagueProblem(f"{what} needs a reason; write one.")
    return text.strip()


def must_run(found: Round, now: float) -> None:
    """Raise LeagueProblem (409), saying why, unless a round runs."""
    if found.phase == "open":
        return
    if found.phase == "paused":
        raise LeagueProblem(f"Round {found.number} is paused; go on when its clock runs again.", status=409)
    if found.phase == "waiting":
        raise LeagueProblem(f"Round {found.number} has not been opened; wait for the director.", status=409)
    if found.phase == "skipped" or found.closed is None:
        raise LeagueProblem(f"Round {found.number} {SAID[found.phase]}; wait for the next one.", status=409)
    when = datetime.fromtimestamp(found.closed, UTC)
    raise LeagueProblem(
        f"Time was up for round {found.number} at {when:%H:%M:%S} UTC, {now - found.closed:.1f} s before this arrived; "
        "what you had by then counts.",
        status=409,
    )
