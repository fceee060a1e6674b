"""Answering beside transformers' generate: the same model, prompts and threads, greedy, one process, one run.

The model is the workspace's base (WORKSHOP_BASE_MODEL), the real one where it is on this machine. It is answered for by
OpenVINO GenAI, the tiny one by the kit's own loop over transformers. The peer is generate in the number format that is
faster here. Tokens are those of the answers. Both stop at the model's end of turn; how many answers differ is printed
too: 8-bit weights and bfloat16 break near ties differently, and one other token changes the rest of an answer.

Why OpenVINO GenAI: all figures are tokens of answers per second on ONE thread of a shared machine (avx512_bf16), 40
tokens asked and 60 answered alone / 16 together, then tokens of prompt per second at 600 tokens.

    OpenVINO GenAI 2026.4.1, 8 bits    48 to 54 / 263 to 314    800    paged cache, adapters exchanged in 0.04 s,
                                                                       log-probabilities of prompts, seeds by request
    CTranslate2 4.8.5, int8                  47 / 251           650    no adapters, a batch begins and ends together;
                                                                       16 prompts of 600 tokens: 4 times slower
    xllamacpp 2026.10, Q8_0 of the GGUF      54 / 86            130    its wheel has AVX2 at most, so neither bfloat16
                                                                       nor VNNI; no log-probabilities of prompts
    transformers 5, bfloat16, two threads    25 / 205

xllamacpp with two threads and Q4_0 is the fastest alone (127 to 206), and several times slower where prompts are long
(2,500 tokens: 14 s to the first text, here 4 s on one thread) or many ask at once, which is most of this work:
judging, the open book, distillation. On 50 rows the mean log-likelihood under a tuned adapter is -0.7511, against
-0.7465 for transformers in float32 and -0.7476 in bfloat16; key facts held in 40 answers: 48, 42 and 42 of 172.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop_kit.local_aws import catalogue, turns
from workshop_kit.local_aws.inference import paged
from workshop_kit.local_aws.inference.requests import Request
from workshop_kit.local_aws.inference.supported import LINEAR
from workshop_kit.local_aws.jobs.threads import usable_threads

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
QUESTIONS = "practice_questions.jsonl"
LENGTH, RUNS = 64, 3
LONG = 2500  # tokens, as in a prompt for distillation
Turns = list[dict[str, str]]
Told = tuple[int, list[str], float]  # tokens, answers, seconds to the first text


def measure() -> list[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}; tokens per second are better higher, times lower."""
    base = catalogue.base_model()
    real = paged.takes(base)
    path = DATASETS / ("insurance-underwriting" if real else "tiny/state-local-services") / QUESTIONS
    questions = [json.loads(line)["question"] for line in path.read_text(encoding="utf-8").splitlines()[:16]]
    asked = [[{"role": "user", "content": question}] for question in questions]
    if not real:
        return _compare("", _Plain(base, None), _Peer(base, None), asked)
    rows = _compare("", mine := _Paged(base), peer := _Peer(base, None), asked)
    long = [[{"role": "user", "content": "word " * LONG + questions[0]}]]
    rows.append(_row(f"time to the first text, prompt of {LONG:,} tokens", mine(long)[2], peer(long, 1)[2], "s"))
    with tempfile.TemporaryDirectory() as folder:
        adapter = _adapter(base, Path(folder))
        mine.select(adapter)
        return rows + _compare("with an adapter, ", mine, _Peer(base, adapter), asked)


def _compare(label: str, ours: Callable[..., Told], peer: Callable[..., Told], asked: list[Turns]) -> list[dict]:
    rows: list[dict[str, object]] = []
    for parts in ([[one] for one in asked[:4]], [asked]):
        what = f"{label}batch of {len(parts[0])} (transformers generate)"
        rows.append(_row(what, _rate(ours, parts), _rate(peer, parts), "tokens/s"))
    first = statistics.median(ours(asked[:1])[2] for _ in range(5))
    rows.append(_row(f"{label}time to the first text, batch of 1", first, None, "s"))
    a, b = ours(asked)[1], peer(asked)[1]
    differ = sum(x.strip() != y.strip() for x, y in zip(a, b, strict=True))
    rows.append(_row(f"{label}answers of {len(a)} that differ from the peer's", float(differ), None, "answers"))
    return rows


