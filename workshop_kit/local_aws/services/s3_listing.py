"""S3: listings of objects (both versions) and of object versions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import ObjectMeta
from workshop_kit.local_aws.services import s3_common as common
from workshop_kit.local_aws.services.s3_common import Params
from workshop_kit.local_aws.store import after_prefix

MOST = 1000


@dataclass(frozen=True)
class Page:
    """One page: objects, common prefixes, and the last of both when more follows."""

    objects: list[ObjectMeta]
    prefixes: list[str]
    last: str | None


def page(ctx: Context, bucket: str, prefix: str, delimiter: str, after: str, most: int) -> Page:
    """The objects and common prefixes that sort after `after`, at most `most` of them."""
    ctx.objects.bucket(bucket)
    objects: list[ObjectMeta] = []
    prefixes: list[str] = []
    last = ""
    start, inclusive = after, not after
    while most > 0:
        jump = None
        for meta in ctx.objects.scan(bucket, prefix, start, inclusive=inclusive):
            cut = meta.key.find(delimiter, len(prefix)) if delimiter else -1
            common_prefix = meta.key[: cut + len(delimiter)] if cut >= 0 else None
            if common_prefix is None or common_prefix != after:
                if len(objects) + len(prefixes) == most:
                    return Page(objects, prefixes, last)
                last = common_prefix or meta.key
                if common_prefix is None:
                    objects.append(meta)
                    continue
                prefixes.append(common_prefix)
            # All that starts with the common prefix is passed over in one step.
            jump = after_prefix(common_prefix)
            break
        if jump is None:
            break
        start, inclusive = jump, True
    return Page(objects, prefixes, None)


def encoder(params: Params) -> Callable[[str], str]:
    """How keys are written: as they are, or percent-encoded when the client asks for it."""
    kind = params.get("EncodingType")
    if kind not in (None, "", "url"):
        raise AwsError("InvalidArgument", "Invalid Encoding Method specified in Request", status=400)
    return (lambda key: quote(key, safe="/")) if kind else (lambda key: key)


def list_objects_v2(ctx: Context, params: Params) -> Params:
    """ListObjectsV2."""
    encode, most = encoder(params), _most(params, "MaxKeys")
    token = params.get("ContinuationToken")
    after = _from_token(token) if token is not None else params.get("StartAfter") or ""
    found = _page(ctx, params, after, most)
    answer = _listing(params, found, encode, most, owner=bool(params.get("FetchOwner")))
    answer["KeyCount"] = len(found.objects) + len(found.prefixes)
    if token is not None:
        answer["ContinuationToken"] = token
    if params.get("StartAfter"):
        answer["StartAfter"] = encode(params["StartAfter"])
    if found.last is not None:
        answer["NextContinuationToken"] = base64.urlsafe_b64encode(found.last.encode()).decode()
    return answer


def list_objects(ctx: Context, params: Params) -> Params:
    """ListObjects."""
    encode, most = encoder(params), _most(params, "MaxKeys")
    found = _page(ctx, params, params.get("Marker") or "", most)
    answer = _listing(params, found, encode, most, owner=True)
    answer["Marker"] = encode(params.get("Marker") or "")
    if found.last is not None and params.get("Delimiter"):
        answer["NextMarker"] = encode(found.last)
    return answer


def list_object_versions(ctx: Context, params: Params) -> Params:
    """ListObjectVersions: each object's one version, "null", as in any bucket without versioning."""
    encode, most = encoder(params), _most(params, "MaxKeys")
    found = _page(ctx, params, params.get("KeyMarker") or "", most)
    answer = _listing(params, found, encode, most, owner=True)
    versions = answer.pop("Contents", [])
    answer["Versions"] = [{**version, "VersionId": "null", "IsLatest": True} for version in versions]
    answer["KeyMarker"] = encode(params.get("KeyMarker") or "")
    answer["VersionIdMarker"] = params.get("VersionIdMarker") or ""
    if found.last is not None:
        answer["NextKeyMarker"] = encode(found.last)
        if found.last not in found.prefixes:
            answer["NextVersionIdMarker"] = "null"
    return answer


def _page(ctx: Context, params: Params, after: str, most: int) -> Page:
    return page(ctx, params["Bucket"], params.get("Prefix") or "", params.get("Delimiter") or "", after, most)


def _listing(params: Params, found: Page, encode: Callable[[str], str], most: int, *, owner: bool) -> Params:
    answer: Params = {
        "Name": params["Bucket"],
        "Prefix": encode(params.get("Prefix") or ""),
        "MaxKeys": most,
        "IsTruncated": found.last is not None,
        "Contents": [_entry(meta, encode, owner) for meta in found.objects],
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in found.prefixes],
    }
    if params.get("Delimiter"):
        answer["Delimiter"] = encode(params["Delimiter"])
    if params.get("EncodingType"):
        answer["EncodingType"] = params["EncodingType"]
    return answer


def _entry(meta: ObjectMeta, encode: Callable[[str], str], owner: bool) -> Params:
    entry: Params = {
        "Key": encode(meta.key),
        "LastModified": common.stamp(meta.modified),
        "ETag": common.quoted(meta.etag),
        "Size": meta.size,
        "StorageClass": "STANDARD",
    }
    if meta.checksums:
        entry |= {"ChecksumAlgorithm": list(meta.checksums), "ChecksumType": meta.checksum_type}
    return entry | ({"Owner": common.OWNER} if owner else {})


def _most(params: Params, name: str) -> int:
    most = params.get(name, MOST)
    if most < 0:
        raise AwsError("InvalidArgument", f"Argument {name} must be an integer between 0 and 2147483647", status=400)
    return min(most, MOST)


def _from_token(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise AwsError("InvalidArgument", "The continuation token provided is incorrect", status=400) from None


OPERATIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "ListObjectsV2": list_objects_v2,
    "ListObjects": list_objects,
    "ListObjectVersions": list_object_versions,
}
