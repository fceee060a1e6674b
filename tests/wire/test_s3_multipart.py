"""Multipart uploads: the whole, its parts, what is refused, and what stays on disk."""

import hashlib
import os

import pytest
from botocore.exceptions import ClientError

MB = 1 << 20


def code(info):
    return info.value.response["Error"]["Code"]


@pytest.fixture
def upload(s3, bucket):
    def start(key="k", **more):
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)["UploadId"]
        return {"Bucket": bucket, "Key": key, "UploadId": upload_id}

    return start


def send(s3, where, *bodies):
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(**where, PartNumber=number, Body=body)
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})
    return parts


def test_parts_make_one_object(s3, bucket, upload):
    bodies = [os.urandom(5 * MB), os.urandom(5 * MB + 3), b"end"]
    where = upload(Metadata={"a": "1"}, ContentType="text/x")
    parts = send(s3, where, *bodies)
    listed = s3.list_parts(**where)
    assert [part["Size"] for part in listed["Parts"]] == [len(body) for body in bodies]
    assert [one["UploadId"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [where["UploadId"]]
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="k")
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    assert done["ETag"] == f'"{digest}-3"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"".join(bodies)
    assert (got["Metadata"], got["ContentType"]) == ({"a": "1"}, "text/x")
    across = f"bytes={5 * MB - 2}-{5 * MB + 1}"
    assert s3.get_object(Bucket=bucket, Key="k", Range=across)["Body"].read() == bodies[0][-2:] + bodies[1][:2]
    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert second["Body"].read() == bodies[1] and second["PartsCount"] == 3
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("CRC64NVME", "FULL_OBJECT"), ("SHA256", "COMPOSITE")],
)
def test_checksums_of_a_whole_upload(client, bucket, algorithm, kind, checksum_values):
    # The part checksums are given by hand, as this client can't compute them all.
    s3 = client("s3", request_checksum_calculation="when_required")
    bodies = [os.urandom(5 * MB), b"tail"]
    where = {"Bucket": bucket, "Key": "k"}
    where["UploadId"] = s3.create_multipart_upload(**where, ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        value = {f"Checksum{algorithm}": checksum_values(body)[algorithm]}
        answer = s3.upload_part(**where, PartNumber=number, Body=body, **value)
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **value})
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    value = done[f"Checksum{algorithm}"]
    assert done["ChecksumType"] == kind
    if kind == "FULL_OBJECT":
        assert value == checksum_values(b"".join(bodies))[algorithm]
    else:
        assert value.endswith("-2")


def test_a_part_can_be_sent_again_and_left_out(s3, bucket, upload, home):
    where = upload()
    s3.upload_part(**where, PartNumber=1, Body=b"old")
    new = s3.upload_part(**where, PartNumber=1, Body=b"new")
    s3.upload_part(**where, PartNumber=7, Body=b"unused")
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": new["ETag"]}]})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_what_can_not_be_completed(s3, upload):
    where = upload()
    parts = send(s3, where, b"small", b"end")
    for wrong, wanted in (
        (parts, "EntityTooSmall"),
        (parts[::-1], "InvalidPartOrder"),
        ([{"PartNumber": 9, "ETag": '"x"'}], "InvalidPart"),
        ([{"PartNumber": 1, "ETag": '"x"'}], "InvalidPart"),
    ):
        with pytest.raises(ClientError) as refused:
            s3.complete_multipart_upload(**where, MultipartUpload={"Parts": wrong})
        assert code(refused) == wanted
    s3.abort_multipart_upload(**where)
    for call in (s3.abort_multipart_upload, s3.list_parts):
        with pytest.raises(ClientError) as gone:
            call(**where)
        assert code(gone) == "NoSuchUpload"
    with pytest.raises(ClientError) as number:
        s3.upload_part(**upload(), PartNumber=10_001, Body=b"")
    assert code(number) == "InvalidArgument"


def test_parts_copied_from_an_object(s3, bucket, upload):
    data = os.urandom(6 * MB)
    s3.put_object(Bucket=bucket, Key="source", Body=data)
    where = upload("copy")
    source = {"Bucket": bucket, "Key": "source"}
    parts = []
    for number, (first, last) in enumerate([(0, 5 * MB - 1), (5 * MB, 6 * MB - 1)], 1):
        answer = s3.upload_part_copy(
            **where, PartNumber=number, CopySource=source, CopySourceRange=f"bytes={first}-{last}"
        )
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == data
    # A copy of an object that came in parts is one object again.
    s3.copy_object(Bucket=bucket, Key="whole", CopySource={"Bucket": bucket, "Key": "copy"})
    assert s3.head_object(Bucket=bucket, Key="whole")["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'


def test_a_conditional_completion(s3, bucket, upload):
    where = upload()
    parts = send(s3, where, b"mine")
    s3.put_object(Bucket=bucket, Key="k", Body=b"theirs")
    with pytest.raises(ClientError) as late:
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    assert code(late) == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"theirs"
