"""Near-duplicate detection beside datasketch, rensa and semhash, and validation beside datasets and pydantic.

The peers come with: pip install 'workshop-kit[bench]'. Rows are generated, a tenth of them copies with a few words
changed. What counts as found: a row that shares at least 0.8 of its word pairs (Jaccard) with an earlier row. The truth
is computed pair by pair for the planted copies; precision checks what each peer reports against the same measure.
semhash compares embeddings; it gets hashed word pairs as vectors here, since its own model is a download.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from workshop_kit.errors import require

THRESHOLD = 0.8
SIZES = (1_000, 10_000, 100_000)
PERMUTATIONS = 128
SEMHASH_MOST = 10_000  # a dense vector for each row: a hundred thousand would need several gigabytes
Pairs = set[tuple[int, int]]


def measure() -> Iterable[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}: seconds, and recall and precision in percent."""
    for size in SIZES:
        yield from _duplicates(size)
    yield from _validation()


def rows(count: int, seed: int = 0) -> tuple[list[str], Pairs]:
    """Texts of 12 to 40 words, and which of them are copies of an earlier one with a few words changed (one in ten)."""
    chance = random.Random(f"bench/{seed}")
    words = [f"w{n}" for n in range(8000)]
    weights = [1 / (n + 10) for n in range(len(words))]
    texts: list[list[str]] = []
    copies: Pairs = set()
    while len(texts) < count:
        if texts and chance.random() < 0.1:
            source = chance.randrange(len(texts))
            copy = list(texts[source])
            for place in chance.sample(range(len(copy)), chance.randint(0, max(1, len(copy) // 12))):
                copy[place] = chance.choice(words)
            copies.add((source, len(texts)))
            texts.append(copy)
        else:
            texts.append(chance.choices(words, weights, k=chance.randint(12, 40)))
    return [" ".join(text) for text in texts], copies


def _duplicates(size: int) -> Iterable[dict[str, object]]:
    from workshop_kit.review.duplicates import jaccard, shingles

    texts, planted = rows(size)
    sets = [shingles(text) for text in texts]
    truth = {(a, b) for a, b in planted if jaccard(sets[a], sets[b]) >= THRESHOLD}
    ours = _timed(_ours, texts)
    for name, find in (("datasketch", _datasketch), ("rensa", _rensa), ("semhash", _semhash)):
        if name == "semhash" and size > SEMHASH_MOST:
            continue
        theirs = _timed(find, texts)
        label = f"{size:,} rows (peer: {name})"
        yield _row(f"near duplicates, {label}", ours[0], theirs[0], "s")
        for figure, of in (("recall", _recall), ("precision", _precision)):
            values = (100 * of(found, truth, sets) for _, found in (ours, theirs))
            yield _row(f"  {figure}, {label}", *values, "%")


def _row(what: str, ours: float, peer: float, unit: str) -> dict[str, object]:
    return {"benchmark": "review", "what": what, "ours": ours, "peer": peer, "unit": unit}


def _timed(find: Callable[[Sequence[str]], Pairs], texts: Sequence[str]) -> tuple[float, Pairs]:
    started = time.perf_counter()
    found = find(texts)
    return time.perf_counter() - started, found


def _recall(found: Pairs, truth: Pairs, sets: Sequence[frozenset[str]]) -> float:
    return len(found & truth) / len(truth)


def _precision(found: Pairs, truth: Pairs, sets: Sequence[frozenset[str]]) -> float:
    from workshop_kit.review.duplicates import jaccard

    return sum(jaccard(sets[a], sets[b]) >= THRESHOLD for a, b in found) / len(found) if found else 0.0


def _ours(texts: Sequence[str]) -> Pairs:
    from workshop_kit.review.duplicates import shingles, similar_pairs

    return {(a, b) for a, b, _ in similar_pairs([shingles(text) for text in texts], THRESHOLD)}


def _datasketch(texts: Sequence[str]) -> Pairs:
    datasketch = require("datasketch", extra="bench")
    from workshop_kit.review.duplicates import shingles

    lsh = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    found: Pairs = set()
    for number, text in enumerate(texts):
        sketch = datasketch.MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([item.encode() for item in shingles(text)])
        found |= {(other, number) for other in lsh.query(sketch)}
        lsh.insert(number, sketch)
    return found


def _rensa(texts: Sequence[str]) -> Pairs:
    rensa = require("rensa", extra="bench")
    from workshop_kit.review.duplicates import shingles

    # 16 bands of 8 rows: the steep part of the curve lies a little below the threshold.
    lsh = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)
    found: Pairs = set()
    for number, text in enumerate(texts):
        sketch = rensa.RMinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update(list(shingles(text)))
        found |= {(other, number) for other in lsh.query(sketch)}
        lsh.insert(number, sketch)
    return found


class _HashedPairs:
    """An encoder for semhash: word pairs hashed into 512 dimensions with a sign, as unit vectors."""

    def encode(self, inputs: Any, **_: Any) -> Any:
        import zlib

        import numpy as np

        from workshop_kit.review.duplicates import shingles

        out = np.zeros((len(inputs), 512), dtype=np.float32)
        for number, text in enumerate(inputs):
            for item in shingles(text):
                value = zlib.crc32(item.encode())
                out[number, value % 512] += 1 if value & 1024 else -1
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def _semhash(texts: Sequence[str]) -> Pairs:
    semhash = require("semhash", extra="bench")
    index = {text: number for number, text in reversed(list(enumerate(texts)))}
    result = semhash.SemHash.from_records(list(texts), model=_HashedPairs()).self_deduplicate(threshold=THRESHOLD)
    found: Pairs = set()
    seen: dict[str, int] = {}
    for duplicate in result.filtered:
        number = index[duplicate.record]
        if duplicate.exact:
            # It reports the text alone; its copies are the later rows with the same text.
            seen[duplicate.record] = number
        for other, _ in duplicate.duplicates:
            a, b = sorted((index[other], number))
            if a != b:
                found.add((a, b))
    for number, text in enumerate(texts):
        if text in seen and number != index[text]:
            found.add((index[text], number))
    return found


def _validation() -> Iterable[dict[str, object]]:
    from workshop_kit import formats

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number in range(100_000):
                row = {
                    "instruction": f"What does permit number {number} cost in the city of Alder Bay?",
                    "context": "",
                    "response": f"Permit number {number} costs ${number % 997} in Alder Bay, paid at the counter.",
                }
                file.write(json.dumps(row) + "\n")
        megabytes = path.stat().st_size / 1e6

        def ours() -> int:
            return sum(1 for _ in formats.stream(path))

        def pydantic() -> int:
            BaseModel = require("pydantic", extra="bench").BaseModel

            class Row(BaseModel):
                instruction: str
                context: str = ""
                response: str

            with path.open(encoding="utf-8") as lines:
                return sum(1 for line in lines if Row.model_validate_json(line))

        def datasets() -> int:
            # From the repository's root its datasets/ folder would be taken for the library of that name.
            import sys

            sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
            load = require("datasets", extra="bench").load_dataset
            return len(load("json", data_files=str(path), split="train", cache_dir=folder))

        speed = megabytes / _best(ours)
        for name, read in (("pydantic, line by line", pydantic), ("datasets", datasets)):
            yield _row(f"validation (peer: {name})", speed, megabytes / _best(read), "MB/s")


def _best(call: Callable[[], int], runs: int = 3) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        assert call() == 100_000
        times.append(time.perf_counter() - started)
    return min(times)
