"""The worker process: takes jobs one at a time, stays warm between them, leaves when there is
nothing to do.

    python -m workshop_kit.local_aws.jobs.worker --home H

It owns no state of its own: everything it knows is in the store and in `aws/jobs/<kind>-<name>/` (input, work with
the checkpoints, output), so that kill -9 at any moment costs at most the steps since the last checkpoint.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import queue
from workshop_kit.local_aws.jobs.lock import WorkerLock
from workshop_kit.local_aws.jobs.machines import MACHINES, run
from workshop_kit.local_aws.jobs.watch import Watch

IDLE_SECONDS = float(os.environ.get("WORKSHOP_WORKER_IDLE_SECONDS", "120"))
TICK = 0.2

log = logging.getLogger("workshop_kit.worker")


def work(home: Path, idle_seconds: float = IDLE_SECONDS) -> int:
    """Serve the queue of the workspace until it has been empty for `idle_seconds`; returns an exit status."""
    lock = WorkerLock(home)
    if not lock.acquire():
        log.info("Another worker serves %s", home)
        return 0
    with lock:
        ctx = Context.open(home)
        me = f"{os.getpid()}-{time.time_ns()}"
        _tidy(ctx)
        watch = Watch(ctx.store)
        watch.start()
        last = time.monotonic()
        while time.monotonic() - last < idle_seconds:
            if not (home / "aws").is_dir():
                return 0  # the workspace was deleted under us
            job = queue.claim(ctx.store, MACHINES, me)
            if job is None:
                time.sleep(TICK)
                continue
            log.info("Job %s, attempt %d", job.key, job.document["_Attempts"])
            with watch.over(job):
                run(ctx, job, watch)
            log.info("Job %s ended", job.key)
            last = time.monotonic()
        log.info("Nothing to do for %.0f seconds: leaving", idle_seconds)
        return 0


def _tidy(ctx: Context) -> None:
    """Delete the folders of jobs that ended just before their worker was killed."""
    wanted = {job.key for job in queue.active(ctx.store, MACHINES)}
    folder = ctx.home / "aws" / "jobs"
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.name not in wanted:
            shutil.rmtree(left, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and work."""
    parser = argparse.ArgumentParser(description="The training worker of local AWS; the server starts it.")
    parser.add_argument("--home", type=Path, required=True, help="the workspace folder")
    told = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s", stream=sys.stderr)
    threading.current_thread().name = "worker"
    return work(told.home)


if __name__ == "__main__":
    sys.exit(main())
