"""Everything that can happen to a finale, as plain values kept in order: the finale is what they make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from workshop_kit.domains import KeyFact, Question
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale.scoring import Weights
from workshop_kit.league.finale.state import Contestant, FinaleSettings


@dataclass(frozen=True)
class Create:
    """The first command."""

    settings: FinaleSettings
    contestants: tuple[Contestant, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class SetQuestion:
    """Another question for a round that waits; the number after the last adds a round."""

    round: int
    question: Question


@dataclass(frozen=True)
class SetWeights:
    """Other weights, until the first score is shown."""

    weights: Weights


@dataclass(frozen=True)
class SetAddress:
    """Where the audience's phones find the league."""

    public_url: str


@dataclass(frozen=True)
class Open:
    """Show a round's question and start its countdown; `seconds` other than the finale's if told."""

    round: int
    seconds: float | None = None


@dataclass(frozen=True)
class Pause:
    """Stop the countdown."""

    round: int


@dataclass(frozen=True)
class Resume:
    """Let the countdown run on."""

    round: int


@dataclass(frozen=True)
class Extend:
    """More seconds for a round that is open or paused."""

    round: int
    seconds: float


@dataclass(frozen=True)
class Close:
    """End a round before its time."""

    round: int


@dataclass(frozen=True)
class Skip:
    """Leave a round out; it counts for nobody."""

    round: int
    reason: str


@dataclass(frozen=True)
class Reopen:
    """Run a round again with new time; answers stay, votes, scores and verdicts go."""

    round: int
    reason: str
    seconds: float | None = None


@dataclass(frozen=True)
class Ask:
    """A contestant asks its model."""

    round: int
    contestant: str
    generation: str
    system: str
    temperature: float
    top_p: float


@dataclass(frozen=True)
class Answered:
    """What the model said."""

    round: int
    generation: str
    text: str


@dataclass(frozen=True)
class NoAnswer:
    """Why the model said nothing."""

    round: int
    generation: str
    problem: str


@dataclass(frozen=True)
class Pick:
    """The answer that a contestant wants to count."""

    round: int
    contestant: str
    generation: str


@dataclass(frozen=True)
class Judged:
    """The LLM judge's word on one contestant's answer in one opening; `score` None: it failed for `reason`."""

    round: int
    opening: int
    contestant: str
    generation: str
    score: float | None
    reason: str
    judge: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgeAgain:
    """Ask the LLM judge again where it failed."""

    round: int


@dataclass(frozen=True)
class StartVoting:
    """Show the answers under letters, to vote and to score; from `counted` it goes on with the votes there are."""

    round: int


@dataclass(frozen=True)
class ScoreAnswer:
    """An expert's score from 0 to 10 in halves."""

    round: int
    expert: str
    name: str
    letter: str
    score: float
    note: str = ""


@dataclass(frozen=True)
class CloseVoting:
    """Fix votes and scores; `votes` by letter, as the store counted them."""

    round: int
    votes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OverrideJudge:
    """A human's score in the place of the LLM judge's."""

    round: int
    letter: str
    score: float
    reason: str
    who: str


@dataclass(frozen=True)
class LeaveOut:
    """Let a part not count in a round, or (`out` False) count again."""

    round: int
    part: str
    reason: str
    out: bool = True


@dataclass(frozen=True)
class Reveal:
    """Show one more step of a round's result: 1 LLM judge, 2 experts, 3 audience, 4 names and points."""

    round: int
    step: int


KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Create, SetQuestion, SetWeights, SetAddress, Open, Pause, Resume, Extend, Close, Skip, Reopen, Ask, Answered,
        NoAnswer, Pick, Judged, JudgeAgain, StartVoting, ScoreAnswer, CloseVoting, OverrideJudge, LeaveOut, Reveal,
    )
}  # fmt: skip


def to_row(command: Any) -> tuple[str, dict[str, Any]]:
    """A command's kind and its fields as plain data."""
    return type(command).__name__, asdict(command)


def from_row(kind: str, body: dict[str, Any]) -> Any:
    """The command that `to_row` gave.

    Raises LeagueProblem when it was written by a newer version of the kit.
    """
    made = KINDS.get(kind)
    if made is None or set(body) - {f.name for f in fields(made)}:
        raise LeagueProblem(f"This finale holds the step '{kind}' of a newer version of the kit; update the kit.")
    body = dict(body)
    if made is Create:
        settings = dict(body["settings"])
        settings["weights"] = Weights(**settings["weights"])
        return Create(
            FinaleSettings(**settings),
            tuple(Contestant(**c) for c in body["contestants"]),
            tuple(question_from(q) for q in body["questions"]),
        )
    if made is SetQuestion:
        body["question"] = question_from(body["question"])
    if made is SetWeights:
        body["weights"] = Weights(**body["weights"])
    if made is Judged:
        body["flags"] = tuple(body["flags"])
    return made(**body)


def question_from(value: Mapping[str, Any]) -> Question:
    """A question from plain data; without key facts, the reference answer itself is the one fact."""
    facts = tuple(
        KeyFact(f["fact"], tuple(f["any_of"]), f.get("kind") or "", tuple(f.get("contradicts") or ()))
        for f in value.get("key_facts") or ()
    )
    reference = value["reference_answer"]
    return Question(
        value.get("id") or "",
        value.get("topic") or "",
        value["question"],
        reference,
        facts or (KeyFact(reference, (reference,)),),
        value.get("style") or "",
        *(value.get(name) or "" for name in ("kind", "passage", "tone")),
    )
