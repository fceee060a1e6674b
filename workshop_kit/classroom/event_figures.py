"""An event in figures without names: how many finished what, how long it took, win rates, cost.

Groups of fewer than five are suppressed, and counts are rounded to the nearest five, so that no difference between two
figures points at one person (the usual disclosure control of official statistics: minimum cell size and rounding to a
base). Quartiles are of five people or more, in whole minutes.
"""

from __future__ import annotations

import csv
import html
import io
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from workshop_kit.classroom import ledger
from workshop_kit.classroom.steps import STEPS
from workshop_kit.classroom.tables import progress
from workshop_kit.league.store.schema import teams
from workshop_kit.records import html_table

FEWEST = 5
BINS = 10  # of the win rates, from 0 to 1


@dataclass(frozen=True)
class StepStatistics:
    """One step; None is suppressed. Quartiles of the time from start to the first ok, in minutes."""

    step: str
    title: str
    started: int | None
    finished: int | None
    q1: int | None
    median: int | None
    q3: int | None


@dataclass(frozen=True)
class Bin:
    """Teams with a best win rate from `low` to below `high`; neighbours are joined until a bin has five."""

    low: float
    high: float
    teams: int


@dataclass(frozen=True)
class EventStatistics:
    """The whole event; `usd` is estimated, None where fewer than five teams ran something."""

    people: int | None
    steps: tuple[StepStatistics, ...]
    win_rates: tuple[Bin, ...]
    usd: float | None
    usd_note: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {
            "steps": [asdict(s) for s in self.steps],
            "win_rates": [asdict(b) for b in self.win_rates],
        }

    def to_csv(self) -> str:
        """Two tables under each other, an empty line between them."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(["step", "title", "started", "finished", "q1 minutes", "median minutes", "q3 minutes"])
        writer.writerows([_shown(value) for value in asdict(step).values()] for step in self.steps)
        writer.writerow([])
        writer.writerow(["win rate from", "to", "teams"])
        writer.writerows([f"{b.low:.1f}", f"{b.high:.1f}", b.teams] for b in self.win_rates)
        return out.getvalue()

    def to_html(self) -> str:
        """A page of its own."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The event in figures</title><style>'
            "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1d2430}"
            "table{border-collapse:collapse}td,th{border-bottom:1px solid #d0d7de;padding:.3rem 1rem .3rem 0}"
            f"</style></head><body><h1>The event in figures</h1>{self._repr_html_()}</body></html>"
        )

    def _repr_html_(self) -> str:
        columns = ["step", "started", "finished", "minutes: first quartile", "median", "third quartile"]
        rows: list[list[object]] = [
            [s.title, *(_shown(value) for value in (s.started, s.finished, s.q1, s.median, s.q3))] for s in self.steps
        ]
        rates: list[list[object]] = [[f"{b.low:.0%} to {b.high:.0%}", b.teams] for b in self.win_rates]
        money = "suppressed" if self.usd is None else f"about {self.usd:.2f} USD"
        shown = html_table(["best win rate", "teams"], rates) if rates else "<p>Win rates: fewer than 5 teams.</p>"
        return (
            f"<p>{_shown(self.people)} people reported. Counts are rounded to the nearest five; groups under five are "
            f"suppressed.</p>{html_table(columns, rows)}{shown}<p>Cost: {money}. {html.escape(self.usd_note)}</p>"
        )


def event_statistics(connection: Connection) -> EventStatistics:
    """The figures of the event in this database."""
    rows = connection.execute(select(progress.c.person, progress.c.step, progress.c.seconds)).all()
    found = []
    for step in STEPS:
        mine = [row for row in rows if row.step == step.id]
        took = [row.seconds for row in mine if row.seconds is not None]
        q1, middle, q3 = _quartiles(took)
        found.append(StepStatistics(step.id, str(step), rounded(len(mine)), rounded(len(took)), q1, middle, q3))
    query = select(teams.c.best_rate).where(teams.c.best_rate.is_not(None), teams.c.disabled.is_(False))
    rates = list(connection.execute(query).scalars())
    costs = ledger.kept(connection)
    paid = costs.by_team()
    usd = round(sum(row["usd"] for row in paid), 2) if len(paid) >= FEWEST else None
    return EventStatistics(rounded(len({row.person for row in rows})), tuple(found), bins(rates), usd, costs.note)


def rounded(count: int) -> int | None:
    """A count to the nearest five; None below five people."""
    return None if count < FEWEST else 5 * round(count / 5)


def bins(rates: Sequence[float]) -> tuple[Bin, ...]:
    """Win rates in bins of at least five teams each, their counts rounded; none for fewer than five teams."""
    if len(rates) < FEWEST:
        return ()
    counts = [0] * BINS
    for rate in rates:
        counts[min(BINS - 1, max(0, int(rate * BINS)))] += 1
    found: list[list[int]] = []  # first bin, last bin, count
    held = [0, -1, 0]
    for number, count in enumerate(counts):
        held = [held[0], number, held[2] + count]
        if held[2] >= FEWEST:
            found.append(held)
            held = [number + 1, number, 0]
    if held[1] >= held[0]:  # what is left over joins the last bin
        found[-1] = [found[-1][0], held[1], found[-1][2] + held[2]]
    return tuple(Bin(first / BINS, (last + 1) / BINS, rounded(count) or 0) for first, last, count in found)


def _quartiles(seconds: Sequence[float]) -> tuple[int | None, int | None, int | None]:
    if len(seconds) < FEWEST:
        return None, None, None
    q1, middle, q3 = statistics.quantiles(seconds, n=4, method="inclusive")
    return round(q1 / 60), round(middle / 60), round(q3 / 60)


def _shown(value: object) -> object:
    return "suppressed" if value is None else value


def statistics_from(told: dict[str, Any]) -> EventStatistics:
    """What to_dict() gave, read back."""
    steps = tuple(StepStatistics(**step) for step in told["steps"])
    return EventStatistics(
        told["people"], steps, tuple(Bin(**found) for found in told["win_rates"]), told["usd"], told["usd_note"]
    )
