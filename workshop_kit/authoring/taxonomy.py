"""Topics as a tree of two levels, edited by plain functions that give a new tree, or as an indented outline.

Fees: what things cost
  Boat permits: fees on the water
  Fishing
Offices
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from workshop_kit.authoring.topics import propose_topics
from workshop_kit.domains import Domain
from workshop_kit.errors import BadInput
from workshop_kit.records import Topic


@dataclass(frozen=True)
class Node:
    """A topic and what it is divided into."""

    topic: Topic
    children: tuple[Topic, ...] = ()


@dataclass(frozen=True)
class Taxonomy:
    """Topics in order; ids are different throughout the tree."""

    nodes: tuple[Node, ...] = ()

    def __post_init__(self) -> None:
        ids = [topic.id for topic in self]
        twice = next((id for n, id in enumerate(ids) if id in ids[:n]), None)
        if twice is not None:
            raise BadInput(f"The topic id '{twice}' is there twice; give one of them another title.")

    def __iter__(self) -> Iterator[Topic]:
        for node in self.nodes:
            yield node.topic
            yield from node.children

    def __len__(self) -> int:
        return sum(1 + len(node.children) for node in self.nodes)

    @property
    def leaves(self) -> tuple[Topic, ...]:
        """The topics to write about: those that are not divided, and the parts of those that are.

        A part's description names its parent, so that the right passages are found for it.
        """
        out: list[Topic] = []
        for node in self.nodes:
            if not node.children:
                out.append(node.topic)
            for child in node.children:
                about = f"{node.topic.title}. {child.description}".strip()
                out.append(replace(child, description=about))
        return tuple(out)

    def add(self, title: str, description: str = "", parent: str = "") -> Taxonomy:
        """A new topic at the end, or a new part of `parent`. Raises BadInput without a title, or an unknown parent."""
        title = " ".join(title.split())
        if not title:
            raise BadInput("A topic needs a title.")
        return self._with(title, description, parent, self._new_id(title))

    def rename(self, id: str, title: str, description: str | None = None) -> Taxonomy:
        """Another title; the id stays, so that rows keep their topic. Raises BadInput for no title or an unknown id."""
        title = " ".join(title.split())
        if not title:
            raise BadInput("A topic needs a title.")
        self._at(id)

        def changed(topic: Topic) -> Topic:
            if topic.id != id:
                return topic
            about = topic.description if description is None else " ".join(description.split())
            return replace(topic, title=title, description=about)

        return Taxonomy(tuple(Node(changed(n.topic), tuple(map(changed, n.children))) for n in self.nodes))

    def remove(self, id: str) -> Taxonomy:
        """Without a topic and its parts. Raises BadInput for an unknown id."""
        self._at(id)
        return Taxonomy(
            tuple(
                replace(node, children=tuple(c for c in node.children if c.id != id))
                for node in self.nodes
                if node.topic.id != id
            )
        )

    def move(self, id: str, by: int) -> Taxonomy:
        """So many places down (up where negative) among its neighbours; at the ends it stays. Raises as remove()."""
        place, inner = self._at(id)
        if inner is None:
            return Taxonomy(_moved(self.nodes, place, by))
        node = self.nodes[place]
        return self._swap(node, replace(node, children=_moved(node.children, inner, by)))

    def put_under(self, id: str, parent: str = "") -> Taxonomy:
        """Make a topic a part of another one, or a topic of its own for no parent.

        Raises BadInput for a topic with parts of its own, and for itself as its parent.
        """
        place, inner = self._at(id)
        topic = self.nodes[place].topic if inner is None else self.nodes[place].children[inner]
        if inner is None and self.nodes[place].children and parent:
            raise BadInput(f"'{topic.title}' has parts of its own; move them first, as the tree has two levels.")
        if parent == id:
            raise BadInput(f"'{topic.title}' can't be a part of itself.")
        if parent:
            self._top(parent)
        if inner is None and not parent:
            return self
        rest = self.remove(id)
        if not parent:
            return Taxonomy((*rest.nodes, Node(topic)))
        node = rest._top(parent)
        return rest._swap(node, replace(node, children=(*node.children, topic)))

    def merge(self, id: str, into: str) -> Taxonomy:
        """Two topics, or two parts, as one: `into` takes the other's parts, and its description where it has none."""
        (place, inner), (other, other_inner) = self._at(id), self._at(into)
        if (inner is None) != (other_inner is None) or id == into:
            raise BadInput("Two different topics of the first level can be merged, or two parts; choose such a pair.")
        gone = self.nodes[place].topic if inner is None else self.nodes[place].children[inner]
        kept = self.nodes[other].topic if other_inner is None else self.nodes[other].children[other_inner]
        rest = self.remove(id).rename(into, kept.title, kept.description or gone.description)
        if inner is not None:
            return rest
        node = rest._top(into)
        return rest._swap(node, replace(node, children=(*node.children, *self.nodes[place].children)))

    def to_text(self) -> str:
        """The outline; from_text() reads it back. Ids are not in it: they are made from the titles again."""
        lines = []
        for node in self.nodes:
            lines.append(_line(node.topic))
            lines += ["  " + _line(child) for child in node.children]
        return "\n".join(lines)

    @classmethod
    def from_text(cls, text: str, before: Taxonomy | None = None) -> Taxonomy:
        """Read an outline: a title a line, a description after ': ', two spaces or a tab in front of a part.

        A backslash before a colon makes it a part of the title. Titles that `before` has keep their ids, and new ones
        get none of those. Raises BadInput naming the line of a part without a topic above it, of a part of a part,
        and of a line without a title.
        """
        read: list[tuple[bool, str, str]] = []
        inset = 0  # of the parts of the last topic
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            wide = line.expandtabs(2)
            indent = len(wide) - len(wide.lstrip())
            if indent < 2:
                inset = 0
            elif not read:
                raise BadInput(
                    f"Line {number} of the outline is a part, but no topic stands above it; don't indent it."
                )
            elif inset and indent >= inset + 2:
                raise BadInput(f"Line {number} of the outline is a part of a part, but the tree has two levels.")
            else:
                inset = inset or indent
            title, about = _split(line.strip())
            if not title:
                raise BadInput(f"Line {number} of the outline has no title; write one before the colon.")
            read.append((indent >= 2, title, about))
        known: dict[str, list[str]] = {title: [] for _, title, _ in read}
        for topic in before or ():
            if topic.title in known:
                known[topic.title].append(topic.id)
        taken = {id for ids in known.values() for id in ids}
        made = cls()
        for part, title, about in read:
            id = known[title].pop(0) if known[title] else made._new_id(title, taken)
            made = made._with(title, about, made.nodes[-1].topic.id if part else "", id)
        return made

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li>{_shown(n.topic)}"
            + (f"<ul>{''.join(f'<li>{_shown(c)}</li>' for c in n.children)}</ul>" if n.children else "")
            + "</li>"
            for n in self.nodes
        )
        return f"<p>{len(self.leaves)} topics to write about:</p><ul>{items}</ul>"

    def _at(self, id: str) -> tuple[int, int | None]:
        for place, node in enumerate(self.nodes):
            if node.topic.id == id:
                return place, None
            for inner, child in enumerate(node.children):
                if child.id == id:
                    return place, inner
        raise BadInput(f"There is no topic '{id}'; there are {', '.join(t.id for t in self) or 'none'}.")

    def _top(self, id: str) -> Node:
        place, inner = self._at(id)
        if inner is not None:
            raise BadInput(f"'{id}' is a part of another topic; the tree has two levels.")
        return self.nodes[place]

    def _swap(self, old: Node, new: Node) -> Taxonomy:
        return Taxonomy(tuple(new if node is old else node for node in self.nodes))

    def _with(self, title: str, description: str, parent: str, id: str) -> Taxonomy:
        topic = Topic(id, title, " ".join(description.split()))
        if not parent:
            return Taxonomy((*self.nodes, Node(topic)))
        node = self._top(parent)
        return self._swap(node, replace(node, children=(*node.children, topic)))

    def _new_id(self, title: str, taken: AbstractSet[str] = frozenset()) -> str:
        taken = {topic.id for topic in self} | taken
        base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "topic"
        id, n = base, 2
        while id in taken:
            id, n = f"{base}-{n}", n + 1
        return id


