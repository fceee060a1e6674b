"""Garbage at the HTTP door: an answer or a closed connection, soon, and never HTML or a traceback."""

# One case a line reads better than the same case on four.
# ruff: noqa: E501

import random
import socket
import time

import pytest

SCOPE = "Authorization: AWS4-HMAC-SHA256 Credential=a/20250101/us-west-2/{service}/aws4_request, Signature=x\r\n"


def send(server, data, wait=5.0):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has seen enough
        answer = b""
        try:
            while chunk := client.recv(1 << 16):
                answer += chunk
        except ConnectionResetError:
            pass
    return answer


def check(answer):
    assert b"<html" not in answer.lower() and b"<!doctype" not in answer.lower()
    assert b"Traceback" not in answer and b".py" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")


def alive(server, home):
    from workshop_kit.local_aws import find

    assert find(home).pid == server.pid


def request(service, line, *headers, body=b""):
    extra = "".join(f"{header}\r\n" for header in headers)
    head = f"{line}\r\nHost: x\r\nConnection: close\r\n{SCOPE.format(service=service)}{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /%ff%00%zz?x=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        request("sagemaker", "POST / HTTP/1.1", "X-Amz-Target: SageMaker.ListTrainingJobs", body=b"{not json"),
        request("sagemaker", "POST / HTTP/1.1", "X-Amz-Target: SageMaker.ListTrainingJobs", "Content-Type: application/x-amz-json-1.1", body=b"[1]"),
        request("sagemaker", "POST / HTTP/1.1", "X-Amz-Target: SageMaker.ListTrainingJobs", "Content-Type: application/x-amz-json-1.1", body=b'{"MaxResults": "x"}'),
        request("logs", "POST / HTTP/1.1", "X-Amz-Target: Logs_20140328.Nothing", "Content-Type: application/x-amz-json-1.1", body=b"{}"),
        request("no-such-service", "POST / HTTP/1.1", body=b"{}"),
        request("iam", "POST / HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", body=b"Action=%ff&Version=1"),
        request("sts", "POST / HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", body=b"\xff\xfe"),
        request("s3", "POST /b?delete HTTP/1.1", body=b"<Delete><Object>"),
        request("s3", "POST /b?delete HTTP/1.1", body=b'<!DOCTYPE x [<!ENTITY a "b">]><Delete>&a;</Delete>'),
        request("s3", "PUT /b/k?partNumber=x&uploadId=y HTTP/1.1"),
        request("s3", "GET /b?list-type=2&max-keys=many HTTP/1.1"),
        request("s3", "PUT /b/k HTTP/1.1", "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", body=b"zz\r\n"),
        request("s3", "BREW / HTTP/1.1"),
        request("monitoring", "POST /service/X/operation/ListMetrics HTTP/1.1", "smithy-protocol: rpc-v2-cbor", body=b"\xff"),
    ],
)  # fmt: skip
def test_broken_requests_get_an_answer(server, home, data):
    started = time.monotonic()
    answer = send(server, data)
    check(answer)
    assert time.monotonic() - started < 4
    if data.startswith(b"POST"):
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")) and b"500 Internal" not in answer
    alive(server, home)


def test_random_damage_to_good_requests(server, home):
    random.seed(7)
    good = [
        request("sagemaker", "POST / HTTP/1.1", "X-Amz-Target: SageMaker.DescribeTrainingJob", "Content-Type: application/x-amz-json-1.1", body=b'{"TrainingJobName": "a"}'),
        request("iam", "POST / HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", body=b"Action=ListRoles&Version=2010-05-08"),
        request("s3", "PUT /some-bucket/some/key?partNumber=1&uploadId=abc HTTP/1.1", "Range: bytes=1-2", body=b"body"),
        request("s3", "GET /some-bucket?list-type=2&prefix=a&delimiter=%2F&max-keys=5 HTTP/1.1"),
        request("bedrock", "POST /model/m.m/converse HTTP/1.1", "Content-Type: application/json", body=b'{"messages": [{"role": "user", "content": [{"text": "x"}]}]}'),
    ]  # fmt: skip
    for _ in range(150):
        data = bytearray(random.choice(good))
        for _ in range(random.randint(1, 6)):
            place = random.randrange(len(data))
            data[place : place + random.randint(0, 3)] = random.randbytes(random.randint(0, 3))
        check(send(server, bytes(data)))
    alive(server, home)


def test_slow_and_silent_clients_do_not_keep_others_waiting(server, s3, bucket):
    host, port = server.url.removeprefix("http://").split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(40)]
    try:
        for one in silent[:20]:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        assert time.monotonic() - started < 3
    finally:
        for one in silent:
            one.close()
