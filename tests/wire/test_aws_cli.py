"""The real aws command against local AWS."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AWS = Path(sys.executable).with_name("aws")
pytestmark = pytest.mark.skipif(not AWS.exists(), reason="the aws command is not installed")


def aws(server, *words):
    done = subprocess.run(
        [str(AWS), *words, "--output", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **server.env()},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sync_ls_and_identity(server, bucket, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    (there / "deep").mkdir(parents=True)
    (there / "a.jsonl").write_text('{"x": 1}\n')
    (there / "deep" / "b ü.bin").write_bytes(os.urandom(9 << 20))
    for path in (there / "a.jsonl", there / "deep" / "b ü.bin"):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # sync compares whole seconds, and this second isn't over
    uri = f"s3://{bucket}/data"
    assert aws(server, "s3", "sync", str(there), uri).count("upload:") == 2
    assert "upload:" not in aws(server, "s3", "sync", str(there), uri)
    assert "a.jsonl" in aws(server, "s3", "ls", uri + "/")
    aws(server, "s3", "sync", uri, str(back))
    assert (back / "deep" / "b ü.bin").read_bytes() == (there / "deep" / "b ü.bin").read_bytes()
    aws(server, "s3", "rm", "--recursive", uri)
    assert aws(server, "s3", "ls", f"s3://{bucket}") == ""
    identity = json.loads(aws(server, "sts", "get-caller-identity"))
    assert identity["Account"] == "000000000000"
