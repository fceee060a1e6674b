"""Answering beside transformers' generate: the same model, prompts and threads, greedy, one process, one run.

Tokens are those of the answers. Both stop at the model's end of turn; how many answers differ is printed too, since two
ways to the same logits may break a near tie differently.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from workshop_kit.local_aws.jobs.threads import usable_threads

WEIGHTS = Path(__file__).resolve().parent / "weights" / "base"
DATASETS = Path(__file__).resolve().parents[2] / "datasets" / "tiny"
QUESTIONS = DATASETS / "state-local-services" / "practice_questions.jsonl"
LENGTH, RUNS = 64, 5


def measure() -> list[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}; tokens per second are better higher, times lower."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from workshop_kit.local_aws.inference.engine import Engine, Request

    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()[:16]
    prompts = [[{"role": "user", "content": json.loads(line)["question"]}] for line in lines]
    engine = Engine(usable_threads())
    loaded = engine.load(str(WEIGHTS), None)  # sets the threads for both
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(WEIGHTS, dtype=torch.float32).eval()
    first: list[float] = []

    def ours(asked: list[list[dict[str, str]]]) -> tuple[int, list[str]]:
        said: list[list[str]] = [[] for _ in asked]
        begun = time.perf_counter()

        def emit(number: int, text: str) -> None:
            if not said[number]:
                first.append(time.perf_counter() - begun)
            said[number].append(text)

        requests = [
            Request(turns, LENGTH, emit=lambda text, tokens, number=number: emit(number, text))
            for number, turns in enumerate(asked)
        ]
        for request in requests:
            engine.prepare(loaded, request)
        engine.generate(loaded, requests)
        return sum(len(request.said) for request in requests), ["".join(pieces) for pieces in said]

    def peer(asked: list[list[dict[str, str]]]) -> tuple[int, list[str]]:
        texts = [tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True) for turns in asked]
        batch = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.inference_mode():
            out = model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=LENGTH,
                do_sample=False,
                eos_token_id=sorted(loaded.ends),
                pad_token_id=tokenizer.pad_token_id,
            )
        new = out[:, batch["input_ids"].shape[1] :]
        outside = {tokenizer.pad_token_id, *loaded.ends}
        tokens = sum(int(token) not in outside for row in new for token in row)
        return tokens, tokenizer.batch_decode(new, skip_special_tokens=True)

    rows: list[dict[str, object]] = []
    for size in (1, 16):
        parts = [prompts[start : start + size] for start in range(0, 16, size)]
        mine, theirs = _rate(ours, parts), _rate(peer, parts)
        rows.append(_row(f"batch of {size} (transformers generate)", mine, theirs, "tokens/s"))
    first.clear()
    ours(prompts[:1])
    rows.append(_row("time to the first text, batch of 1", statistics.median(first), None, "s"))
    a, b = ours(prompts)[1], peer(prompts)[1]
    differ = sum(x.strip() != y.strip() for x, y in zip(a, b, strict=True))
    rows.append(_row(f"answers of {len(a)} that differ from the peer's", float(differ), None, "answers"))
    return rows


def _rate(answer: Callable[[list], tuple[int, list[str]]], parts: list) -> float:
    """The median over RUNS of tokens per second, after one run to warm up."""
    for part in parts:
        answer(part)
    rates = []
    for _ in range(RUNS):
        started = time.perf_counter()
        tokens = sum(answer(part)[0] for part in parts)
        rates.append(tokens / (time.perf_counter() - started))
    return statistics.median(rates)


def _row(what: str, mine: float, theirs: float | None, unit: str) -> dict[str, object]:
    return {"benchmark": "serve", "what": what, "ours": mine, "peer": theirs, "unit": unit}
