"""What each role may see of a finale, as plain data. Whatever leaves the server is made here.

Nobody but the director sees a question before its round opens; nobody sees another's answers before the vote starts,
whose they are before the last step of the reveal, or a score before its step. Not even the director sees how the votes
stand before the vote is closed, or whose an answer is before it is told, so that an override is blind too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.engine import apply, at, round_score
from workshop_kit.league.finale.scoring import PARTS, Parts, complete_experts, overall
from workshop_kit.league.finale.state import STEPS, Generation, Round, State

READ = ("voting", "counted", "revealed")  # the phases in which everybody reads the answers


def signature(state: State, now: float) -> tuple[Any, ...]:
    """What the views depend on: they need not be made again while this is the same."""
    moved = at(state, now)
    shown = moved.shown
    of_time = (shown.phase, shown.settled(now, state.settings.grace)) if shown else ()
    return (state.id, state.seq, state.since, *of_time)


def version(state: State, now: float) -> list[float]:
    """Numbers that grow whenever a view changes, the first before the next: an answer that was long on its way to a
    page is told by them from a newer one. The last counts what time alone has done since the last command.
    """
    moved = at(state, now)
    settled = moved.shown is not None and moved.shown.settled(now, state.settings.grace)
    return [state.since, state.seq, int(moved is not state) + int(settled)]


def public(state: State, now: float) -> dict[str, Any]:
    """What everybody sees: the stage, the audience, and the ground of every other view."""
    numbers, state = version(state, now), at(state, now)
    over = [round_score(state, played) for played in state.rounds if played.phase == "revealed"]
    names = {c.id: c.name for c in state.contestants}
    shown = state.shown
    places = overall(over, list(names)) if over else ()
    return {
        "finale": state.id,
        "version": numbers,
        "title": state.settings.title,
        "rehearsal": state.settings.rehearsal,
        "contestants": list(names.values()),
        "rounds": len(state.rounds),
        "played": len(over),
        "over": all(r.over for r in state.rounds),
        "weights": asdict(state.settings.weights),
        "grace": state.settings.grace,
        "steps": list(STEPS),
        "round": _round(state, shown, now) if shown else None,
        "results": [
            {
                "round": scored.number,
                "rows": [{"name": names[who], **_parts(parts)} for who, parts in _best_first(scored.rows)],
                "shares": dict(scored.shares),
                "notes": list(scored.notes),
            }
            for scored in over
        ],
        "standing": [asdict(place) | {"contestant": names[place.contestant]} for place in places],
    }


def _round(state: State, played: Round, now: float) -> dict[str, Any]:
    """A round as everybody sees it."""
    names = {c.id: c.name for c in state.contestants}
    opened = played.opening > 0
    told: dict[str, Any] = {
        "number": played.number,
        "phase": played.phase,
        "opening": played.opening,
        "question": played.question.question if opened else None,
        "length": played.length,
        "deadline": played.deadline,
        "remaining": played.remaining(now) if played.phase == "paused" else None,
        "settled": played.settled(now, state.settings.grace),
        "reason": played.reason,
        "ready": [names[c.id] for c in state.contestants if played.counted(c.id)] if opened else [],
        "answers": [],
        "step": played.step,
        "reference": played.question.reference_answer if played.phase == "revealed" else None,
    }
    if played.phase in READ:
        told["answers"] = [
            {"letter": letter, "text": counted.text if (counted := played.counted(who)) else ""}
            for letter, who in played.letters.items()
        ]
    if played.step:
        told["reveal"] = _reveal(state, played)
    return told


def _reveal(state: State, played: Round) -> dict[str, Any]:
    """The scores as far as they are shown."""
    scored, names = round_score(state, played), {c.id: c.name for c in state.contestants}
    shown = [part for part in PARTS if STEPS.index(part) < played.step]
    last = played.step == len(STEPS)
    rows = []
    for letter, who in played.letters.items():
        parts = scored.rows[who]
        row: dict[str, Any] = {"letter": letter, **{part: getattr(parts, part) for part in shown}}
        if "llm" in shown:
            verdict, override = played.verdicts.get(who), played.overrides.get(who)
            row["judge_says"] = verdict.reason if verdict and verdict.score is not None else ""
            row["judge_score"] = verdict.score if verdict else None
            row["override"] = {"score": override.score, "reason": override.reason} if override else None
        if "audience" in shown:
            row["votes"] = played.votes.get(who, 0)
        if last:
            row |= {"name": names[who], "points": parts.points, "elapsed": parts.elapsed}
        rows.append(row)
    absent = [names[who] for who in names if who not in played.letters.values()]
    return {
        "parts": shown,
        "rows": rows,
        "shares": dict(scored.shares),
        "notes": list(scored.notes) if last else [],
        "without_answer": absent if last else [],
    }


def director(state: State, now: float, votes: int) -> dict[str, Any]:
    """The director's console; `votes` is how many devices have voted on the round that is shown."""
    told, state = public(state, now), at(state, now)
    shown = state.shown
    if shown is None:
        return told
    told["version"].append(votes)
    told["settings"] = {
        name: getattr(state.settings, name) for name in ("seconds", "grace", "judge", "public_url", "rehearsal")
    }
    told["agenda"] = [
        {
            "number": r.number,
            "phase": r.phase,
            "question": r.question.question,
            "reference": r.question.reference_answer,
            "topic": r.question.topic,
        }
        for r in state.rounds
    ]
    told["people"] = [_person(shown, c.id) | {"id": c.id, "name": c.name} for c in state.contestants]
    there = [c.id for c in state.contestants if shown.counted(c.id)]
    sheets = [
        {"name": shown.experts[expert], "scored": sum(who in sheet for who in there), "of": len(there)}
        for expert, sheet in shown.sheets.items()
    ]
    told["experts"], told["votes"] = sorted(sheets, key=lambda sheet: str(sheet["name"])), votes
    told["judged"] = {
        "done": sum(shown.llm_score(who) is not None for who in there),
        "failed": sum(who in shown.verdicts and shown.llm_score(who) is None for who in there),
        "of": len(there),
    }
    told["left_out"] = dict(shown.left_out)
    told["under_way"] = len(shown.under_way())
    told["verdicts"] = [_verdict(shown, letter, who) for letter, who in shown.letters.items()] if _read(shown) else []
    told["may"] = {name: _why_not(state, command, now) for name, command in _buttons(state, shown).items()}
    return told


