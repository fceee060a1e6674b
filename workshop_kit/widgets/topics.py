"""Topics as a tree: add, rename, move, divide, merge and remove, or edit the outline as text."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import traitlets

from workshop_kit.authoring.taxonomy import Taxonomy
from workshop_kit.errors import KitError
from workshop_kit.widgets.style import Card, note, row, text, wide


class TopicTree(Card):
    """Edit a tree of topics; `.value` is the Taxonomy as it stands.

    As plain calls: taxonomy.add(...), .rename(...), .move(...), .put_under(...), .merge(...), .remove(...).
    """

    value = traitlets.Instance(Taxonomy)

    def __init__(self, tree: Taxonomy) -> None:
        self._before: list[Taxonomy] = []
        self.tree = widgets.Select(
            description="Topics", tooltip="Choose a topic with the arrow keys",
            layout=widgets.Layout(width="auto", height="220px"), style={"description_width": "60px"},
        )  # fmt: skip
        self.title = widgets.Text(
            description="Title", placeholder="a title for a new topic, or another one for this",
            layout=wide(), style={"description_width": "60px"},
        )  # fmt: skip
        self.about = widgets.Text(
            description="About", placeholder="one sentence, if you like", layout=wide(),
            style={"description_width": "60px"},
        )  # fmt: skip
        acts: tuple[tuple[str, str, Callable[[], Taxonomy]], ...] = (
            ("Add", "A new topic at the end", lambda: self.value.add(self.title.value, self.about.value)),
            ("Add part", "A part of the chosen topic",
             lambda: self.value.add(self.title.value, self.about.value, self._chosen())),
            ("Rename", "Give the chosen topic this title",
             lambda: self.value.rename(self._chosen(), self.title.value, self.about.value)),
            ("Up", "One place up", lambda: self.value.move(self._chosen(), -1)),
            ("Down", "One place down", lambda: self.value.move(self._chosen(), 1)),
            ("Into the one above", "Make it a part of the topic above it", self._under),
            ("Out", "Make a part a topic of its own", lambda: self.value.put_under(self._chosen())),
            ("Merge with the one above", "One topic of two", self._merge),
            ("Remove", "Without this topic and its parts", lambda: self.value.remove(self._chosen())),
        )  # fmt: skip
        self.buttons = {}
        for name, why, act in acts:
            button = widgets.Button(description=name, tooltip=why, layout=widgets.Layout(width="auto"))
            button.on_click(lambda _, act=act: self._do(act))
            self.buttons[name] = button
        self.undo = widgets.Button(description="Undo", tooltip="Take the last change back", layout=wide())
        self.undo.on_click(lambda _: self._undo())
        self.outline = widgets.Textarea(
            description="Outline", layout=wide(height="160px"), style={"description_width": "60px"},
            tooltip="A topic a line, a description after a colon, two spaces in front of a part",
        )  # fmt: skip
        self.read = widgets.Button(description="Read the outline", layout=widgets.Layout(width="auto"))
        self.read.on_click(lambda _: self._do(lambda: Taxonomy.from_text(self.outline.value, self.value)))
        self.told = text()
        as_text = widgets.Accordion([widgets.VBox([self.outline, self.read])], selected_index=None)
        as_text.set_title(0, "Edit as text")
        super().__init__(
            "Topics", "What the rows are about. A topic that is missing here is one the model will guess about.",
            [self.tree, self.title, self.about, row(*self.buttons.values(), self.undo), self.told, as_text],
            value=tree,
        )  # fmt: skip
        self.tree.observe(lambda _: self._show(), names="value")
        self._draw()

    def as_text(self) -> str:
        """How many topics there are."""
        return f"Topics: {len(self.value.leaves)} to write about"

    def _chosen(self) -> str:
        if self.tree.value is None:
            raise KitError("No topic is chosen; choose one in the list.")
        return self.tree.value

    def _above(self) -> str:
        tops = [node.topic.id for node in self.value.nodes]
        at = tops.index(self._chosen()) if self._chosen() in tops else -1
        if at < 1:
            raise KitError("There is no topic of the first level above the chosen one.")
        return tops[at - 1]

    def _under(self) -> Taxonomy:
        return self.value.put_under(self._chosen(), self._above())

    def _merge(self) -> Taxonomy:
        return self.value.merge(self._chosen(), self._above())

    def _do(self, act: Callable[[], Taxonomy]) -> None:
        self.told.value = ""
        try:
            made = act()
        except KitError as problem:
            self.told.value = note(str(problem), "error")
            return
        if made != self.value:
            self._before.append(self.value)
            self.value = made
        self._draw()

    def _undo(self) -> None:
        self.told.value = ""
        if self._before:
            self.value = self._before.pop()
            self._draw()
        else:
            self.told.value = note("There is nothing to take back.", "info")

    def _draw(self) -> None:
        chosen = self.tree.value
        options = []
        for node in self.value.nodes:
            options.append((node.topic.title, node.topic.id))
            options += [(f"\u00a0\u00a0\u00a0\u00a0{child.title}", child.id) for child in node.children]
        self.tree.options = options
        ids = [id for _, id in options]
        self.tree.value = chosen if chosen in ids else (ids[0] if ids else None)
        self.outline.value = self.value.to_text()
        self._show()

    def _show(self) -> None:
        topic = next((t for t in self.value if t.id == self.tree.value), None)
        self.title.value, self.about.value = (topic.title, topic.description) if topic else ("", "")
