"""How far the judges can be trusted, and how strong the leaders are with what certainty: for the organizer."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from workshop_kit.domains import Domain
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.judge.calibration import CalibrationResult
from workshop_kit.league.server.access import Access
from workshop_kit.league.server.context import Context
from workshop_kit.league.store import calibrations
from workshop_kit.league.store.calibrations import Calibration
from workshop_kit.league.store.standings import places
from workshop_kit.league.store.tokens import Identity
from workshop_kit.league.trust.calibrating import Calibrating
from workshop_kit.league.trust.gather import event_panel
from workshop_kit.league.trust.measures import Measure
from workshop_kit.league.trust.panel import COLUMNS

SubmissionId = Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{1,40}$")]


def routes(context: Context, access: Access, domain: Domain) -> APIRouter:
    """Trust and strengths; a calibration asks the judges about pairs made of the domain's practice questions."""
    database = context.database
    Organizer = Annotated[Identity, Depends(access.organizer)]
    calibrating = Calibrating(database, context.aws, domain, context.judge_settings)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(calibrating.close)

    router = APIRouter(prefix="/api/organizer", lifespan=lifespan)
    # Every verdict is read for it: one at a time is enough.
    alone = threading.Lock()

    @router.get("/trust")
    def trust(who: Organizer) -> dict[str, Any]:
        """Every measure of every judge with its interval, and the last calibrations with their progress."""
        with alone, database.read() as connection:
            last = calibrations.newest(connection)
            done = [_result(found, domain.id) for found in calibrations.newest(connection, "done")]
            panel = event_panel(connection, done)
        return {
            "judges": [
                {"judge": found.judge, "measures": [_measure(measure) for measure in found.measures]}
                for found in panel.judges
            ],
            "between": asdict(panel.between),
            "people": _measure(panel.people),
            "columns": list(COLUMNS),
            "rows": panel.to_rows(),
            "cautions": list(panel.cautions),
            "calibrations": [_told(found, domain.id) for found in last],
        }

    @router.post("/calibration", status_code=202)
    def calibration(who: Organizer) -> dict[str, Any]:
        """Have the event's judges decide pairs with a known outcome; `trust` tells how far they are."""
        if not domain.practice_questions:
            raise LeagueProblem("This domain has no practice questions to calibrate a judge with; add some.", 409)
        begun = calibrating.start(str(who))
        with database.read() as connection:
            return {"begun": begun, "calibrations": [_told(f, domain.id) for f in calibrations.newest(connection)]}

    @router.get("/calibration")
    def get_calibration(who: Organizer) -> dict[str, Any]:
        """Each judge's last calibration: running, done or failed, how far it is, and what was right by kind of pair."""
        with database.read() as connection:
            return {"calibrations": [_told(found, domain.id) for found in calibrations.newest(connection)]}

    @router.get("/compare")
    def compare(who: Organizer, first: SubmissionId, second: SubmissionId) -> dict[str, Any]:
        """Two judged submissions, question by question: how much better the first is, with a 95 % interval."""
        from workshop_kit.league.comparison import compare_submissions

        with database.read() as connection:
            found = compare_submissions(connection, first, second)
        return asdict(found) | {"sentence": str(found)}

    @router.get("/strengths")
    def strengths(who: Organizer, teams: Annotated[int, Query(ge=1, le=50)] = 20) -> dict[str, Any]:
        """Bradley-Terry strengths of the first teams' best submissions and the reference, with 95 % intervals."""
        from workshop_kit.league.comparison import event_ratings

        with alone, database.read() as connection:
            if not places(connection):
                return {"rows": [], "note": "Nobody has been judged yet."}
            found = event_ratings(connection, teams)
        rows = [
            asdict(row) | {"rank": rank, "elo": row.elo()} for rank, row in zip(found.ranks, found.rows, strict=True)
        ]
        return {"rows": rows, "note": found.note}

    return router


def _measure(measure: Measure) -> dict[str, Any]:
    return asdict(measure) | {"shown": measure.shown(), "interval": measure.interval()}


def _result(found: Calibration, domain: str) -> CalibrationResult:
    return CalibrationResult(found.judge, found.settings, domain, found.rows)


def _told(found: Calibration, domain: str) -> dict[str, Any]:
    told = {name: value for name, value in asdict(found).items() if name != "rows"}
    kinds = _result(found, domain).by_kind() if found.rows else ()
    return told | {"kinds": [{"kind": kind, "right": right, "pairs": pairs} for kind, right, pairs in kinds]}
