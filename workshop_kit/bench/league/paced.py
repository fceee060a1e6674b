"""How much of an allowed rate of judge calls several workers use together, and whether they ever exceed it."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic, sleep

from sqlalchemy import func, select

from workshop_kit.bench.league.stage import Stage
from workshop_kit.bench.league.toy import DOMAIN, JUDGES, call_times
from workshop_kit.league.event import EventSettings
from workshop_kit.league.store import submissions as store
from workshop_kit.league.store import teams
from workshop_kit.league.store.events import change_settings, open_event
from workshop_kit.league.store.schema import submissions


@dataclass(frozen=True)
class Paced:
    """Calls per second, and the most in any one second."""

    allowed: float
    achieved: float
    worst: int
    calls: int


def keep_pace(stage: Stage, allowed: float, seconds: float, *, questions: int, workers: int) -> Paced:
    """Have `workers` judge as much as `allowed` calls a second to one judge take up in `seconds`."""
    count = max(1, round(allowed * seconds / (2 * questions)))
    with stage.database.write() as connection:
        open_event(connection, DOMAIN)
        change_settings(
            connection, EventSettings(judges=JUDGES[:1], calls_per_second=allowed, open_models=True), "bench"
        )
        target = {"kind": "sagemaker", "endpoint": "right-60", "system": ""}
        for number in range(count):
            team = teams.named(connection, f"Team {number}")
            store.submit(connection, team.id, set="ranked", target=target, provenance={}, key=f"bench-{number}")
    if stage.database.is_postgres:
        for _ in range(workers):
            stage.child("work")
    else:
        stage.serve(judging=True)
    until = monotonic() + 3 * seconds + 30
    waiting = select(func.count()).where(submissions.c.state != "done")
    while monotonic() < until:
        with stage.database.read() as connection:
            if connection.execute(waiting).scalar_one() == 0:
                break
        sleep(0.1)
    times = call_times(stage.calls, "judge")
    return Paced(allowed, (len(times) - 1) / (times[-1] - times[0]), most_within(times, 1.0), len(times))


def most_within(times: list[float], seconds: float) -> int:
    """The largest number of sorted `times` in any window of `seconds` that holds its beginning and not its end."""
    worst = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= seconds:
            first += 1
        worst = max(worst, last - first + 1)
    return worst
