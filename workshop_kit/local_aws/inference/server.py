"""The model server's process: `python -m workshop_kit.local_aws.inference.server --home H`.

Requests wait in a queue; one thread takes all that wait for the same model and answers them together, since on few
cores a batch costs little more than one answer. A real base is answered for by the paged engine, everything else by
transformers; each has its queue, and is imported when it is first needed. It listens on 127.0.0.1 alone and exits when
nobody has asked for a while.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.inference import paged
from workshop_kit.local_aws.inference.client import INFO
from workshop_kit.local_aws.inference.paged_desk import PagedDesk
from workshop_kit.local_aws.inference.requests import Refused, Request, grouped
from workshop_kit.local_aws.jobs.threads import usable_threads

BATCH = 16
IDLE_SECONDS = float(os.environ.get("WORKSHOP_MODEL_SERVER_IDLE", "120"))
_PARAMS = ("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "seed")
log = logging.getLogger(__name__)


@dataclass
class _Work:
    """Something asked of the engine; replies go into `out`, and None ends them."""

    body: dict[str, Any]
    out: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def model(self) -> tuple[str, str | None, bool]:
        return self.body["base"], self.body.get("adapter"), "texts" in self.body


class _Desk:
    """The queue in front of the engine and the thread behind it."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self.waiting: queue.Queue[_Work] = queue.Queue()
        self.last = time.monotonic()
        self.busy = False

    def take(self, work: _Work) -> None:
        """Queue what is asked."""
        self.last = time.monotonic()
        self.waiting.put(work)

    @property
    def idle(self) -> float:
        """Seconds without anything to do; what waits while the engine is still being imported is something to do."""
        return 0.0 if self.busy or not self.waiting.empty() else time.monotonic() - self.last

    def run(self) -> None:
        engine: Any = None
        while True:
            works = [self.waiting.get()]
            self.busy = True
            if engine is None:
                engine = self._engine()
            time.sleep(0.005)  # those who ask at the same moment share a batch
            while not self.waiting.empty():
                works.append(self.waiting.get())
            for batch in grouped(works, lambda work: work.model, BATCH):
                self._answer(engine, batch)
            self.last, self.busy = time.monotonic(), False

    def _engine(self) -> Any:
        try:
            from workshop_kit.local_aws.inference.engine import Engine

            return Engine(self._threads)
        except BaseException:
            log.exception("the engine can't be started")
            os._exit(1)  # without it every request would wait for ever

    def _answer(self, engine: Any, batch: list[_Work]) -> None:
        base, adapter, scoring = batch[0].model
        try:
            loaded = engine.load(base, adapter)
            if scoring:
                for work in batch:
                    score = engine.prefill if work.body.get("tokens") else engine.score
                    work.out.put({"scores": score(loaded, work.body["texts"])})
            else:
                self._generate(engine, loaded, batch)
        except Refused as problem:
            for work in batch:
                work.out.put({"refused": str(problem)})
        except Exception as problem:
            log.exception("answering %s failed", base)
            for work in batch:
                work.out.put({"refused": f"The model failed: {type(problem).__name__}: {problem}"})
        for work in batch:
            work.out.put(None)

    def _generate(self, engine: Any, loaded: Any, batch: list[_Work]) -> None:
        taken: list[tuple[_Work, Request]] = []
        for work in batch:
            try:
                request = _request(work)
                engine.prepare(loaded, request)
                taken.append((work, request))
            except Refused as problem:
                work.out.put({"refused": str(problem)})
            except (TypeError, ValueError) as problem:
                # A value of the wrong type is this request's own fault; the others of the batch are answered.
                work.out.put({"refused": f"A setting is not of the kind it must be: {problem}."})
        if taken:
            engine.generate(loaded, [request for _, request in taken])
        for work, request in taken:
            work.out.put({"text": "", "tokens": 0, "finish": request.finish, "input_tokens": len(request.ids)})


def _request(work: _Work) -> Request:
    """The answer that is asked for; its pieces go into the work's queue. Raises TypeError for a wrong setting."""
    params = {k: v for k, v in work.body["params"].items() if k in _PARAMS and v is not None}
    stop = work.body["params"].get("stop") or ()
    return Request(
        work.body["prompt"],
        **params,
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        cancelled=work.gone.is_set,
        emit=lambda text, tokens: work.out.put({"text": text, "tokens": tokens}),
    )


class _Desks:
    """Both engines' queues, and who goes to which."""

    def __init__(self, threads: int, home: Path) -> None:
        self._plain = _Desk(threads)
        self._paged = PagedDesk(threads, home, _request, self._plain.take)
        for desk in (self._plain, self._paged):
            threading.Thread(target=desk.run, daemon=True).start()

    def take(self, work: _Work) -> None:
        """Queue what is asked where it can be answered."""
        base, adapter, _ = work.model
        unfit = {base, adapter} & self._paged.unfit
        (self._paged if not unfit and paged.takes(base, adapter) else self._plain).take(work)

    @property
    def idle(self) -> float:
        """Seconds without anything to do."""
        return min(self._plain.idle, self._paged.idle)


def _handler(desk: _Desks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._send({"ok": True, "pid": os.getpid()})

        def do_POST(self) -> None:
            try:
                work = _Work(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                work.model  # noqa: B018 - a body without these is refused here and not by the engine's thread
                wanted = {"/generate": ("prompt", "params"), "/score": ("texts",)}[self.path]
                if not all(name in work.body for name in wanted):
                    raise KeyError
            except (ValueError, KeyError, TypeError, AttributeError):
                self.send_error(400)
                return
            desk.take(work)
            if self.path == "/score":
                self._send(work.out.get() or {"refused": "The model server is stopping."})
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.end_headers()
            try:
                while (piece := work.out.get()) is not None:
                    self.wfile.write(json.dumps(piece).encode() + b"\n")
                    self.wfile.flush()
            except OSError:
                work.gone.set()  # whoever asked has left: the engine stops at the next token

        def _send(self, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET
    request_queue_size = 128


def main(argv: list[str] | None = None) -> int:
    """Run the model server until it is idle or stopped."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.local_aws.inference.server")
    parser.add_argument("--home", type=Path, required=True)
    home = parser.parse_args(argv).home
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    desk = _Desks(usable_threads(), home)
    server = _Server(("127.0.0.1", 0), _handler(desk))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is kept: there is nothing to lose
    threading.Thread(target=server.serve_forever, daemon=True).start()
    info = home / "aws" / INFO
    info.parent.mkdir(parents=True, exist_ok=True)
    new = info.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({"port": server.server_address[1], "pid": os.getpid()}), encoding="utf-8")
    os.replace(new, info)
    log.info("listening on 127.0.0.1:%s", server.server_address[1])
    while desk.idle < IDLE_SECONDS:
        if not home.is_dir():
            break  # the workspace was deleted
        time.sleep(1)
    log.info("idle: exiting")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
