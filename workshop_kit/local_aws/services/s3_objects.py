"""S3: objects. Put, get, head, copy, delete, tags, attributes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import ObjectMeta
from workshop_kit.local_aws.protocol import STATUS
from workshop_kit.local_aws.services import s3_common as common
from workshop_kit.local_aws.services.s3_common import Params
from workshop_kit.local_aws.services.s3_ranges import parse_range

CHUNK = 1 << 18
MOST_DELETED = 1000


def put_object(ctx: Context, params: Params) -> Params:
    """PutObject."""
    common.check_key(params["Key"])
    body = params["Body"]
    observe, finish = common.checksum_of(params, body)
    meta = ctx.objects.put(
        params["Bucket"],
        params["Key"],
        body,
        headers=common.stored_headers(params),
        metadata=common.metadata(params),
        tags=common.header_tags(params),
        observe=observe,
        finish=finish,
        condition=common.write_condition(params),
    )
    return {"ETag": common.quoted(meta.etag), **common.checksum_fields(meta.checksums)}


def get_object(ctx: Context, params: Params) -> Params:
    """GetObject, whole, a range or a part; the bytes are read as the client takes them."""
    common.check_version(params.get("VersionId"))
    meta, file = ctx.objects.open_meta(ctx.objects.head(params["Bucket"], params["Key"]))
    try:
        answer, start, length = _described(params, meta)
    except BaseException:
        file.close()
        raise
    return {**answer, "Body": _slice(file, start, length)}


def head_object(ctx: Context, params: Params) -> Params:
    """HeadObject."""
    common.check_version(params.get("VersionId"))
    return _described(params, ctx.objects.head(params["Bucket"], params["Key"]))[0]


def _described(params: Params, meta: ObjectMeta) -> tuple[Params, int, int]:
    """The response's members, and the first byte and number of bytes that are asked for."""
    common.check_read(params, meta)
    answer: Params = {
        "AcceptRanges": "bytes",
        "LastModified": common.stamp(meta.modified),
        "ETag": common.quoted(meta.etag),
        "Metadata": meta.metadata,
        **meta.headers,
    }
    for name in common.STORED_HEADERS[:5]:
        if params.get(f"Response{name}"):
            answer[name] = params[f"Response{name}"]
    if params.get("ResponseExpires"):
        answer["Expires"] = f"{params['ResponseExpires']:%a, %d %b %Y %H:%M:%S GMT}"
    if meta.tags:
        answer["TagCount"] = len(meta.tags)
    start, length, partial = 0, meta.size, False
    if params.get("PartNumber") is not None:
        start, length = _part(meta, params["PartNumber"])
        partial = bool(meta.part_sizes)
        if partial:
            answer["PartsCount"] = len(meta.part_sizes)
    elif params.get("Range"):
        asked = parse_range(params["Range"], meta.size)
        if asked:
            (start, length), partial = asked, True
    if partial:
        answer[STATUS] = 206
        answer["ContentRange"] = f"bytes {start}-{start + length - 1}/{meta.size}"
    elif params.get("ChecksumMode") == "ENABLED":
        answer |= common.checksum_fields(meta.checksums, meta.checksum_type)
    answer["ContentLength"] = length
    return answer, start, length


def _part(meta: ObjectMeta, number: int) -> tuple[int, int]:
    sizes = meta.part_sizes or (meta.size,)
    if not 1 <= number <= len(sizes):
        raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", status=416)
    return sum(sizes[: number - 1]), sizes[number - 1]


