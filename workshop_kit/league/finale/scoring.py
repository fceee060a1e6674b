"""The finale's scores: 40 % LLM judge, 40 % experts, 20 % audience, unless the director weighs them otherwise.

Every part of a round runs from 0 to 100:

- LLM judge: its score from 0 to 10 (a human override goes before it), times 10.
- Experts: the mean of their scores from 0 to 10, times 10. Only an expert who scored every answer of the round counts:
  otherwise answers would be compared by different people.
- Audience: an answer's votes as a share of those of the answer with the most, times 100, so that this part uses its
  whole range as the other two do.

A round's points are the mean of its parts by their weights, 0 to 100. A part that is missing (no complete expert, no
vote, an answer the judge could not score, a part the director left out) is missing for every answer of that round; the
other weights are scaled up to 100 % and a note says so. Who has no answer has 0 in every part. The overall standing
is the sum of the rounds.

Equal points are ordered by the sum of the experts' parts, then the LLM judge's, then by who had the counted answers
earlier (the sum of the seconds of the countdown used; a round without an answer counts its whole length). Who is equal
in all of it shares the place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workshop_kit.errors import BadInput

PARTS = ("llm", "experts", "audience")
TITLES = {"llm": "LLM judge", "experts": "experts", "audience": "audience"}
# Points that differ by less are equal: sums of floats in another order must not decide a finale.
SAME = 6


@dataclass(frozen=True)
class Weights:
    """How much each part counts; any unit, only their shares matter."""

    llm: float = 40.0
    experts: float = 40.0
    audience: float = 20.0

    def __post_init__(self) -> None:
        for name in PARTS:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise BadInput(f"The weight of the {TITLES[name]} is {value!r}; give a number from 0 to 1000.")
            if not 0 <= value <= 1000:
                raise BadInput(f"The weight of the {TITLES[name]} is {value:g}; give a number from 0 to 1000.")
        if sum(getattr(self, name) for name in PARTS) < 1:
            raise BadInput("The weights add up to less than 1; give at least one part a weight.")

    def shares(self, missing: Iterable[str] = ()) -> dict[str, float]:
        """Each part's share from 0 to 1 without the missing ones; empty when none that counts is left."""
        kept = {name: float(getattr(self, name)) for name in PARTS if name not in set(missing)}
        whole = sum(kept.values())
        return {name: value / whole for name, value in kept.items()} if whole > 0 else {}


@dataclass(frozen=True)
class Parts:
    """One contestant's round: parts from 0 to 100 (None: missing in this round), points from 0 to 100.

    `elapsed` is how many seconds of the countdown were used when the counted answer was asked for.
    """

    llm: float | None
    experts: float | None
    audience: float | None
    points: float
    answered: bool
    elapsed: float


@dataclass(frozen=True)
class RoundScore:
    """A round's scores by contestant; `shares` are the weights as they were used, from 0 to 1."""

    number: int
    rows: Mapping[str, Parts]
    shares: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"notes": list(self.notes)}


@dataclass(frozen=True)
class Place:
    """A contestant's place overall; sums over the rounds. `tie` says by what an equal sum was ordered."""

    rank: int
    contestant: str
    points: float
    llm: float
    experts: float
    audience: float
    elapsed: float
    tie: str = ""


@dataclass(frozen=True)
class Sheet:
    """What is known of a round: scores from 0 to 10, votes as counts, by contestant.

    `answered` holds the seconds used of those who have an answer; `length` is the whole countdown in seconds. `llm` has
    None where the judge gave no score. `experts` is each expert's scores by contestant.
    """

    number: int
    contestants: Sequence[str]
    answered: Mapping[str, float]
    length: float
    llm: Mapping[str, float | None] = field(default_factory=dict)
    experts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    votes: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def complete_experts(sheet: Sheet) -> list[str]:
    """The experts who scored every answer of the round."""
    return [name for name, scores in sheet.experts.items() if all(who in scores for who in sheet.answered)]


