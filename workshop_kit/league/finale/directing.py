"""The rules for what the director does; each takes the state, the command and the time, and gives the next state."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.guards import SAID, behind, half_points, reason_for, round_in, round_of
from workshop_kit.league.finale.scoring import PARTS, TITLES
from workshop_kit.league.finale.state import LETTERS, STEPS, Override, Round, State


def _set_question(state: State, command: do.SetQuestion, now: float) -> State:
    if command.round == len(state.rounds) + 1 and command.round <= 50:
        return replace(state, rounds=(*state.rounds, Round(command.round, command.question)))
    found = round_in(state, command.round, "waiting", what="its question can't be changed any more")
    return state.with_round(replace(found, question=command.question))


def _set_weights(state: State, command: do.SetWeights, now: float) -> State:
    if any(r.step for r in state.rounds):
        raise LeagueProblem("A score has been shown already; the weights can't be changed any more.", status=409)
    return replace(state, settings=replace(state.settings, weights=command.weights))


def _set_address(state: State, command: do.SetAddress, now: float) -> State:
    return replace(state, settings=replace(state.settings, public_url=command.public_url))


def _countdown(state: State, found: Round, seconds: float | None, now: float, **more: Any) -> State:
    length = state.settings.seconds if seconds is None else seconds
    if not 1 <= length <= 3600:
        raise LeagueProblem(f"The countdown is {length:g} s; it may be 1 to 3600 s.")
    return state.with_round(
        replace(
            found,
            phase="open",
            opening=found.opening + 1,
            length=found.used + length,
            started=now,
            deadline=now + length,
            closed=None,
            **more,
        )
    )


def _open(state: State, command: do.Open, now: float) -> State:
    found = round_in(state, command.round, "waiting", what="only a round that waits can be opened")
    if state.active:
        raise LeagueProblem(
            f"Round {state.active.number} {SAID[state.active.phase]}; reveal or skip it before the next.", status=409
        )
    return _countdown(state, found, command.seconds, now)


def _pause(state: State, command: do.Pause, now: float) -> State:
    found = round_in(state, command.round, "open", what="only an open round can be paused")
    return state.with_round(replace(found, phase="paused", used=found.elapsed(now), deadline=None))


def _resume(state: State, command: do.Resume, now: float) -> State:
    found = round_in(state, command.round, "paused", what="only a paused round can go on")
    return state.with_round(replace(found, phase="open", started=now, deadline=now + found.remaining(now)))


def _extend(state: State, command: do.Extend, now: float) -> State:
    found = round_in(state, command.round, "open", "paused", what="open it again to give more time")
    if not 1 <= command.seconds <= 600:
        raise LeagueProblem(f"A round is extended by 1 to 600 s, not {command.seconds:g} s.")
    deadline = None if found.deadline is None else found.deadline + command.seconds
    return state.with_round(replace(found, length=found.length + command.seconds, deadline=deadline))


def _close(state: State, command: do.Close, now: float) -> State:
    found = round_in(state, command.round, "open", "paused", what="only a round that runs can be closed")
    return state.with_round(replace(found, phase="closed", used=found.elapsed(now), closed=now, deadline=None))


def _skip(state: State, command: do.Skip, now: float) -> State:
    phases = ("waiting", "open", "paused", "closed", "voting", "counted")
    found = round_in(state, command.round, *phases, what="it can't be skipped")
    if found.phase == "waiting" and state.active:
        raise LeagueProblem(f"Round {state.active.number} {SAID[state.active.phase]}; skip this one then.", status=409)
    used, closed = found.elapsed(now), found.closed or now
    reason = reason_for(command.reason, "Skipping a round")
    over = replace(found, phase="skipped", used=used, closed=closed, deadline=None, reason=reason, step=0)
    return state.with_round(replace(over, ended=state.seq + 1))


def _reopen(state: State, command: do.Reopen, now: float) -> State:
    phases = ("closed", "voting", "counted", "revealed", "skipped")
    found = round_in(state, command.round, *phases, what="only a round that is over can be opened again")
    if state.active and state.active.number != command.round:
        raise LeagueProblem(f"Round {state.active.number} {SAID[state.active.phase]}; end it first.", status=409)
    gone: dict[str, Any] = {
        name: {} for name in ("letters", "verdicts", "overrides", "sheets", "experts", "votes", "left_out")
    }
    reason = reason_for(command.reason, "Opening a round again")
    return _countdown(state, found, command.seconds, now, step=0, reason=reason, **gone)


def _judge_again(state: State, command: do.JudgeAgain, now: float) -> State:
    found = round_in(state, command.round, "closed", "voting", "counted", what="there is nothing to judge")
    kept = {who: verdict for who, verdict in found.verdicts.items() if verdict.score is not None}
    return state if len(kept) == len(found.verdicts) else state.with_round(replace(found, verdicts=kept))


def _start_voting(state: State, command: do.StartVoting, now: float) -> State:
    found = round_in(state, command.round, "closed", "counted", what="voting starts when its time is up")
    if found.phase == "counted":
        if found.step:
            raise LeagueProblem(f"Round {found.number} is being revealed; its voting is over.", status=409)
        return state.with_round(replace(found, phase="voting", votes={}))
    if not found.settled(now, state.settings.grace):
        left = (found.closed or now) + state.settings.grace - now
        raise LeagueProblem(
            f"{len(found.under_way())} of the answers asked for in time are still on their way; wait up to "
            f"{max(0.0, left):.0f} s.",
            status=409,
        )
    there = sorted(c.id for c in state.contestants if found.counted(c.id))
    if not there:
        raise LeagueProblem(f"Nobody has an answer in round {found.number}; open it again or skip it.", status=409)
    random.Random(f"{state.settings.seed}/{found.number}/{found.opening}").shuffle(there)
    return state.with_round(replace(found, phase="voting", letters=dict(zip(LETTERS, there, strict=False))))


def _close_voting(state: State, command: do.CloseVoting, now: float) -> State:
    found = round_in(state, command.round, "voting", what="only a vote that runs can be closed")
    votes = {behind(found, letter): int(count) for letter, count in command.votes.items()}
    return state.with_round(replace(found, phase="counted", votes=votes))


def _override(state: State, command: do.OverrideJudge, now: float) -> State:
    what = "the judge's scores can be overridden once voting has started"
    found = round_in(state, command.round, "voting", "counted", "revealed", what=what)
    who = behind(found, command.letter)
    made = Override(half_points(command.score), reason_for(command.reason, "An override"), command.who)
    return state.with_round(replace(found, overrides={**found.overrides, who: made}))


def _leave_out(state: State, command: do.LeaveOut, now: float) -> State:
    found = round_in(state, command.round, "voting", "counted", what="what counts in it is settled")
    if found.step:
        raise LeagueProblem(f"Round {found.number} is being revealed; what counts in it is settled.", status=409)
    if command.part not in PARTS:
        raise LeagueProblem(f"There is no part {command.part[:20]!r}; there are {', '.join(PARTS)}.", status=404)
    kept = {part: why for part, why in found.left_out.items() if part != command.part}
    if command.out:
        kept[command.part] = reason_for(command.reason, f"Leaving out the {TITLES[command.part]}")
    return state.with_round(replace(found, left_out=kept))


def _reveal(state: State, command: do.Reveal, now: float) -> State:
    found = round_of(state, command.round)
    if found.phase in ("counted", "revealed") and 1 <= command.step <= found.step:
        return state
    round_in(state, command.round, "counted", what="it is revealed once its voting is closed")
    if command.step != found.step + 1 or command.step > len(STEPS):
        raise LeagueProblem(f"The next step of this reveal is {found.step + 1}, not {command.step}.", status=409)
    there = [c.id for c in state.contestants if found.counted(c.id)]
    unscored = sum(found.llm_score(who) is None for who in there)
    if unscored and "llm" not in found.left_out and state.settings.weights.llm > 0:
        raise LeagueProblem(
            f"The judge has no score for {unscored} of {len(there)} answers; wait, override it or leave its part out.",
            status=409,
        )
    shown = replace(found, step=command.step)
    last = command.step == len(STEPS)
    return state.with_round(replace(shown, phase="revealed", ended=state.seq + 1) if last else shown)


RULES = {
    do.SetQuestion: _set_question,
    do.SetWeights: _set_weights,
    do.SetAddress: _set_address,
    do.Open: _open,
    do.Pause: _pause,
    do.Resume: _resume,
    do.Extend: _extend,
    do.Close: _close,
    do.Skip: _skip,
    do.Reopen: _reopen,
    do.JudgeAgain: _judge_again,
    do.StartVoting: _start_voting,
    do.CloseVoting: _close_voting,
    do.OverrideJudge: _override,
    do.LeaveOut: _leave_out,
    do.Reveal: _reveal,
}
