"""kill -9 in the middle of writes, and a disk that is full: what was confirmed stays, nothing is half-written."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from workshop_kit.local_aws import ServerInfo, find, find_or_start, stop


def connect(info, **more):
    config = Config(retries={"total_max_attempts": 1}, read_timeout=20, connect_timeout=5, **more)
    return boto3.Session("local", "local", region_name=info.region).client("s3", endpoint_url=info.url, config=config)


def test_a_kill_in_the_middle_of_writes_loses_nothing_confirmed(fresh):
    home, info = fresh
    connect(info).create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    confirmed, tried, done, running = {}, {}, [], threading.Event()
    running.set()

    def write(worker):
        s3, number = connect(info), 0
        while running.is_set():
            # Few keys, so that objects are also replaced; sizes from one byte to some of several blocks.
            key, body = f"{worker}/{number % 5}", os.urandom(1 + (number * 37_717) % 900_000)
            digest = hashlib.md5(body).hexdigest()
            tried.setdefault(key, set()).add(digest)
            try:
                if number % 4 == 3:
                    where = {"Bucket": "bucket", "Key": key}
                    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
                    part = s3.upload_part(**where, PartNumber=1, Body=body)
                    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
                    s3.complete_multipart_upload(**where, MultipartUpload=parts)
                else:
                    s3.put_object(Bucket="bucket", Key=key, Body=body)
            except Exception:
                # Not confirmed: the old object or the new one may be there.
                confirmed.get(key, set()).add(digest)
                return
            confirmed[key] = {digest}
            done.append(key)
            number += 1

    for round_ in range(3):
        writers = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
        for writer in writers:
            writer.start()
        end = time.monotonic() + 20
        while len(done) < 25 * (round_ + 1) and time.monotonic() < end:
            time.sleep(0.01)
        os.kill(find_or_start(home).pid, signal.SIGKILL)
        for writer in writers:
            writer.join(30)
        info = find_or_start(home)
    s3 = connect(info)
    found = {one["Key"]: one["Size"] for one in s3.list_objects_v2(Bucket="bucket").get("Contents", [])}
    assert len(confirmed) >= 8, "too few writes to mean anything"
    assert set(confirmed) <= set(found) <= set(tried)
    for key, size in found.items():
        body = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
        assert len(body) == size
        assert hashlib.md5(body).hexdigest() in confirmed.get(key, tried[key])


def test_what_a_killed_writer_left_is_swept_away(tmp_path):
    from workshop_kit.local_aws.context import Context

    ctx = Context.open(tmp_path)
    ctx.objects.create_bucket("b")
    kept = ctx.objects.put("b", "k", b"kept")
    lost, _ = ctx.objects.blobs.write(__import__("io").BytesIO(b"lost"))
    assert ctx.objects.sweep() == 0  # it may still belong to a writer
    for blob in (lost, kept.segments[0][0]):
        os.utime(ctx.objects.blobs.path(blob), (1, 1))
    assert ctx.objects.sweep() == 1
    assert not ctx.objects.blobs.path(lost).exists()
    assert ctx.objects.open("b", "k").read() == b"kept"


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(s3, bucket, server, home):
    import socket

    files = len(list((home / "aws" / "blobs").glob("*/*")))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(
            f"PUT /{bucket}/half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=a/20250101/us-west-2/s3/aws4_request\r\n\r\n".encode()
            + b"x" * 500_000
        )
        time.sleep(0.2)
    time.sleep(0.5)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert len(list((home / "aws" / "blobs").glob("*/*"))) == files


LIMITED = (
    "import os, resource, sys, signal\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'workshop_kit.local_aws', '--home', sys.argv[1]])"
)


def start_limited(home, program=LIMITED):
    process = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not (info := find(home)) and time.monotonic() < end:
        time.sleep(0.05)
    return process, info


def refused_for_room(s3, data):
    with pytest.raises(ClientError, match="is full") as full:
        s3.put_object(Bucket="bucket", Key="k", Body=data)
    assert full.value.response["Error"]["Code"] == "InsufficientStorage"


def check_full(home, info: ServerInfo):
    s3 = connect(info)
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="bucket", Key="k", Body=b"before")
    refused_for_room(s3, b"x" * (12 << 20))
    with pytest.raises(ClientError, match="is full"):
        where = {"Bucket": "bucket", "Key": "m"}
        where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
        s3.upload_part(**where, PartNumber=1, Body=b"x" * (12 << 20))
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"before"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]] == ["k"]
    assert sum(path.stat().st_size for path in (home / "aws" / "blobs").glob("*/*")) == 6
    s3.put_object(Bucket="bucket", Key="k", Body=b"after")
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"after"


def test_a_file_that_can_not_grow_is_told_and_leaves_nothing_half_written(tmp_path):
    process, info = start_limited(tmp_path)
    try:
        check_full(tmp_path, info)
    finally:
        process.terminate()
        process.wait(20)


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        check_full(disk, find_or_start(disk))
    finally:
        stop(disk)
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_memory_stays_flat_for_a_large_object(fresh):
    psutil = pytest.importorskip("psutil")
    home, info = fresh
    s3 = connect(info)
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    process = psutil.Process(info.pid)
    s3.put_object(Bucket="bucket", Key="warm", Body=b"x")
    before, peak, running = process.memory_info().rss, 0, threading.Event()

    def watch():
        nonlocal peak
        while not running.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()

    class Zeros:
        """150 MB without holding them here either."""

        left = 150 << 20

        def read(self, size=-1):
            size = min(self.left, size if size >= 0 else self.left)
            self.left -= size
            return bytes(size)

    s3.upload_fileobj(Zeros(), "bucket", "big")
    length = 0
    for chunk in s3.get_object(Bucket="bucket", Key="big")["Body"].iter_chunks(1 << 20):
        length += len(chunk)
    running.set()
    watcher.join()
    assert length == 150 << 20
    assert peak - before < 40 << 20, f"the server grew by {(peak - before) >> 20} MB"
