"""The league under load: SQLite and PostgreSQL side by side, the league's own processes on this machine.

filled.py     a store with many teams and submissions
load.py       an open load over HTTP
killed.py     workers killed while hundreds of teams submit
watched.py    live viewers
paced.py      calls to the judge within an allowed rate

PostgreSQL is a real one of Debian's packages, started for the occasion; without it that column stays empty. The server,
the load generator and PostgreSQL share this machine's processors, and so does whatever else runs on it: the latencies
are those of the better of `Size.runs` runs; all other figures are of one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import requests

from workshop_kit.bench.league.killed import Killed, play
from workshop_kit.bench.league.load import MIX
from workshop_kit.bench.league.paced import Paced, keep_pace
from workshop_kit.bench.league.processes import Child, cpu_seconds, free_port, postgres, postgres_binaries
from workshop_kit.bench.league.stage import Stage, ask_load, stage
from workshop_kit.bench.league.watched import Watched, watch


@dataclass(frozen=True)
class Size:
    """How large the bench is."""

    teams: int = 10_000
    submissions: int = 10  # of each team
    rate: float = 500.0  # requests per second
    seconds: float = 10.0
    runs: int = 2
    submitting: int = 400
    kills: int = 6
    viewers: int = 2_000
    changes: int = 10
    allowed: float = 50.0  # judge calls per second
    pacing: float = 10.0  # seconds


QUICK = Size(200, 3, 40.0, 2.0, 1, 12, 2, 40, 3, 20.0, 2.0)
QUESTIONS, PACED_QUESTIONS = 5, 25
WARM = 2.0  # seconds at a fifth of the rate, before it counts
Pair = tuple[Any, Any]


def measure(size: Size | None = None) -> Iterable[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}: ours is SQLite, the peer PostgreSQL."""
    size = size or Size()
    with ExitStack() as stack:
        server = None
        if postgres_binaries() is None:
            print("league: no PostgreSQL in /usr/lib/postgresql (apt-get install postgresql); SQLite alone.")
        else:
            server = stack.enter_context(postgres())
        yield from _scale(size, server)
        yield from _killed(size, server)
        yield from _watched(size, server)
        yield from _paced(size, server)


def _on_both(
    server: str | None, run: Callable[[Stage], Any], *, questions: int = QUESTIONS, latency: float = 0.01
) -> Pair:
    """What `run` gives on SQLite, and on PostgreSQL if there is one."""
    found = []
    for where in (None, server):
        if where is None and found:
            found.append(None)
            continue
        with stage(where, questions=questions, latency=latency) as made:
            found.append(run(made))
    return found[0], found[1]


def _rows(pair: Pair, figures: Iterable[tuple[str, Callable[[Any], float], str]]) -> Iterator[dict[str, object]]:
    for what, figure, unit in figures:
        ours, peer = (None if found is None else figure(found) for found in pair)
        yield {"benchmark": "league", "what": what, "ours": ours, "peer": peer, "unit": unit}


