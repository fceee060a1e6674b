"""Running a Lambda function's code: in a process of its own, bounded in time, memory, processor and output.

The code is somebody else's: it gets a clean environment without this process's secrets, an empty temporary folder, and
an end. It can still read what the user who runs local AWS can read: this is a fence against accidents, not a prison.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.context import Context

Document = dict[str, Any]

KIND = "lambda-function"
LOG_GROUPS = "/aws/lambda/"
MOST_PAYLOAD = 6 << 20  # Lambda's own bound for a synchronous request or answer, in bytes
MOST_UNPACKED = 250 << 20
MOST_LOG = 256 << 10
# The interpreter and boto3 need address space beyond what the function's own data takes.
HEADROOM = 1 << 30

# Runs in the new process: limits first, then the handler, then its answer into a file.
_BOOTSTRAP = """
import json, os, resource, sys, traceback
memory, cpu, size, folder, handler, event_path, answer_path = sys.argv[1:8]
resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
resource.setrlimit(resource.RLIMIT_CPU, (int(cpu), int(cpu)))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.path.insert(0, folder)

class Context:
    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    function_version = "$LATEST"
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    aws_request_id = os.environ["_WORKSHOP_REQUEST_ID"]
    invoked_function_arn = os.environ["_WORKSHOP_FUNCTION_ARN"]
    log_group_name = "/aws/lambda/" + function_name
    log_stream_name = aws_request_id
    def get_remaining_time_in_millis(self):
        return max(0, int(float(os.environ["_WORKSHOP_DEADLINE"]) * 1000 - __import__("time").time() * 1000))

def run():
    import importlib
    module, _, name = handler.rpartition(".")
    with open(event_path, encoding="utf-8") as file:
        event = json.load(file)
    function = getattr(importlib.import_module(module.replace("/", ".")), name)
    return json.dumps(function(event, Context()), ensure_ascii=False)

try:
    answer, failed = run(), False
except BaseException as problem:
    if isinstance(problem, SystemExit):
        problem = RuntimeError(f"the function ended its process with status {problem.code}")
    told = {"errorMessage": str(problem), "errorType": type(problem).__name__, "requestId": Context.aws_request_id}
    told["stackTrace"] = traceback.format_tb(problem.__traceback__)[1:]
    answer, failed = json.dumps(told), True
    print(f"[ERROR] {told['errorType']}: {told['errorMessage']}", *told["stackTrace"], sep="\\n")
sys.stdout.flush()
with open(answer_path, "w", encoding="utf-8") as file:
    file.write(("E" if failed else "A") + answer)
os._exit(0)
"""


class FunctionFault(Exception):
    """A function that could not be run, failed, or answered something unusable; one sentence says what."""


class BadPackage(ValueError):
    """A deployment package that can't be unpacked; one sentence says why."""


@dataclass(frozen=True)
class Invocation:
    """What came of a call: the answer as JSON text, whether the function failed, and its log."""

    answer: str
    failed: bool
    log: str


