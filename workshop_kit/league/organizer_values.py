"""What a call of the organizer's gives: tables and join codes that show themselves in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.records import html_table

TIMES = ("at", "created", "ended", "decided", "started", "seen")


@dataclass(frozen=True)
class Rows:
    """A table as the league told it: `rows` hold everything, `columns` are what is shown. `notes` are sentences."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, number: int) -> Mapping[str, Any]:
        """A row by its number, from 0."""
        return self.rows[number]

    def to_frame(self) -> Any:
        """A pandas DataFrame of the columns that are shown; times are seconds since 1970."""
        import pandas as pd

        return pd.DataFrame([{name: row.get(name) for name in self.columns} for row in self.rows], columns=self.columns)

    def __str__(self) -> str:
        lines = ["; ".join(f"{name} {_shown(name, row.get(name))}" for name in self.columns) for row in self.rows]
        return "\n".join([f"{self.caption}: {len(self.rows)}", *lines, *self.notes])

    def _repr_html_(self) -> str:
        cells: list[list[object]] = [[_shown(name, row.get(name)) for name in self.columns] for row in self.rows]
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        if not cells:
            return f"<p>{html.escape(self.caption)}: none.</p>{notes}"
        return html_table([name.replace("_", " ") for name in self.columns], cells, self.caption) + notes


@dataclass(frozen=True)
class TeamCode:
    """A team and the code that lets people join it. The league told the code this once and keeps only its hash."""

    team: str
    team_id: str
    new: bool
    code: str = field(repr=False)

    def _repr_html_(self) -> str:
        return TeamCodes((self,))._repr_html_()


@dataclass(frozen=True)
class TeamCodes:
    """Teams with their join codes, to print and cut up."""

    teams: tuple[TeamCode, ...]

    def __len__(self) -> int:
        return len(self.teams)

    def __iter__(self) -> Iterator[TeamCode]:
        return iter(self.teams)

    def __getitem__(self, team: str) -> TeamCode:
        """The team of that name; raises KeyError."""
        return {found.team: found for found in self.teams}[team]

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [found.team, found.code, "new" if found.new else "was there"] for found in self.teams
        ]
        return (
            html_table(["team", "join code", ""], rows)
            + "<p>Codes are told this once. A team that was there has a new code; the one before it opens nothing.</p>"
        )


def seconds_of(when: str | datetime | float) -> float:
    """A moment in seconds since 1970: an ISO date like "2026-11-26T09:00", a datetime, or seconds.

    One without a time zone is UTC. Raises BadInput for anything else.
    """
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            raise BadInput(f"{when!r} is no date; write one like 2026-11-26T09:00, which is UTC.") from None
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if isinstance(when, bool) or not isinstance(when, (int, float)):
        raise BadInput(f"{when!r} is no date; write one like '2026-11-26T09:00', which is UTC.")
    return float(when)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in TIMES and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    return str(value)
