"""Calibrations of the event's judges (migration 0005): one row per judge and run, the newest of each counts."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from workshop_kit.league.judge.calibration import CalibrationResult, CalibrationRow
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.schema import calibrations, event

# Whoever runs one tells so this often; one that was silent for longer died with its server.
BEAT, SILENT = 5.0, 30.0


@dataclass(frozen=True)
class Calibration:
    """A judge's calibration: how far it is (`done` of `total` pairs), and its verdicts once it is done."""

    id: str
    judge: str
    settings: str
    state: str
    problem: str
    done: int
    total: int
    rows: tuple[CalibrationRow, ...]
    started: float
    seen: float


def begin(connection: Connection, judges: list[str], settings: str, who: str) -> list[str]:
    """A row per judge that is not being calibrated; gives the new ids."""
    now = time.time()
    # On PostgreSQL two servers asked at the same moment must not both begin.
    connection.execute(select(event.c.id).with_for_update())
    busy = {found.judge for found in newest(connection) if found.state == "running"}
    ids = []
    for judge in dict.fromkeys(judges):
        if judge in busy:
            continue
        ids.append(uuid.uuid4().hex[:12])
        values = {"id": ids[-1], "judge": judge, "settings": settings, "state": "running", "problem": ""}
        connection.execute(
            insert(calibrations).values(**values, done=0, total=0, rows=[], who=who[:80], started=now, seen=now)
        )
        note(connection, who, "calibrate", judge[:120])
    return ids


def alive(connection: Connection, id: str, done: int, total: int) -> None:
    """Note how far a running one is; one that has ended stays as it is."""
    running = (calibrations.c.id == id, calibrations.c.state == "running")
    connection.execute(update(calibrations).where(*running).values(done=done, total=total, seen=time.time()))


def finish(connection: Connection, id: str, result: CalibrationResult) -> None:
    """Keep a calibration's verdicts."""
    rows = [asdict(row) for row in result.rows]
    values = {"state": "done", "rows": rows, "done": len(rows), "total": len(rows), "seen": time.time()}
    connection.execute(update(calibrations).where(calibrations.c.id == id).values(**values))


def fail(connection: Connection, id: str, problem: str) -> None:
    """Note in a sentence why one has no result."""
    connection.execute(
        update(calibrations).where(calibrations.c.id == id).values(state="failed", problem=problem, seen=time.time())
    )


def newest(connection: Connection, state: str = "") -> list[Calibration]:
    """Each judge's last calibration, or its last in a state, in the judges' order."""
    query = select(calibrations).order_by(calibrations.c.started, calibrations.c.id)
    if state:
        query = query.where(calibrations.c.state == state)
    found: dict[str, Calibration] = {}
    for row in connection.execute(query).mappings():
        values = {name: row[name] for name in Calibration.__dataclass_fields__}
        values["rows"] = tuple(CalibrationRow(**told) for told in row["rows"])
        if row["state"] == "running" and row["seen"] < time.time() - SILENT:
            values |= {"state": "failed", "problem": "The server that ran it was stopped; calibrate again."}
        found[row["judge"]] = Calibration(**values)
    return [found[judge] for judge in sorted(found)]
