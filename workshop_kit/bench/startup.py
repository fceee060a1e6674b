"""How long it takes until the kit can be used: imports, and local AWS from nothing to its first answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workshop_kit.errors import require

RUNS = 5


def measure() -> list[dict[str, object]]:
    """Rows of {benchmark, what, ours, peer, unit}; medians of five fresh processes each, lower is better.

    Raises MissingExtra when moto's server is not installed.
    """
    require("flask_cors", extra="bench")
    return [
        {
            "benchmark": "startup",
            "what": "import workshop_kit (peer: import boto3)",
            "ours": _seconds_of("import workshop_kit"),
            "peer": _seconds_of("import boto3"),
            "unit": "s",
        },
        {
            "benchmark": "startup",
            "what": "everything notebook 01 imports (peer: import pandas)",
            "ours": _seconds_of("import workshop_kit as wk; wk.connect; wk.load_domain; wk.write"),
            "peer": _seconds_of("import pandas"),
            "unit": "s",
        },
        {
            "benchmark": "startup",
            "what": "local AWS, from nothing to a first answer (peer: moto's server)",
            "ours": _median(_start_local_aws),
            "peer": _median(_start_moto),
            "unit": "s",
        },
    ]


def _seconds_of(code: str) -> float:
    """Median wall seconds of a fresh interpreter running `code`, less those of one that runs nothing."""

    def once(source: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", source], check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})
        return time.perf_counter() - started

    once(code)  # the first run writes byte code
    empty = statistics.median(once("pass") for _ in range(RUNS))
    return max(0.0, statistics.median(once(code) for _ in range(RUNS)) - empty)


def _median(once) -> float:
    return statistics.median(once() for _ in range(RUNS))


def _answers(url: str) -> bool:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    sts = boto3.client(
        "sts",
        endpoint_url=url,
        region_name="us-west-2",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        config=Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1}),
    )
    try:
        return bool(sts.get_caller_identity())
    except BotoCoreError:
        return False


def _start_local_aws() -> float:
    from workshop_kit import local_aws

    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        info = local_aws.find_or_start(Path(home))
        answered = _answers(info.url)
        seconds = time.perf_counter() - started
        local_aws.stop(Path(home))
    if not answered:
        raise RuntimeError("local AWS started but did not answer sts:GetCallerIdentity")
    return seconds


def _start_moto() -> float:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}"):
            if server.poll() is not None or time.perf_counter() - started > 60:
                raise RuntimeError("moto's server did not start")
            time.sleep(0.05)
        return time.perf_counter() - started
    finally:
        server.terminate()
        server.wait()
