"""S3: multipart uploads."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

from workshop_kit.local_aws import multipart
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.multipart import Part, Upload
from workshop_kit.local_aws.services import s3_checksums
from workshop_kit.local_aws.services import s3_common as common
from workshop_kit.local_aws.services.s3_common import Params
from workshop_kit.local_aws.services.s3_listing import encoder
from workshop_kit.local_aws.services.s3_ranges import parse_range

MOST_PARTS = 10_000
MOST_LISTED = 1000


def create_multipart_upload(ctx: Context, params: Params) -> Params:
    """CreateMultipartUpload."""
    common.check_key(params["Key"])
    algorithm = params.get("ChecksumAlgorithm") or ""
    kind = params.get("ChecksumType") or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
    if algorithm:
        s3_checksums.hasher(algorithm)
        if (kind == "FULL_OBJECT") > algorithm.startswith("CRC") or (kind, algorithm) == (
            "COMPOSITE",
            "CRC64NVME",
        ):
            raise AwsError(
                "InvalidRequest",
                f"The {kind} checksum type can't be used with the {algorithm} algorithm.",
                status=400,
            )
    doc = {
        "headers": common.stored_headers(params),
        "metadata": common.metadata(params),
        "tags": common.header_tags(params),
        "algorithm": algorithm,
        "kind": kind,
    }
    upload_id = multipart.create(ctx.objects, params["Bucket"], params["Key"], doc)
    answer = {"Bucket": params["Bucket"], "Key": params["Key"], "UploadId": upload_id}
    return answer | ({"ChecksumAlgorithm": algorithm, "ChecksumType": kind} if algorithm else {})


def upload_part(ctx: Context, params: Params) -> Params:
    """UploadPart."""
    upload, number = _upload(ctx, params), _number(params)
    body = params["Body"]
    algorithm = upload.doc["algorithm"]
    given = (
        {**params} if params.get("ChecksumAlgorithm") or not algorithm else {**params, "ChecksumAlgorithm": algorithm}
    )
    observe, finish = common.checksum_of(given, body)
    found: dict[str, str] = {}

    def keep(md5: str) -> str:
        found.update(finish(md5))
        return found.get(algorithm, "")

    part = multipart.put_part(ctx.objects, upload, number, body, observe, keep)
    return {"ETag": common.quoted(part.etag)} | {f"Checksum{name}": value for name, value in found.items()}


def upload_part_copy(ctx: Context, params: Params) -> Params:
    """UploadPartCopy: a part from another object, or from a range of it."""
    upload, number = _upload(ctx, params), _number(params)
    source = ctx.objects.head(*common.copy_source(params))
    common.check_read(params, source, "CopySource")
    start, length = 0, source.size
    if params.get("CopySourceRange"):
        asked = parse_range(params["CopySourceRange"], source.size)
        if asked is None:
            raise AwsError(
                "InvalidArgument",
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
                "zero-based offsets of the first and last bytes to copy",
                status=400,
            )
        start, length = asked
    algorithm = upload.doc["algorithm"]
    observe, finish = common.checksum_of({"ChecksumAlgorithm": algorithm}, None)
    with ctx.objects.open_meta(source)[1] as file:
        file.seek(start)
        part = multipart.put_part(
            ctx.objects,
            upload,
            number,
            io.BufferedReader(_Limited(file, length)),
            observe,
            lambda md5: finish(md5).get(algorithm, ""),
        )
    result = {"ETag": common.quoted(part.etag), "LastModified": common.stamp(part.modified)}
    return {"CopyPartResult": result | ({f"Checksum{algorithm}": part.checksum} if algorithm else {})}


def complete_multipart_upload(ctx: Context, params: Params) -> Params:
    """CompleteMultipartUpload."""
    upload = _upload(ctx, params)
    algorithm, kind = upload.doc["algorithm"], upload.doc["kind"]
    given = (params.get("MultipartUpload") or {}).get("Parts") or []
    member = f"Checksum{algorithm}"
    wanted = [(one["PartNumber"], one["ETag"], one.get(member, "") if algorithm else "") for one in given]

    def checksums(parts: list[Part]) -> tuple[dict[str, str], str]:
        if not algorithm:
            return {}, "FULL_OBJECT"
        if kind == "COMPOSITE":
            value = s3_checksums.of_parts(algorithm, [part.checksum for part in parts])
        else:
            value = s3_checksums.joined(algorithm, [(part.checksum, part.size) for part in parts])
        if params.get(member) not in (None, value, value.partition("-")[0]):
            raise common.bad_digest(algorithm)
        return {algorithm: value}, kind

    meta = multipart.complete(ctx.objects, upload, wanted, checksums, common.write_condition(params))
    return {
        "Location": f"{ctx.url}/{meta.bucket}/{meta.key}",
        "Bucket": meta.bucket,
        "Key": meta.key,
        "ETag": common.quoted(meta.etag),
        **common.checksum_fields(meta.checksums, meta.checksum_type),
    }


def abort_multipart_upload(ctx: Context, params: Params) -> Params:
    """AbortMultipartUpload."""
    multipart.abort(ctx.objects, _upload(ctx, params))
    return {}


def list_parts(ctx: Context, params: Params) -> Params:
    """ListParts."""
    upload = _upload(ctx, params)
    marker = params.get("PartNumberMarker") or 0
    most = min(params.get("MaxParts", MOST_LISTED), MOST_LISTED)
    found = [part for part in multipart.parts(ctx.objects, upload.upload_id) if part.number > marker]
    page = found[:most]
    algorithm = upload.doc["algorithm"]
    return {
        "Bucket": upload.bucket,
        "Key": upload.key,
        "UploadId": upload.upload_id,
        "PartNumberMarker": marker,
        "MaxParts": most,
        "IsTruncated": len(found) > len(page),
        "Parts": [
            {
                "PartNumber": part.number,
                "LastModified": common.stamp(part.modified),
                "ETag": common.quoted(part.etag),
                "Size": part.size,
            }
            | ({f"Checksum{algorithm}": part.checksum} if algorithm else {})
            for part in page
        ],
        "StorageClass": "STANDARD",
        "Owner": common.OWNER,
        "Initiator": common.OWNER,
    } | ({"NextPartNumberMarker": page[-1].number} if page else {})


def list_multipart_uploads(ctx: Context, params: Params) -> Params:
    """ListMultipartUploads."""
    encode = encoder(params)
    most = min(params.get("MaxUploads", MOST_LISTED), MOST_LISTED)
    key_marker, id_marker = params.get("KeyMarker") or "", params.get("UploadIdMarker") or ""
    found = multipart.uploads(ctx.objects, params["Bucket"], params.get("Prefix") or "")
    names = [(upload.key, upload.upload_id) for upload in found]
    if (key_marker, id_marker) in names:
        found = found[names.index((key_marker, id_marker)) + 1 :]
    elif key_marker:
        found = [upload for upload in found if upload.key > key_marker]
    page = found[:most]
    answer: Params = {
        "Bucket": params["Bucket"],
        "KeyMarker": encode(key_marker),
        "MaxUploads": most,
        "IsTruncated": len(found) > len(page),
        "Prefix": encode(params.get("Prefix") or ""),
        "Uploads": [
            {
                "Key": encode(upload.key),
                "UploadId": upload.upload_id,
                "Initiated": common.stamp(upload.started),
                "StorageClass": "STANDARD",
                "Owner": common.OWNER,
                "Initiator": common.OWNER,
            }
            for upload in page
        ],
    }
    if params.get("EncodingType"):
        answer["EncodingType"] = params["EncodingType"]
    if answer["IsTruncated"] and page:
        answer |= {"NextKeyMarker": encode(page[-1].key), "NextUploadIdMarker": page[-1].upload_id}
    return answer


def _upload(ctx: Context, params: Params) -> Upload:
    return multipart.get(ctx.objects, params["Bucket"], params["Key"], params["UploadId"])


def _number(params: Params) -> int:
    number = params["PartNumber"]
    if not 1 <= number <= MOST_PARTS:
        raise AwsError(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive",
            status=400,
        )
    return number


class _Limited(io.RawIOBase):
    """The next `length` bytes of a file."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def, override]
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


OPERATIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "CreateMultipartUpload": create_multipart_upload,
    "UploadPart": upload_part,
    "UploadPartCopy": upload_part_copy,
    "CompleteMultipartUpload": complete_multipart_upload,
    "AbortMultipartUpload": abort_multipart_upload,
    "ListParts": list_parts,
    "ListMultipartUploads": list_multipart_uploads,
}
