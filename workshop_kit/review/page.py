"""The report of a review, as a page and as Markdown: what was there, what was taken out and why, what is left.

Both stand alone: the page has its pictures inside, the Markdown has them beside it, and neither loads anything.
"""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.records import Dataset
from workshop_kit.review.coverage import Coverage
from workshop_kit.review.duplicates import exact_clusters
from workshop_kit.review.lengths import Measure, measure
from workshop_kit.review.privacy import Private, find_private
from workshop_kit.review.report import Review
from workshop_kit.review.split import Split
from workshop_kit.workspace import write_atomically

BEFORE, AFTER = "#E69F00", "#0072B2"  # Okabe and Ito's orange and blue, told apart by everybody
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}table{border-collapse:collapse;margin:.5rem 0}td,th{border-bottom:1px solid #d0d7de;"
    "padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}code{background:#f3f4f6;padding:0 .3em}"
    "svg{max-width:100%;height:auto}h2{margin-top:2rem}"
)
Table = tuple[str, list[str], list[list[str]]]


@dataclass(frozen=True)
class Report:
    """Where a report was written, and the id of the dataset it speaks of."""

    page: Path
    markdown: Path
    dataset: str

    def _repr_html_(self) -> str:
        return (
            f"<p>The report on dataset <code>{self.dataset}</code> is in <code>{html.escape(str(self.page))}</code> "
            f"(and <code>{html.escape(self.markdown.name)}</code> beside it).</p>"
        )


def write_report(
    folder: str | Path,
    review: Review,
    cleaned: Dataset,
    *,
    split: Split | None = None,
    coverage: Coverage | None = None,
    private: Private | None = None,
    left_out: dict[int, str] | None = None,
) -> Report:
    """Write report.html, report.md and two pictures to `folder`, replacing an earlier report whole.

    `left_out` says which rows went and why (rows from 0); without it, review.leaving() does. Raises BadInput when the
    folder can't be written.
    """
    folder = Path(folder)
    why = review.leaving() if left_out is None else left_out
    tables = _tables(review, cleaned, why, split, private)
    advice = list(coverage.advice) if coverage else []
    pictures = {
        "topics.svg": ("Rows by topic, before and after", _topics(review.dataset, cleaned)),
        "lengths.svg": ("Words in the answers, before and after", _lengths(review.dataset, cleaned)),
    }
    for name, (_, picture) in pictures.items():
        write_atomically(folder / name, picture)
    title = f"Review of {review.dataset.name}"
    write_atomically(folder / "report.md", _markdown(title, tables, pictures, advice))
    write_atomically(folder / "report.html", _page(title, tables, pictures, advice))
    return Report(folder / "report.html", folder / "report.md", cleaned.provenance_id)


def _tables(
    review: Review, cleaned: Dataset, why: dict[int, str], split: Split | None, private: Private | None
) -> list[Table]:
    before = review.dataset
    # A report is passed around: it shows rows only with their private text masked.
    shown = (private or find_private(before)).mask().dataset
    severities = Counter(finding.severity for finding in review.findings)
    tables: list[Table] = [
        ("In short", ["", "before", "after"], [
            ["rows", f"{len(before):,}", f"{len(cleaned):,}"],
            ["id", before.provenance_id, cleaned.provenance_id],
            ["rows that nearly say the same", str(sum(len(c.spare) for c in review.near)), ""],
            ["exact duplicates", str(_spare(before)), str(_spare(cleaned))],
            ["errors, warnings, notes", ", ".join(str(severities[s]) for s in ("error", "warning", "note")), ""],
        ]),
        ("What was taken out, and why", ["why", "rows", "such as"], [
            [reason, str(n), next(shown.examples[row].instruction[:120] for row, w in why.items() if w == reason)]
            for reason, n in Counter(why.values()).most_common()
        ]),
        ("What was found", ["severity", "line", "field", "what", "mend"], [
            [f.severity, str(f.line or ""), f.field, f.message, f.fix] for f in review.findings[:200]
        ]),
    ]  # fmt: skip
    counts = [Counter(e.topic or "(no topic)" for e in dataset) for dataset in (before, cleaned)]
    rows = [[topic, *(str(count[topic]) for count in counts)] for topic in sorted(counts[0] | counts[1])]
    tables.append(("Rows by topic", ["topic", "before", "after"], rows))
    rows = [[name, *(str(_words(dataset).at(share)) for dataset in (before, cleaned))]
            for name, share in (("shortest", 0.0), ("middle", 0.5), ("longest", 1.0))]  # fmt: skip
    tables.append(("Words in the answers", ["", "before", "after"], rows))
    if private is not None:
        rows = [[kind, str(n)] for kind, n in private.counts().items()] or [["nothing", "0"]]
        tables.append(("Private text found", ["kind", "how often"], rows))
    if split is not None:
        parts = [("train", split.train), ("validation", split.validation), ("test", split.test)]
        rows = [[name, str(len(part)), part.provenance_id] for name, part in parts if len(part)]
        rows.append(["rows that leak", str(split.leaks()), ""])
        tables.append((f"The split {split.provenance_id}, seed {split.seed}", ["part", "rows", "id"], rows))
    return tables


