"""An endpoint for a trained model's artefact, which stands while its submission is judged and no longer.

What is left standing costs by the hour and nobody would know: it is in the server's log and in the event's audit log.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from workshop_kit.aws import Aws
from workshop_kit.errors import AwsProblem, BadInput, JobFailed, NotYet
from workshop_kit.league.asking import OUTAGE
from workshop_kit.league.event import check_system
from workshop_kit.league.judging.patience import AWAY, DATABASE_PAUSE
from workshop_kit.league.store import submissions
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.submissions import Entry
from workshop_kit.playground import Endpoint, deploy
from workshop_kit.playground.endpoints import delete, leftovers

log = logging.getLogger(__name__)
# Another submission's endpoint may stand where this one's is to, until it is judged.
NO_ROOM = OUTAGE | {
    "ResourceLimitExceeded",
    "ServiceQuotaExceededException",
    "InsufficientInstanceCapacity",
    "InsufficientCapacityException",
}


@contextmanager
def standing(
    account: Callable[[], Aws],
    database: Database,
    entry: Entry,
    patiently: Callable[..., Endpoint],
    stop: threading.Event,
    mine: Callable[[], bool],
    *,
    longest: int,
) -> Iterator[dict[str, Any]]:
    """The endpoint to ask in the place of a submission's artefact; `patiently` makes a call that may have to wait.

    `account` gives the connection to where the job is, anew each time: one lapses sooner than a judging may last.

    It is removed at the end, also when it did not come up or when something went wrong meanwhile, unless the submission
    goes on: its database was away, or it is another worker's by now (`mine` says so). Whoever takes it up then finds
    the endpoint, which takes many minutes to make.
    """
    name = f"league-{entry.id}"
    log.info("endpoint %s is set up for the submission %s, and removed once that is judged", name, entry.id)
    try:
        endpoint = patiently(lambda: deploy(account(), entry.target["training_job"], name=name), outage=NO_ROOM)
    except (BadInput, NotYet, JobFailed):
        raise  # nothing of this submission stands there
    except Exception:
        if mine():
            _remove(account, database, entry.id, name)
        raise
    interrupted = False
    try:
        system = entry.target.get("system") or endpoint.system
        check_system(system, longest)
        yield {"kind": "sagemaker", "endpoint": endpoint.name, "system": system}
    except AWAY:
        interrupted = True
        raise
    finally:
        if (interrupted or not mine()) and _goes_on(database, entry.id, stop):
            log.warning("endpoint %s stays for whoever takes the submission %s up again", name, entry.id)
        else:
            _remove(account, database, entry.id, name)


def _goes_on(database: Database, id: str, stop: threading.Event) -> bool:
    """Whether a submission is still to be judged; while its database is away nobody knows, and it is waited for."""
    while True:
        try:
            with database.read() as connection:
                return submissions.entry(connection, id).state in submissions.UNFINISHED
        except AWAY:
            if stop.wait(DATABASE_PAUSE):
                return True


def _remove(account: Callable[[], Aws], database: Database, id: str, name: str) -> None:
    """Remove an endpoint, or tell what is left of it and why: the submission itself has nothing to do with that."""
    try:
        aws = account()
        delete(aws, name)
        left, reason = leftovers(aws, name), "it is still there after it was deleted"
    except AwsProblem as problem:
        left, reason = [f"endpoint {name}"], str(problem)
    if not left:
        return
    told = {"left": left, "reason": reason, "what to do": "delete it in SageMaker: an endpoint costs by the hour"}
    log.error("left behind after judging %s: %s", id, told)
    try:
        with database.write() as connection:
            note(connection, "the league", "left behind", id, told)
    except SQLAlchemyError:
        log.exception("that could not be noted in the audit log")
