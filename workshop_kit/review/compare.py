"""Two versions of a dataset side by side: what came, what went, and what changed, word by word."""

from __future__ import annotations

import difflib
import html
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from workshop_kit.records import Dataset, Example, pandas
from workshop_kit.review.duplicates import plain, shingles, similar_pairs

CHANGED = 0.5  # rows that share this much of their word pairs are two versions of one row


@dataclass(frozen=True)
class Comparison:
    """What a step did to a dataset. Rows are matched by their text, not by their place."""

    before: Dataset
    after: Dataset
    unchanged: int
    removed: tuple[Example, ...]
    added: tuple[Example, ...]
    changed: tuple[tuple[Example, Example], ...]

    def to_frame(self) -> Any:
        """One line for each row that is not the same in both, as a pandas DataFrame."""
        pd = pandas()
        rows = [["removed", e.topic, e.instruction, e.response, "", ""] for e in self.removed]
        rows += [["added", e.topic, "", "", e.instruction, e.response] for e in self.added]
        rows += [["changed", a.topic, a.instruction, a.response, b.instruction, b.response] for a, b in self.changed]
        columns = ["what", "topic", "question before", "answer before", "question after", "answer after"]
        return pd.DataFrame(rows, columns=columns)

    def topics(self) -> dict[str, tuple[int, int]]:
        """Rows of each topic before and after."""
        counts = [Counter(e.topic or "(no topic)" for e in dataset) for dataset in (self.before, self.after)]
        return {topic: (counts[0][topic], counts[1][topic]) for topic in sorted(counts[0] | counts[1])}

    def __str__(self) -> str:
        return (
            f"{len(self.before)} rows ({self.before.provenance_id}) became {len(self.after)} "
            f"({self.after.provenance_id}): {self.unchanged} as they were, {len(self.changed)} changed, "
            f"{len(self.removed)} removed, {len(self.added)} added."
        )

    def _repr_html_(self, limit: int = 10) -> str:
        parts = [f"<p>{html.escape(str(self))}</p>"]
        for title, rows in (("Removed", self.removed), ("Added", self.added)):
            if rows:
                mark = "del" if title == "Removed" else "ins"
                items = "".join(
                    f"<li><{mark}>{html.escape(e.instruction)} {html.escape(e.response)}</{mark}></li>"
                    for e in rows[:limit]
                )
                parts.append(f"<p><b>{title}</b>{_more(len(rows), limit)}</p><ul>{items}</ul>")
        if self.changed:
            items = "".join(
                f"<li>{word_diff(a.instruction, b.instruction)}<br>{word_diff(a.response, b.response)}</li>"
                for a, b in self.changed[:limit]
            )
            parts.append(f"<p><b>Changed</b>{_more(len(self.changed), limit)}</p><ul>{items}</ul>")
        return "".join(parts)


def compare(before: Dataset, after: Dataset) -> Comparison:
    """Compare two datasets. A row that is in only one is matched with its likeliest other version, if there is one.

    The same question is the surest sign, then at least half of the word pairs in common (Jaccard).
    """
    left, right = Counter(before.examples), Counter(after.examples)
    same = left & right
    gone, come = list((left - right).elements()), list((right - left).elements())
    changed: list[tuple[Example, Example]] = []
    by_question: dict[str, list[Example]] = defaultdict(list)
    for example in come:
        by_question[plain(example.instruction)].append(example)
    unmatched = []
    for example in gone:
        others = by_question[plain(example.instruction)]
        if others:
            changed.append((example, others.pop(0)))
        else:
            unmatched.append(example)
    rest = [example for others in by_question.values() for example in others]
    texts = [f"{e.instruction} {e.response}" for e in (*unmatched, *rest)]
    edge = len(unmatched)
    pairs = [(s, i, j - edge) for i, j, s in similar_pairs([shingles(t) for t in texts], CHANGED) if i < edge <= j]
    used_left: set[int] = set()
    used_right: set[int] = set()
    for _, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            changed.append((unmatched[i], rest[j]))
    removed = tuple(example for i, example in enumerate(unmatched) if i not in used_left)
    added = tuple(example for j, example in enumerate(rest) if j not in used_right)
    return Comparison(before, after, same.total(), removed, added, tuple(changed))


def word_diff(before: str, after: str) -> str:
    """HTML with what went struck through and what came underlined: told by form, not by colour."""
    a, b = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    out = []
    for what, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if what == "equal":
            out.append(html.escape("".join(a[a1:a2])))
            continue
        if a1 < a2:
            out.append(f"<del>{html.escape(''.join(a[a1:a2]))}</del>")
        if b1 < b2:
            out.append(f"<ins>{html.escape(''.join(b[b1:b2]))}</ins>")
    return "".join(out)


def _more(count: int, limit: int) -> str:
    return f" ({limit} of {count})" if count > limit else f" ({count})"