def taxonomy(topics: Sequence[Topic]) -> Taxonomy:
    """A tree of topics without parts."""
    tidy = (replace(t, title=" ".join(t.title.split()), description=" ".join(t.description.split())) for t in topics)
    return Taxonomy(tuple(Node(topic) for topic in tidy))


def propose_taxonomy(
    aws: Any, source: Domain | str, count: int = 8, *, parts: int = 0, model_id: str | None = None
) -> Taxonomy:
    """Have the writer model propose topics, and `parts` parts for each (none by default).

    A small model's parts are rough: read them before planning on them. Raises as propose_topics().
    """
    tree = taxonomy(propose_topics(aws, source, count, model_id=model_id))
    if parts:
        for topic in list(tree):
            text = f"{topic.title}: {topic.description}"
            if isinstance(source, Domain):
                text += " " + " ".join(p.text for p in source.passages_for(topic.id))
            for part in propose_topics(aws, text, parts, model_id=model_id):
                tree = tree.add(part.title, part.description, topic.id)
    return tree


def _moved(items: tuple[Any, ...], place: int, by: int) -> tuple[Any, ...]:
    rest = [*items[:place], *items[place + 1 :]]
    rest.insert(max(0, min(len(rest), place + by)), items[place])
    return tuple(rest)


# In an outline a bullet is dropped, and the first colon before a blank ends the title; where a title has such marks
# itself, a backslash stands before them.
_BULLET = re.compile(r"[-*•](?=\s|$)")
_TITLE = re.compile(r"(?P<title>(?:\\.|[^\\])*?)\s*(?::(?:\s+(?P<about>.*))?)?")


def _line(topic: Topic) -> str:
    title = re.sub(r"\\|:(?=\s|$)", r"\\\g<0>", topic.title)
    title = _BULLET.sub(r"\\\g<0>", title) if _BULLET.match(title) else title
    return f"{title}: {topic.description}" if topic.description else title


def _split(line: str) -> tuple[str, str]:
    """The title and the description of an outline's line."""
    line = _BULLET.sub("", line, count=1).strip() if _BULLET.match(line) else line
    match = _TITLE.fullmatch(line)
    title, about = (match["title"], match["about"] or "") if match else (line, "")
    return " ".join(re.sub(r"\\([\\:*•-])", r"\1", title).split()), about


def _shown(topic: Topic) -> str:
    about = f": {html.escape(topic.description)}" if topic.description else ""
    return f"<b>{html.escape(topic.title)}</b>{about}"