class _Listener:
    """Requests for a batch, and what came of them."""

    def __init__(self, asked: list[Turns]) -> None:
        self.begun = time.perf_counter()
        self.first = 0.0
        self.said: list[list[str]] = [[] for _ in asked]
        self.requests = [
            Request(turns, LENGTH, emit=lambda text, _, number=number: self._heard(number, text))
            for number, turns in enumerate(asked)
        ]

    def _heard(self, number: int, text: str) -> None:
        self.first = self.first or time.perf_counter() - self.begun
        self.said[number].append(text)

    def told(self) -> Told:
        tokens = sum(len(request.said) for request in self.requests)
        return tokens, ["".join(pieces) for pieces in self.said], self.first


class _Paged:
    """Ours for a real model."""

    def __init__(self, base: str) -> None:
        self._model = paged.Paged(base, usable_threads())
        self.select(None)

    def select(self, adapter: str | None) -> None:
        self._model.select(adapter)

    def __call__(self, asked: list[Turns]) -> Told:
        listener = _Listener(asked)
        for request in listener.requests:
            self._model.prepare(request)
            self._model.answer(request)
        while self._model.busy:
            self._model.step()
        return listener.told()


class _Plain:
    """Ours for the tiny model, and for what the paged engine can't take."""

    def __init__(self, base: str, adapter: str | None) -> None:
        from workshop_kit.local_aws.inference.engine import Engine

        self._engine = Engine(usable_threads())
        self._loaded = self._engine.load(base, adapter)

    def __call__(self, asked: list[Turns]) -> Told:
        listener = _Listener(asked)
        for request in listener.requests:
            self._engine.prepare(self._loaded, request)
        self._engine.generate(self._loaded, listener.requests)
        return listener.told()


class _Peer:
    """transformers' generate over the same weights; an adapter is merged into them."""

    def __init__(self, base: str, adapter: str | None) -> None:
        from transformers import AutoTokenizer

        from workshop_kit.local_aws.inference.engine import Engine

        self._loaded = Engine(usable_threads()).load(base, adapter)  # sets the threads too
        self._tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")

    def __call__(self, asked: list[Turns], length: int = LENGTH) -> Told:
        import torch

        begun = time.perf_counter()
        texts = [turns.render(conversation, self._loaded.kind) for conversation in asked]
        batch = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.inference_mode():
            out = self._loaded.model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=length,
                do_sample=False,
                eos_token_id=sorted(self._loaded.ends),
                pad_token_id=self._tokenizer.pad_token_id,
            )
        new = out[:, batch["input_ids"].shape[1] :]
        outside = {self._tokenizer.pad_token_id, *self._loaded.ends}
        tokens = sum(int(token) not in outside for row in new for token in row)
        return tokens, self._tokenizer.batch_decode(new, skip_special_tokens=True), time.perf_counter() - begun


def _adapter(base: str, folder: Path) -> str:
    """A LoRA adapter of rank 8 on all linear layers, slightly off nothing."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=list(LINEAR), task_type="CAUSAL_LM"))
    for name, values in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(values, std=1e-3)
    model.save_pretrained(folder)
    return str(folder)


def _rate(answer: Callable[[list], Told], parts: list) -> float:
    """The median over RUNS of tokens per second, after one run to warm up."""
    answer(parts[0])
    rates = []
    for _ in range(RUNS):
        started = time.perf_counter()
        tokens = sum(answer(part)[0] for part in parts)
        rates.append(tokens / (time.perf_counter() - started))
    return statistics.median(rates)


def _row(what: str, mine: float, theirs: float | None, unit: str) -> dict[str, object]:
    return {"benchmark": "serve", "what": what, "ours": mine, "peer": theirs, "unit": unit}
