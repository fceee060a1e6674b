"""S3 objects as boto3 sees them: bodies, ranges, conditions, checksums, copies, tags, presigned URLs."""

import base64
import hashlib
import io
import os
import time
import urllib.error
import urllib.request
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def code(info):
    return info.value.response["Error"]["Code"]


def status(info):
    return info.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_comes_back_with_its_headers_and_metadata(s3, bucket):
    s3.put_object(
        Bucket=bucket,
        Key="a/b c+d ü%20.txt",
        Body=b"hello",
        ContentType="text/plain",
        CacheControl="no-cache",
        ContentEncoding="gzip",
        Metadata={"my_key": "with underscore", "my-key": "with dash"},
    )
    got = s3.get_object(Bucket=bucket, Key="a/b c+d ü%20.txt")
    assert got["Body"].read() == b"hello"
    assert got["ContentType"] == "text/plain" and got["CacheControl"] == "no-cache"
    assert got["ContentEncoding"] == "gzip"
    assert got["Metadata"] == {"my_key": "with underscore", "my-key": "with dash"}
    assert got["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'


def test_a_key_that_is_not_there_says_so(s3, bucket):
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="nope")
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket=bucket, Key="nope")
    assert code(missing) == "404"
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="no-such-bucket", Key="nope")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.put_object(Bucket="no-such-bucket", Key="k", Body=b"x")


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-0", b"0"), ("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"), ("bytes=5-99", b"56789")],
)
def test_a_range_gives_its_bytes(s3, bucket, asked, part):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["Body"].read() == part
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    start = b"0123456789".index(part)
    assert got["ContentRange"] == f"bytes {start}-{start + len(part) - 1}/10"


def test_a_range_past_the_end_is_refused_and_a_senseless_one_ignored(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    with pytest.raises(ClientError) as past:
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")
    assert (code(past), status(past)) == ("InvalidRange", 416)
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=5-2")["Body"].read() == b"0123456789"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    key=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=60).filter(
        lambda key: key not in (".", "..") and not key.startswith(("/", "./", "../")) and "/../" not in key
    ),
    body=st.binary(max_size=3000),
    start=st.integers(0, 3000),
    length=st.integers(1, 3000),
)
def test_any_key_body_and_range_come_back_as_they_were(s3, bucket, key, body, start, length):
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == body
    assert key in [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]]
    if start < len(body):
        ranged = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{start + length - 1}")
        assert ranged["Body"].read() == body[start : start + length]
    s3.delete_object(Bucket=bucket, Key=key)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_only_one_of_many_writers_creates_a_key(s3, bucket):
    from concurrent.futures import ThreadPoolExecutor

    def write(number):
        try:
            s3.put_object(Bucket=bucket, Key="once", Body=str(number).encode(), IfNoneMatch="*")
            return number
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [number for number in pool.map(write, range(16)) if number is not None]
    assert len(won) == 1
    assert s3.get_object(Bucket=bucket, Key="once")["Body"].read() == str(won[0]).encode()


