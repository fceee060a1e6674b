"""The rules of a finale, without a clock, a network or a database: `apply(state, command, now)` gives the next state.

Time alone closes a round: `at(state, now)` is what a state has become by `now`, and every command is applied to that.
So a deadline holds whether or not anybody was there to act on it, and a server that was down meanwhile finds the round
closed at its deadline.

A generation is in time if it was asked for before the deadline and its answer arrives at most `grace` seconds after
it; an answer that arrives later is kept as "late" and does not count. Nothing can be asked for or picked after the
deadline. Without a pick, the last answer asked for counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale import directing, playing
from workshop_kit.league.finale.guards import SAID, behind, round_of
from workshop_kit.league.finale.scoring import RoundScore, Sheet, score_round
from workshop_kit.league.finale.state import LETTERS, Round, State

_RULES: dict[type, Callable[[State, Any, float], State]] = directing.RULES | playing.RULES


def start(id: str, command: do.Create) -> State:
    """The finale as it is created.

    Raises BadInput without at least two contestants and one question.
    """
    if not 2 <= len(command.contestants) <= len(LETTERS):
        raise BadInput(f"A finale has 2 to {len(LETTERS)} contestants, not {len(command.contestants)}; name others.")
    if not 1 <= len(command.questions) <= 50:
        raise BadInput(f"A finale has 1 to 50 rounds, not {len(command.questions)}; give as many questions.")
    if len({c.id for c in command.contestants}) < len(command.contestants):
        raise BadInput("Two contestants of the finale have the same id; name each once.")
    if len({c.team for c in command.contestants}) < len(command.contestants):
        raise BadInput("A team is named twice among the finale's contestants; name each once.")
    rounds = tuple(Round(n, question) for n, question in enumerate(command.questions, 1))
    return State(id, command.settings, command.contestants, rounds, 1)


def at(state: State, now: float) -> State:
    """The state as time alone has made it: a countdown that ran out closed its round at its deadline."""
    playing = state.active
    if playing and playing.phase == "open" and playing.deadline is not None and now >= playing.deadline:
        return state.with_round(
            replace(playing, phase="closed", closed=playing.deadline, used=playing.length, deadline=None)
        )
    return state


def apply(state: State, command: Any, now: float) -> State:
    """The state after a command; the same object when the command changes nothing any more.

    Raises LeagueProblem (409, 404 or 400) with the reason when it can't be done now.
    """
    current = at(state, now)
    changed = _RULES[type(command)](current, command, now)
    return state if changed is current else replace(changed, seq=state.seq + 1)


def replay(id: str, events: list[tuple[float, Any]]) -> State:
    """The state that (time, command) pairs make, from the first on."""
    state = start(id, events[0][1])
    for when, command in events[1:]:
        state = apply(state, command, when)
    return state


def round_score(state: State, played: Round) -> RoundScore:
    """A round's points as they stand."""
    answered = {c.id: g.elapsed for c in state.contestants if (g := played.counted(c.id))}
    return score_round(
        Sheet(
            played.number,
            [c.id for c in state.contestants],
            answered,
            played.length,
            {who: played.llm_score(who) for who in answered},
            {expert: {who: n.score for who, n in sheet.items()} for expert, sheet in played.sheets.items()},
            played.votes,
            played.left_out,
        ),
        state.settings.weights,
    )


def check_vote(state: State, number: int, letter: str, now: float) -> Round:
    """The round in which a vote for a letter may be cast now; raises LeagueProblem otherwise."""
    playing = round_of(at(state, now), number)
    if playing.phase != "voting":
        raise LeagueProblem(f"Round {number} {SAID[playing.phase]}; votes count while it is voted on.", status=409)
    behind(playing, letter)
    return playing
