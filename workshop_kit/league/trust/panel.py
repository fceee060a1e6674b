"""The trust panel: every measure of every judge in one table, for an organizer or a curious participant."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workshop_kit.league.statistics import JudgeAgreement, agreement
from workshop_kit.league.trust.measures import (
    HumanVote,
    JudgedPair,
    KnownRow,
    Measure,
    Told,
    among_people,
    calibration_accuracy,
    flip_rate,
    length_correlation,
    longer_wins,
    people_agreement,
    position_bias,
    tie_rate,
)
from workshop_kit.records import html_table

COLUMNS = ("judge", "measure", "value", "95 % interval", "cases", "what it means")


class Known(Protocol):
    """A judge's verdicts on pairs with a known outcome, as `judge.calibration.CalibrationResult`."""

    judge: str
    rows: Sequence[KnownRow]


@dataclass(frozen=True)
class JudgeTrust:
    """What is known of one judge."""

    judge: str
    measures: tuple[Measure, ...]

    def __getitem__(self, name: str) -> Measure:
        """The measure of that name; raises KeyError."""
        return {measure.name: measure for measure in self.measures}[name]


@dataclass(frozen=True)
class TrustPanel:
    """How far each judge can be trusted, how far the judges agree, and how far people do."""

    judges: tuple[JudgeTrust, ...]
    between: JudgeAgreement
    people: Measure
    note: str = ""  # what was left out, if anything

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why some of this should not be relied on, a sentence each."""
        if not self.judges:
            return ("No judge has told a verdict yet.",)
        few = [f"{j.judge}, {m.name} ({m.cases})" for j in self.judges for m in j.measures if m.caution]
        few += [f"{self.people.name} ({self.people.cases})"] if self.people.caution else []
        found = [self.note] if self.note else []
        found += [f"Too few cases to rely on: {'; '.join(few)}."] if few else []
        unknown = [judge.judge for judge in self.judges if not judge["known answers found"].cases]
        if unknown:
            found.append(f"Not calibrated yet: {', '.join(unknown)}.")
        if not any(judge["same as people"].cases for judge in self.judges):
            found.append("Nobody has voted on pairs that were judged, so whether people would agree is not known.")
        return tuple(found)

    def to_rows(self) -> list[list[str]]:
        """The table as text, one row a measure in the order of COLUMNS."""
        rows = [_row(judge.judge, measure) for judge in self.judges for measure in judge.measures]
        if len(self.judges) > 1:
            rows.append(_between(self.between))
        if self.people.cases:
            rows.append(_row("people", self.people))
        return rows

    def __str__(self) -> str:
        lines = [
            f"{who}: {what} {value} ({interval}; {n}). {means}"
            for who, what, value, interval, n, means in self.to_rows()
        ]
        return "\n".join([*lines, *self.cautions])

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [list(row) for row in self.to_rows()]
        table = html_table(list(COLUMNS), rows, "How far the judges can be trusted") if rows else ""
        notes = "".join(f"<li>{html.escape(caution)}</li>" for caution in self.cautions)
        return table + (f"<p>Before relying on this:</p><ul>{notes}</ul>" if notes else "")


def trust_panel(
    verdicts_by_judge: Mapping[str, Iterable[JudgedPair]],
    human_votes: Iterable[HumanVote] = (),
    calibration_results: Iterable[Known] = (),
    *,
    note: str = "",
) -> TrustPanel:
    """Measure every judge that told a verdict or was calibrated, in the order given; `note` says what was left out.

    A pair that a judge judged twice counts once, by its later verdict. All figures are of these pairs: a judge may do
    better or worse on other models and topics.
    """
    verdicts = {judge: list({p.pair: p for p in pairs}.values()) for judge, pairs in verdicts_by_judge.items()}
    votes = list(human_votes)
    known: dict[str, list[KnownRow]] = {}
    for result in calibration_results:
        known.setdefault(result.judge, []).extend(result.rows)
    judges = tuple(
        JudgeTrust(judge, _measures(verdicts.get(judge, []), votes, known.get(judge, [])))
        for judge in dict.fromkeys((*verdicts, *known))
    )
    told = [Told(p.pair, judge, p.outcome) for judge, pairs in verdicts.items() for p in pairs]
    return TrustPanel(judges, agreement(told), among_people(votes), note)


def _measures(
    pairs: Sequence[JudgedPair], votes: Sequence[HumanVote], known: Sequence[KnownRow]
) -> tuple[Measure, ...]:
    return (
        calibration_accuracy(known),
        *people_agreement(pairs, votes),
        flip_rate(pairs),
        position_bias(pairs),
        longer_wins(pairs),
        length_correlation(pairs),
        tie_rate(pairs),
    )


def _row(who: str, measure: Measure) -> list[str]:
    means = f"{measure.meaning} {measure.caution}".strip()
    return [who, measure.name, measure.shown(), measure.interval(), str(measure.cases), means]


def _between(found: JudgeAgreement) -> list[str]:
    two = found.kappa is not None
    value, low, high = (
        (found.kappa, found.kappa_low, found.kappa_high) if two else (found.alpha, found.alpha_low, found.alpha_high)
    )
    told = "–" if value is None else f"{value:.2f}"
    interval = "–" if low is None or high is None else f"{low:.2f} to {high:.2f}"
    name = "kappa" if two else "alpha"
    return ["all judges", f"{name} with each other", told, interval, str(found.things), str(found)]
