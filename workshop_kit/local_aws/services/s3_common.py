"""What the files of the S3 service share: conditions, checksums of a request, names, headers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.body import Body
from workshop_kit.local_aws.objects import Condition, ObjectMeta
from workshop_kit.local_aws.services import s3_checksums

Params = dict[str, Any]

STORED_HEADERS = (
    "ContentType",
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "WebsiteRedirectLocation",
)
LONGEST_KEY = 1024
LARGEST_METADATA = 2048
MOST_TAGS = 10
OWNER = {"DisplayName": "workshop", "ID": "0" * 64}


def check_key(key: str) -> None:
    """Raise KeyTooLongError."""
    if len(key.encode("utf-8", "replace")) > LONGEST_KEY:
        raise AwsError("KeyTooLongError", "Your key is too long", status=400)


def check_version(version: str | None) -> None:
    """There is one version of each object, named "null" as in a bucket without versioning."""
    if version not in (None, "", "null"):
        raise AwsError("NoSuchVersion", "The specified version does not exist.", status=404)


def quoted(etag: str) -> str:
    """An ETag as the header has it."""
    return f'"{etag}"'


def stamp(seconds: float) -> datetime:
    """A time for the serializer."""
    return datetime.fromtimestamp(seconds, UTC)


def stored_headers(params: Params) -> dict[str, str]:
    """The headers that come back with the object."""
    headers = {name: params[name] for name in STORED_HEADERS if params.get(name)}
    if "ContentEncoding" in headers:
        # aws-chunked is how the body travelled, not what it is.
        kept = [e.strip() for e in headers.pop("ContentEncoding").split(",") if e.strip() not in ("aws-chunked", "")]
        if kept:
            headers["ContentEncoding"] = ",".join(kept)
    if params.get("Expires"):
        expires = params["Expires"]
        headers["Expires"] = expires if isinstance(expires, str) else expires.strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers.setdefault("ContentType", "binary/octet-stream")
    return headers


def metadata(params: Params) -> dict[str, str]:
    """User metadata; raises MetadataTooLarge."""
    found = {name.lower(): value for name, value in (params.get("Metadata") or {}).items()}
    if sum(len(name) + len(value) for name, value in found.items()) > LARGEST_METADATA:
        raise AwsError("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", status=400)
    return found


def header_tags(params: Params) -> dict[str, str]:
    """Tags given as `a=1&b=2`."""
    return check_tags(dict(parse_qsl(params.get("Tagging") or "", keep_blank_values=True)))


def tag_set(params: Params) -> dict[str, str]:
    """Tags given as a TagSet."""
    given = params["Tagging"].get("TagSet") or []
    if len({tag["Key"] for tag in given}) < len(given):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key", status=400)
    return {tag["Key"]: tag["Value"] for tag in given}


def check_tags(tags: dict[str, str]) -> dict[str, str]:
    """Raise for more tags, or longer ones, than an object may have."""
    if len(tags) > MOST_TAGS:
        raise AwsError("BadRequest", "Object tags cannot be greater than 10", status=400)
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise AwsError("InvalidTag", f"The tag {key[:200]!r} is too long or empty.", status=400)
    return tags


# --- conditions


def write_condition(params: Params) -> Condition | None:
    """The If-Match and If-None-Match of a write, checked at the moment of the write."""
    match, none_match = params.get("IfMatch"), params.get("IfNoneMatch")
    if none_match not in (None, "*"):
        raise AwsError(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            status=501,
        )
    if match is None and none_match is None:
        return None

    def check(old: ObjectMeta | None) -> None:
        if none_match and old is not None:
            raise failed("If-None-Match")
        if match is not None:
            if old is None:
                raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
            if not _matches(match, old.etag):
                raise failed("If-Match")

    return check


def check_read(params: Params, meta: ObjectMeta, prefix: str = "") -> None:
    """The conditions of a read, or (prefix "CopySource") of a copy's source; raises PreconditionFailed or NotModified.

    The order is that of RFC 9110: a condition on the ETag overrules the one on the time.
    """
    match, since = params.get(prefix + "IfMatch"), params.get(prefix + "IfUnmodifiedSince")
    none_match, changed = params.get(prefix + "IfNoneMatch"), params.get(prefix + "IfModifiedSince")
    modified = int(meta.modified)
    if match is not None:
        if not _matches(match, meta.etag):
            raise failed("If-Match")
    elif since is not None and modified > since.timestamp():
        raise failed("If-Unmodified-Since")
    unchanged = False
    if none_match is not None:
        unchanged = _matches(none_match, meta.etag)
    elif changed is not None:
        unchanged = modified <= changed.timestamp()
    if unchanged:
        if prefix:
            raise failed("If-None-Match" if none_match is not None else "If-Modified-Since")
        raise AwsError("NotModified", "Not Modified", status=304)


def failed(condition: str) -> AwsError:
    """The error for a condition that does not hold."""
    return AwsError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        status=412,
        fields={"Condition": condition},
    )


def _matches(header: str, etag: str) -> bool:
    return any(part.strip().strip('"') in ("*", etag) for part in header.split(","))


# --- checksums


def checksum_of(params: Params, body: Body | Any) -> tuple[Callable[[bytes], object], Callable[[str], dict[str, str]]]:
    """For a request with a body: what must see each chunk, and what checks at the end and returns the checksums."""
    given = {name: params[f"Checksum{name}"] for name in _names(params)}
    announced = re.findall(r"x-amz-checksum-([a-z0-9]+)", getattr(body, "announced", ""))
    algorithm = (
        next(iter(given), None)
        or next((name.upper() for name in announced), None)
        or (params.get("ChecksumAlgorithm") or "").upper()
    )
    hashed = s3_checksums.hasher(algorithm) if algorithm else None
    md5 = params.get("ContentMD5")
    if md5 is not None and not _is_md5(md5):
        raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.", status=400)

    def finish(md5_hex: str) -> dict[str, str]:
        if md5 is not None and base64.b64decode(md5).hex() != md5_hex:
            raise bad_digest("Content-MD5")
        if hashed is None or algorithm is None:
            return {}
        value = s3_checksums.text(hashed)
        expected = given.get(algorithm) or getattr(body, "trailers", {}).get(f"x-amz-checksum-{algorithm.lower()}")
        if expected is not None and expected != value:
            raise bad_digest(algorithm)
        return {algorithm: value}

    return (hashed.update if hashed else lambda chunk: None), finish


def bad_digest(what: str) -> AwsError:
    """The error for bytes that arrived damaged."""
    return AwsError("BadDigest", f"The {what} you specified did not match the calculated checksum.", status=400)


def checksum_fields(values: dict[str, str], kind: str = "FULL_OBJECT") -> dict[str, str]:
    """Checksums as members of a response."""
    if not values:
        return {}
    return {f"Checksum{name}": value for name, value in values.items()} | {"ChecksumType": kind}


def _names(params: Params) -> list[str]:
    return [
        name.removeprefix("Checksum")
        for name, value in params.items()
        if name.startswith("Checksum") and name not in ("ChecksumAlgorithm", "ChecksumType", "ChecksumMode") and value
    ]


def _is_md5(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except binascii.Error:
        return False


def copy_source(params: Params) -> tuple[str, str]:
    """(bucket, key) of a CopySource; raises InvalidArgument."""
    source = params["CopySource"]
    path, _, query = source.partition("?versionId=")
    check_version(query or None)
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    if not bucket or not key:
        raise AwsError("InvalidArgument", f"The copy source {source!r} is not bucket/key.", status=400)
    return bucket, key