def test_a_write_can_ask_for_the_version_it_replaces(s3, bucket):
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first)
    with pytest.raises(ClientError) as stale:
        s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=first)
    assert (code(stale), status(stale)) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as missing:
        s3.put_object(Bucket=bucket, Key="other", Body=b"3", IfMatch=first)
    assert code(missing) == "NoSuchKey"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    for fine in (
        {"IfMatch": etag},
        {"IfNoneMatch": '"x"'},
        {"IfModifiedSince": now - hour},
        {"IfUnmodifiedSince": now + hour},
    ):
        assert s3.get_object(Bucket=bucket, Key="k", **fine)["Body"].read() == b"1"
    for same in ({"IfNoneMatch": etag}, {"IfModifiedSince": now + timedelta(seconds=-1) + hour}):
        with pytest.raises(ClientError) as unchanged:
            s3.get_object(Bucket=bucket, Key="k", **same)
        assert status(unchanged) == 304
    for wrong in ({"IfMatch": '"x"'}, {"IfUnmodifiedSince": now - hour}):
        with pytest.raises(ClientError) as changed:
            s3.get_object(Bucket=bucket, Key="k", **wrong)
        assert status(changed) == 412
    # The connection is still usable after answers without a body.
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_the_crcs_that_python_lacks_are_right(checksum_values):
    # The check values of the public catalogue of CRCs, for the nine bytes 123456789.
    values = checksum_values(b"123456789")
    assert base64.b64decode(values["CRC32C"]).hex() == "e3069283"
    assert base64.b64decode(values["CRC64NVME"]).hex() == "ae8b14860a799888"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_checksum_is_checked_kept_and_returned(s3, bucket, algorithm, checksum_values):
    body = os.urandom(100_000)
    value = checksum_values(body)[algorithm]
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **{f"Checksum{algorithm}": value})
    assert put[f"Checksum{algorithm}"] == value
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == value and head["ChecksumType"] == "FULL_OBJECT"
    with pytest.raises(ClientError) as damaged:
        s3.put_object(Bucket=bucket, Key="k", Body=body[:-1] + bytes([body[-1] ^ 1]), **{f"Checksum{algorithm}": value})
    assert code(damaged) == "BadDigest"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_a_wrong_content_md5_is_refused_and_leaves_nothing(s3, bucket):
    with pytest.raises(ClientError) as damaged:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5=base64.b64encode(b"0" * 16).decode())
    assert code(damaged) == "BadDigest"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_body_in_aws_chunks_with_a_trailing_checksum(server, bucket, s3):
    import http.client

    def send(crc):
        lines = b"5\r\nhello\r\n6;chunk-signature=abc\r\n world\r\n0\r\nx-amz-checksum-crc32:" + crc + b"\r\n\r\n"
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        headers = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20250101/us-west-2/s3/aws4_request, Signature=x",
            "Content-Encoding": "aws-chunked",
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": "11",
            "x-amz-trailer": "x-amz-checksum-crc32",
        }
        connection.request("PUT", f"/{bucket}/chunked", lines, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    good = base64.b64encode(zlib.crc32(b"hello world").to_bytes(4, "big"))
    assert send(good) == (200, b"")
    got = s3.get_object(Bucket=bucket, Key="chunked", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"hello world" and got["ChecksumCRC32"] == good.decode()
    assert "ContentEncoding" not in got
    answer, body = send(base64.b64encode(b"1234"))
    assert answer == 400 and b"BadDigest" in body


def test_a_copy_keeps_or_replaces_what_it_is_told_to(s3, bucket):
    s3.put_object(
        Bucket=bucket, Key="from/ä b", Body=b"12345", Metadata={"a": "1"}, ContentType="text/x", Tagging="t=1"
    )
    source = {"Bucket": bucket, "Key": "from/ä b"}
    s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)
    kept = s3.get_object(Bucket=bucket, Key="kept")
    assert (kept["Body"].read(), kept["Metadata"], kept["ContentType"], kept["TagCount"]) == (
        b"12345",
        {"a": "1"},
        "text/x",
        1,
    )
    s3.copy_object(Bucket=bucket, Key="new", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="new")["Metadata"] == {"b": "2"}
    s3.delete_object(Bucket=bucket, Key="from/ä b")
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"12345"
    with pytest.raises(ClientError) as gone:
        s3.copy_object(Bucket=bucket, Key="x", CopySource=source)
    assert code(gone) == "NoSuchKey"
    with pytest.raises(ClientError) as itself:
        s3.copy_object(Bucket=bucket, Key="kept", CopySource={"Bucket": bucket, "Key": "kept"})
    assert code(itself) == "InvalidRequest"


def test_a_batch_delete_reports_each_key(s3, bucket):
    for key in ("a", "b<&>", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    objects = [{"Key": "a"}, {"Key": "b<&>", "VersionId": "null"}, {"Key": "c", "VersionId": "other"}, {"Key": "none"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [one["Key"] for one in answer["Deleted"]] == ["a", "b<&>", "none"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("c", "NoSuchVersion")]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]


def test_tags_of_objects_and_buckets(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=%20")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": " "}]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags[:1]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags[:1]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    with pytest.raises(ClientError) as none:
        s3.get_bucket_tagging(Bucket=bucket)
    assert code(none) == "NoSuchTagSet"
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "workshop-kit", "Value": "true"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "workshop-kit", "Value": "true"}]


def fetch(url, **request):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **request)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_read_and_write_until_they_expire(client, bucket, version):
    s3 = client("s3", signature_version=version)
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "p q"})
    assert fetch(put, data=b"by url", method="PUT")[0] == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "p q"})
    assert fetch(get) == (200, b"by url")
    short = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "p q"}, ExpiresIn=1)
    time.sleep(2.1)
    answer, body = fetch(short)
    assert answer == 403 and b"<Code>AccessDenied</Code>" in body and b"expired" in body


def test_an_unsigned_request_is_denied(server, bucket):
    answer, body = fetch(f"{server.url}/{bucket}/k")
    assert answer == 403 and b"AccessDenied" in body


def test_virtual_host_style(server, bucket, s3):
    s3.put_object(Bucket=bucket, Key="dir/k", Body=b"v")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "dir/k"}).replace(f"/{bucket}/", "/")
    for host in (f"{bucket}.localhost", f"{bucket}.s3.localhost", f"{bucket}.s3.us-west-2.amazonaws.com"):
        assert fetch(url, headers={"Host": host}) == (200, b"v")


def test_transfers_by_file_and_stream(s3, bucket, tmp_path):
    data = os.urandom(17 << 20)
    (tmp_path / "up").write_bytes(data)
    s3.upload_file(str(tmp_path / "up"), bucket, "file")
    s3.download_file(bucket, "file", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == data
    out = io.BytesIO()
    s3.download_fileobj(bucket, "file", out)
    assert out.getvalue() == data


def test_replacing_and_deleting_leaves_no_bytes_behind(s3, bucket, home):
    def stored():
        return sum(path.stat().st_size for path in (home / "aws" / "blobs").glob("*/*"))

    before = stored()
    for _ in range(3):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100_000)
    assert stored() - before == 100_000
    s3.delete_object(Bucket=bucket, Key="k")
    assert stored() == before


def test_buckets(s3, bucket):
    assert bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "us-west-2"
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-west-2"
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket)
    for name in ("Upper", "a..b", "1.2.3.4", "ab"):
        with pytest.raises(Exception, match="Invalid|not valid"):
            s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with pytest.raises(ClientError) as full:
        s3.delete_bucket(Bucket=bucket)
    assert code(full) == "BucketNotEmpty"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as gone:
        s3.head_bucket(Bucket=bucket)
    assert code(gone) == "404"


def test_what_local_s3_lacks_is_refused_by_name(s3, bucket):
    with pytest.raises(ClientError, match="PutBucketPolicy") as refused:
        s3.put_bucket_policy(Bucket=bucket, Policy="{}")
    assert code(refused) == "NotImplemented"
