"""S3 of local AWS beside moto's own S3 server: throughput and memory, measured one after the other in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workshop_kit.errors import require
from workshop_kit.local_aws import find_or_start, stop

MB = 1 << 20
SIZES = (64, 256)
SMALL_OBJECTS = 500
SMALL_BYTES = 2_000
MOTO = (
    "import sys, time; from moto.server import ThreadedMotoServer; "
    "s = ThreadedMotoServer('127.0.0.1', 0, verbose=False); s.start(); print(s.get_host_and_port()[1], flush=True); "
    "time.sleep(3600)"
)

Row = dict[str, object]


def measure() -> list[Row]:
    """Rows of {benchmark, what, ours, peer, unit, better}.

    Raises MissingExtra when moto's server or boto3's peers are not installed.
    """
    require("flask", extra="bench")
    require("flask_cors", extra="bench")
    ours, peer = _run(_our_server), _run(_moto_server)
    rows: list[Row] = []
    for what, value in ours.items():
        unit, better = ("MB/s", "higher") if "MB/s" in what else ("MB", "lower") if "memory" in what else ("s", "lower")
        rows.append(
            {"benchmark": "S3", "what": what.replace(" MB/s", ""), "ours": value, "peer": peer[what], "unit": unit}
            | {"better": better}
        )
    return rows


def _run(server: Callable[[], Any]) -> dict[str, float]:
    import boto3
    from botocore.config import Config

    figures: dict[str, float] = {}
    with server() as (url, pid, start_seconds):
        figures["server start"] = start_seconds
        figures["memory when idle"] = _rss(pid)
        config = Config(retries={"total_max_attempts": 1}, read_timeout=300)
        s3 = boto3.Session("local", "local", region_name="us-west-2").client("s3", endpoint_url=url, config=config)
        s3.create_bucket(Bucket="bench", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket="bench", Key="warm", Body=b"x")
        with tempfile.TemporaryDirectory() as folder:
            for size in SIZES:
                path = Path(folder) / "body"
                path.write_bytes(os.urandom(size * MB))
                with _peak(pid) as peak:
                    seconds = _timed(lambda path=path: s3.upload_file(str(path), "bench", "big"))
                    figures[f"upload_file of {size} MB MB/s"] = size / seconds
                    seconds = _timed(lambda path=path: s3.download_file("bench", "big", str(path)))
                    figures[f"download_file of {size} MB MB/s"] = size / seconds
                figures[f"peak memory with {size} MB"] = peak[0]
        body = os.urandom(SMALL_BYTES)
        keys = [f"small/{number}" for number in range(SMALL_OBJECTS)]
        figures[f"put {SMALL_OBJECTS} small objects"] = _timed(
            lambda: [s3.put_object(Bucket="bench", Key=key, Body=body) for key in keys]
        )
        figures[f"get {SMALL_OBJECTS} small objects"] = _timed(
            lambda: [s3.get_object(Bucket="bench", Key=key)["Body"].read() for key in keys]
        )
    return figures


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _our_server() -> Iterator[tuple[str, int, float]]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        info = find_or_start(Path(folder))
        try:
            yield info.url, info.pid, time.perf_counter() - started
        finally:
            stop(Path(folder))


@contextmanager
def _moto_server() -> Iterator[tuple[str, int, float]]:
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", MOTO], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}", process.pid, time.perf_counter() - started
    finally:
        process.kill()
        process.wait()


def _rss(pid: int) -> float:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _peak(pid: int) -> Iterator[list[float]]:
    peak, done = [_rss(pid)], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], _rss(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()
