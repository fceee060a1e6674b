"""Train, validation and held-out test rows, divided so that the validation loss means something.

Rows that say the same go to the same side, topics are shared out in proportion, and one seed gives one split.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workshop_kit import formats
from workshop_kit.errors import BadInput, NotYet
from workshop_kit.records import Dataset, Example, content_id, html_table
from workshop_kit.review.duplicates import connected, exact_clusters, near_clusters, plain
from workshop_kit.workspace import write_atomically


@dataclass(frozen=True)
class Split:
    """A dataset in two parts, or in three where some rows are held out for a test."""

    train: Dataset
    validation: Dataset
    validation_ratio: float
    seed: int
    clusters: int = 0  # groups of rows that were kept together
    test: Dataset = Dataset((), "test")
    source: str = ""  # the provenance id of the dataset that was divided

    @property
    def provenance_id(self) -> str:
        """A content hash of all parts."""
        parts = [self.train.provenance_id, self.validation.provenance_id]
        return content_id([*parts, self.test.provenance_id] if len(self.test) else parts)

    def leaks(self) -> int:
        """How many validation and test rows ask, or nearly say, the same as a row of a part before theirs."""
        rows = [*self.train, *self.validation, *self.test]
        first, second = len(self.train), len(self.train) + len(self.validation)

        def part(row: int) -> int:
            return (row >= first) + (row >= second)

        return sum(part(row) > part(group[0]) for group in connected(_ties(rows)) for row in group)

    def save(self, folder: str | Path) -> Path:
        """Write train/ and validation/, each with its template.json, and split.json; returns `folder`."""
        folder = Path(folder)
        formats.write_jumpstart(self.train, folder / "train", "train.jsonl")
        formats.write_jumpstart(self.validation, folder / "validation", "validation.jsonl")
        if len(self.test):
            formats.write_jumpstart(self.test, folder / "test", "test.jsonl")
        # Last, so that a split.json speaks of files that are there.
        note = {
            "id": self.provenance_id,
            "name": self.train.name,
            "validation_ratio": self.validation_ratio,
            "seed": self.seed,
            "clusters": self.clusters,
            "test_rows": len(self.test),
            "source": self.source,
        }
        write_atomically(folder / "split.json", json.dumps(note, indent=2) + "\n")
        return folder

    def _repr_html_(self) -> str:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        shown = {name: Counter(e.topic or "(no topic)" for e in part) for name, part in parts.items() if len(part)}
        topics = sorted(set().union(*shown.values()))
        rows: list[list[object]] = [[topic, *(count[topic] for count in shown.values())] for topic in topics]
        rows.append(["all", *(count.total() for count in shown.values())])
        test = f", {len(self.test)} held out for a test" if len(self.test) else ""
        caption = (
            f"Split {self.provenance_id}: {len(self.train)} rows to train on, {len(self.validation)} to "
            f"validate with{test} (seed {self.seed}). Rows on both sides of the line: {self.leaks()}."
        )
        return html_table(["topic", *shown], rows, caption)


def split(dataset: Dataset, validation_ratio: float = 0.1, seed: int = 0, *, test_ratio: float = 0.0) -> Split:
    """Divide a dataset; the shares go to validation and to a held-out test, as nearly as clusters allow.

    Raises BadInput for ratios out of range or too few different rows.
    """
    if not 0 < validation_ratio < 1:
        raise BadInput(f"validation_ratio is {validation_ratio}; it must lie between 0 and 1, say 0.1.")
    if not 0 <= test_ratio < 1 - validation_ratio:
        raise BadInput(f"test_ratio is {test_ratio}; it must lie between 0 and {1 - validation_ratio:g}, say 0.1.")
    examples = dataset.examples
    tied = connected(_ties(list(examples)))
    in_group = {row for group in tied for row in group}
    groups = sorted([*tied, *([row] for row in range(len(examples)) if row not in in_group)])
    wanted = 3 if test_ratio else 2
    if len(groups) < wanted:
        raise BadInput(f"{dataset.name} has {len(groups)} different rows; a split needs at least {wanted}.")
    chance = random.Random(f"{seed}")
    held = _hold_out(examples, groups, validation_ratio, chance)
    tested: set[int] = set()
    if test_ratio:
        left = [group for group in groups if group[0] not in held]
        remaining = sum(map(len, left))
        tested = _hold_out(examples, left, min(test_ratio * len(examples) / remaining, 1), chance)

    def part(rows: Callable[[int], bool]) -> Dataset:
        return Dataset(tuple(e for row, e in enumerate(examples) if rows(row)), dataset.name, dataset.system)

    return Split(
        part(lambda row: row not in held and row not in tested),
        part(held.__contains__),
        validation_ratio,
        seed,
        len(tied),
        part(tested.__contains__),
        dataset.provenance_id,
    )


def _hold_out(
    examples: Sequence[Example], groups: Sequence[Sequence[int]], ratio: float, chance: random.Random
) -> set[int]:
    """Rows of whole groups, a share `ratio` of each topic's."""
    by_topic: dict[str, list[Sequence[int]]] = defaultdict(list)
    for group in groups:
        topic = Counter(examples[row].topic for row in group).most_common(1)[0][0]
        by_topic[topic].append(group)
    wanted = _shares({t: sum(map(len, g)) for t, g in by_topic.items()}, ratio)
    held: set[int] = set()
    for topic in sorted(by_topic):
        room = wanted[topic]
        candidates = sorted(by_topic[topic])
        chance.shuffle(candidates)
        for group in candidates:
            if len(group) <= room:
                held.update(group)
                room -= len(group)
    if not held:  # every cluster was larger than its topic's share: the smallest one is the least bad
        held.update(sorted(groups, key=len)[0])
    return held