def score_round(sheet: Sheet, weights: Weights) -> RoundScore:
    """The points of a round; the formulas are in this module's docstring."""
    parts: dict[str, dict[str, float]] = {}
    notes: list[str] = []
    experts, most = complete_experts(sheet), max(sheet.votes.values(), default=0)
    absent = len(sheet.experts) - len(experts)
    if absent:
        people = "expert" if absent == 1 else "experts"
        notes.append(f"{absent} {people} did not score every answer and {'is' if absent == 1 else 'are'} not counted.")
    unscored = [who for who in sheet.answered if sheet.llm.get(who) is None]
    why = dict(sheet.left_out)
    if unscored:
        why.setdefault("llm", f"{len(unscored)} of {len(sheet.answered)} answers have no score of the judge")
    if not experts:
        why.setdefault("experts", "no expert scored every answer")
    if most == 0:
        why.setdefault("audience", "nobody voted")
    if "llm" not in why:
        parts["llm"] = {who: 10 * float(sheet.llm[who] or 0.0) for who in sheet.answered}
    if "experts" not in why:
        parts["experts"] = {
            who: 10 * sum(sheet.experts[name][who] for name in experts) / len(experts) for who in sheet.answered
        }
    if "audience" not in why:
        parts["audience"] = {who: 100 * sheet.votes.get(who, 0) / most for who in sheet.answered}
    shares = weights.shares(why)
    told = [name for name in PARTS if name in why and getattr(weights, name) > 0]
    for name in told:
        notes.append(f"Without the {TITLES[name]}: {why[name].rstrip('.')}.")
    if told:
        used = ", ".join(f"{TITLES[name]} {share:.0%}" for name, share in shares.items() if share > 0)
        notes.append(f"The other weights were scaled up: {used}." if used else "No part is left, so nobody has points.")
    rows = {}
    for who in sheet.contestants:
        there = who in sheet.answered
        own = {name: (scores[who] if there else 0.0) for name, scores in parts.items()}
        rows[who] = Parts(
            own.get("llm"),
            own.get("experts"),
            own.get("audience"),
            sum(share * own[name] for name, share in shares.items()),
            there,
            sheet.answered.get(who, sheet.length),
        )
    return RoundScore(sheet.number, rows, shares, tuple(notes))


def overall(rounds: Sequence[RoundScore], contestants: Sequence[str]) -> tuple[Place, ...]:
    """The standing over the rounds played, best first, with the tie-break of this module's docstring."""
    sums = {}
    for who in contestants:
        rows = [played.rows[who] for played in rounds if who in played.rows]
        sums[who] = (
            round(sum(row.points for row in rows), SAME),
            round(sum(row.experts or 0.0 for row in rows), SAME),
            round(sum(row.llm or 0.0 for row in rows), SAME),
            round(sum(row.audience or 0.0 for row in rows), SAME),
            round(sum(row.elapsed for row in rows), 3),
        )

    def order(who: str) -> tuple[float, ...]:
        points, experts, llm, _, elapsed = sums[who]
        return (-points, -experts, -llm, elapsed)

    ranked = sorted(contestants, key=order)
    places: list[Place] = []
    for n, who in enumerate(ranked):
        points, experts, llm, audience, elapsed = sums[who]
        same = n > 0 and order(who) == order(ranked[n - 1])
        rank = places[-1].rank if same else n + 1
        places.append(Place(rank, who, points, llm, experts, audience, elapsed, _tie(n, ranked, order)))
    return tuple(places)


def _tie(n: int, ranked: Sequence[str], order: Any) -> str:
    """By what a contestant with the same points as a neighbour stands before or behind it."""
    why = ("", "experts' scores", "LLM judge's scores", "earlier answers")
    mine, found = order(ranked[n]), []
    for other in (n - 1, n + 1):
        if 0 <= other < len(ranked) and order(ranked[other])[0] == mine[0]:
            theirs = order(ranked[other])
            first = next((k for k in range(1, 4) if theirs[k] != mine[k]), None)
            found.append("equal in everything" if first is None else why[first])
    return found[0] if found else ""