def _scale(size: Size, server: str | None) -> Iterator[dict[str, object]]:
    from workshop_kit.bench.league.filled import fill

    def run(stage: Stage) -> dict[str, Any]:
        tokens = fill(stage.database, size.teams, size.submissions)
        child = stage.serve()
        plan = {"port": stage.port, "rate": size.rate, "seconds": size.seconds, "mix": MIX, "warm": WARM}
        loads, used = [], cpu_seconds(child.pid)
        for number in range(size.runs):
            # Each run has teams of its own: of one team only a few submissions may wait.
            mine = tokens[number * len(tokens) // size.runs : (number + 1) * len(tokens) // size.runs]
            (stage.folder / "tokens").write_text("\n".join(mine))
            loads.append(ask_load(plan | {"tokens": str(stage.folder / "tokens")}))
        asked = size.runs * (size.rate * size.seconds + WARM * size.rate / 5)
        cpu = (cpu_seconds(child.pid) - used) / asked
        flat = ask_load({"port": stage.port, "flat_out": size.seconds / 3})
        body = requests.get(f"{stage.url}/api/standings", timeout=30).content
        child.kill()
        best = min(loads, key=lambda load: max(found["p99"] for found in load["kinds"].values()))
        return best | {"flat_out": flat, "bare": _bare(stage, body, size), "bytes": len(body), "cpu": cpu}

    pair = _on_both(server, run)
    label = f"{size.rate:.0f} requests/s, {size.teams * size.submissions:,} submissions"
    yield from _rows(pair, [(f"{label}: answered", lambda f: f["rate"], "/s")])
    for kind, name in (("standings", "GET standings"), ("me", "GET me"), ("submit", "POST submission")):
        yield from _rows(
            pair,
            [
                (f"  {name} (peer: PostgreSQL), p50", lambda f, kind=kind: 1000 * f["kinds"][kind]["p50"], "ms"),
                (f"  {name}, p99", lambda f, kind=kind: 1000 * f["kinds"][kind]["p99"], "ms"),
                (f"  {name}, errors or too late", lambda f, kind=kind: f["kinds"][kind]["errors"], ""),
            ],
        )
    more = [
        ("  the generator's own lateness, p99", lambda f: 1000 * f["generator_late"], "ms"),
        ("  processor time of the server for each request", lambda f: 1000 * f["cpu"], "ms"),
    ]
    yield from _rows(pair, more)
    for name, found in (("SQLite", pair[0]), ("PostgreSQL", pair[1])):
        if found:
            what = f"GET standings flat out, {name} (peer: the same {found['bytes'] / 1024:.0f} KiB from memory)"
            yield {"benchmark": "league", "what": what, "ours": found["flat_out"], "peer": found["bare"], "unit": "/s"}


def _bare(stage: Stage, body: bytes, size: Size) -> float:
    """Answers per second of a server that does nothing but send these bytes."""
    path, port = stage.folder / "body", free_port()
    path.write_bytes(body)
    child = Child(stage.folder / "bare.log", "bare", "--body", path, "--port", port)
    try:
        child.ready(f"http://127.0.0.1:{port}")
        return ask_load({"port": port, "flat_out": size.seconds / 3})
    finally:
        child.kill()


def _killed(size: Size, server: str | None) -> Iterator[dict[str, object]]:
    def run(stage: Stage) -> Killed:
        sizes = {"team_count": size.submitting, "questions": QUESTIONS, "arriving": size.submitting / 40}
        return play(stage, **sizes, workers=3, kill_every=1.5, kills=size.kills)

    pair = _on_both(server, run)
    rate = f"{size.submitting} teams in {size.submitting / 40:.0f} s"
    yield from _rows(
        pair,
        [
            (f"{rate}: confirmed (peer: PostgreSQL, 3 workers)", lambda f: f.confirmed, ""),
            ("  of these judged to the end", lambda f: f.done, ""),
            ("  kill -9 of the server (SQLite) or a worker", lambda f: f.kills, ""),
            ("  lost, or queued twice", lambda f: f.lost + f.doubled, ""),
            ("  verdicts missing", lambda f: f.missing, ""),
            (
                "  judge calls that died unkept with a process",
                lambda f: f.judge_calls - f.needed,
                "",
            ),
            ("  judge calls made for each one needed", lambda f: f.judge_calls / f.needed, ""),
            ("  candidate calls made for each one needed", lambda f: f.candidate_calls / f.candidate_needed, ""),
            ("  verdicts a second, kills and all", lambda f: f.needed / 2 / f.seconds, "/s"),
        ],
    )


def _watched(size: Size, server: str | None) -> Iterator[dict[str, object]]:
    def run(stage: Stage) -> Watched:
        return watch(stage, size.viewers, team_count=size.teams // 10, changes=size.changes, pause=1.0)

    pair = _on_both(server, run)
    yield from _rows(
        pair,
        [
            (f"{size.viewers:,} live viewers: have the last state at the end", lambda f: 100 * f.newest, "%"),
            ("  heard of each change (or a later one)", lambda f: 100 * f.every, "%"),
            ("  from commit to receipt, p50", lambda f: f.p50, "s"),
            ("  from commit to receipt, p99", lambda f: f.p99, "s"),
            ("  connections lost", lambda f: f.lost, ""),
            ("  memory of the server with them (PSS)", lambda f: f.memory / 2**20, "MiB"),
            ("  and before they came", lambda f: f.memory_before / 2**20, "MiB"),
        ],
    )


def _paced(size: Size, server: str | None) -> Iterator[dict[str, object]]:
    def run(stage: Stage) -> Paced:
        return keep_pace(stage, size.allowed, size.pacing, questions=PACED_QUESTIONS, workers=3)

    pair = _on_both(server, run, questions=PACED_QUESTIONS, latency=0.05)
    yield from _rows(
        pair,
        [
            (f"judge calls, of {size.allowed:.0f}/s allowed", lambda f: 100 * f.achieved / f.allowed, "%"),
            ("  the most in any one second", lambda f: f.worst, "calls"),
        ],
    )
