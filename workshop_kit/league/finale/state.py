"""What a finale is at a moment: frozen values that `engine.apply` makes from one another.

A round goes waiting -> open (<-> paused) -> closed -> voting -> counted -> revealed, or is skipped:

waiting   its question is hidden
open      contestants generate until the deadline, by the server's clock
paused    the countdown stands still and nothing new may be asked for
closed    time is up; answers asked for in time still arrive for `grace` seconds, then the LLM judge is asked
voting    everybody reads the answers under letters; the audience votes, the experts score
counted   votes and scores are fixed; the director reveals them step by step
revealed  names and points are shown; the round counts

Times are seconds since 1970 (UTC). A round that is opened again counts its openings: votes, scores and verdicts belong
to one opening.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from workshop_kit.domains import Question
from workshop_kit.errors import BadInput
from workshop_kit.league.finale.scoring import Weights

Phase = Literal["waiting", "open", "paused", "closed", "voting", "counted", "revealed", "skipped"]
Part = Literal["llm", "experts", "audience"]
LETTERS = "ABCDEFGHIJKLMNOPQRST"
# Steps of a reveal, in order; the last one tells who wrote what.
STEPS = ("llm", "experts", "audience", "names")
# Generations of one contestant that may be under way at once.
AT_ONCE = 2
LONGEST_ANSWER = 20_000


@dataclass(frozen=True)
class FinaleSettings:
    """How a finale is played.

    `seconds` is each round's countdown; `grace` how long after the deadline an answer that was asked for in time may
    still arrive. `judge` is a model id, "" for the event's judge or else the account's own choice. `seed` shuffles the
    letters and is told to nobody. `rehearsal` labels every page. `public_url` is the league's address for the
    audience's phones.
    """

    title: str = "Finale"
    seconds: float = 90.0
    grace: float = 10.0
    weights: Weights = Weights()
    judge: str = ""
    seed: str = ""
    rehearsal: bool = False
    public_url: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= 3600:
            raise BadInput(f"The countdown is {self.seconds:g} s; it may be 1 to 3600 s.")
        if not 0 <= self.grace <= 120:
            raise BadInput(f"The grace for answers under way is {self.grace:g} s; it may be 0 to 120 s.")


@dataclass(frozen=True)
class Contestant:
    """A finalist; `target` is what the league asks (see league/asking.py), `team` the league's team."""

    id: str
    name: str
    team: str
    target: Mapping[str, Any]


@dataclass(frozen=True)
class Generation:
    """One answer asked for: state "asked", "done", "failed" (no answer came) or "late" (it came after the grace).

    `elapsed` is how many seconds of the round's countdown were used when it was asked for.
    """

    id: str
    contestant: str
    number: int
    asked: float
    elapsed: float
    system: str
    temperature: float
    top_p: float
    state: Literal["asked", "done", "failed", "late"] = "asked"
    text: str = ""
    problem: str = ""
    ended: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The LLM judge's word on a contestant's counted answer: `score` from 0 to 10, None when it failed."""

    score: float | None
    reason: str
    judge: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Override:
    """A human's score in the place of the judge's."""

    score: float
    reason: str
    who: str


@dataclass(frozen=True)
class Note:
    """An expert's score from 0 to 10 and words on one answer."""

    score: float
    note: str = ""


@dataclass(frozen=True)
class Round:
    """One question. Mappings are by contestant unless said otherwise; `sheets` are by expert, then contestant."""

    number: int
    question: Question
    phase: Phase = "waiting"
    opening: int = 0
    length: float = 0.0  # seconds of countdown given in all
    started: float | None = None  # when the countdown last began to run
    used: float = 0.0  # seconds of countdown used before that
    deadline: float | None = None
    closed: float | None = None
    generations: tuple[Generation, ...] = ()
    picks: Mapping[str, str] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)  # letter -> contestant
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    sheets: Mapping[str, Mapping[str, Note]] = field(default_factory=dict)
    experts: Mapping[str, str] = field(default_factory=dict)  # expert -> name
    votes: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)  # part -> reason
    step: int = 0
    reason: str = ""  # why it was skipped or opened again
    ended: int = 0  # the finale's step that revealed or skipped it last

    @property
    def over(self) -> bool:
        """Whether it has been revealed or skipped."""
        return self.phase in ("revealed", "skipped")

    def remaining(self, now: float) -> float:
        """Seconds of the countdown that are left; 0 once it is over."""
        if self.phase == "open" and self.deadline is not None:
            return max(0.0, self.deadline - now)
        return max(0.0, self.length - self.used) if self.phase == "paused" else 0.0

    def elapsed(self, now: float) -> float:
        """Seconds of the countdown that are used."""
        return self.used + (max(0.0, now - self.started) if self.phase == "open" and self.started is not None else 0.0)

    def of(self, contestant: str) -> tuple[Generation, ...]:
        """A contestant's generations, first to last."""
        return tuple(g for g in self.generations if g.contestant == contestant)

    def generation(self, id: str) -> Generation | None:
        """The generation with this id."""
        return next((g for g in self.generations if g.id == id), None)

    def counted(self, contestant: str) -> Generation | None:
        """The answer that counts: the one picked, else the last one asked for that came."""
        came = [g for g in self.of(contestant) if g.state == "done"]
        picked = next((g for g in came if g.id == self.picks.get(contestant)), None)
        return picked or (came[-1] if came else None)

    def under_way(self) -> tuple[Generation, ...]:
        """What was asked for and has not come."""
        return tuple(g for g in self.generations if g.state == "asked")

    def settled(self, now: float, grace: float) -> bool:
        """Whether the counted answers can change no more, time alone considered."""
        if self.phase in ("waiting", "open", "paused"):
            return False
        return not self.under_way() or self.closed is None or now > self.closed + grace

    def llm_score(self, contestant: str) -> float | None:
        """The judge's score from 0 to 10, or the human's that goes before it."""
        if contestant in self.overrides:
            return self.overrides[contestant].score
        verdict = self.verdicts.get(contestant)
        return verdict.score if verdict else None


@dataclass(frozen=True)
class State:
    """A whole finale; `seq` counts the commands that made it.

    `since` is when it became the current one, if it was asked for as such: of two, the later is the newer.
    """

    id: str
    settings: FinaleSettings
    contestants: tuple[Contestant, ...]
    rounds: tuple[Round, ...]
    seq: int = 0
    since: float = 0.0

    @property
    def active(self) -> Round | None:
        """The round that is being played, if one is."""
        return next((r for r in self.rounds if r.phase != "waiting" and not r.over), None)

    @property
    def unfinished(self) -> bool:
        """Whether a round was opened and not all are over."""
        return any(r.opening for r in self.rounds) and not all(r.over for r in self.rounds)

    @property
    def shown(self) -> Round | None:
        """The round to look at: the active one, else the one that was over last, else the first."""
        over = [r for r in self.rounds if r.over]
        return self.active or max(over or self.rounds[:1], key=lambda r: r.ended, default=None)

    @property
    def next(self) -> Round | None:
        """The round to open next."""
        return next((r for r in self.rounds if r.phase == "waiting"), None)

    def contestant(self, id: str) -> Contestant | None:
        """The contestant with this id."""
        return next((c for c in self.contestants if c.id == id), None)

    def with_round(self, changed: Round) -> State:
        """The same finale with one round changed."""
        return replace(self, rounds=tuple(changed if r.number == changed.number else r for r in self.rounds))