def load_split(folder: str | Path) -> Split:
    """Read what Split.save wrote.

    Raises NotYet when nothing is there, BadInput when the files no longer fit the note beside them.
    """
    folder = Path(folder)
    note_path = folder / "split.json"
    try:
        note = json.loads(note_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotYet(f"There is no split in {folder} yet: run notebook 02 (dataset review) first.") from None
    except ValueError as problem:
        raise BadInput(f"{note_path} is damaged ({problem}); run notebook 02 again.") from None
    names = ("train", "validation", *(("test",) if note.get("test_rows") else ()))
    parts = [formats.read_dataset(folder / part / f"{part}.jsonl") for part in names]
    train, validation, *tested = (Dataset(p.examples, note["name"], p.system) for p in parts)
    test = tested[0] if tested else Dataset((), note["name"], train.system)
    loaded = Split(
        train, validation, note["validation_ratio"], note["seed"], note["clusters"], test, note.get("source", "")
    )
    if loaded.provenance_id != note["id"]:
        raise BadInput(f"The rows in {folder} were changed after they were split; run notebook 02 again.")
    return loaded


def _ties(examples: list) -> list[tuple[int, int]]:
    """Pairs of rows that must stay together: duplicates, near duplicates, and the same question."""
    exact = exact_clusters(examples)
    spare = {row for cluster in exact for row in cluster.spare}
    clusters = [cluster.rows for cluster in (*exact, *near_clusters(examples, without=spare))]
    asked: dict[str, list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        asked[plain(example.instruction)].append(row)
    return [(rows[0], row) for rows in [*clusters, *asked.values()] for row in rows[1:]]


def _shares(sizes: dict[str, int], ratio: float) -> dict[str, int]:
    """Whole numbers near ratio * size, by largest remainder; never a whole topic."""
    total = max(1, round(ratio * sum(sizes.values())))
    exact = {topic: ratio * size for topic, size in sizes.items()}
    shares = {topic: int(value) for topic, value in exact.items()}
    for topic in sorted(exact, key=lambda t: (shares[t] - exact[t], t)):
        if sum(shares.values()) >= total:
            break
        shares[topic] += 1
    return {topic: min(share, sizes[topic] - 1) if sizes[topic] > 1 else share for topic, share in shares.items()}
