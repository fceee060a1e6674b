"""Multipart uploads: parts are blobs of their own, and completing an upload only names them in one object's row."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.blobs import Segment
from workshop_kit.local_aws.objects import Condition, ObjectMeta, ObjectStore

LEAST_PART = 5 << 20


@dataclass(frozen=True)
class Part:
    """One uploaded part."""

    number: int
    size: int
    etag: str
    modified: float
    segments: tuple[Segment, ...]
    checksum: str = ""


@dataclass(frozen=True)
class Upload:
    """An upload in progress; `doc` is what was given when it was started."""

    upload_id: str
    bucket: str
    key: str
    started: float
    doc: dict[str, Any]


def create(objects: ObjectStore, bucket: str, key: str, doc: dict[str, Any]) -> str:
    """Start an upload; returns its id."""
    upload_id = uuid.uuid4().hex
    with objects.store.transaction() as db:
        objects.bucket(bucket)
        db.execute(
            "INSERT INTO uploads VALUES (?, ?, ?, ?, ?)",
            (upload_id, bucket, key, time.time(), json.dumps(doc)),
        )
    return upload_id


def get(objects: ObjectStore, bucket: str, key: str, upload_id: str) -> Upload:
    """The upload; raises NoSuchUpload."""
    row = objects.store.connection.execute(
        "SELECT upload_id, bucket, key, started, doc FROM uploads WHERE upload_id = ? AND bucket = ? AND key = ?",
        (upload_id, bucket, key),
    ).fetchone()
    if row is None:
        objects.bucket(bucket)
        raise AwsError(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
            "or completed.",
            status=404,
            fields={"UploadId": upload_id},
        )
    return _upload(row)


def uploads(objects: ObjectStore, bucket: str, prefix: str = "") -> list[Upload]:
    """The bucket's uploads in progress by key and time."""
    objects.bucket(bucket)
    rows = objects.store.connection.execute(
        "SELECT upload_id, bucket, key, started, doc FROM uploads WHERE bucket = ? ORDER BY key, started",
        (bucket,),
    )
    return [_upload(row) for row in rows if row[2].startswith(prefix)]


def _upload(row: tuple[str, str, str, float, str]) -> Upload:
    upload_id, bucket, key, started, doc = row
    return Upload(upload_id, bucket, key, started, json.loads(doc))


def put_part(
    objects: ObjectStore,
    upload: Upload,
    number: int,
    source: BinaryIO,
    observe: Callable[[bytes], object],
    finish: Callable[[str], str],
) -> Part:
    """Store a part, replacing an earlier one of that number; `observe` and `finish` as in ObjectStore.put."""
    md5 = hashlib.md5(usedforsecurity=False)

    def see(chunk: bytes) -> None:
        md5.update(chunk)
        observe(chunk)

    segment = objects.blobs.write(source, see)
    try:
        part = Part(number, segment[1], md5.hexdigest(), time.time(), (segment,), finish(md5.hexdigest()))
        with objects.store.transaction() as db:
            # It may have been aborted or completed meanwhile.
            get(objects, upload.bucket, upload.key, upload.upload_id)
            old = [part for part in parts(objects, upload.upload_id) if part.number == number]
            db.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
                (
                    upload.upload_id,
                    number,
                    part.size,
                    part.etag,
                    part.modified,
                    json.dumps({"segments": part.segments, "checksum": part.checksum}),
                ),
            )
    except BaseException:
        objects.blobs.delete([segment[0]])
        raise
    objects.blobs.delete(_blobs(old))
    return part


def parts(objects: ObjectStore, upload_id: str) -> list[Part]:
    """The parts by number."""
    rows = objects.store.connection.execute(
        "SELECT number, size, etag, modified, doc FROM parts WHERE upload_id = ? ORDER BY number",
        (upload_id,),
    )
    found = []
    for number, size, etag, modified, doc in rows:
        doc = json.loads(doc)
        found.append(Part(number, size, etag, modified, tuple(map(tuple, doc["segments"])), doc["checksum"]))
    return found


def complete(
    objects: ObjectStore,
    upload: Upload,
    wanted: list[tuple[int, str, str]],
    checksums: Callable[[list[Part]], tuple[dict[str, str], str]],
    condition: Condition | None,
) -> ObjectMeta:
    """Make the object of the `wanted` (number, etag, checksum) parts, in ascending order.

    `checksums(parts)` returns the object's checksums and their type. Raises InvalidPart, InvalidPartOrder,
    EntityTooSmall, NoSuchUpload.
    """
    numbers = [number for number, _, _ in wanted]
    if numbers != sorted(set(numbers)):
        raise AwsError("InvalidPartOrder", "The list of parts was not in ascending order.", status=400)
    with objects.store.transaction() as db:
        get(objects, upload.bucket, upload.key, upload.upload_id)
        there = {part.number: part for part in parts(objects, upload.upload_id)}
        chosen = [_chosen(there, *one) for one in wanted]
        if not chosen:
            raise AwsError("MalformedXML", "You must specify at least one part.", status=400)
        for part in chosen[:-1]:
            if part.size < LEAST_PART:
                raise AwsError(
                    "EntityTooSmall",
                    "Your proposed upload is smaller than the minimum allowed size",
                    status=400,
                    fields={
                        "ProposedSize": part.size,
                        "MinSizeAllowed": LEAST_PART,
                        "PartNumber": part.number,
                    },
                )
        digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in chosen), usedforsecurity=False)
        values, kind = checksums(chosen)
        doc = upload.doc
        meta = ObjectMeta(
            upload.bucket,
            upload.key,
            sum(part.size for part in chosen),
            f"{digest.hexdigest()}-{len(chosen)}",
            time.time(),
            tuple(segment for part in chosen for segment in part.segments),
            doc["headers"],
            doc["metadata"],
            doc["tags"],
            values,
            kind,
            tuple(part.size for part in chosen),
        )
        # Blobs go last, when the rows that named them are gone for good.
        dropped = objects.replace(meta, condition)
        kept = {part.number for part in chosen}
        dropped += _blobs([part for number, part in there.items() if number not in kept])
        _forget(db, upload.upload_id)
    objects.blobs.delete(dropped)
    return meta


def abort(objects: ObjectStore, upload: Upload) -> None:
    """Drop an upload and its parts."""
    with objects.store.transaction() as db:
        dropped = _blobs(parts(objects, upload.upload_id))
        _forget(db, upload.upload_id)
    objects.blobs.delete(dropped)


def _chosen(there: dict[int, Part], number: int, etag: str, checksum: str) -> Part:
    part = there.get(number)
    if part is None or part.etag != etag.strip('"') or (checksum and checksum != part.checksum):
        raise AwsError(
            "InvalidPart",
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag.",
            status=400,
            fields={"PartNumber": number},
        )
    return part


def _blobs(found: list[Part]) -> list[str]:
    return [blob for part in found for blob, _ in part.segments]


def _forget(db: Any, upload_id: str) -> None:
    db.execute("DELETE FROM parts WHERE upload_id = ?", (upload_id,))
    db.execute("DELETE FROM uploads WHERE upload_id = ?", (upload_id,))
