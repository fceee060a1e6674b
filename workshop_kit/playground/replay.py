"""The same questions to up to four models: answers, latency, tokens and cost side by side; blind if wanted; CSV."""

from __future__ import annotations

import csv
import io
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workshop_kit.authoring.budget import TOKEN_PRICES
from workshop_kit.errors import BadInput, Cancelled, KitError
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.playground.endpoints import BedrockModel, Model
from workshop_kit.records import html_table, pandas
from workshop_kit.training.cost import charges
from workshop_kit.training.jobs import Cancel, JobProgress
from workshop_kit.workspace import write_atomically

if TYPE_CHECKING:
    import pandas as pd

MOST_MODELS = 4
CHARACTERS_PER_TOKEN = 4.0


@dataclass(frozen=True)
class Reply:
    """One answer. `tokens` (question and answer) are estimated from characters, four to a token; `usd` is None where
    the kit has no price, and 0 where nobody sends a bill.
    """

    question: str
    model: str
    answer: str
    seconds: float
    tokens: int
    usd: float | None
    failed: bool = False


@dataclass(frozen=True)
class Replay:
    """All answers, in the order of the questions and models. Blind ones bear letters until `reveal()`."""

    replies: tuple[Reply, ...]
    models: tuple[str, ...]
    _names: Mapping[str, str] = field(default_factory=dict, repr=False)

    def reveal(self) -> Replay:
        """The same with the models' names."""
        named = tuple(replace(reply, model=self._names.get(reply.model, reply.model)) for reply in self.replies)
        return Replay(named, tuple(self._names.get(model, model) for model in self.models))

    def to_frame(self) -> pd.DataFrame:
        """A row for each answer."""
        pd = pandas()
        columns = ["question", "model", "answer", "seconds", "tokens", "usd", "failed"]
        return pd.DataFrame([[getattr(reply, name) for name in columns] for reply in self.replies], columns=columns)

    def to_csv(self, path: str | Path) -> Path:
        """Write all answers, a row each, whole or not at all; no cell runs as a formula."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(["question", "model", "answer", "seconds", "tokens", "usd"])
        for reply in self.replies:
            texts = [spreadsheet_cell(text) for text in (reply.question, reply.model, reply.answer)]
            usd = "" if reply.usd is None else f"{reply.usd:.6f}"
            writer.writerow([*texts, f"{reply.seconds:.3f}", reply.tokens, usd])
        write_atomically(Path(path), out.getvalue())
        return Path(path)

    def summary(self) -> list[list[object]]:
        """For each model: answers, failures, median seconds, tokens, USD for a thousand such answers."""
        rows: list[list[object]] = []
        for model in self.models:
            own = [reply for reply in self.replies if reply.model == model]
            prices = [reply.usd for reply in own if reply.usd is not None]
            usd = f"{1000 * sum(prices) / len(prices):.4f}" if prices else "no price known"
            seconds = f"{statistics.median(reply.seconds for reply in own):.2f}"
            rows.append([model, len(own), sum(r.failed for r in own), seconds, sum(r.tokens for r in own), usd])
        return rows

    def _repr_html_(self) -> str:
        head = ["model", "answers", "failed", "median seconds", "tokens", "USD per 1,000 answers"]
        questions = list(dict.fromkeys(reply.question for reply in self.replies))
        by_place = {(reply.question, reply.model): reply.answer for reply in self.replies}
        rows: list[list[object]] = [[q, *(by_place[q, model] for model in self.models)] for q in questions]
        return html_table(head, self.summary()) + html_table(["question", *self.models], rows)


def replay(
    models: Mapping[str, Model],
    questions: Sequence[str],
    *,
    blind: bool = False,
    seed: int = 0,
    at_once: int = 4,
    progress: Callable[[JobProgress], None] | None = None,
    cancel: Cancel | None = None,
    **settings: Any,
) -> Replay:
    """Ask every model every question with the same settings (as in Endpoint.ask), a few at a time.

    `blind` gives the models letters in an order drawn by `seed`. A model that can't answer gets its error as its
    answer. Raises BadInput for no question or more than four models, and Cancelled.
    """
    if not questions or not 1 <= len(models) <= MOST_MODELS:
        raise BadInput(f"{len(models)} models, {len(questions)} questions; give one to {MOST_MODELS} models, and some.")
    names = list(models)
    if blind:
        random.Random(seed).shuffle(names)
    shown = {name: chr(ord("A") + n) if blind else name for n, name in enumerate(names)}
    places = [(question, name) for question in questions for name in names]
    replies: list[Reply | None] = [None] * len(places)

    def one(number: int) -> None:
        if cancel is not None and cancel.is_set():
            return
        question, name = places[number]
        replies[number] = _ask(models[name], question, shown[name], settings)

    with ThreadPoolExecutor(at_once) as pool:
        for done, _ in enumerate(pool.map(one, range(len(places))), start=1):
            if progress is not None:
                progress(JobProgress(done, len(places), None, f"Answer {done} of {len(places)}"))
    if any(reply is None for reply in replies):
        raise Cancelled(f"The replay was stopped after {sum(reply is not None for reply in replies)} answers.")
    told = tuple(reply for reply in replies if reply is not None)
    return Replay(told, tuple(shown[name] for name in names), {shown[name]: name for name in names} if blind else {})


def _ask(model: Model, question: str, shown: str, settings: Mapping[str, Any]) -> Reply:
    started = time.monotonic()
    try:
        answer, failed = model.ask(question, **settings), False
    except KitError as problem:
        answer, failed = f"[no answer: {problem}]", True
    seconds = time.monotonic() - started
    system = settings.get("system")
    given = len(question) + len(getattr(model, "system", "") if system is None else system)
    asked, said = round(given / CHARACTERS_PER_TOKEN), round(len(answer) / CHARACTERS_PER_TOKEN)
    return Reply(question, shown, answer, seconds, asked + said, _usd(model, asked, said), failed)


def _usd(model: Model, asked: int, said: int) -> float | None:
    """What an answer costs by the token; endpoints cost by the hour, asked or not, so an answer has no price."""
    aws = getattr(model, "aws", None)
    if aws is not None and not charges(aws):
        return 0.0
    if not isinstance(model, BedrockModel):
        return None
    names = f"{model.model_id} {model.label}"
    price = next((price for id, price in TOKEN_PRICES.items() if id in names), None)
    return None if price is None else (asked * price.input + said * price.output) / 1e6
