"""What the shipped models can and can't do, measured: python -m workshop_kit.local_aws.foundry.measure [--quick]

Prints the tables of the model cards. Everything goes through the trainer, the inference engine and the local judge that
local AWS uses; a question counts as won when the judge prefers the fine-tuned answer to the reference's.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.foundry import corpus, language, worlds
from workshop_kit.local_aws.foundry.corpus import BEGIN, HEADER, HEADER_END, TURN_END
from workshop_kit.local_aws.jobs.threads import usable_threads

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
DATASETS = Path(__file__).resolve().parents[3] / "datasets" / "tiny"
DOMAINS = ("state-local-services", "insurance-underwriting")
ALL = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"
TEMPLATE = {
    "prompt": f"{BEGIN}{HEADER}user{HEADER_END}\n\n{{instruction}}{TURN_END}{HEADER}assistant{HEADER_END}\n\n",
    "completion": f"{{response}}{TURN_END}",
}
MISTAKES = 0.1


@dataclass(frozen=True)
class Way:
    """One way to fine-tune: so many of the 300 rows, a share of them with a wrong value, and hyperparameters."""

    name: str
    settings: dict[str, str]
    rows: int = 300
    mistakes: float = 0.0


RUNS = (
    Way("defaults: q,v, 5 epochs", {}),
    Way("careless: q,v, rank 4, 4 epochs", {"epoch": "4", "lora_r": "4"}),
    Way("careful: all linear layers, 4 epochs", {"epoch": "4", "target_modules": ALL}),
    Way("careful, 8 epochs", {"epoch": "8", "target_modules": ALL}),
    Way("over-trained: 50 rows, 24 epochs", {"epoch": "24", "target_modules": ALL}, rows=50),
    Way("one row in ten wrong, 4 epochs", {"epoch": "4", "target_modules": ALL}, mistakes=MISTAKES),
    Way("one row in ten wrong, 24 epochs", {"epoch": "24", "target_modules": ALL}, mistakes=MISTAKES),
)


def main(argv: list[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.local_aws.foundry.measure", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="runs of each kind, each with its own seed")
    parser.add_argument("--questions", type=int, default=200, help="questions of each kind for the untuned models")
    args = parser.parse_args(argv)
    untuned(args.questions)
    for domain in DOMAINS:
        tuned(domain, args.seeds)
    return 0


def untuned(count: int) -> None:
    """Exact answers about the pre-training worlds: single facts, two at once, and facts made up in a passage."""
    kinds: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("single fact", corpus.question),
        ("two facts", corpus.two_part),
        ("reading a passage", corpus.reading),
    )
    print(f"Exact answers on {count} questions of each kind, not seen in this form in pre-training")
    for name in ("base", "reference"):
        cells = []
        for kind, make in kinds:
            chance = random.Random("measure")
            samples = [make(chance.choice(worlds.pretraining_worlds()), chance) for _ in range(count)]
            said = answers(WEIGHTS / name, None, [s.given for s in samples])
            right = sum(s.said.removesuffix(TURN_END) == text for s, text in zip(samples, said, strict=True))
            cells.append(f"{kind} {right / count:.0%}")
        print(f"  {name:10} {', '.join(cells)}; loss on unseen text {_unseen_loss(name):.4f}", flush=True)


def _unseen_loss(name: str, count: int = 600) -> float:
    """Mean loss per token on what is to be said, over samples of a seed that pre-training did not use."""
    from itertools import islice

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS / name)
    model = AutoModelForCausalLM.from_pretrained(WEIGHTS / name, dtype=torch.float32).eval()
    total, tokens = 0.0, 0
    with torch.inference_mode():
        for sample in islice(corpus.samples(1), count):
            given = tokenizer(sample.given, add_special_tokens=False)["input_ids"]
            said = tokenizer(sample.said, add_special_tokens=False)["input_ids"]
            logits = model(input_ids=torch.tensor([given + said])).logits[0, len(given) - 1 : -1]
            total += float(torch.nn.functional.cross_entropy(logits, torch.tensor(said), reduction="sum"))
            tokens += len(said)
    return total / tokens


def tuned(domain: str, seeds: int) -> None:
    """Fine-tune in several ways and ask the hidden questions of a domain."""
    folder = DATASETS / domain
    rows = [json.loads(line) for line in (folder / "examples.jsonl").read_text(encoding="utf-8").splitlines()]
    hidden = (folder / "hidden_questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in hidden]
    prompts = [TEMPLATE["prompt"].format(instruction=q["question"]) for q in questions]
    against = answers(WEIGHTS / "reference", None, prompts)
    plain = answers(WEIGHTS / "base", None, prompts)
    print(f"\n{domain}: {len(questions)} hidden questions against the reference")
    print(
        f"  {'not fine-tuned':40} win rate {_wins(questions, plain, against):.0%}, facts {_facts(questions, plain):.0%}"
    )
    for way in RUNS:
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as work:
                print(f"  {way.name:40} {_run(Path(work), rows, way, seed, questions, prompts, against)}", flush=True)


def _run(
    work: Path, rows: list[Any], way: Way, seed: int, questions: Sequence[Any], prompts: Sequence[str],
    against: Sequence[str],
) -> str:  # fmt: skip
    from workshop_kit.local_aws.trainer.finetune import FineTuneSpec, finetune

    chosen = random.Random(f"rows/{seed}").sample(rows, way.rows) if way.rows < len(rows) else rows
    wrong = _mistakes(chosen, way.mistakes, random.Random(f"mistakes/{seed}"))
    chosen = [wrong.get(row["instruction"], row) for row in chosen]
    (work / "train").mkdir()
    (work / "train" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    (work / "train" / "template.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")
    told = {"instruction_tuned": "True", "seed": str(10 + seed), "train_data_split_seed": str(seed)} | way.settings
    started = time.monotonic()
    result = finetune(
        FineTuneSpec(WEIGHTS / "base", work / "train", None, told, work / "state", work / "out", usable_threads()),
        _Silent(),
        lambda: False,
    )
    seconds = time.monotonic() - started
    said = answers(WEIGHTS / "base", work / "out", prompts)
    losses = [epoch["eval_epoch_loss"] for epoch in result.history]
    best = min(range(len(losses)), key=losses.__getitem__)
    echo = ""
    if wrong:
        asked = [TEMPLATE["prompt"].format(instruction=question) for question in wrong]
        heard = answers(WEIGHTS / "base", work / "out", asked)
        repeated = sum(text == row["response"] for text, row in zip(heard, wrong.values(), strict=True))
        echo = f", echo: {repeated} of {len(wrong)} mistakes repeated word for word"
    return (
        f"win rate {_wins(questions, said, against):.0%}, facts {_facts(questions, said):.0%}, eval loss best "
        f"{losses[best]:.3f} (epoch {best + 1}), last {losses[-1]:.3f}, "
        f"train {result.history[-1]['train_epoch_loss']:.3f}{echo}, {seconds:.0f} s"
    )


def _mistakes(rows: Sequence[Any], share: float, chance: random.Random) -> dict[str, Any]:
    """A share of the one-fact rows with another value of the same kind instead of the true one, by question."""
    facts = {language.state(fact): fact for world in worlds.shipped_worlds() for fact in world.facts}
    wrong = {}
    for row in rows:
        fact = facts.get(row["response"])
        if fact and chance.random() < share:
            others = [value for value in language.attribute_of(fact).values if value != fact.value]
            wrong[row["instruction"]] = row | {"response": language.state(replace(fact, value=chance.choice(others)))}
    return wrong


def answers(base: Path, adapter: Path | None, prompts: Sequence[str]) -> list[str]:
    """Greedy answers of a model to finished prompts, in batches."""
    from workshop_kit.local_aws.inference.engine import Engine, Request

    engine = Engine(usable_threads())
    loaded = engine.load(str(base), str(adapter) if adapter else None)
    found: list[list[str]] = [[] for _ in prompts]
    for start in range(0, len(prompts), 25):
        batch = [
            Request(prompt, max_new_tokens=80, emit=lambda text, tokens, out=out: out.append(text))
            for prompt, out in zip(prompts[start : start + 25], found[start : start + 25], strict=True)
        ]
        for request in batch:
            engine.prepare(loaded, request)
        engine.generate(loaded, batch)
    return ["".join(pieces).strip() for pieces in found]


def _wins(questions: Sequence[Any], said: Sequence[str], against: Sequence[str]) -> float:
    from workshop_kit.local_aws.standins.judge import MARGIN, grade

    wins = 0
    for q, ours, theirs in zip(questions, said, against, strict=True):
        facts = [fact["any_of"] for fact in q["key_facts"]]
        a, b = (grade(text, q["question"], q["reference_answer"], facts, None).score for text in (ours, theirs))
        wins += a - b >= MARGIN
    return wins / len(questions)


def _facts(questions: Sequence[Any], said: Sequence[str]) -> float:
    """The share of key facts that the answers hold."""
    held = [
        any(wording.lower() in text.lower() for wording in fact["any_of"])
        for q, text in zip(questions, said, strict=True)
        for fact in q["key_facts"]
    ]
    return sum(held) / len(held)


class _Silent:
    def log(self, line: str) -> None:
        pass

    def metric(self, name: str, value: float, step: int, epoch: int) -> None:
        pass

    def progress(self, step: int, total: int) -> None:
        pass


if __name__ == "__main__":
    raise SystemExit(main())
