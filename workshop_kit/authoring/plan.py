"""The plan: how many questions on which passage, by whom, in which style; made without any call."""

from __future__ import annotations

import html
import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from workshop_kit.authoring.prompts import DEFAULT_STYLES, STYLES, Templates, split_sentences
from workshop_kit.authoring.taxonomy import Taxonomy
from workshop_kit.domains import Domain, Passage
from workshop_kit.errors import BadInput
from workshop_kit.records import Persona, Topic, content_id, html_table


@dataclass(frozen=True)
class PlanItem:
    """One call for questions: so many, on this passage, as this person, in this style."""

    key: str
    topic: Topic
    persona: Persona
    style: str
    count: int
    passage: str
    source: str = ""  # the passage's citation, which the rows made from it carry


@dataclass(frozen=True)
class Plan:
    """Everything that write() will do, in order."""

    domain: str
    title: str
    items: tuple[PlanItem, ...]
    passages: int  # how many passages the source text has; the items may cover fewer
    templates: Templates = field(default=Templates(), repr=False)
    system: str = ""  # the system prompt the rows are meant for
    seed: int = 0

    @property
    def id(self) -> str:
        """A content hash of all prompts; the same plan has the same id."""
        return content_id([self.domain, self.system, asdict(self.templates), [asdict(i) for i in self.items]])

    @property
    def rows(self) -> int:
        """How many rows are planned."""
        return sum(item.count for item in self.items)

    @property
    def covered(self) -> int:
        """How many of the source's passages are asked about."""
        return len({item.passage for item in self.items})

    def question_prompt(self, item: PlanItem) -> str:
        """The text that asks for an item's questions."""
        return self.templates.fill(
            "questions",
            domain=self.title,
            topic=item.topic.title,
            persona=f"{item.persona.name}: {item.persona.description}",
            style=item.style,
            style_help=STYLES.get(item.style, item.style),
            count=item.count,
            passage=item.passage,
        )

    def answer_prompt(self, item: PlanItem, question: str) -> str:
        """The text that asks for the answer to one question."""
        return self.templates.fill(
            "answer",
            domain=self.title,
            topic=item.topic.title,
            style=item.style,
            passage=item.passage,
            question=question,
        )

    def prompts(self, limit: int | None = None) -> list[str]:
        """The question prompts in order; each answer gets its own prompt later."""
        return [self.question_prompt(item) for item in self.items[:limit]]

    def with_templates(self, **changed: str) -> Plan:
        """The same plan with other prompts (topics, questions, answer, repair, system)."""
        return replace(self, templates=replace(self.templates, **changed))

    def _repr_html_(self) -> str:
        topics = Counter[str]()
        calls = Counter[str]()
        for item in self.items:
            topics[item.topic.title] += item.count
            calls[item.topic.title] += 1
        rows: list[list[object]] = [[title, topics[title], calls[title]] for title in topics]
        rows.append(["all", self.rows, len(self.items)])
        styles = Counter(item.style for item in self.items for _ in range(item.count))
        people = Counter(item.persona.name for item in self.items for _ in range(item.count))
        caption = (
            f"Plan {self.id}: {self.rows} rows from {self.covered} of {self.passages} passages, in "
            f"{len(self.items) + self.rows} calls. Styles: {_counted(styles)}. Asked by: {_counted(people)}."
        )
        first = html.escape(self.question_prompt(self.items[0]))
        return html_table(["topic", "rows", "calls for questions"], rows, caption) + (
            f"<details><summary>The first prompt</summary><pre style='white-space:pre-wrap'>{first}</pre></details>"
        )


