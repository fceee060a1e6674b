"""One run: train on rows, answer through the model server, have the local judge compare with the reference."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit import formats
from workshop_kit.bench.truths.settings import VALIDATION, Setting
from workshop_kit.domains import Passage, Question, question_from
from workshop_kit.league import judge as league_judge
from workshop_kit.league.asking import MAX_NEW_TOKENS
from workshop_kit.local_aws.inference import client
from workshop_kit.local_aws.jobs.threads import usable_threads
from workshop_kit.retrieval import OpenBook
from workshop_kit.worlds.base import World

AT_ONCE = 16


@dataclass(frozen=True)
class Result:
    """What came out: shares from 0 to 1, losses in nats; `epoch` is the last one trained, 0 for an untuned model."""

    setting: str
    world: str
    seed: int
    epoch: int
    wins: float
    ties: float
    facts: float
    train_loss: float | None = None
    eval_loss: float | None = None
    seconds: float = 0.0


class Bench:
    """The base model, a world's questions and the reference's answers, for runs of one seed."""

    def __init__(self, home: Path, base: str, world: World, questions: Sequence[Question], seed: int) -> None:
        self.home, self.base, self.world, self.seed = home, base, world, seed
        self.questions = tuple(questions)
        self._reference: list[str] | None = None

    def ask(self, adapter: Path | None, prompts: Sequence[str], system: str = "", **settings: Any) -> list[str]:
        """Greedy answers, several at once, in the form in which the league asks an endpoint."""
        ref = client.ModelRef(self.base, str(adapter) if adapter else None, "bench")
        params = {"max_new_tokens": MAX_NEW_TOKENS, "temperature": 0.0, "top_p": 1.0} | settings

        def one(prompt: str) -> str:
            text = formats.llama3_prompt(prompt, system or None)
            return "".join(piece.text for piece in client.generate(self.home, ref, text, params)).strip()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, prompts))

    def reference(self) -> list[str]:
        """The untuned model with the book open, asked once."""
        if self._reference is None:
            book = OpenBook(handbook_passages(self.world))
            self._reference = self.ask(None, [book.prompt(q.question) for q in self.questions])
        return self._reference

    def result(self, name: str, epoch: int, answers: Sequence[str], **more: Any) -> Result:
        """Answers judged against the reference's, in both orders."""
        outcomes = [
            outcome(question, answer, other)
            for question, answer, other in zip(self.questions, answers, self.reference(), strict=True)
        ]
        count = len(outcomes)
        return Result(
            name, self.world.id, self.seed, epoch,
            sum(o == "win" for o in outcomes) / count, sum(o == "tie" for o in outcomes) / count,
            sum(held(q, a) for q, a in zip(self.questions, answers, strict=True)) / count, **more,
        )  # fmt: skip


def handbook_passages(world: World) -> list[Passage]:
    """The handbook's paragraphs as passages."""
    found, topic = [], ""
    for block in world.handbook().split("\n\n"):
        if block.startswith("## "):
            topic = block[3:].split("{")[0].strip()
        elif block.strip() and not block.startswith("#"):
            found.append(Passage(topic, topic, " ".join(block.split())))
    return found


def outcome(question: Question, answer: str, other: str) -> str:
    """win, tie, loss or flip, seen from `answer`, by the local judge's rules; its gate of language is open."""
    from workshop_kit.local_aws.standins import judge as standin

    found = []
    for first, second, names in (
        (answer, other, {"A": "win", "B": "loss"}),
        (other, answer, {"A": "loss", "B": "win"}),
    ):
        text = league_judge.prompt(question, first, second)
        told = json.loads(standin.reply(None, [{"role": "user", "content": [{"text": text}]}], "", {}))
        found.append(names.get(told["winner"], "tie"))
    return found[0] if found[0] == found[1] else "flip"


def held(question: Question, answer: str) -> float:
    """The share of a question's key facts that an answer says."""
    from workshop_kit.local_aws.standins.polarity import Statement

    said = Statement(answer)
    return sum(any(said.says(w) for w in fact.any_of) for fact in question.key_facts) / len(question.key_facts)


class _Quiet:
    def log(self, line: str) -> None:
        pass

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        pass

    def progress(self, step: int, total: int) -> None:
        pass


def run(bench: Bench, setting: Setting, work: Path) -> list[Result]:
    """Train by a setting and judge; a watched one is judged after every second epoch too."""
    from workshop_kit.local_aws.trainer.finetune import FineTuneSpec, finetune

    shutil.rmtree(work, ignore_errors=True)
    rows = setting.rows(bench.world, bench.seed)
    held_out = bench.world.rows(VALIDATION, bench.seed + 7_000)
    for name, part in (("train", rows), ("validation", held_out)):
        folder = work / name
        folder.mkdir(parents=True)
        lines = (json.dumps({k: row[k] for k in ("instruction", "context", "response")}) + "\n" for row in part)
        (folder / "rows.jsonl").write_text("".join(lines), encoding="utf-8")
        (folder / "template.json").write_text(json.dumps(formats.LLAMA3_TEMPLATE), encoding="utf-8")
    told = {"instruction_tuned": "True", "add_input_output_demarcation_key": "False", "seed": str(10 + bench.seed)}
    told |= setting.hyperparameters
    spec = FineTuneSpec(
        bench.base, work / "train", work / "validation", told, work / "state", work / "out", usable_threads()
    )
    results: list[Result] = []

    def judged(epoch: int, adapter: Path, history: Sequence[dict[str, Any]], speed: float) -> Result:
        answers = bench.ask(adapter, [q.question for q in bench.questions])
        (work / f"answers-{epoch}.json").write_text(json.dumps(answers, indent=1), encoding="utf-8")
        last = history[-1]
        tokens = dict(train_loss=last["train_epoch_loss"], eval_loss=last.get("eval_epoch_loss"), seconds=speed)
        return bench.result(setting.name, epoch, answers, **tokens)

    def after(epoch: int, adapter: Path, history: Sequence[dict[str, Any]]) -> None:
        if setting.watched and epoch in (2, 4, 8, 12):
            results.append(judged(epoch, adapter, history, 0.0))

    done = finetune(spec, _Quiet(), lambda: False, after_epoch=after)
    results.append(judged(done.epochs, spec.output_dir, done.history, done.tokens_per_second))
    return results


def questions_of(world: World, count: int, seed: int) -> tuple[Question, ...]:
    """A fresh hidden set."""
    return tuple(question_from(row) for row in world.hidden(count, seed))
