"""Pre-train the local models: python -m workshop_kit.local_aws.foundry.pretrain --model base --out FOLDER

Everything comes from the seed: text, order, weights. One thread, fp32, AdamW; on the same processor and version of
torch a second run gives the same file. Weights are stored as fp16 to halve the file; they are computed in fp32.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.foundry import tokenizer as tokenizers
from workshop_kit.local_aws.foundry.corpus import PAD, READINGS, Sample, samples


@dataclass(frozen=True)
class Design:
    """A model's shape and schooling; `steps` of `batch` pieces of text each, a share of them `readings`."""

    hidden: int
    layers: int
    heads: int
    inner: int
    steps: int
    batch: int = 32
    learning_rate: float = 3e-3
    readings: float = READINGS
    seed: int = 0


DESIGNS = {
    "base": Design(hidden=128, layers=4, heads=4, inner=384, steps=6000),
    "reference": Design(hidden=160, layers=4, heads=4, inner=480, steps=9000, readings=0.4),
}
# The loss on what is given (a question) teaches language; the loss on what is said teaches answers.
GIVEN_WEIGHT = 0.2
POOL = 16  # batches are cut from this many, sorted by length, so that little is padding
WARM_UP, DECAY_FROM = 100, 0.6


def pretrain(design: Design, out: Path, *, threads: int = 1, progress=print) -> float:
    """Train a model of `design` and save it with its tokenizer to `out`; returns the last hundred steps' mean loss."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(threads)
    torch.manual_seed(design.seed)
    tokenizers.train(out, design.seed)
    tokenizer = AutoTokenizer.from_pretrained(out)
    pad = tokenizer.convert_tokens_to_ids(PAD)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=design.hidden,
            num_hidden_layers=design.layers,
            num_attention_heads=design.heads,
            num_key_value_heads=design.heads,
            intermediate_size=design.inner,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=pad,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=design.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    recent: list[float] = []
    started = time.monotonic()
    for step, batch in enumerate(islice(_batches(tokenizer, design), design.steps), start=1):
        for group in optimizer.param_groups:
            group["lr"] = design.learning_rate * _rate(step, design.steps)
        longest = max(len(ids) for ids, _ in batch)
        ids = torch.full((len(batch), longest), pad)
        weight = torch.zeros(len(batch), longest)
        for row, (tokens, given) in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            weight[row, :given] = GIVEN_WEIGHT
            weight[row, given : len(tokens)] = 1.0
        # Padding stands at the end, where causal attention never looks: no mask is needed.
        logits = model(input_ids=ids[:, :-1]).logits
        losses = cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        weight = weight[:, 1:].flatten()
        loss = (losses * weight).sum() / weight.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        recent = [*recent[-99:], loss.item()]
        if step % 250 == 0 or step == design.steps:
            seconds = time.monotonic() - started
            progress(
                f"step {step}/{design.steps}  loss {sum(recent) / len(recent):.4f}  {seconds:.0f} s, "
                f"about {seconds / step * (design.steps - step):.0f} s left"
            )
    model.to(torch.float16).save_pretrained(out)
    return sum(recent) / len(recent)


def _rate(step: int, steps: int) -> float:
    """Warm up, hold, then fall in a straight line to a hundredth."""
    if step < WARM_UP:
        return step / WARM_UP
    left = (steps - step) / (steps * (1 - DECAY_FROM))
    return min(1.0, max(0.01, left))


def _batches(tokenizer: Any, design: Design) -> Iterator[list[tuple[list[int], int]]]:
    """Batches of (token ids, number of them given), each of similar lengths, in random order."""
    import random

    chance = random.Random(f"batches/{design.seed}")
    stream = samples(design.seed, design.readings)
    while True:
        pool = sorted(
            (_encode(tokenizer, sample) for sample in islice(stream, design.batch * POOL)), key=lambda row: len(row[0])
        )
        cut = [pool[n : n + design.batch] for n in range(0, len(pool), design.batch)]
        chance.shuffle(cut)
        yield from cut


def _encode(tokenizer: Any, sample: Sample) -> tuple[list[int], int]:
    given = tokenizer(sample.given, add_special_tokens=False)["input_ids"]
    said = tokenizer(sample.said, add_special_tokens=False)["input_ids"]
    return given + said, len(given)


def main(argv: list[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.local_aws.foundry.pretrain", description=__doc__)
    parser.add_argument("--model", choices=sorted(DESIGNS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    design = DESIGNS[args.model]
    print(asdict(design))
    pretrain(design, args.out, threads=args.threads, progress=lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