def _slice(file: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length:
            chunk = file.read(min(CHUNK, length))
            if not chunk:
                raise OSError("a blob is shorter than its row says")
            length -= len(chunk)
            yield chunk


def copy_object(ctx: Context, params: Params) -> Params:
    """CopyObject: within local AWS no bytes move, unless the source came in parts (its ETag would not be an MD5)."""
    common.check_key(params["Key"])
    source = ctx.objects.head(*common.copy_source(params))
    common.check_read(params, source, "CopySource")
    replaces = params.get("MetadataDirective") == "REPLACE"
    same = (source.bucket, source.key) == (params["Bucket"], params["Key"])
    if same and not replaces and params.get("TaggingDirective") != "REPLACE":
        raise AwsError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes.",
            status=400,
        )
    fields: Params = {
        "headers": common.stored_headers(params) if replaces else source.headers,
        "metadata": common.metadata(params) if replaces else source.metadata,
        "tags": common.header_tags(params) if params.get("TaggingDirective") == "REPLACE" else source.tags,
    }
    condition = common.write_condition(params)
    algorithm = params.get("ChecksumAlgorithm")
    if source.part_sizes or (algorithm and algorithm not in source.checksums):
        observe, finish = common.checksum_of({"ChecksumAlgorithm": algorithm or next(iter(source.checksums), "")}, None)
        with ctx.objects.open_meta(source)[1] as file:
            meta = ctx.objects.put(
                params["Bucket"],
                params["Key"],
                file,
                observe=observe,
                finish=finish,
                condition=condition,
                **fields,
            )
    else:
        ctx.objects.bucket(params["Bucket"])
        segments = tuple(ctx.objects.blobs.link(segment) for segment in source.segments)
        meta = replace(
            source,
            bucket=params["Bucket"],
            key=params["Key"],
            modified=time.time(),
            segments=segments,
            **fields,
        )
        try:
            ctx.objects.commit(meta, condition)
        except BaseException:
            ctx.objects.blobs.delete(blob for blob, _ in segments)
            raise
    result = {"ETag": common.quoted(meta.etag), "LastModified": common.stamp(meta.modified)}
    return {"CopyObjectResult": result | common.checksum_fields(meta.checksums)}


def delete_object(ctx: Context, params: Params) -> Params:
    """DeleteObject; deleting what is not there is a success, as in S3."""
    common.check_version(params.get("VersionId"))
    condition = common.write_condition({"IfMatch": params.get("IfMatch")})
    ctx.objects.delete(params["Bucket"], params["Key"], condition)
    return {}


def delete_objects(ctx: Context, params: Params) -> Params:
    """DeleteObjects: each key succeeds or fails by itself."""
    wanted = params["Delete"].get("Objects") or []
    if not 1 <= len(wanted) <= MOST_DELETED:
        raise AwsError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
            status=400,
        )
    ctx.objects.bucket(params["Bucket"])
    deleted, errors = [], []
    for one in wanted:
        version = {"VersionId": one["VersionId"]} if one.get("VersionId") else {}
        try:
            common.check_version(one.get("VersionId"))
            condition = common.write_condition({"IfMatch": one.get("ETag")})
            ctx.objects.delete(params["Bucket"], one["Key"], condition)
            deleted.append({"Key": one["Key"], **version})
        except AwsError as error:
            errors.append({"Key": one["Key"], "Code": error.code, "Message": error.message, **version})
    answer: Params = {} if params["Delete"].get("Quiet") else {"Deleted": deleted}
    return answer | ({"Errors": errors} if errors else {})


def get_object_tagging(ctx: Context, params: Params) -> Params:
    """GetObjectTagging."""
    meta = ctx.objects.head(params["Bucket"], params["Key"])
    return {"TagSet": [{"Key": key, "Value": value} for key, value in meta.tags.items()]}


def put_object_tagging(ctx: Context, params: Params) -> Params:
    """PutObjectTagging."""
    ctx.objects.change(params["Bucket"], params["Key"], tags=common.check_tags(common.tag_set(params)))
    return {}


def delete_object_tagging(ctx: Context, params: Params) -> Params:
    """DeleteObjectTagging."""
    ctx.objects.change(params["Bucket"], params["Key"], tags={})
    return {}


def get_object_attributes(ctx: Context, params: Params) -> Params:
    """GetObjectAttributes."""
    common.check_version(params.get("VersionId"))
    meta = ctx.objects.head(params["Bucket"], params["Key"])
    wanted = params.get("ObjectAttributes") or []
    answer: Params = {"LastModified": common.stamp(meta.modified)}
    if "ETag" in wanted:
        answer["ETag"] = meta.etag
    if "ObjectSize" in wanted:
        answer["ObjectSize"] = meta.size
    if "StorageClass" in wanted:
        answer["StorageClass"] = "STANDARD"
    if "Checksum" in wanted and meta.checksums:
        answer["Checksum"] = common.checksum_fields(meta.checksums, meta.checksum_type)
    if "ObjectParts" in wanted and meta.part_sizes:
        answer["ObjectParts"] = {"TotalPartsCount": len(meta.part_sizes)}
    return answer


OPERATIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "PutObject": put_object,
    "GetObject": get_object,
    "HeadObject": head_object,
    "CopyObject": copy_object,
    "DeleteObject": delete_object,
    "DeleteObjects": delete_objects,
    "GetObjectTagging": get_object_tagging,
    "PutObjectTagging": put_object_tagging,
    "DeleteObjectTagging": delete_object_tagging,
    "GetObjectAttributes": get_object_attributes,
}
