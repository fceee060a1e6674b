"""Exact and near duplicates, and questions that learners must not train on.

Two rows are exact duplicates when nothing is left of their difference after case, punctuation and spacing go.
They are near duplicates when question and answer each share most of their word pairs (Jaccard similarity) and
differ in no number and no name: "the fee in Alder Bay" and "the fee in Pinecrest" teach two facts.

Similar pairs are found exactly, not by hashing: the prefix filter of Bayardo, Ma and Srikant, "Scaling up all
pairs similarity search" (WWW 2007) compares only rows that share one of their rarest word pairs.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from workshop_kit.records import Example

THRESHOLD = 0.8
_WORD = re.compile(r"\w+", re.UNICODE)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"ninety|hundred|thousand|half|double|no|not|never|without)\b"
)
_CAPITALISED = re.compile(r"\b[A-Z][\w'-]*")


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
    """All pairs (i < j) whose Jaccard similarity is at least `threshold` (0 < threshold <= 1), each once."""
    same: dict[frozenset[str], list[int]] = defaultdict(list)
    for number, items in enumerate(sets):
        same[items].append(number)
    counts = Counter(item for items in same for item in items)
    # Rarest first: a pair above the threshold shares an item of both prefixes; rare items have short lists.
    order = {item: rank for rank, (item, _) in enumerate(sorted(counts.items(), key=lambda c: (c[1], c[0])))}
    ranked = sorted(((sorted(order[item] for item in items), items) for items in same), key=lambda r: len(r[0]))
    index: dict[int, list[int]] = defaultdict(list)
    for position, (ranks, items) in enumerate(ranked):
        group = same[items]
        yield from ((i, j, 1.0) for n, i in enumerate(group) for j in group[n + 1 :])
        size = len(ranks)
        prefix = ranks[: size - math.ceil(threshold * size - 1e-9) + 1]
        candidates = {other for rank in prefix for other in index[rank]}
        for other in candidates:
            others = ranked[other][1]
            if len(others) < threshold * size - 1e-9:
                continue
            similarity = jaccard(items, others)
            if similarity >= threshold - 1e-9:
                yield from ((min(i, j), max(i, j), similarity) for i in group for j in same[others])
        for rank in prefix:
            index[rank].append(position)


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
    rows = [row for row in range(len(examples)) if row not in left_out]
    questions = [shingles(f"{examples[row].instruction} {examples[row].context}") for row in rows]
    answers: dict[int, frozenset[str]] = {}
    details: dict[int, frozenset[str]] = {}

    def answer(row: int) -> frozenset[str]:
        if row not in answers:
            answers[row] = shingles(examples[row].response)
        return answers[row]

    def detail(row: int) -> frozenset[str]:
        if row not in details:
            details[row] = particulars(f"{examples[row].instruction} {examples[row].response}")
        return details[row]

    def say_the_same(a: int, b: int) -> bool:
        return jaccard(answer(a), answer(b)) >= threshold and detail(a) == detail(b)

    pairs = ((rows[i], rows[j]) for i, j, _ in similar_pairs(questions, threshold))
    groups = connected((a, b) for a, b in pairs if say_the_same(a, b))
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
    known = [shingles(question) for question in questions]
    names = [particulars(question) for question in questions]
    asked = [shingles(example.instruction) for example in examples]
    best: dict[int, Match] = {}
    for i, j, similarity in similar_pairs([*known, *asked], threshold):
        if not i < len(known) <= j:
            continue
        row = j - len(known)
        if similarity < 1 and particulars(examples[row].instruction) != names[i]:
            continue
        if row not in best or similarity > best[row].similarity:
            best[row] = Match(row, questions[i], similarity)
    return tuple(best[row] for row in sorted(best))
