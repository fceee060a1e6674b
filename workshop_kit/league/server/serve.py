"""A league server in the foreground, and a judging worker without a server."""

import fcntl
import gc
import importlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workshop_kit.errors import LeagueProblem, require
from workshop_kit.league.event import EventSettings
from workshop_kit.league.process import ROOMS, LeagueInfo, announce, only_server
from workshop_kit.league.server.app import build_app
from workshop_kit.league.store.database import open_database


def serve(
    home: Path,
    domain: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    attempts: int | None = None,
    database: str | None = None,
    settings: EventSettings | None = None,
    judging: bool = True,
) -> int:
    """Serve in the foreground until interrupted.

    With a PostgreSQL `database` any number of servers may run on it. Raises LeagueProblem when the port is taken, or
    this workspace or the database's file has a server already.
    """
    uvicorn = require("uvicorn", extra="league")
    from workshop_kit.aws import connect

    home.mkdir(parents=True, exist_ok=True)
    with _alone(database) if database else only_server(home):
        listener = _listener(host, port)
        app = build_app(
            home,
            domain,
            connect(home=home),
            attempts=attempts,
            database=database,
            settings=settings,
            judging=judging,
            rooms=tuple(_room(name) for name in ROOMS),
        )
        _prepare_for_many()
        listener.listen(2048)
        url = f"http://{host}:{listener.getsockname()[1]}"

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: Any) -> None:
                # Shutdown waits for open streams before the lifespan ends: they must hear of it here.
                app.state.changes.close()
                super().handle_exit(sig, frame)

        server = Server(
            uvicorn.Config(
                app,
                log_level="warning",
                timeout_graceful_shutdown=5,
                timeout_keep_alive=65,
                proxy_headers=True,
                access_log=False,
            )
        )
        print(f"The league on '{domain}': {url}", flush=True)

        def tell_when_ready() -> None:
            while not server.started:
                if server.should_exit:
                    return
                threading.Event().wait(0.05)
            if not database:
                announce(home, LeagueInfo(url, domain, os.getpid()))

        threading.Thread(target=tell_when_ready, daemon=True).start()
        server.run(sockets=[listener])
    return 0


def work(home: Path, domain: str, database: str, *, at_once: int = 4) -> int:
    """Judge in the foreground until interrupted, on whatever host this is; needs PostgreSQL.

    Raises LeagueProblem for any other database, and when the event is judged by other prompts or questions than this
    host has.
    """
    from workshop_kit.aws import connect
    from workshop_kit.domains import load_domain
    from workshop_kit.league.accounts import TeamAccounts, file_of
    from workshop_kit.league.judge import JudgeSettings
    from workshop_kit.league.judging.basis import check_basis
    from workshop_kit.league.judging.postgres import PostgresWorker
    from workshop_kit.league.judging.submission import SubmissionJudge
    from workshop_kit.league.questions import hidden_questions, practice_questions
    from workshop_kit.league.server.app import _prompts
    from workshop_kit.league.store.events import open_event
    from workshop_kit.retrieval import open_book

    store = open_database(database)
    if not store.is_postgres:
        raise LeagueProblem("Workers of their own need PostgreSQL; a league in a file is judged by its server.")
    with store.read() as connection:
        questions = {"ranked": hidden_questions(domain, connection), "practice": practice_questions(domain)}
    aws = connect(home=home)
    accounts = TeamAccounts(aws, file_of(home))
    judge = SubmissionJudge(
        store,
        aws,
        questions,
        judge_settings=JudgeSettings.load(_prompts(home)),
        accounts=accounts,
        book=open_book(domain),
    )
    with store.write() as connection:
        open_event(connection, load_domain(domain).id)
        check_basis(connection, judge.basis)
    worker = PostgresWorker(judge, at_once=at_once)
    # Whoever runs it as a service ends it by SIGTERM: as by Ctrl+C, the questions under way are finished.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    worker.start()
    print(f"Judging for {store.url}", flush=True)
    try:
        worker.wait()
    except KeyboardInterrupt:
        worker.stop()
    finally:
        store.close()
    return 0


def _prepare_for_many() -> None:
    """Settings of the interpreter for hundreds of requests a second; `workshop-kit bench league` has the figures."""
    # A thread that has an answer of the database waits this long for the interpreter while the loop is busy. A
    # submission does so seven times, and on SQLite the next one waits until it is done: 5 ms each, Python's own
    # setting, are 30 submissions a second at most.
    sys.setswitchinterval(0.001)
    # What is loaded by now stays, so it need not be searched for garbage; the rest less often than 700 objects ask.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@contextmanager
def _alone(database: str) -> Iterator[None]:
    """Hold the lock of a database that is a file: two servers would both judge what waits in it."""
    if "://" in database:
        yield
        return
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LeagueProblem(f"A server has the league in {path} already; stop it, or use PostgreSQL.") from None
        yield


def _room(name: str) -> Any:
    """A room of the server on a higher floor: named in ROOMS, not imported from here."""
    return importlib.import_module(name).routes


def _listener(host: str, port: int) -> socket.socket:
    # asyncio sends small answers at once only where the protocol is named; else they wait 40 ms for a delayed ACK.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as problem:
        raise LeagueProblem(
            f"Port {port} on {host} can't be used ({problem.strerror}); choose another one with --port."
        ) from None
    return listener


def configure_logging() -> None:
    """Log lines with their time, to the server's own log."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