def unpack(data: bytes, folder: Path) -> None:
    """Unpack a deployment package. Raises BadPackage for one that is not a zip, is too large, or leaves its folder."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise BadPackage("Could not unzip uploaded file. Please check your file, then try to upload again.") from None
    with archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            raise BadPackage(f"Unzipped size must be smaller than {MOST_UNPACKED} bytes")
        for entry in archive.infolist():
            target = (folder / entry.filename).resolve()
            if not target.is_relative_to(folder.resolve()) or stat.S_ISLNK(entry.external_attr >> 16):
                raise BadPackage(f"The package holds {entry.filename!r}, which leads out of its folder.")
        try:
            archive.extractall(folder)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as problem:
            raise BadPackage(f"The package can't be unpacked: {problem}") from None


def run(ctx: Context, function: Document, event: str, request_id: str) -> Invocation:
    """Call a function with an event (JSON text) and wait for its answer, at most as long as its Timeout."""
    started = time.monotonic()
    log = f"START RequestId: {request_id} Version: $LATEST\n"
    with tempfile.TemporaryDirectory(prefix="function-") as place:
        answer, failed, said = _call(ctx, function, event, request_id, Path(place))
    took = (time.monotonic() - started) * 1000
    log += said if not said or said.endswith("\n") else said + "\n"
    log += (
        f"END RequestId: {request_id}\nREPORT RequestId: {request_id} Duration: {took:.2f} ms "
        f"Memory Size: {function['MemorySize']} MB\n"
    )
    at = int(time.time() * 1000)
    group = LOG_GROUPS + function["FunctionName"]
    ctx.store.append_log(group, f"[$LATEST]{function['RevisionId']}", [(at, line) for line in log.splitlines()])
    return Invocation(answer, failed, log)


def _call(ctx: Context, function: Document, event: str, request_id: str, place: Path) -> tuple[str, bool, str]:
    seconds = function["Timeout"]
    event_path, answer_path, log_path = place / "event.json", place / "answer.json", place / "log.txt"
    event_path.write_text(event, encoding="utf-8")
    (place / "tmp").mkdir()
    limits = [(function["MemorySize"] << 20) + HEADROOM, seconds + 1, MOST_PAYLOAD * 4]
    told = [*limits, function["_Folder"], function["Handler"], event_path, answer_path]
    with log_path.open("wb") as out:
        process = subprocess.Popen(
            # -I: nothing of this process's Python environment or current folder reaches the function.
            [sys.executable, "-I", "-c", _BOOTSTRAP, *map(str, told)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=place / "tmp",
            env=_environment(ctx, function, request_id, place / "tmp"),
            start_new_session=True,
        )
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # What the function started goes with it.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            status = process.wait()
    said = log_path.read_bytes()[:MOST_LOG].decode("utf-8", "replace")
    if not answer_path.is_file():
        ended = process.returncode in (-signal.SIGKILL,) and status != 0
        message = f"Task timed out after {seconds:.2f} seconds" if ended else f"Runtime exited with status {status}"
        kind = "Sandbox.Timedout" if ended else "Runtime.ExitError"
        text = f"RequestId: {request_id} Error: {message}"
        return json.dumps({"errorType": kind, "errorMessage": text}), True, f"{said}{text}\n"
    text = answer_path.read_text(encoding="utf-8", errors="replace")
    failed, answer = text[:1] == "E", text[1:]
    if len(answer.encode()) > MOST_PAYLOAD:
        large = {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MOST_PAYLOAD} bytes).",
        }
        return json.dumps(large), True, said
    return answer, failed, said


def _environment(ctx: Context, function: Document, request_id: str, tmp: Path) -> dict[str, str]:
    own = (function.get("Environment") or {}).get("Variables") or {}
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(tmp),
        "TMPDIR": str(tmp),
        "PYTHONDONTWRITEBYTECODE": "1",
        # A function may ask a model by Converse: local AWS knows no secrets, any key will do.
        "AWS_ENDPOINT_URL": ctx.url or _server_url(ctx.home),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": ctx.region,
        "AWS_DEFAULT_REGION": ctx.region,
        "AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "_WORKSHOP_REQUEST_ID": request_id,
        "_WORKSHOP_FUNCTION_ARN": function["FunctionArn"],
        "_WORKSHOP_DEADLINE": str(time.time() + function["Timeout"]),
        **own,
    }


def _server_url(home: Path) -> str:
    try:
        return str(json.loads((home / "aws" / "server.json").read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def keep_code(ctx: Context, name: str, revision: str, data: bytes) -> Path:
    """Unpack a function's package where it is run from. Raises BadPackage."""
    folder = ctx.home / "aws" / "functions" / name / revision
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        unpack(data, new)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def find(ctx: Context, told: str) -> Document | None:
    """A function by its name or ARN, whatever version or alias stands behind it."""
    name = told.split(":function:", 1)[-1] if ":function:" in told else told.rsplit(":function:", 1)[-1]
    parts = name.split(":")
    # Partial ARNs have the account before the name.
    return ctx.store.get(KIND, parts[0]) or (ctx.store.get(KIND, parts[-1]) if len(parts) > 1 else None)


def invoke_function(ctx: Context, function: str, event: object) -> object:
    """A function's answer to an event, for the training worker. Raises FunctionFault."""
    document = find(ctx, function)
    if document is None:
        raise FunctionFault("it does not exist any more.")
    text = json.dumps(event, ensure_ascii=False)
    if len(text.encode()) > MOST_PAYLOAD:
        raise FunctionFault(f"the event is larger than {MOST_PAYLOAD} bytes.")
    done = run(ctx, document, text, f"{time.time_ns():x}")
    if done.failed:
        problem = json.loads(done.answer)
        where = "".join(problem.get("stackTrace") or [])[-300:].strip().replace("\n", " ")
        raise FunctionFault(
            f"{problem.get('errorType')}: {problem.get('errorMessage')}{f' ({where})' if where else ''}"
        )
    try:
        return json.loads(done.answer)
    except ValueError:
        raise FunctionFault("its answer is not JSON.") from None
