"""What the league tells: a submission, the standings, a team's own place; each shows well in a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.league.statistics import Score, noise
from workshop_kit.records import html_table, pandas

# Okabe and Ito's colours, which colour-blind people tell apart.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8A7D00", "#000000")
SHORTEST = 600.0  # seconds that the axis of the progress shows at least


@dataclass(frozen=True)
class Judged:
    """How far a judging is: questions done of all, and the seconds left where they can be told."""

    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Submission:
    """A submission as the league last told it; `score` is there when the state is done."""

    id: str
    participant: str
    state: str
    judged: int
    questions: int
    problem: str = ""
    score: Score | None = None
    judge: str = ""
    reference: str = ""
    against: str = ""
    reference_passages: int = 0
    provenance: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.score:
            return (
                f"{self.participant}: {self.state}, {self.judged} of {self.questions} questions judged. {self.problem}"
            )
        s = self.score
        return (
            f"{self.participant}: win rate {s.win_rate:.0%} (95 % interval {s.low:.0%} to {s.high:.0%}), "
            f"{s.wins} wins, {s.ties} ties, {s.losses} losses, {s.flips} flips over {s.questions} questions"
        )

    def _repr_html_(self) -> str:
        if not self.score:
            return f"<p>{html.escape(str(self))}</p>"
        s = self.score
        rows: list[list[object]] = [
            ["win rate", f"{s.win_rate:.0%}, with 95 % confidence between {s.low:.0%} and {s.high:.0%}"],
            ["win rate if answers were as long as the reference's", _share(s.length_controlled_win_rate)],
            ["wins, ties, losses", f"{s.wins}, {s.ties}, {s.losses}"],
            ["verdicts that changed with the order", s.flips],
            ["length of your answers against the reference's", f"{s.length_ratio:.2f} times"],
            ["judged by", self.judge],
            ["against", self.against or self.reference],
            [
                "the reference's book",
                f"open, {self.reference_passages} passages" if self.reference_passages else "closed",
            ],
            *[[name.replace("_", " "), value] for name, value in self.provenance.items()],
        ]
        return f"<p><b>{html.escape(self.participant)}</b></p>" + html_table(["", ""], rows)


@dataclass(frozen=True)
class Standings:
    """The standings as the league last told them; `rows` best first, the first page of them.

    Each row has place, rank (shared by all whom chance could explain), participant, score, gap to the leader as a
    fraction, submissions so far, judge, reference, against (the reference in words, with what it had in its prompt) and
    service (tokens, seconds and USD of an answer, and the reference's). `progress` has each leading team's steps of
    (seconds since 1970, best win rate).
    """

    domain: str
    questions: int
    rows: tuple[dict[str, Any], ...]
    url: str = ""
    teams: int = 0
    phase: str = ""
    quota: int | None = None
    waiting: int = 0
    progress: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    def to_frame(self) -> Any:
        """A pandas DataFrame, a row per participant; rates from 0 to 1."""
        pd = pandas()
        columns = ["place", "rank", "participant", "win_rate", "low", "high", "gap", "wins", "ties", "losses", "flips"]
        more = ["length_controlled_win_rate", "length_ratio", "submissions"]
        return pd.DataFrame([row | row["score"] for row in self.rows], columns=columns + more)

    def to_text(self) -> str:
        """The standings as a plain table."""
        head = f"Standings of '{self.domain}', {self.questions} hidden questions"
        if not self.rows:
            return f"{head}: nobody has been judged yet."
        lines = [
            head,
            f"{'#':>4}  {'rank':>4}  {'participant':30}  {'win rate':>8}  {'95 % interval':>13}  {'gap':>5}  "
            f"{'w/t/l/flips':>13}",
        ]
        for row in self.rows:
            s = row["score"]
            interval = f"{s['low']:.0%} to {s['high']:.0%}"
            counts = f"{s['wins']}/{s['ties']}/{s['losses']}/{s['flips']}"
            lines.append(
                f"{row['place']:>4}  {row['rank']:>4}  {row['participant'][:30]:30}  {s['win_rate']:>8.0%}  "
                f"{interval:>13}  {row['gap']:>5.0%}  {counts:>13}"
            )
        first = self.rows[0]
        lines.append(f"Judged by {first['judge']}, against {_against(first)}. {self._noise()}")
        return "\n".join(lines)

    def plot(self) -> Any:
        """How the best win rate of the leading teams rose, as a matplotlib Figure; the table beside it is `rows`."""
        from datetime import datetime

        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8.0, 3.2), layout="constrained")
        axes = figure.subplots()
        times = [step[0] for team in self.progress for step in team["steps"]] or [0.0]
        first, last = min(times), max(times)
        styles = ["-", "--", "-.", ":"]
        for number, team in enumerate(team for team in self.progress if team["steps"]):
            steps = [*team["steps"], [last, team["steps"][-1][1]]]
            axes.step(
                [datetime.fromtimestamp(at) for at, _ in steps],
                [rate for _, rate in steps],
                where="post",
                label=_label(team["participant"]),
                color=COLOURS[number % len(COLOURS)],
                linestyle=styles[number % len(styles)],
                marker="o",
                markersize=4,
            )
        # One submission is a moment: the axis still shows minutes, not years.
        margin = max(0.05 * (last - first), SHORTEST / 2)
        axes.set_xlim(datetime.fromtimestamp(first - margin), datetime.fromtimestamp(last + margin))
        dates = AutoDateLocator(maxticks=7)
        axes.xaxis.set_major_locator(dates)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(dates))
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda rate, _: f"{rate:.0%}")
        axes.set_title("Best win rate so far")
        axes.grid(alpha=0.3)
        if self.progress:
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
        return figure

    def _noise(self) -> str:
        first = self.rows[0]["score"]
        return noise(first["win_rate"], first["questions"]) if first["questions"] else ""

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{html.escape(self.to_text())}</p>"
        tries = "" if self.quota is None else f" of {self.quota}"
        rows = [
            [
                row["place"],
                row["rank"],
                row["participant"],
                f"{row['score']['win_rate']:.0%}",
                f"{row['score']['low']:.0%} to {row['score']['high']:.0%}",
                f"{row['gap']:.0%}" if row["gap"] else "",
                _even(row["score"]),
                row["score"]["wins"],
                row["score"]["ties"],
                row["score"]["losses"],
                row["score"]["flips"],
                f"{row['submissions']}{tries}",
                _seconds(row.get("service")),
            ]
            for row in self.rows
        ]
        head = ["#", "rank", "participant", "win rate", "95 % interval", "gap", "even length", "wins", "ties"]
        table = html_table([*head, "losses", "flips", "tries", "seconds an answer"], rows)
        first = self.rows[0]
        link = f"<br>The live page: <a href='{html.escape(self.url)}'>{html.escape(self.url)}</a>" if self.url else ""
        phase = f" Phase: {html.escape(self.phase)}." if self.phase else ""
        shown = f" The first {len(self.rows)} of {self.teams} teams." if self.teams > len(self.rows) else ""
        waiting = f" {self.waiting} submissions are being judged." if self.waiting else ""
        return (
            f"{table}<p>Judged by {html.escape(first['judge'])}, against {html.escape(_against(first))}, on "
            f"{self.questions} hidden questions. {html.escape(self._noise())} A rank is shared where chance alone "
            f"could explain the order.{phase}{shown}{waiting}{link}</p>"
        )


def _against(row: dict[str, Any]) -> str:
    """The reference in words, with what it had in its prompt."""
    return str(row.get("against") or row["reference"])


def _even(score: dict[str, Any]) -> str:
    """The win rate at even length; empty where it can't be told."""
    rate = score.get("length_controlled_win_rate")
    return "" if rate is None else _share(rate)


def _share(rate: float | None) -> str:
    return "can't be told" if rate is None else f"{rate:.0%}"


def _seconds(service: dict[str, Any] | None) -> str:
    if not service or service.get("seconds_p50") is None:
        return ""
    theirs = service["reference"].get("seconds_p50")
    beside = f" (reference {theirs:.2g})" if theirs is not None else ""
    return f"{service['seconds_p50']:.2g}{beside}"


@dataclass(frozen=True)
class Practice:
    """The open questions, judged in sight: a row each with question, answers, verdict and the judge's reason."""

    rows: tuple[dict[str, Any], ...]
    score: Score
    judge: str
    reference: str

    def to_frame(self) -> Any:
        """A pandas DataFrame, a row per question."""
        pd = pandas()
        return pd.DataFrame(self.rows)

    def _repr_html_(self) -> str:
        s = self.score
        columns = ["topic", "question", "answer", "reference_answer", "outcome", "reason"]
        return (
            f"<p>Win rate on {s.questions} practice questions: <b>{s.win_rate:.0%}</b> (95 % interval {s.low:.0%} to "
            f"{s.high:.0%}), judged by {html.escape(self.judge)} against {html.escape(self.reference)}.</p>"
            + html_table([c.replace("_", " ") for c in columns], [[row[c] for c in columns] for row in self.rows])
        )


def _label(name: str) -> str:
    """A name in a legend as it is: "$" begins no formula, and one that begins with "_" is not left out."""
    return ("\u200a" if name.startswith("_") else "") + name.replace("$", r"\$")[:30]


@dataclass(frozen=True)
class Me:
    """A team's own place. `left` is what remains of its ranked submissions, None without limit; `gap` to the leader and
    `win_rate` are fractions; `plays` is the submission that plays the finale, the chosen one or else the best.
    `code` lets others into a team; it is told to whoever founds one, once.
    """

    team: str
    name: str
    members: tuple[str, ...] = ()
    place: int | None = None
    rank: int | None = None
    teams: int = 0
    win_rate: float | None = None
    gap: float | None = None
    used: int = 0
    left: int | None = None
    best: str | None = None
    chosen: str | None = None
    plays: str | None = None
    code: str = ""

    def __str__(self) -> str:
        left = "without limit" if self.left is None else f"{self.left} left"
        sent = f"{self.used} ranked submissions sent, {left}"
        if self.code:
            sent += f". Others join with the code {self.code}; it is shown this once"
        if self.place is None:
            return f"{self.team} has no place yet; {sent}."
        behind = f", {self.gap:.0%} behind the first" if self.gap else ""
        return f"{self.team}: place {self.place} of {self.teams} with {self.win_rate:.0%}{behind}; {sent}."

    def _repr_html_(self) -> str:
        plays = "your choice" if self.chosen else "your best, unless you choose another"
        rows: list[list[object]] = [
            *([["code for the others, shown this once", self.code]] if self.code else []),
            ["members", ", ".join(self.members) or self.name],
            ["place", f"{self.place} of {self.teams}" if self.place else "none yet"],
            ["behind the first", f"{self.gap:.0%}" if self.gap is not None else ""],
            ["ranked submissions sent", self.used],
            ["left", "without limit" if self.left is None else self.left],
            ["plays the finale", f"{self.plays} ({plays})" if self.plays else "nothing judged yet"],
        ]
        return f"<p><b>{html.escape(self.team)}</b></p>" + html_table(["", ""], rows)


@dataclass(frozen=True)
class AppealTold:
    """An appeal as the league tells it: open, upheld or dismissed, with the organizer's answer."""

    id: str
    submission: str
    text: str
    state: str
    answer: str = ""

    def __str__(self) -> str:
        return f"Appeal on {self.submission}: {self.state}. {self.answer}".rstrip()