def plan(
    domain: Domain,
    questions_per_topic: int = 30,
    *,
    topics: Sequence[Topic] | Taxonomy | None = None,
    personas: Sequence[Persona] | None = None,
    styles: Sequence[str] = DEFAULT_STYLES,
    per_call: int = 6,
    sentences_per_passage: int = 6,
    templates: Templates | None = None,
    system: str = "",
    seed: int = 0,
) -> Plan:
    """Deal topics, passages, personas and styles out to calls; the same arguments give the same plan.

    Each topic gets `questions_per_topic` rows, shared evenly over its passages of at most
    `sentences_per_passage` sentences; a call asks for at most `per_call` questions. Topics that the handbook
    has no section for get the passages that share most words with them. Of a tree, the parts are asked about, and
    the topics that have none; a part gets those passages of its topic that share words with it, or else all of them.
    Raises BadInput for numbers below 1, no topics, personas or styles, or no text to ground a topic on.
    """
    tops: dict[str, str] = {}
    if isinstance(topics, Taxonomy):
        tops = {child.id: node.topic.id for node in topics.nodes for child in node.children}
        topics = topics.leaves
    topics = tuple(domain.topics if topics is None else topics)
    personas = tuple(domain.personas if personas is None else personas)
    numbers = {
        "questions_per_topic": questions_per_topic,
        "per_call": per_call,
        "sentences_per_passage": sentences_per_passage,
    }
    for name, number in numbers.items():
        if number < 1:
            raise BadInput(f"{name} is {number}; it must be at least 1.")
    for name, choice in {"topics": topics, "personas": personas, "styles": styles}.items():
        if not choice:
            raise BadInput(f"The plan has no {name}; choose at least one.")
    items: list[PlanItem] = []
    for topic in topics:
        chance = random.Random(f"{seed} {topic.id}")
        passages = _passages(domain, topic, sentences_per_passage, tops.get(topic.id, ""))
        people, manners = list(personas), list(styles)
        chance.shuffle(people)
        chance.shuffle(manners)
        # Every passage gets its share; which ones get one more is left to the seed.
        shares = [questions_per_topic // len(passages)] * len(passages)
        for extra in chance.sample(range(len(passages)), questions_per_topic % len(passages)):
            shares[extra] += 1
        dealt = 0
        for (passage, source), share in zip(passages, shares, strict=True):
            while share > 0:
                # Small calls, so that one passage is asked about by several people in several styles.
                count = min(per_call, max(1, -(-share // 2)), share)
                share -= count
                # Shifted by one whenever the pairs begin to repeat, so that everybody gets to use every style.
                shift = dealt // math.lcm(len(people), len(manners))
                who, how = people[dealt % len(people)], manners[(dealt + shift) % len(manners)]
                dealt += 1
                key = content_id([topic.id, who.id, how, count, passage, len(items), seed])
                items.append(PlanItem(key, topic, who, how, count, passage, source))
    total = sum(
        len(_chunks(p.text, sentences_per_passage)) for t in {t.id for t in topics} for p in domain.passages_for(t)
    )
    return Plan(
        domain.id, domain.title, tuple(items), max(total, len({i.passage for i in items})),
        templates or Templates(), system, seed,
    )  # fmt: skip


def _passages(domain: Domain, topic: Topic, sentences: int, top: str = "") -> list[tuple[str, str]]:
    """(text, citation) of each piece to ask about; `top` is the topic that this one is a part of."""
    found: Sequence[Passage] = domain.passages_for(topic.id)
    if not found and top:
        above = domain.passages_for(top)
        # The topic above is named in a part's description, and tells nothing among its own passages.
        found = _nearest(replace(topic, description=topic.description.partition(". ")[2]), above) or above
    found = found or _nearest(topic, domain.passages)
    if not found:
        raise BadInput(f"The handbook of {domain.id} says nothing on the topic '{topic.title}'; drop it or add text.")
    return [(chunk, passage.source) for passage in found for chunk in _chunks(passage.text, sentences)]


def _nearest(topic: Topic, passages: Sequence[Passage]) -> list[Passage]:
    """Up to five passages that share words with a topic, most first."""
    wanted = set(re.findall(r"\w{4,}", f"{topic.title} {topic.description}".lower()))
    scored = sorted(
        ((len(wanted & set(re.findall(r"\w{4,}", p.text.lower()))), -n, p) for n, p in enumerate(passages)),
        key=lambda entry: entry[:2],
        reverse=True,
    )
    return [p for score, _, p in scored[:5] if score]


def _chunks(text: str, size: int) -> list[str]:
    """Runs of up to `size` sentences, as equal as can be."""
    sentences = split_sentences(text)
    number = -(-len(sentences) // size)
    edges = [round(n * len(sentences) / number) for n in range(number + 1)]
    return [" ".join(sentences[a:b]) for a, b in zip(edges, edges[1:], strict=False)]


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.items())
