"""Train and validation rows, divided so that the validation loss means something.

Rows that say the same go to the same side, topics are shared out in proportion, and one seed gives one split.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from workshop_kit import formats
from workshop_kit.errors import BadInput, NotYet
from workshop_kit.records import Dataset, content_id, html_table
from workshop_kit.review.duplicates import connected, exact_clusters, near_clusters, plain
from workshop_kit.workspace import write_atomically


@dataclass(frozen=True)
class Split:
    """A dataset in two parts."""

    train: Dataset
    validation: Dataset
    validation_ratio: float
    seed: int
    clusters: int = 0  # groups of rows that were kept together

    @property
    def provenance_id(self) -> str:
        """A content hash of both parts."""
        return content_id([self.train.provenance_id, self.validation.provenance_id])

    def leaks(self) -> int:
        """How many validation rows have the same question as a training row, or say nearly the same."""
        rows = [*self.train, *self.validation]
        edge = len(self.train)
        groups = connected(_ties(rows))
        return sum(row >= edge for group in groups if group[0] < edge for row in group)

    def save(self, folder: str | Path) -> Path:
        """Write train/ and validation/, each with its template.json, and split.json; returns `folder`."""
        folder = Path(folder)
        formats.write_jumpstart(self.train, folder / "train", "train.jsonl")
        formats.write_jumpstart(self.validation, folder / "validation", "validation.jsonl")
        # Last, so that a split.json speaks of files that are there.
        note = {
            "id": self.provenance_id,
            "name": self.train.name,
            "validation_ratio": self.validation_ratio,
            "seed": self.seed,
            "clusters": self.clusters,
        }
        write_atomically(folder / "split.json", json.dumps(note, indent=2) + "\n")
        return folder

    def _repr_html_(self) -> str:
        train = Counter(example.topic or "(no topic)" for example in self.train)
        validation = Counter(example.topic or "(no topic)" for example in self.validation)
        rows: list[list[object]] = [[topic, train[topic], validation[topic]] for topic in sorted(train | validation)]
        rows.append(["all", len(self.train), len(self.validation)])
        caption = (
            f"Split {self.provenance_id}: {len(self.train)} rows to train on, {len(self.validation)} to "
            f"validate with (seed {self.seed}). Rows on both sides of the line: {self.leaks()}."
        )
        return html_table(["topic", "train", "validation"], rows, caption)


def split(dataset: Dataset, validation_ratio: float = 0.1, seed: int = 0) -> Split:
    """Divide a dataset; the share `validation_ratio` goes to validation, as nearly as clusters allow.

    Raises BadInput for a ratio out of range or too few different rows.
    """
    if not 0 < validation_ratio < 1:
        raise BadInput(f"validation_ratio is {validation_ratio}; it must lie between 0 and 1, say 0.1.")
    examples = dataset.examples
    tied = connected(_ties(list(examples)))
    in_group = {row for group in tied for row in group}
    groups = sorted([*tied, *([row] for row in range(len(examples)) if row not in in_group)])
    if len(groups) < 2:
        raise BadInput(f"{dataset.name} has {len(groups)} different rows; a split needs at least 2.")
    by_topic: dict[str, list[list[int]]] = defaultdict(list)
    for group in groups:
        topic = Counter(examples[row].topic for row in group).most_common(1)[0][0]
        by_topic[topic].append(group)
    wanted = _shares({t: sum(map(len, g)) for t, g in by_topic.items()}, validation_ratio)
    chance = random.Random(f"{seed}")
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
    train = tuple(e for row, e in enumerate(examples) if row not in held)
    validation = tuple(e for row, e in enumerate(examples) if row in held)
    return Split(
        Dataset(train, dataset.name, dataset.system),
        Dataset(validation, dataset.name, dataset.system),
        validation_ratio,
        seed,
        len(tied),
    )


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
    parts = [formats.read_dataset(folder / part / f"{part}.jsonl") for part in ("train", "validation")]
    train, validation = (Dataset(p.examples, note["name"], p.system) for p in parts)
    loaded = Split(train, validation, note["validation_ratio"], note["seed"], note["clusters"])
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
