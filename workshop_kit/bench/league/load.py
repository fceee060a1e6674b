"""A process that asks a league at a steady rate and tells how long the answers took.

The load is open: each request has its time, whether or not earlier ones have been answered, and its latency counts
from that time. A server that falls behind can't hide it by slowing its clients down ("coordinated omission": Tene,
"How NOT to Measure Latency", 2013).
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workshop_kit.bench.league.http import Connection, request

CONNECTIONS = 128
MIX = {"standings": 0.6, "me": 0.2, "submit": 0.2}
LATE = 10.0  # seconds after the last request's time within which an answer counts


@dataclass(frozen=True)
class Figures:
    """Latencies in seconds of the right answers to one kind of request; `errors` are all others, late ones too."""

    asked: int
    errors: int
    p50: float
    p99: float


@dataclass(frozen=True)
class Load:
    """What came of it: right answers per second from the first request's time to the last answer, by kind the
    figures, and the p99 of how late the generator itself was, in seconds."""

    rate: float
    kinds: dict[str, Figures]
    generator_late: float


async def steady(
    port: int, rate: float, seconds: float, kinds: dict[str, Callable[[], bytes]], mix: dict[str, float]
) -> Load:
    """Requests at `rate` a second for `seconds`."""
    chance = random.Random(1)
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Connection())
    good: dict[str, list[float]] = {kind: [] for kind in mix}
    asked = dict.fromkeys(mix, 0)
    late: list[float] = []
    last = began = time.perf_counter()

    async def one(kind: str, due: float, wire: bytes) -> None:
        nonlocal last
        connection = await free.get()
        try:
            status, _ = await connection.ask(port, wire)
        except OSError:
            status = 0
        finally:
            free.put_nowait(connection)
        if status in (200, 202):
            last = time.perf_counter()
            good[kind].append(last - due)

    tasks = set()
    began = time.perf_counter() + 0.05
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        late.append(max(0.0, time.perf_counter() - due))
        kind = chance.choices(list(mix), list(mix.values()))[0]
        asked[kind] += 1
        task = asyncio.create_task(one(kind, due, kinds[kind]()))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if pause <= 0:
            await asyncio.sleep(0)
    if tasks:
        await asyncio.wait(tasks, timeout=LATE)
    for task in tasks:
        task.cancel()
    figures = {
        kind: Figures(asked[kind], asked[kind] - len(found), *_percentiles(found)) for kind, found in good.items()
    }
    rate_found = sum(map(len, good.values())) / max(last - began, 1e-9)
    return Load(rate_found, figures, _percentiles(late)[1])


async def flat_out(port: int, seconds: float, wire: bytes, clients: int = 64) -> float:
    """Right answers per second to clients of which each asks again as soon as it was answered."""
    until = time.perf_counter() + seconds

    async def client() -> int:
        connection, count = Connection(), 0
        while time.perf_counter() < until:
            status, _ = await connection.ask(port, wire)
            count += status == 200
        return count

    return sum(await asyncio.gather(*(client() for _ in range(clients)))) / seconds


def _percentiles(values: list[float]) -> tuple[float, float]:
    if not values:
        return float("nan"), float("nan")
    middle, high = np.percentile(values, [50, 99])
    return float(middle), float(high)


def _kinds(tokens: list[str]) -> dict[str, Callable[[], bytes]]:
    chance = random.Random(2)
    # No team submits twice: a team has few submissions at a time, and only so many may wait.
    turn = iter(tokens)
    standings = request("GET", "/api/standings")

    def submit() -> bytes:
        body = {"target": {"kind": "sagemaker", "endpoint": "right-50"}, "key": f"bench-{time.time_ns()}"}
        more = {"provenance": {"dataset": "0123456789abcdef", "job": "job-1"}}
        return request("POST", "/api/submissions", token=next(turn), body=json.dumps(body | more).encode())

    return {
        "standings": lambda: standings,
        "me": lambda: request("GET", "/api/me", token=chance.choice(tokens)),
        "submit": submit,
    }


def main() -> int:
    """Carry out the plan on standard input."""
    plan: dict[str, Any] = json.load(sys.stdin)
    gc.freeze()
    if "flat_out" in plan:
        wire = request("GET", "/api/standings")
        print(json.dumps(asyncio.run(flat_out(plan["port"], plan["flat_out"], wire))))
        return 0
    tokens = Path(plan["tokens"]).read_text().split()
    kinds = _kinds(tokens)

    async def run() -> Load:
        # Unhurried first: the server's first answers fill its caches and open its connections.
        await steady(plan["port"], plan["rate"] / 5, plan["warm"], kinds, plan["mix"])
        return await steady(plan["port"], plan["rate"], plan["seconds"], kinds, plan["mix"])

    print(json.dumps(asdict(asyncio.run(run()))))
    return 0
