"""What a dataset covers and what it leaves out: topics, kinds of question, words, and passages that nobody asks about.

Kinds of question are told by their first words; that is a rule of thumb for English and good enough to see a gap.
"""

from __future__ import annotations

import html
import math
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workshop_kit.domains import Domain
from workshop_kit.records import Dataset, Topic, html_table
from workshop_kit.review.duplicates import plain

# The first that fits a question wins.
KINDS: tuple[tuple[str, str], ...] = (
    ("how much", r"how much|what (?:does|do|will|would|is|are) .{0,60}\b(?:cost|fee|price|charge|excess|deductible)"
                 r"|\bfee\b|\bcosts?\b|\bprice\b"),
    ("how long", r"how (?:long|soon|often|many (?:days|weeks|months))|when\b|\bwait\b|processing time|how far"),
    ("how many", r"how many"),
    ("where", r"where\b|(?:which|what) (?:office|place|desk|counter|department)"),
    ("who", r"who\b|whose|whom|(?:which|what) (?:person|team|clerk|underwriter)"),
    ("why", r"why\b|what is the reason|how come"),
    ("how to", r"how (?:do|can|should|would|to|does)|what (?:must|should|do) i|steps?\b"),
    ("compare", r"\b(?:compare|difference|versus|vs|better|rather than)\b"),
    ("list", r"\b(?:list|name all|which documents|what documents|what are)\b"),
    ("yes or no", r"^(?:is|are|was|were|do|does|did|can|could|may|must|will|would|should|has|have|am)\b"),
    ("what or which", r"\b(?:what|which)\b"),
    ("summary", r"\b(?:summari[sz]e|sum up|in short|overview|explain|describe|tell me about)\b"),
)  # fmt: skip
OTHER = "other"
_KINDS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in KINDS)
_TWO = re.compile(r"\?.+\?|\b(?:and also|also,|and (?:what|how|where|who|when|which))\b", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}", re.UNICODE)
_VOWELS = re.compile(r"[aeiouy]+")
FEW = 0.5  # a topic with less than this share of the median topic's rows is thin


