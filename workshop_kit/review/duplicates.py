"""Exact and near duplicates, and questions that learners must not train on.

Two rows are exact duplicates when nothing is left of their difference after case, punctuation and spacing go.
They are near duplicates when question and answer each share most of their word pairs (Jaccard similarity) and
differ in no number and no name: "the fee in Alder Bay" and "the fee in Pinecrest" teach two facts.

Candidates come from rensa's MinHash and locality-sensitive hashing (A. Broder, "On the resemblance and containment of
documents", 1997); each is then compared for real, so no pair is reported that is not similar. Of pairs just at the
threshold, less than five in a thousand are missed (see _bands); of those well above it, none to speak of.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import rensa

from workshop_kit.records import Example

THRESHOLD = 0.8
_WORD = re.compile(r"\w+", re.UNICODE)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"ninety|hundred|thousand|half|double|no|not|never|without)\b"
)
_CAPITALISED = re.compile(r"\b(?!I\b)[A-Z][\w'-]*")  # but for "I" and "I'm", which are no names


@dataclass(frozen=True)
class Cluster:
    """Rows that say the same; indices into the dataset, in its order."""

    rows: tuple[int, ...]
    survivor: int  # the suggested one to keep

    @property
    def spare(self) -> tuple[int, ...]:
        """The rows that can go."""
        return tuple(row for row in self.rows if row != self.survivor)


@dataclass(frozen=True)
class Match:
    """A row whose question is (nearly) a known question; similarity is 1.0 for the same question."""

    row: int
    question: str
    similarity: float


def plain(text: str) -> str:
    """Text without case, punctuation and spacing; texts with no words at all stay themselves."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(words) or text.strip()


def shingles(text: str) -> frozenset[str]:
    """The set of neighbouring word pairs, with a mark at each end so that single words count too."""
    words = ["^", *plain(text).split(" "), "$"]
    return frozenset(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))


def particulars(text: str) -> frozenset[str]:
    """The numbers, the negations, and the capitalised words that do not begin a sentence."""
    names = (
        match[0]
        for match in _CAPITALISED.finditer(text)
        if text[max(0, match.start() - 4) : match.start()].rstrip()[-1:] not in ("", *'.!?:"“(*-')
    )
    numbers = [*_NUMBER.findall(text), *_NUMBER_WORD.findall(text.casefold())]
    return frozenset(numbers) | frozenset(names)


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """|a and b| / |a or b|."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if a or b else 1.0


def similar_pairs(sets: Sequence[frozenset[str]], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Pairs (i < j) whose Jaccard similarity is at least `threshold` (0 < threshold <= 1), each once, in order of j."""
    bands, width = _bands(threshold)
    index = rensa.RMinHashLSH(threshold=threshold, num_perm=bands * width, num_bands=bands)
    for j, items in enumerate(sets):
        sketch = rensa.RMinHash(bands * width, 1)
        sketch.update(list(items))
        for i in sorted(index.query(sketch)):
            if (similarity := jaccard(sets[i], items)) >= threshold - 1e-9:
                yield i, j, similarity
        index.insert(j, sketch)


def _bands(threshold: float) -> tuple[int, int]:
    """(bands, width): of up to 128 permutations, the widest bands that still miss under five in a thousand.

    A pair of similarity s becomes a candidate with probability 1 - (1 - s**width)**bands.
    """
    for width in range(16, 1, -1):
        bands = 128 // width
        if (1 - threshold**width) ** bands < 5e-3:
            return bands, width
    return 128, 1


def exact_clusters(examples: Sequence[Example]) -> tuple[Cluster, ...]:
    """Rows with the same question, context and answer after normalising; the first one survives."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        groups[plain(example.instruction), plain(example.context), plain(example.response)].append(row)
    return tuple(Cluster(tuple(rows), rows[0]) for rows in groups.values() if len(rows) > 1)


def near_clusters(
    examples: Sequence[Example], threshold: float = THRESHOLD, without: Iterable[int] = ()
) -> tuple[Cluster, ...]:
    """Rows that say almost the same in almost the same words; `without` leaves rows out (exact duplicates).

    The fullest answer is the suggested survivor, the earlier row when two are as full.
    """
    left_out = set(without)
    # Only rows with the same particulars can say the same: a thousand rows of one template differ in nothing else, and
    # comparing each with each would never end.
    alike: dict[frozenset[str], list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        if row not in left_out:
            alike[particulars(f"{example.instruction} {example.response}")].append(row)
    answers: dict[int, frozenset[str]] = {}

    def answer(row: int) -> frozenset[str]:
        if row not in answers:
            answers[row] = shingles(examples[row].response)
        return answers[row]

    def pairs() -> Iterator[tuple[int, int]]:
        for rows in alike.values():
            questions = [shingles(f"{examples[row].instruction} {examples[row].context}") for row in rows]
            for i, j, _ in similar_pairs(questions, threshold):
                if jaccard(answer(rows[i]), answer(rows[j])) >= threshold:
                    yield rows[i], rows[j]

    groups = connected(pairs())
    return tuple(
        Cluster(tuple(group), max(group, key=lambda row: (len(examples[row].response), -row))) for group in groups
    )


def connected(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected groups of the pairs, each sorted, in the order of their first member."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in pairs:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = defaultdict(list)
    for node in sorted(parent):
        groups[root(node)].append(node)
    return sorted(groups.values())


def contamination(
    examples: Sequence[Example], questions: Sequence[str], threshold: float = THRESHOLD
) -> tuple[Match, ...]:
    """Rows whose question is one of `questions`, or nearly: trained on, they make the score worthless."""
    best: dict[int, Match] = {}

    def match(row: int, question: str, similarity: float) -> None:
        if row not in best or similarity > best[row].similarity:
            best[row] = Match(row, question, similarity)

    same = {plain(question): question for question in reversed(questions)}
    by_names: dict[frozenset[str], tuple[list[str], list[int]]] = defaultdict(lambda: ([], []))
    for question in questions:
        by_names[particulars(question)][0].append(question)
    for row, example in enumerate(examples):
        if plain(example.instruction) in same:
            match(row, same[plain(example.instruction)], 1.0)
        elif (names := particulars(example.instruction)) in by_names:
            by_names[names][1].append(row)
    for known, rows in by_names.values():
        texts = [*known, *(examples[row].instruction for row in rows)]
        for i, j, similarity in similar_pairs([shingles(text) for text in texts], threshold):
            if i < len(known) <= j:
                match(rows[j - len(known)], known[i], similarity)
    return tuple(best[row] for row in sorted(best))
