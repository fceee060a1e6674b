"""Many teams submitting at once while the processes that judge are killed: is anything lost, or judged twice?"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from workshop_kit.bench.league.processes import Child
from workshop_kit.bench.league.stage import Stage
from workshop_kit.bench.league.toy import DOMAIN, JUDGES, call_times
from workshop_kit.league.event import EventSettings
from workshop_kit.league.store.events import change_settings, open_event
from workshop_kit.league.store.schema import submissions, teams, verdicts

PER_VERDICT = 2  # a pair is judged in both orders
SUBMISSIONS_AT_ONCE = 4  # of one process


@dataclass(frozen=True)
class Killed:
    """What was left. `confirmed` submissions were answered with 202; `done` are those of them that were judged to the
    end. `missing` counts verdicts short of one by each judge on each question. `judge_calls` were made, of which
    `needed` would have done: the others were made by a process that died before it kept them, and `under_way` of them
    may have been at a kill."""

    confirmed: int
    done: int
    lost: int
    doubled: int
    missing: int
    judge_calls: int
    needed: int
    candidate_calls: int
    candidate_needed: int
    kills: int
    under_way: int
    seconds: float

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, and nothing judged twice but for what died with a process."""
        again = self.judge_calls - self.needed
        kept = not (self.lost or self.doubled or self.missing)
        return self.done == self.confirmed and kept and again <= self.kills * self.under_way


def play(
    stage: Stage,
    *,
    team_count: int,
    questions: int,
    arriving: float,
    workers: int,
    kill_every: float,
    kills: int,
    stalled: float | None = None,
    within: float = 120.0,
) -> Killed:
    """`team_count` teams submit within `arriving` seconds while a process that judges is killed about every
    `kill_every` seconds, up to `kills` times in all, and started again at once.

    On PostgreSQL `workers` processes judge; on SQLite the server does, and is the one that is killed.
    """
    with stage.database.write() as connection:
        open_event(connection, DOMAIN)
        change_settings(connection, EventSettings(judges=JUDGES, open_models=True), "bench")
    postgres = stage.database.is_postgres
    server = stage.serve(judging=not postgres)
    told = ("--stalled", stalled) if stalled else ()
    victims = [stage.child("work", *told) for _ in range(workers)] if postgres else [server]
    began, over = time.monotonic(), threading.Event()
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(32))
        killer = pool.submit(_kill, stage.calls, victims, kill_every, kills, over)

        def one(number: int) -> str:
            time.sleep(max(0.0, began + number * arriving / team_count - time.monotonic()))
            return stage.submit(f"Team {number}", f"bench-key-{number}")

        try:
            confirmed = [sent.result() for sent in [pool.submit(one, n) for n in range(team_count)]]
            _wait(stage, began + within)
            seconds = time.monotonic() - began
        finally:
            over.set()
        return _found(stage, confirmed, questions, killer.result(), seconds)


def _kill(calls: Path, victims: list[Child], every: float, kills: int, over: threading.Event) -> int:
    """Kill whoever has begun to judge: one that is still starting has nothing to lose."""
    chance, done = random.Random(3), 0
    while done < kills and not over.wait(chance.uniform(0.5, 1.5) * every):
        busy = [victim for victim in victims if any(calls.glob(f"judge*.{victim.pid}"))]
        if busy:
            victim = chance.choice(busy)
            victim.kill()
            victim.start()
            done += 1
    return done


def _wait(stage: Stage, until: float) -> None:
    """Until all are judged, or time is up: then what is found tells of it."""
    while time.monotonic() < until:
        with stage.database.read() as connection:
            query = select(func.count()).where(submissions.c.state.in_(("queued", "judging")))
            if connection.execute(query).scalar_one() == 0:
                return
        time.sleep(0.2)


def _found(stage: Stage, confirmed: list[str], questions: int, kills: int, seconds: float) -> Killed:
    with stage.database.read() as connection:
        states = dict(connection.execute(select(submissions.c.id, submissions.c.state)).all())
        per_team = connection.execute(
            select(func.count()).select_from(submissions).join(teams).group_by(submissions.c.team)
        ).scalars()
        doubled = sum(count - 1 for count in per_team)
        kept = connection.execute(select(func.count()).select_from(verdicts)).scalar_one()
    wanted = len(confirmed) * questions * len(JUDGES)
    return Killed(
        confirmed=len(confirmed),
        done=sum(states.get(id) == "done" for id in confirmed),
        lost=sum(id not in states for id in confirmed),
        doubled=doubled,
        missing=wanted - kept,
        judge_calls=len(call_times(stage.calls, "judge")),
        needed=PER_VERDICT * wanted,
        candidate_calls=len(call_times(stage.calls, "candidate")),
        candidate_needed=len(confirmed) * questions,
        kills=kills,
        under_way=SUBMISSIONS_AT_ONCE * EventSettings().questions_at_once * PER_VERDICT * len(JUDGES),
        seconds=seconds,
    )
