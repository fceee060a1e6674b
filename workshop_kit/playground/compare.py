"""Models side by side, and how much an answer parrots its training rows."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.errors import BadInput, KitError
from workshop_kit.playground.endpoints import Model
from workshop_kit.records import Dataset, html_table
from workshop_kit.training.jobs import JobProgress

# Words per run when answers are compared with training rows: long enough not to be a mere phrase.
ECHO_WORDS = 6


@dataclass(frozen=True)
class Comparison:
    """The same questions to several models, side by side."""

    labels: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]  # one row per question, one answer per label
    seconds: tuple[tuple[float, ...], ...] = ()

    def rows(self) -> list[dict[str, str]]:
        """One dict per question: question, and one entry per model."""
        return [
            {"question": question} | dict(zip(self.labels, answers, strict=True))
            for question, answers in zip(self.questions, self.answers, strict=True)
        ]

    def _repr_html_(self) -> str:
        table: list[list[object]] = [[q, *a] for q, a in zip(self.questions, self.answers, strict=True)]
        return html_table(["question", *self.labels], table)


def compare(
    models: Sequence[Model] | Mapping[str, Model],
    questions: str | Sequence[str],
    *,
    progress: Callable[[JobProgress], None] | None = None,
    **settings: Any,
) -> Comparison:
    """Ask every model every question with the same settings (as in Endpoint.ask); a mapping gives the models' labels.

    A model that can't answer gets its error as its answer, so that one failure does not lose the rest.
    """
    named = dict(models) if isinstance(models, Mapping) else {_label(model): model for model in models}
    if len(named) < len(models):
        raise BadInput("Two of the models have the same label; give a mapping of labels to models.")
    asked = (questions,) if isinstance(questions, str) else tuple(questions)
    answers, times = [], []
    for number, question in enumerate(asked, 1):
        row, took = [], []
        for model in named.values():
            started = time.monotonic()
            try:
                row.append(model.ask(question, **settings))
            except KitError as problem:
                row.append(f"[no answer: {problem}]")
            took.append(time.monotonic() - started)
        answers.append(tuple(row))
        times.append(tuple(took))
        if progress is not None:
            progress(JobProgress(number, len(asked), None, f"Question {number} of {len(asked)}"))
    return Comparison(tuple(named), asked, tuple(answers), tuple(times))


@dataclass(frozen=True)
class Echo:
    """How much of an answer stands in one training row word for word, from 0 to 1, and that row's response."""

    score: float
    row: str


def echo(answer: str, training: Dataset | Iterable[str], words: int = ECHO_WORDS) -> Echo:
    """Does the answer parrot a training row?

    With G(x) the set of runs of n = min(words, length of the answer) consecutive words of x, in lower case and without
    punctuation: score = max over rows r of |G(answer) & G(r)| / |G(answer)|. 1 means that one row's response holds
    every run of the answer. Facts have to be repeated, so a right answer scores too: look at answers to questions
    that NO row answers.
    """
    responses = [example.response for example in training] if isinstance(training, Dataset) else list(training)
    spoken = _words(answer)
    size = max(1, min(words, len(spoken)))
    mine = _runs(spoken, size)
    if not mine:
        return Echo(0.0, "")
    best = max(responses, key=lambda row: len(mine & _runs(_words(row), size)), default="")
    return Echo(len(mine & _runs(_words(best), size)) / len(mine), best)


def repetition(answer: str, words: int = 3) -> float:
    """The share of an answer's runs of `words` words that have stood in it before: 0 for none, towards 1 for a loop."""
    spoken = _words(answer)
    runs = [tuple(spoken[i : i + words]) for i in range(len(spoken) - words + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


@dataclass(frozen=True)
class AnswerCheck:
    """What a run's answers say of it, beside its curves: mean echo of the training rows, and mean repetition."""

    echo: float
    repetition: float
    answers: int

    def __str__(self) -> str:
        loops = "the answers run in circles: train less, or with a lower rate" if self.repetition > 0.3 else ""
        parrots = "the answers are training rows word for word, whatever was asked" if self.echo > 0.9 else ""
        told = "; ".join(filter(None, (parrots, loops))) or "nothing to object to"
        return f"{self.answers} answers: echo {self.echo:.0%}, repetition {self.repetition:.0%}; {told}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"


def check_answers(model: Model, questions: Sequence[str], training: Dataset, **settings: Any) -> AnswerCheck:
    """Ask questions that no training row answers, and see whether the model parrots rows or runs in circles.

    A question that a row answers is echoed by any good model; ask others. Raises BadInput when there are none.
    """
    if not questions:
        raise BadInput("There is no question to ask; give some that no training row answers.")
    answers = [model.ask(question, **settings) for question in questions]
    echoes = [echo(answer, training).score for answer in answers]
    loops = [repetition(answer) for answer in answers]
    return AnswerCheck(sum(echoes) / len(answers), sum(loops) / len(answers), len(answers))


def _label(model: Any) -> str:
    return getattr(model, "name", "") or getattr(model, "model_id", "") or model.label


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[.,'][^\W_]+)*", text.lower())


def _runs(words: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}