def _spare(dataset: Dataset) -> int:
    return sum(len(cluster.spare) for cluster in exact_clusters(dataset.examples))


def _words(dataset: Dataset) -> Measure:
    return next(m for m in measure(dataset).measures if (m.field, m.unit) == ("response", "words"))


def _page(title: str, tables: Sequence[Table], pictures: dict[str, tuple[str, str]], advice: Sequence[str]) -> str:
    parts = [f"<h1>{html.escape(title)}</h1>"]
    for name, columns, rows in tables:
        head = "".join(f"<th scope='col'>{html.escape(c)}</th>" for c in columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        shown = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else "<p>Nothing.</p>"
        parts.append(f"<h2>{html.escape(name)}</h2>{shown}")
    for caption, picture in pictures.values():
        drawing = picture[picture.index("<svg") :]
        parts.append(f"<figure role='img' aria-label='{html.escape(caption)}'>{drawing}</figure>")
    if advice:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in advice)
        parts.append(f"<h2>What is missing</h2><ul>{items}</ul>")
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(title)}</title>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _markdown(title: str, tables: Sequence[Table], pictures: dict[str, tuple[str, str]], advice: Sequence[str]) -> str:
    lines = [f"# {_cell(title)}", ""]
    for name, columns, rows in tables:
        lines += [f"## {_cell(name)}", ""]
        if rows:
            lines += [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
            lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
        else:
            lines.append("Nothing.")
        lines.append("")
    lines += [f"![{caption}]({name})" for name, (caption, _) in pictures.items()]
    if advice:
        lines += ["", "## What is missing", "", *(f"- {_cell(line)}" for line in advice)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text that Markdown shows as it is, on one line: marks escaped, markup of its own made harmless."""
    plain = re.sub(r"\s+", " ", text)
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~])", r"\\\1", plain)


def _topics(before: Dataset, after: Dataset) -> str:
    counts = [Counter(e.topic or "(no topic)" for e in dataset) for dataset in (before, after)]
    topics = sorted(counts[0] | counts[1], key=lambda t: -counts[0][t])[:24]

    def draw(axes: Any) -> None:
        for side, (name, colour, hatch) in enumerate((("before", BEFORE, "//"), ("after", AFTER, None))):
            places = [n + (side - 0.5) * 0.4 for n in range(len(topics))]
            axes.barh(places, [counts[side][t] for t in topics], 0.38, label=name, color=colour, hatch=hatch,
                      edgecolor="white")  # fmt: skip
        axes.set_yticks(range(len(topics)), [t[:30] for t in topics])
        axes.invert_yaxis()
        axes.set_xlabel("rows")

    return _svg(draw, 1.2 + 0.42 * max(1, len(topics)))


def _lengths(before: Dataset, after: Dataset) -> str:
    words = [_words(dataset) for dataset in (before, after)]

    def draw(axes: Any) -> None:
        top = max((*words[0].values, *words[1].values, 1))
        edges = [top * n / 20 for n in range(21)]
        axes.hist(words[0].values, edges, label="before", color=BEFORE, hatch="//", edgecolor="white")
        axes.hist(words[1].values, edges, label="after", color=AFTER, histtype="step", linewidth=2.5)
        axes.set_xlabel("words in the answer")
        axes.set_ylabel("rows")

    return _svg(draw, 3.2)


def _svg(draw: Any, height: float) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    # A figure of its own, apart from pyplot, leaves the learner's backend and figures alone.
    with matplotlib.rc_context({"svg.hashsalt": "workshop-kit", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(7.5, height), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
