"""Small sums for reinforcement fine-tuning. `python -m workshop_kit.local_aws.foundry.sums`

`warm_start.jsonl` holds worked sums for a supervised job, which leaves the model right at times only; `prompts.jsonl`
holds the questions alone with the numbers they should end in, for a reinforcement job; `held_out.jsonl` holds sums that
neither shows.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from workshop_kit.local_aws.foundry.intents import conversation

SYSTEM = "Work the sum out. End with the number."
LARGEST, TRAINED, SEED = 12, 128, 3


def pairs() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The addends of the sums to train on and of those held out, in a fixed random order."""
    every = [(a, b) for a in range(1, LARGEST + 1) for b in range(1, LARGEST + 1)]
    random.Random(SEED).shuffle(every)
    return every[:TRAINED], every[TRAINED:]


def question(a: int, b: int) -> str:
    """The question for two addends."""
    return f"What is {a} and {b}?"


def prompt(number: int, a: int, b: int) -> dict:
    """A row in OpenAI's chat form for reinforcement fine-tuning."""
    turns = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question(a, b)}]
    return {"id": f"sum-{number:03d}", "messages": turns, "reference_answer": str(a + b)}


def write(folder: Path) -> None:
    """Write the three files."""
    trained, held = pairs()
    rows = {
        "warm_start": [conversation(question(a, b), f"{a} and {b} is {a + b}.", SYSTEM) for a, b in trained],
        "prompts": [prompt(n, a, b) for n, (a, b) in enumerate(trained)],
        "held_out": [prompt(TRAINED + n, a, b) for n, (a, b) in enumerate(held)],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in rows.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[3] / "datasets" / "sums")
