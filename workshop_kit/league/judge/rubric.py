"""What one answer is worth by the rubric, without another beside it."""

from __future__ import annotations

from dataclasses import dataclass

from workshop_kit.aws import Aws
from workshop_kit.domains import Question
from workshop_kit.league.judge.exhibit import Exhibit, exhibit, fill
from workshop_kit.league.judge.settings import JudgeSettings
from workshop_kit.league.judge.verdict import ask, parse_rating


@dataclass(frozen=True)
class Rating:
    """One answer's scores from 0 to 10: (criterion, score) with None where the judge could not tell.

    `total` is the mean of the known scores by the criteria's weights; `settings` is the id of the settings.
    """

    question_id: str
    scores: tuple[tuple[str, float | None], ...]
    total: float
    reason: str
    judge: str = ""
    settings: str = ""
    flags: tuple[str, ...] = ()
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


def rating_prompt(question: Question, answer: str, settings: JudgeSettings | None = None) -> str:
    """The judge's prompt to rate one answer."""
    settings = settings or JudgeSettings.load()
    return _prompt(question, exhibit(question, answer, settings), settings)


def rate(aws: Aws, model_id: str, question: Question, answer: str, *, settings: JudgeSettings | None = None) -> Rating:
    """Rate one answer by the rubric, with one more try when the reply can't be used.

    Raises LeagueProblem when the second reply can't be used either, AwsProblem when a call can't be made.
    """
    settings = settings or JudgeSettings.load()
    shown = exhibit(question, answer, settings)
    text = _prompt(question, shown, settings)
    (scores, reason), spent = ask(aws, model_id, text, settings, lambda reply: parse_rating(reply, settings.names))
    known = [(c.weight, score) for c in settings.criteria if (score := scores[c.name]) is not None]
    total = sum(weight * score for weight, score in known) / sum(weight for weight, _ in known)
    return Rating(
        question.id,
        tuple(scores.items()),
        total,
        reason,
        model_id,
        settings.id,
        shown.flags,
        spent.calls,
        spent.input_tokens,
        spent.output_tokens,
        spent.seconds,
    )


def _prompt(question: Question, shown: Exhibit, settings: JudgeSettings) -> str:
    scores = ", ".join(f'"{name}": 0-10 or null' for name in settings.names)
    reply = f'Reply with JSON only: {{"scores": {{{scores}}}, "reason": "one sentence"}}'
    return fill(settings.rubric, "rate_answer", question, settings, reply, {"answer": shown})
