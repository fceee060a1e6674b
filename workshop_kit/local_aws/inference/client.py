"""Asking the model server: it is started when it is needed and found again by everybody else."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 120.0
INFO, LOCK = "model-server.json", "model-server.lock"
# (port, process id) of the servers that have answered this process and not failed it since, by their workspace: asking
# after a server's health before each question would take as long as a short answer.
_sound: dict[Path, tuple[int, int]] = {}


@dataclass(frozen=True)
class ModelRef:
    """A model: the folder (or hub id) of its weights, a PEFT adapter's folder or None, and a name for people."""

    base_dir: str
    adapter_dir: str | None
    label: str


@dataclass(frozen=True)
class Chunk:
    """A piece of an answer. The last one has `finish` ("stop", "length" or "stop_sequence") and `input_tokens`."""

    text: str
    tokens: int
    finish: str = ""
    input_tokens: int = 0


class Refused(RuntimeError):
    """The model server can't take the request as it is; one sentence says why."""


class ModelServerGone(RuntimeError):
    """The model server could not be started, or went away in the middle of an answer."""


def generate(
    home: Path, ref: ModelRef, prompt: str | list[dict[str, str]], params: Mapping[str, Any]
) -> Iterator[Chunk]:
    """An answer to a finished prompt, or to messages of {"role", "content"}, piece by piece.

    `params`: max_new_tokens, temperature, top_p, top_k, repetition_penalty, seed, stop. Closing the iterator stops the
    model. Raises Refused, and ModelServerGone when the server dies in the middle; one that dies before the first
    piece is started again and asked once more.
    """
    body = {"base": ref.base_dir, "adapter": ref.adapter_dir, "prompt": prompt, "params": dict(params)}
    begun = False
    for attempt in (1, 2):
        try:
            with _request(home, "/generate", body) as reply:
                for line in reply:
                    piece = json.loads(line)
                    if "refused" in piece:
                        raise Refused(piece["refused"])
                    begun = True
                    yield Chunk(piece["text"], piece["tokens"], piece.get("finish", ""), piece.get("input_tokens", 0))
                    if piece.get("finish"):
                        return
            raise ConnectionError("the answer broke off")
        except (OSError, http.client.HTTPException, ValueError) as problem:
            if begun or attempt == 2:
                raise ModelServerGone(f"The model server went away while it answered ({problem}).") from None


def score(home: Path, ref: ModelRef, texts: Sequence[str]) -> list[float]:
    """The mean log-likelihood per token of each text under a model. Raises Refused and ModelServerGone."""
    body = {"base": ref.base_dir, "adapter": ref.adapter_dir, "texts": list(texts)}
    for attempt in (1, 2):
        try:
            with _request(home, "/score", body) as reply:
                told = json.loads(reply.read())
            if "refused" in told:
                raise Refused(told["refused"])
            return [float(value) for value in told["scores"]]
        except (OSError, http.client.HTTPException, ValueError) as problem:
            if attempt == 2:
                raise ModelServerGone(f"The model server went away while it scored ({problem}).") from None
    raise AssertionError("unreachable")


def prefill(home: Path, ref: ModelRef, text: str) -> list[dict[str, Any]]:
    """A text's tokens as {"id", "text", "logprob"}, natural logarithm, None for the first, which nothing comes before.

    Raises Refused and ModelServerGone.
    """
    body = {"base": ref.base_dir, "adapter": ref.adapter_dir, "texts": [text], "tokens": True}
    for attempt in (1, 2):
        try:
            with _request(home, "/score", body) as reply:
                told = json.loads(reply.read())
            if "refused" in told:
                raise Refused(told["refused"])
            return told["scores"][0]
        except (OSError, http.client.HTTPException, ValueError) as problem:
            if attempt == 2:
                raise ModelServerGone(f"The model server went away while it scored ({problem}).") from None
    raise AssertionError("unreachable")


@contextmanager
def _request(home: Path, path: str, body: Mapping[str, Any]) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", _port(home), timeout=600)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise ConnectionError(f"status {reply.status}")
        yield reply
    except (OSError, http.client.HTTPException, ValueError):
        _sound.pop(home, None)
        raise
    finally:
        connection.close()


def find(home: Path) -> int | None:
    """The port of the workspace's model server, if it answers."""
    try:
        info = _info(home)
        connection = http.client.HTTPConnection("127.0.0.1", info[0], timeout=10)
        try:
            connection.request("GET", "/health")
            told = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if told.get("pid") != info[1]:
            return None
        _sound[home] = info
        return info[0]
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None


def _info(home: Path) -> tuple[int, int]:
    """Port and process id of the server that was started last."""
    told = json.loads((home / "aws" / INFO).read_text(encoding="utf-8"))
    return int(told["port"]), int(told["pid"])


def _known(home: Path) -> int | None:
    """The port of a server that has answered before and whose process still lives."""
    sound = _sound.get(home)
    try:
        if sound is None or _info(home) != sound:
            return None
        os.kill(sound[1], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return sound[0]


def stop(home: Path) -> bool:
    """Stop the workspace's model server; False when none runs."""
    import signal

    if find(home) is None:
        return False
    os.kill(_info(home)[1], signal.SIGTERM)
    return True


def _port(home: Path) -> int:
    port = _known(home) or find(home)
    if port is not None:
        return port
    folder = home / "aws"
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # many may ask at once: one starts it, the others find it
        port = find(home)
        return port if port is not None else _start(home)


def _start(home: Path) -> int:
    log = home / "aws" / "logs" / "model-server.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "workshop_kit.local_aws.inference.server", "--home", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        port = find(home)
        if port is not None:
            return port
        if process.poll() is not None:
            raise ModelServerGone(f"The model server did not start; its log is {log}.")
        time.sleep(0.1)
    process.kill()
    raise ModelServerGone(f"The model server did not start within {START_SECONDS:.0f} s; its log is {log}.")
