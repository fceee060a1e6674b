"""The judge's gate of language: `python -m workshop_kit.bench.judge.likelihood` prints what its marks rest on.

The mean log-likelihood per token, under the base model, of the worlds' own answers as they are, with neighbouring words
swapped, and with all words shuffled.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from workshop_kit.worlds import WORLDS, world

COUNT, SEED = 25, 3


def main() -> int:
    """Print a table."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from workshop_kit.local_aws import catalogue

    folder = catalogue.base_model()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()

    def likelihood(text: str) -> float:
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            known = model(ids).logits[0, :-1].float().log_softmax(-1)
        return known.gather(-1, ids[0, 1:, None]).mean().item()

    chance = random.Random(SEED)
    forms: dict[str, Callable[[str], str]] = {
        "as they are": str,
        "neighbours swapped": _swapped,
        "shuffled": lambda text: " ".join(chance.sample(text.split(), len(text.split()))),
    }
    print("| domain | words | least | tenth | middle | most |\n|---|---|---|---|---|---|")
    for id in WORLDS:
        answers = [row["reference_answer"] for row in world(id).practice(COUNT, SEED)]
        for name, form in forms.items():
            found = sorted(likelihood(form(answer)) for answer in answers)
            places = (0, len(found) // 10, len(found) // 2, -1)
            print(f"| {id} | {name} | " + " | ".join(f"{found[place]:.2f}" for place in places) + " |")
    return 0


def _swapped(text: str) -> str:
    words = text.split()
    for n in range(0, len(words) - 1, 2):
        words[n], words[n + 1] = words[n + 1], words[n]
    return " ".join(words)


if __name__ == "__main__":
    raise SystemExit(main())
