"""One Review: findings, duplicates, contamination and lengths of a dataset, and the cleaned dataset."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from workshop_kit import formats
from workshop_kit.domains import Question
from workshop_kit.records import Dataset, Finding, html_table, pandas
from workshop_kit.review.checks import MAX_TOKENS, check_rows, mend, usable
from workshop_kit.review.duplicates import (
    THRESHOLD,
    Cluster,
    Match,
    contamination,
    exact_clusters,
    near_clusters,
)
from workshop_kit.review.lengths import Lengths, measure
from workshop_kit.review.limits import check_limits
from workshop_kit.review.semantic import semantic_clusters

EXACT = "is the same as another row"
_RANK = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Review:
    """What was found in a dataset."""

    dataset: Dataset
    findings: tuple[Finding, ...]
    exact: tuple[Cluster, ...]
    near: tuple[Cluster, ...]
    contamination: tuple[Match, ...]
    lengths: Lengths = field(repr=False)

    @cached_property
    def rephrased(self) -> tuple[Cluster, ...]:
        """Rows that ask the same in other words and say the same (TF-IDF); found when first asked for."""
        spare = [row for cluster in (*self.exact, *self.near) for row in cluster.spare]
        return semantic_clusters(self.dataset.examples, without=spare)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that make a row or a line useless as it is."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def duplicates(self) -> int:
        """How many rows could go because another one says the same."""
        return sum(len(cluster.spare) for cluster in (*self.exact, *self.near))

    def clean(self, *, near_duplicates: bool = True, contaminated: bool = True) -> Dataset:
        """The dataset with the safe mends made, without useless rows and duplicates.

        `near_duplicates` also drops all but the survivor of each near-duplicate cluster, `contaminated`
        the rows that ask a practice question. The order stays; nothing else is changed.
        """
        leaving = self.leaving(near_duplicates=near_duplicates, contaminated=contaminated)
        kept = tuple(mend(example) for row, example in enumerate(self.dataset) if row not in leaving)
        return replace(self.dataset, examples=kept)

    def leaving(self, *, near_duplicates: bool = True, contaminated: bool = True) -> dict[int, str]:
        """Row (from 0) -> why clean() leaves it out, in the order of the rows."""
        why: dict[int, str] = {row: EXACT for cluster in self.exact for row in cluster.spare}
        if near_duplicates:
            why |= {row: "says nearly the same as another row" for c in self.near for row in c.spare if row not in why}
        if contaminated:
            why |= {match.row: "asks a practice question" for match in self.contamination if match.row not in why}
        left = [row for row in range(len(self.dataset)) if row not in why]
        mended = {row: mend(self.dataset.examples[row]) for row in left}
        why |= {row: "has nothing to learn from" for row, example in mended.items() if not usable(example)}
        # A mend can make two rows alike, so exact duplicates are looked for once more.
        left = [row for row in left if row not in why]
        again = exact_clusters([mended[row] for row in left])
        why |= {left[place]: EXACT for cluster in again for place in cluster.spare}
        return dict(sorted(why.items()))

    def to_frame(self) -> Any:
        """The findings as a pandas DataFrame, worst first."""
        pd = pandas()
        columns = [
            "severity",
            "line",
            "column",
            "field",
            "message",
            "fix",
            "mendable",
            "code",
            "file",
            "example_id",
        ]
        return pd.DataFrame([[getattr(f, c) for c in columns] for f in self.findings], columns=columns)

    def duplicates_frame(self) -> Any:
        """The duplicate clusters as a pandas DataFrame, one line per row."""
        pd = pandas()
        rows = [
            [kind, number, row + 1, row == cluster.survivor, self.dataset.examples[row].instruction,
             self.dataset.examples[row].response]
            for kind, clusters in (("exact", self.exact), ("near", self.near), ("rephrased", self.rephrased))
            for number, cluster in enumerate(clusters, 1)
            for row in cluster.rows
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["kind", "cluster", "row", "keep", "instruction", "response"])

    def _repr_html_(self) -> str:
        severities = Counter(finding.severity for finding in self.findings)
        after = self.clean()
        facts: list[list[object]] = [
            ["rows", len(self.dataset)],
            ["errors", severities["error"]],
            ["warnings", severities["warning"]],
            ["notes", severities["note"]],
            ["exact duplicates", sum(len(c.spare) for c in self.exact)],
            ["near duplicates", sum(len(c.spare) for c in self.near)],
            ["practice questions among the rows", len(self.contamination)],
            ["rows after cleaning", len(after)],
        ]
        name = html.escape(self.dataset.name)
        title = f"<p><b>Review of {name}</b> (<code>{self.dataset.provenance_id}</code>)</p>"
        parts = [title, html_table(["what", "how many"], facts)]
        if self.findings:
            rows: list[list[object]] = [
                [
                    f.severity,
                    f.line or "",
                    f.field,
                    f.message,
                    f.fix + (" (clean() does it)" if f.mendable else ""),
                ]
                for f in self.findings[:20]
            ]
            caption = f"Findings, worst first{f' (20 of {len(self.findings)})' if len(self.findings) > 20 else ''}:"
            parts.append(html_table(["severity", "line", "field", "what", "mend"], rows, caption))
        clusters = [*self.exact, *self.near]
        if clusters:
            rows = [
                [
                    ", ".join(str(row + 1) for row in c.rows),
                    c.survivor + 1,
                    self.dataset.examples[c.survivor].instruction,
                ]
                for c in clusters[:10]
            ]
            caption = f"Duplicate clusters{f' (10 of {len(clusters)})' if len(clusters) > 10 else ''}:"
            parts.append(html_table(["rows", "keep", "question"], rows, caption))
        parts.append(self.lengths._repr_html_())
        return "".join(parts)


def review(
    source: Dataset | formats.Loaded | str | Path,
    questions: Sequence[Question] | Sequence[str] = (),
    *,
    max_tokens: int = MAX_TOKENS,
    threshold: float = THRESHOLD,
    service: str = "",
) -> Review:
    """Review a dataset, an import or a file.

    `questions` (such as domain.practice_questions) are looked for among the rows. A file's own faults are
    among the findings, by line. `threshold` is the Jaccard similarity from which rows are near duplicates.
    `service` (a key of limits.LIMITS) checks what that training service takes.
    Raises BadInput when a file can't be read at all, and for an unknown service.
    """
    found: list[Finding] = []
    lines: Sequence[int] = ()
    file = ""
    if isinstance(source, (str, Path)):
        file = str(source)
        source = formats.load(source)
    if isinstance(source, Dataset):
        dataset = source
    else:
        dataset, lines = source.dataset, source.lines
        found += source.findings
        file = file or next((finding.file for finding in source.findings), "")
    found += check_rows(dataset, lines, file, max_tokens)
    if service:
        found += (
            replace(f, file=file, line=lines[f.line - 1] if lines and f.line else f.line)
            for f in check_limits(dataset, service)
        )
    examples = dataset.examples
    exact = exact_clusters(examples)
    near = near_clusters(examples, threshold, without=[row for cluster in exact for row in cluster.spare])
    texts = [q.question if isinstance(q, Question) else q for q in questions]
    matches = contamination(examples, texts, threshold)
    for match in matches:
        found.append(
            Finding(
                "warning", "contaminated", f"asks a practice question: {match.question}", file,
                lines[match.row] if lines else match.row + 1, 0, "instruction",
                "leave it out, or don't judge with that question", examples[match.row].id, True,
            )
        )  # fmt: skip
    found.sort(key=lambda finding: _RANK[finding.severity])
    return Review(dataset, tuple(found), exact, near, matches, measure(dataset))
