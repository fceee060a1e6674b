"""Live viewers of one server while scores change."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from workshop_kit.bench.league.filled import fill, raise_score
from workshop_kit.bench.league.processes import pss
from workshop_kit.bench.league.stage import Stage
from workshop_kit.league.store.database import summed
from workshop_kit.league.store.schema import revisions

SETTLE = 8.0  # seconds after the last change in which a viewer may still hear of it


@dataclass(frozen=True)
class Watched:
    """`newest` and `every` are shares of the viewers: those who have the last state at the end, and those who after
    each change heard of it or of a later one before SETTLE was over. Seconds run from the commit until a viewer has
    that state or a later one; memory is the server's, in bytes, with the viewers and before they came."""

    viewers: int
    changes: int
    newest: float
    every: float
    p50: float
    p99: float
    lost: int
    memory: int
    memory_before: int


def watch(stage: Stage, viewers: int, *, team_count: int, changes: int, pause: float) -> Watched:
    """Open `viewers` streams, change the best score of a team `changes` times, `pause` seconds apart."""
    fill(stage.database, team_count, 2)
    server = stage.serve()
    before = pss(server.pid)
    told = ["viewers", "--port", str(stage.port), "--viewers", str(viewers)]
    command = [sys.executable, "-m", "workshop_kit.bench.league", *told]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        if process.stdout.readline().strip() != "watching":
            raise RuntimeError("the viewers did not get through to the server")
        time.sleep(1.0)
        made: list[tuple[int, float]] = []
        for number in range(changes):
            made.append(_change(stage, f"{number % team_count:012x}", 0.5 + 0.4 * (number % 2)))
            time.sleep(pause)
        memory = pss(server.pid)
        time.sleep(SETTLE)
        told = json.loads(process.communicate()[0])
    return _figures(told["heard"], made, told["lost"], memory, before)


def _change(stage: Stage, team: str, rate: float) -> tuple[int, float]:
    """One change of the standings by another process than the server, as a judging worker makes it: its revision and
    the time of its commit."""
    with stage.database.write() as connection:
        raise_score(connection, team, rate)
        rows = connection.execute(select(revisions.c.topic, revisions.c.number)).all()
    return summed(dict(rows))["standings"], time.time()


def _figures(
    heard: list[list[list[float]]], made: list[tuple[int, float]], lost: int, memory: int, before: int
) -> Watched:
    waits, every = [], 0
    for told in heard:
        seen_all = True
        for revision, committed in made:
            # Committed just before it is noted here: a receipt in between counts as at once.
            first = next((max(0.0, at - committed) for number, at in told if number >= revision), None)
            if first is None:
                seen_all = False
            else:
                waits.append(first)
        every += seen_all
    newest = sum(bool(told) and told[-1][0] >= made[-1][0] for told in heard)
    middle, high = np.percentile(waits, [50, 99]) if waits else (float("nan"), float("nan"))
    count = len(heard)
    return Watched(count, len(made), newest / count, every / count, float(middle), float(high), lost, memory, before)
