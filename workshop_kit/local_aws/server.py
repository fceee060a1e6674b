"""The server process: one per workspace, on the loopback interface, found through `home/aws/server.json`."""

from __future__ import annotations

import fcntl
import json
import logging
import logging.handlers
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cheroot import wsgi

from workshop_kit.base_model import TINY, BaseChoice, told
from workshop_kit.errors import LocalAwsProblem
from workshop_kit.local_aws import ServerInfo, catalogue
from workshop_kit.local_aws.context import ACCOUNT_ID, DEFAULT_REGION, Context

HOST = "127.0.0.1"
THREADS = 24
KEPT_ALIVE = 500
SWEEP_SECONDS = 900
IDLE_VARIABLE = "WORKSHOP_AWS_IDLE_SECONDS"
log = logging.getLogger("workshop_kit.local_aws")


class ServerLock:
    """The workspace's lock: held as long as the server lives, and released by the system however it ends."""

    def __init__(self, home: Path) -> None:
        folder = home / "aws"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(folder / "server.lock", "a+")
        # Whoever looks whether the lock is held holds it for an instant: once is not enough to give up.
        for _ in range(10):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                time.sleep(0.05)
        self._file.close()
        raise LocalAwsProblem(
            f"Local AWS is already running on the workspace {home}; stop it with 'workshop-kit stop', "
            "or give another --home."
        )

    def lost(self) -> bool:
        """Whether the workspace was deleted, even if another has been made in its place."""
        try:
            return os.stat(self._file.name).st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return True

    def release(self) -> None:
        """Give the workspace free."""
        self._file.close()


class _Gateway(wsgi.Gateway_10):
    """Hands the application the headers under their own names, and a way to give up the connection."""

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]
        environ = super().get_environ()
        environ["local_aws.headers"] = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self.req.inheaders.items()
        ]
        environ["local_aws.close"] = lambda: setattr(self.req, "close_connection", True)
        # For the fault switch alone: the client's connection breaks, whatever is answered afterwards.
        environ["local_aws.drop"] = lambda: self.req.conn.socket.shutdown(socket.SHUT_RDWR)
        return environ


class _Server(wsgi.Server):
    """cheroot's server with its complaints in the log."""

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        log.log(level, "%s", msg, exc_info=traceback)


class Watched:
    """The application, with the time of its last request and the number of those running."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app
        self.last = time.monotonic()
        self.busy = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        self.last = time.monotonic()
        self.busy += 1
        try:
            return self.app(environ, start_response)
        finally:
            self.busy -= 1


def serve(
    home: Path,
    *,
    port: int = 0,
    region: str = "",
    base: BaseChoice | None = None,
    ready: Callable[[ServerInfo], None],
) -> None:
    """Serve until SIGTERM or SIGINT; `ready(info)` runs once requests are answered.

    `base` is what was settled for this workspace (models.settle); the environment names it too.

    Raises LocalAwsProblem when another server has the workspace or another program the port.
    """
    # Before moto is imported, which reads it once.
    os.environ.setdefault("MOTO_ACCOUNT_ID", ACCOUNT_ID)
    home = Path(home).resolve()
    lock = ServerLock(home)
    region = region or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    _log_to(home / "aws" / "logs")
    server = _listen(port)
    url = f"http://{HOST}:{server.bind_addr[1]}"

    from workshop_kit.local_aws.app import App

    ctx = Context.open(home, region=region, url=url)
    base = base or BaseChoice(told() or TINY)
    answers = f"What answers and is fine-tuned here: {catalogue.base_label()}."
    info: dict[str, Any] = {
        "base": {"name": base.name, "reason": base.reason},
        "answers": f"{answers} {base.reason}".strip(),
    }
    info |= {"url": url, "pid": os.getpid(), "started": time.time(), "region": region, "home": str(home)}
    app = Watched(App(ctx, info))
    server.wsgi_app = app
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    # Whoever can be answered can read who answers: the note is written first.
    note = home / "aws" / "server.json"
    _write(note, info)
    threading.Thread(target=server.serve, name="http", daemon=True).start()
    stop_jobs = _start_jobs(ctx)
    log.info("Local AWS answers at %s for %s", url, home)
    try:
        ready(ServerInfo(url, region, os.getpid(), info["answers"]))
        _wait(stopping, app, ctx, lock)
    finally:
        if not lock.lost():
            note.unlink(missing_ok=True)
        stop_jobs()
        server.stop()
        log.info("Local AWS stopped")
        lock.release()


def _listen(port: int) -> _Server:
    """A server that has the port, or for 0 a free one; raises LocalAwsProblem."""
    problem = OSError()
    for _ in range(1 if port else 10):
        # cheroot lets an address be used again soon (after a crash, by the next server) only if it was asked for by
        # its number.
        number = port or _free_port()
        server = _Server(
            (HOST, number), None, numthreads=THREADS, request_queue_size=128, timeout=60, shutdown_timeout=3
        )
        server.gateway = _Gateway
        # Above this many, cheroot closes connections that clients still hold for their next request.
        server.keep_alive_conn_limit = KEPT_ALIVE
        try:
            server.prepare()
            return server
        except OSError as error:
            problem = error
    raise LocalAwsProblem(
        f"Local AWS can't listen on port {port} of {HOST} ({_reason(problem)}); give another --port, or none."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _start_jobs(ctx: Context) -> Callable[[], None]:
    """Start what runs jobs; returns what stops it. A broken trainer must not take S3 and the rest down with it."""
    try:
        from workshop_kit.local_aws import jobs

        jobs.start(ctx)
    except Exception:
        log.exception("Jobs and endpoints can't run")
        return lambda: None
    return jobs.stop


def _wait(stopping: threading.Event, app: Watched, ctx: Context, lock: ServerLock) -> None:
    """Until a signal comes, the idle time is over or the workspace is gone; sweeps lost blobs now and then."""
    idle = float(os.environ.get(IDLE_VARIABLE) or "inf")
    swept = time.monotonic()
    ctx.objects.sweep()
    while not stopping.wait(min(1.0, idle / 4)):
        if time.monotonic() - app.last > idle and not app.busy:
            log.info("Nothing was asked for %s seconds", idle)
            return
        if lock.lost():
            log.info("The workspace is gone")
            return
        if time.monotonic() - swept > SWEEP_SECONDS:
            swept = time.monotonic()
            ctx.objects.sweep()


def _reason(problem: OSError) -> str:
    return "it is in use" if "in use" in str(problem) else problem.strerror or str(problem)


def _log_to(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(folder / "server.log", maxBytes=5 << 20, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)


def _write(path: Path, info: dict[str, Any]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(info))
    os.replace(temporary, path)
