"""What a call to the finale gives: values that show themselves in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshop_kit.records import html_table


@dataclass(frozen=True)
class GenerationView:
    """One of a contestant's answers; `state` is "asked", "done", "failed" or "late", `elapsed` in seconds."""

    id: str
    round: int
    number: int
    state: str
    text: str
    problem: str
    system: str
    temperature: float
    top_p: float
    elapsed: float

    def __str__(self) -> str:
        settings = f"temperature {self.temperature:g}, top p {self.top_p:g}"
        return f"#{self.number} ({settings}, {self.state}): {self.text or self.problem}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"


@dataclass(frozen=True)
class FinaleView:
    """The finale as one role sees it; `told` is everything the server said."""

    told: Mapping[str, Any]

    @property
    def round(self) -> int:
        """The number of the round that is shown."""
        return self.told["round"]["number"]

    @property
    def phase(self) -> str:
        """waiting, open, paused, closed, voting, counted, revealed or skipped."""
        return self.told["round"]["phase"]

    @property
    def question(self) -> str | None:
        """The question, once its round has been opened."""
        return self.told["round"]["question"]

    @property
    def answers(self) -> dict[str, str]:
        """The blind answers by letter, while everybody may read them."""
        return {answer["letter"]: answer["text"] for answer in self.told["round"]["answers"]}

    @property
    def over(self) -> bool:
        """Whether every round has been revealed or skipped."""
        return bool(self.told["over"])

    @property
    def mine(self) -> tuple[GenerationView, ...]:
        """A contestant's own answers of this round, first to last."""
        return tuple(generation_from(told, self.round) for told in self.told.get("mine", ()))

    @property
    def standing(self) -> tuple[Mapping[str, Any], ...]:
        """The overall standing, best first: rank, contestant, points, the sums of the parts, tie."""
        return tuple(self.told["standing"])

    def to_frame(self) -> Any:
        """The standing as a pandas DataFrame."""
        import pandas as pd

        columns = ["rank", "contestant", "points", "llm", "experts", "audience", "tie"]
        return pd.DataFrame([dict(row) for row in self.standing], columns=columns)

    def to_text(self) -> str:
        """The standing as a plain table."""
        lines = [f"{'place':>5}  {'contestant':30}  {'LLM judge':>9}  {'experts':>7}  {'audience':>8}  {'points':>6}"]
        for row in self.standing:
            parts = f"{row['llm']:>9.1f}  {row['experts']:>7.1f}  {row['audience']:>8.1f}  {row['points']:>6.1f}"
            tie = f"  equal points, ordered by {row['tie']}" if row["tie"] else ""
            lines.append(f"{row['rank']:>5}  {row['contestant'][:30]:30}  {parts}{tie}")
        return "\n".join(lines) if self.standing else "No round has been revealed yet."

    def _repr_html_(self) -> str:
        told, shown = self.told, self.told["round"]
        head = f"<b>{html.escape(told['title'])}</b>, round {shown['number']} of {told['rounds']}: {shown['phase']}"
        if told["rehearsal"]:
            head += " (rehearsal with simulated people)"
        parts = [f"<p>{head}</p>"]
        if shown["question"]:
            parts.append(f"<p>{html.escape(shown['question'])}</p>")
        if self.mine:
            rows = [[g.number, g.temperature, g.top_p, g.state, g.text or g.problem] for g in self.mine]
            parts.append(html_table(["#", "temperature", "top p", "state", "answer"], rows))
        if self.answers:
            parts.append(html_table(["", "answer"], [[letter, text] for letter, text in self.answers.items()]))
        for result in told["results"][-1:]:
            columns = ["contestant", "LLM judge", "experts", "audience", "points"]
            rows = [
                [row["name"], *(_points(row[part]) for part in ("llm", "experts", "audience", "points"))]
                for row in result["rows"]
            ]
            parts.append(html_table(columns, rows, f"Round {result['round']}"))
            parts += [f"<p>{html.escape(note)}</p>" for note in result["notes"]]
        if self.standing:
            columns = ["place", "contestant", "LLM judge", "experts", "audience", "points", "tie"]
            rows = [
                [row["rank"], row["contestant"]]
                + [_points(row[part]) for part in ("llm", "experts", "audience", "points")]
                + [row["tie"]]
                for row in self.standing
            ]
            parts.append(html_table(columns, rows, "Final standing" if self.over else "Standing"))
        return "".join(parts)


def generation_from(told: Mapping[str, Any], round: int) -> GenerationView:
    """An answer as the server told it."""
    names = [name for name in GenerationView.__dataclass_fields__ if name != "round"]
    return GenerationView(round=told.get("round", round), **{name: told[name] for name in names})


def _points(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
