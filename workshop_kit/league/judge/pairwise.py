"""Which of two answers is better, asked in both orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workshop_kit.aws import Aws
from workshop_kit.domains import Question
from workshop_kit.league.judge.exhibit import Exhibit, exhibit, fill
from workshop_kit.league.judge.settings import CLOSE, JudgeSettings
from workshop_kit.league.judge.verdict import Opinion, Spent, ask, parse
from workshop_kit.league.statistics import Outcome, outcome


@dataclass(frozen=True)
class CriterionScore:
    """Two answers' scores on one criterion, means over both orders, 0 to 10; None where the judge could not tell."""

    name: str
    candidate: float | None
    reference: float | None


@dataclass(frozen=True)
class Judgement:
    """One question judged in both orders, seen from the candidate.

    `first` and `second` are the winners told with the candidate shown first and second: "candidate", "reference" or
    "tie". Scores are means over both orders. `settings` is the id of the settings it was judged by. The reasons are
    the judge's, in the two orders: in the first A is the candidate, in the second B is. `flags` are signs that the
    candidate's answer speaks to the judge (see flags.FLAGS), `reference_flags` those of the other answer.
    """

    question_id: str
    outcome: Outcome
    candidate_score: float
    reference_score: float
    reason: str
    first: str = "tie"
    second: str = "tie"
    criteria: tuple[CriterionScore, ...] = ()
    judge: str = ""
    settings: str = ""
    second_reason: str = ""
    flags: tuple[str, ...] = ()
    reference_flags: tuple[str, ...] = ()
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    @property
    def flipped(self) -> bool:
        """Whether the two orders told different winners, whatever that came to."""
        return self.first != self.second

    @property
    def spent(self) -> Spent:
        """What it took, of both orders."""
        return Spent(self.calls, self.input_tokens, self.output_tokens, self.seconds)


def prompt(question: Question, a: str, b: str, settings: JudgeSettings | None = None) -> str:
    """The judge's prompt for one order."""
    settings = settings or JudgeSettings.load()
    return _prompt(question, exhibit(question, a, settings), exhibit(question, b, settings), settings)


def opinion(aws: Aws, model_id: str, text: str, *, settings: JudgeSettings | None = None) -> Opinion:
    """Ask the judge once, and once more if its reply can't be used.

    Raises LeagueProblem when the second reply can't be used either.
    """
    settings = settings or JudgeSettings.load()
    told, spent = ask(aws, model_id, text, settings, lambda reply: parse(reply, settings.names))
    return replace(told, spent=spent)


def judge(
    aws: Aws,
    model_id: str,
    question: Question,
    candidate: str,
    reference: str,
    *,
    settings: JudgeSettings | None = None,
) -> Judgement:
    """Judge one pair of answers in both orders; `settings.flips` says what differing winners come to.

    Raises LeagueProblem when a verdict can't be used, AwsProblem when a call can't be made.
    """
    settings = settings or JudgeSettings.load()
    ours, theirs = (exhibit(question, answer, settings) for answer in (candidate, reference))
    first = opinion(aws, model_id, _prompt(question, ours, theirs, settings), settings=settings)
    second = opinion(aws, model_id, _prompt(question, theirs, ours, settings), settings=settings)
    return _judgement(question, model_id, settings, (ours, theirs), (first, second))


def resolve(first: str, second: str, candidate: float, reference: float, settings: JudgeSettings) -> Outcome:
    """One outcome from the winners told in both orders and the mean scores, as `settings.flips` says."""
    told = outcome(first, second)
    if told != "flip" or settings.flips == "flip":
        return told
    if settings.flips == "scores":
        if abs(candidate - reference) < CLOSE:
            return "tie"
        return "win" if candidate > reference else "loss"
    decided = {first, second} - {"tie"}
    return outcome(*decided, *decided) if len(decided) == 1 else "flip"


def _prompt(question: Question, a: Exhibit, b: Exhibit, settings: JudgeSettings) -> str:
    scores = ", ".join(f'"{name}": {{"a": 0-10, "b": 0-10}}' for name in settings.names)
    reply = (
        f'Reply with JSON only: {{"winner": "A" | "B" | "tie", "criteria": {{{scores}}}, "score_a": 0-10, '
        '"score_b": 0-10, "reason": "one sentence"}'
    )
    return fill(settings.pairwise, "compare_answers", question, settings, reply, {"answer_a": a, "answer_b": b})


def _judgement(
    question: Question,
    model_id: str,
    settings: JudgeSettings,
    shown: tuple[Exhibit, Exhibit],
    told: tuple[Opinion, Opinion],
) -> Judgement:
    one, two = told
    first = {"A": "candidate", "B": "reference"}.get(one.winner, "tie")
    second = {"B": "candidate", "A": "reference"}.get(two.winner, "tie")
    ours, theirs = (one.score_a + two.score_b) / 2, (one.score_b + two.score_a) / 2
    swapped = {name: (b, a) for name, a, b in two.criteria}
    rows = tuple(
        CriterionScore(name, _mean(a, swapped.get(name, (None, None))[0]), _mean(b, swapped.get(name, (None, None))[1]))
        for name, a, b in one.criteria
    )
    spent: Spent = one.spent + two.spent
    return Judgement(
        question.id,
        resolve(first, second, ours, theirs, settings),
        ours,
        theirs,
        one.reason,
        first,
        second,
        rows,
        model_id,
        settings.id,
        two.reason,
        shown[0].flags,
        shown[1].flags,
        spent.calls,
        spent.input_tokens,
        spent.output_tokens,
        spent.seconds,
    )


def _mean(*scores: float | None) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