@dataclass(frozen=True)
class Gap:
    """A passage of the handbook whose own words no row uses; `share` of them is used."""

    topic: str
    passage: str
    share: float
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """Counts over a dataset; `table[topic][kind]` are rows, and every topic of the domain has a line."""

    rows: int
    table: dict[str, dict[str, int]]
    titles: dict[str, str]
    first_words: tuple[tuple[str, int], ...]
    two_part: int
    vocabulary: int
    variety: float
    readability: float | None
    gaps: tuple[Gap, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of question that occur, commonest first."""
        totals: Counter[str] = Counter()
        for counts in self.table.values():
            totals.update(counts)
        return tuple(kind for kind, _ in totals.most_common())

    @property
    def advice(self) -> tuple[str, ...]:
        """What to write next, most useful first."""
        return tuple(_advise(self))

    def to_frame(self) -> Any:
        """Topics by kinds of question, as a pandas DataFrame."""
        import pandas as pd

        frame = pd.DataFrame(
            [[counts.get(kind, 0) for kind in self.kinds] for counts in self.table.values()],
            index=[self.titles.get(topic, topic) for topic in self.table],
            columns=list(self.kinds),
        )
        frame["all"] = frame.sum(axis=1)
        return frame

    def plot(self) -> Any:
        """A plotly map of topics by kinds of question, with the number in each field."""
        import plotly.graph_objects as go

        frame = self.to_frame().drop(columns="all")
        # One hue from light to dark, so that it reads the same to everybody and in print.
        figure = go.Figure(
            go.Heatmap(
                z=frame.values, x=list(frame.columns), y=[str(t) for t in frame.index], colorscale="Blues",
                text=frame.values, texttemplate="%{text}", xgap=2, ygap=2, colorbar={"title": "rows"},
                hovertemplate="%{y}, %{x}: %{z} rows<extra></extra>",
            )
        )  # fmt: skip
        figure.update_layout(
            title="Rows by topic and kind of question", height=140 + 36 * max(1, len(frame)),
            margin={"l": 10, "r": 10, "t": 50, "b": 10}, yaxis={"autorange": "reversed"},
        )  # fmt: skip
        return figure

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        rows: list[list[object]] = [
            [str(name), *map(int, line)] for name, line in zip(frame.index, frame.values, strict=True)
        ]
        facts = [
            f"{self.vocabulary:,} different words, variety {self.variety:.1f} (words over the root of all words)",
            f"{self.two_part} questions ask for two things",
            "first words: " + ", ".join(f"{word} ({n})" for word, n in self.first_words[:6]),
        ]
        if self.readability is not None:
            facts.append(f"reading ease of the answers {self.readability:.0f} (60 is plain English, under 30 is hard)")
        points = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
        advice = "".join(f"<li>{html.escape(line)}</li>" for line in self.advice)
        return (
            html_table(["topic", *map(str, frame.columns)], rows, "Rows by topic and kind of question:")
            + f"<ul>{points}</ul><p><b>What is missing?</b></p><ul>{advice or '<li>Nothing stands out.</li>'}</ul>"
        )


def coverage(dataset: Dataset, domain: Domain | None = None, *, topics: Sequence[Topic] = ()) -> Coverage:
    """Count what a dataset covers. With a domain, topics without rows and passages without questions are told too."""
    known = tuple(topics) or (domain.topics if domain else ())
    table: dict[str, dict[str, int]] = {topic.id: {} for topic in known}
    for example in dataset:
        counts = table.setdefault(example.topic or "(no topic)", {})
        kind = kind_of(example.instruction)
        counts[kind] = counts.get(kind, 0) + 1
    words = [word for e in dataset for word in plain(f"{e.instruction} {e.response}").split()]
    firsts = Counter(" ".join(plain(e.instruction).split()[:2]) for e in dataset)
    return Coverage(
        len(dataset),
        table,
        {topic.id: topic.title for topic in known},
        tuple(firsts.most_common(12)),
        sum(bool(_TWO.search(e.instruction)) for e in dataset),
        len(set(words)),
        len(set(words)) / math.sqrt(len(words)) if words else 0.0,
        reading_ease(" ".join(e.response for e in dataset)) if domain is None or domain.language == "en" else None,
        _gaps(dataset, domain) if domain else (),
    )


def kind_of(question: str) -> str:
    """The kind of a question, by its first words; OTHER when nothing fits."""
    return next((name for name, pattern in _KINDS if pattern.search(question)), OTHER)


def reading_ease(text: str) -> float | None:
    """Flesch reading ease, 206.835 - 1.015 words/sentences - 84.6 syllables/words; None for no words.

    R. Flesch, "A new readability yardstick", 1948. Syllables are groups of vowels, a final silent e left out.
    """
    words = _WORD.findall(text.lower())
    if not words:
        return None
    sentences = max(1, len(re.findall(r"[.!?]+(?:\s|$)", text)))
    syllables = sum(max(1, len(_VOWELS.findall(word.removesuffix("e")))) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def _gaps(dataset: Dataset, domain: Domain) -> tuple[Gap, ...]:
    """Passages of which less than half of the words that mark them occur in the rows of their topic."""
    bags = [set(_marks(passage.text)) for passage in domain.passages]
    spread = Counter(word for bag in bags for word in bag)
    used: dict[str, set[str]] = {}
    for example in dataset:
        used.setdefault(example.topic, set()).update(_marks(f"{example.instruction} {example.response}"))
    everywhere = set().union(*used.values()) if used else set()
    gaps = []
    for passage, bag in zip(domain.passages, bags, strict=True):
        # Words of few passages tell one passage from another.
        own = {word for word in bag if spread[word] <= max(1, len(bags) // 10)} or bag
        there = own & (used.get(passage.topic, set()) or everywhere)
        if len(there) < len(own) / 2:
            gaps.append(Gap(passage.topic, passage.text, len(there) / len(own), tuple(sorted(own - there))[:6]))
    return tuple(sorted(gaps, key=lambda gap: gap.share))


def _marks(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if len(word) > 3]


def _advise(c: Coverage) -> list[str]:
    if not c.rows:
        return ["There are no rows yet: begin with ten for each topic."]
    sizes = {topic: sum(counts.values()) for topic, counts in c.table.items()}
    typical = statistics.median(n for n in sizes.values() if n)
    advice = []
    for topic, n in sorted(sizes.items(), key=lambda item: item[1]):
        name = c.titles.get(topic, topic)
        if topic == "(no topic)":
            advice.append(f"Rows without a topic: {n}; give them one, so that the split can share topics out.")
        elif n == 0:
            advice.append(f"No row is about {name}: write about {max(1, round(typical))}.")
        elif n < FEW * typical:
            advice.append(f"{name} has {n} rows, a typical topic {typical:.0f}: write about {round(typical - n)} more.")
    for gap in [gap for gap in c.gaps if sizes.get(gap.topic)][:3]:
        about = ", ".join(gap.missing)
        advice.append(f"{c.titles.get(gap.topic, gap.topic)}: hardly any row speaks of {about}; add questions on it.")
    totals = Counter({kind: sum(counts.get(kind, 0) for counts in c.table.values()) for kind in c.kinds})
    common, most = totals.most_common(1)[0]
    if c.rows >= 20 and most > 0.6 * c.rows:
        advice.append(f"{most / c.rows:.0%} of the questions are of one kind ({common}): ask in other ways too.")
    first, n = c.first_words[0]
    if c.rows >= 20 and n > 0.3 * c.rows:
        advice.append(f"{n / c.rows:.0%} of the questions begin with '{first}': vary how they begin.")
    if c.rows >= 20 and c.two_part < 0.03 * c.rows:
        advice.append("Hardly any question asks for two things at once, as people do: add some.")
    return advice
