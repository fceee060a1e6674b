"""The rules for what contestants, their models, the LLM judge and the experts do."""

from __future__ import annotations

from dataclasses import replace

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.guards import behind, half_points, must_run, round_in, round_of
from workshop_kit.league.finale.state import AT_ONCE, LONGEST_ANSWER, Generation, Note, Round, State, Verdict


def _ask(state: State, command: do.Ask, now: float) -> State:
    found = round_of(state, command.round)
    if found.generation(command.generation):
        return state
    must_run(found, now)
    mine = found.of(command.contestant)
    if sum(g.state == "asked" for g in mine) >= AT_ONCE:
        raise LeagueProblem(f"{AT_ONCE} of your answers are still on their way; wait for one of them.", status=409)
    made = Generation(
        command.generation,
        command.contestant,
        len(mine) + 1,
        now,
        found.elapsed(now),
        command.system,
        command.temperature,
        command.top_p,
    )
    return state.with_round(replace(found, generations=(*found.generations, made)))


def _answered(state: State, command: do.Answered, now: float) -> State:
    found, asked = _awaited(state, command)
    if asked is None:
        return state
    in_time = found.closed is None or now <= found.closed + state.settings.grace
    told = replace(
        asked, state="done" if in_time else "late", text=command.text[:LONGEST_ANSWER], problem="", ended=now
    )
    return state.with_round(_replaced(found, told))


def _no_answer(state: State, command: do.NoAnswer, now: float) -> State:
    found, asked = _awaited(state, command)
    if asked is None:
        return state
    return state.with_round(_replaced(found, replace(asked, state="failed", problem=command.problem, ended=now)))


def _awaited(state: State, command: do.Answered | do.NoAnswer) -> tuple[Round, Generation | None]:
    """The round and the answer that is still awaited in it, None when it has come."""
    found = round_of(state, command.round)
    asked = found.generation(command.generation)
    if asked is None:
        raise LeagueProblem("Nobody asked for this answer.", status=404)
    return found, asked if asked.state == "asked" else None


def _replaced(found: Round, told: Generation) -> Round:
    return replace(found, generations=tuple(told if g.id == told.id else g for g in found.generations))


def _pick(state: State, command: do.Pick, now: float) -> State:
    found = round_of(state, command.round)
    if found.picks.get(command.contestant) == command.generation:
        return state
    chosen = found.generation(command.generation)
    if chosen is None or chosen.contestant != command.contestant:
        raise LeagueProblem("That is not an answer of yours in this round; pick one of your own.", status=404)
    must_run(found, now)
    if chosen.state != "done":
        raise LeagueProblem("That answer has not arrived; pick one that has.", status=409)
    return state.with_round(replace(found, picks={**found.picks, command.contestant: command.generation}))


def _judged(state: State, command: do.Judged, now: float) -> State:
    found = round_of(state, command.round)
    counted = found.counted(command.contestant)
    before = found.verdicts.get(command.contestant)
    stale = found.opening != command.opening or counted is None or counted.id != command.generation
    if stale or found.phase not in ("closed", "voting", "counted") or (before and before.score is not None):
        return state
    verdict = Verdict(command.score, command.reason, command.judge, command.flags)
    if verdict == before:
        return state
    return state.with_round(replace(found, verdicts={**found.verdicts, command.contestant: verdict}))


def _score_answer(state: State, command: do.ScoreAnswer, now: float) -> State:
    found = round_in(state, command.round, "voting", what="scores count while it is voted on")
    note = Note(half_points(command.score), command.note)
    sheet = {**found.sheets.get(command.expert, {}), behind(found, command.letter): note}
    return state.with_round(
        replace(
            found,
            sheets={**found.sheets, command.expert: sheet},
            experts={**found.experts, command.expert: command.name},
        )
    )


RULES = {
    do.Ask: _ask,
    do.Answered: _answered,
    do.NoAnswer: _no_answer,
    do.Pick: _pick,
    do.Judged: _judged,
    do.ScoreAnswer: _score_answer,
}