def listed(state: State, made: float) -> dict[str, Any]:
    """A finale as a line of the director's list of all; `made` is when, in seconds since 1970."""
    return {
        "finale": state.id,
        "title": state.settings.title,
        "rehearsal": state.settings.rehearsal,
        "made": made,
        "contestants": [c.name for c in state.contestants],
        "rounds": len(state.rounds),
        "over": sum(r.over for r in state.rounds),
    }


def _read(shown: Round) -> bool:
    return shown.phase in READ


def _person(shown: Round, who: str) -> dict[str, Any]:
    mine = shown.of(who)
    failed = [g for g in mine if g.state == "failed"]
    return {
        "generations": len(mine),
        "under_way": sum(g.state == "asked" for g in mine),
        "has_answer": shown.counted(who) is not None,
        "picked": who in shown.picks,
        "problem": failed[-1].problem if failed and failed[-1] is mine[-1] else "",
    }


def _verdict(shown: Round, letter: str, who: str) -> dict[str, Any]:
    verdict, override = shown.verdicts.get(who), shown.overrides.get(who)
    return {
        "letter": letter,
        "score": verdict.score if verdict else None,
        "reason": verdict.reason if verdict else "",
        "flags": list(verdict.flags) if verdict else [],
        "judge": verdict.judge if verdict else "",
        "override": asdict(override) if override else None,
    }


def _buttons(state: State, shown: Round) -> dict[str, Any]:
    """One command per button, to try."""
    number, following = shown.number, state.next
    return {
        "open": do.Open(following.number if following else number),
        "pause": do.Pause(number),
        "resume": do.Resume(number),
        "extend": do.Extend(number, 15),
        "close": do.Close(number),
        "skip": do.Skip(state.active.number if state.active else following.number if following else number, "?"),
        "reopen": do.Reopen(number, "?"),
        "start_voting": do.StartVoting(number),
        "close_voting": do.CloseVoting(number),
        "reveal": do.Reveal(number, min(shown.step + 1, len(STEPS))),
        "judge_again": do.JudgeAgain(number),
    }


def _why_not(state: State, command: Any, now: float) -> str | None:
    """None if a command would change something now, else why it would not."""
    try:
        return None if apply(state, command, now) is not state else "There is nothing to do."
    except LeagueProblem as problem:
        return str(problem)


def contestant(state: State, id: str, now: float) -> dict[str, Any]:
    """A contestant's own view: what everybody sees and its own answers, nobody else's."""
    told, state = public(state, now), at(state, now)
    mine, shown = state.contestant(id), state.shown
    if mine is None:
        raise LeagueProblem("Your team does not play in this finale.", status=403)
    told["me"] = mine.name
    told["mine"] = [generation(g) for g in shown.of(id)] if shown else []
    counted = shown.counted(id) if shown else None
    told["picked"] = shown.picks.get(id) if shown else None
    told["counted"] = counted.id if counted else None
    return told


def generation(found: Generation) -> dict[str, Any]:
    """One of a contestant's own answers."""
    return {name: value for name, value in asdict(found).items() if name != "contestant"}


def expert(state: State, id: str, now: float) -> dict[str, Any]:
    """An expert's view: what everybody sees, the reference answer while it is voted on, and their own scores."""
    told, state = public(state, now), at(state, now)
    shown = state.shown
    told["sheet"] = {}
    if shown and shown.phase in READ:
        told["round"]["reference"] = shown.question.reference_answer
        letters = {who: letter for letter, who in shown.letters.items()}
        told["sheet"] = {letters[who]: asdict(note) for who, note in shown.sheets.get(id, {}).items()}
    return told


def _best_first(rows: Mapping[str, Parts]) -> list[tuple[str, Parts]]:
    return sorted(rows.items(), key=lambda row: -row[1].points)


def _parts(parts: Parts) -> dict[str, Any]:
    return asdict(parts)


__all__ = ["complete_experts", "contestant", "director", "expert", "generation", "public", "signature"]
