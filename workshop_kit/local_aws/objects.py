"""Buckets and objects on disk: metadata rows in the Store's file, bytes in blobs.

Used by the S3 service, and directly by the training worker and the endpoints, which spares them an HTTP client.
Errors are AwsError with S3's codes (NoSuchBucket, NoSuchKey, BucketNotEmpty, InsufficientStorage, …).
"""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.blobs import BlobStore, Segment
from workshop_kit.local_aws.store import Exists, Store, after_prefix

BUCKET = "bucket"
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL,
    doc TEXT NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
    upload_id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started REAL NOT NULL,
    doc TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    upload_id TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL,
    doc TEXT NOT NULL, PRIMARY KEY (upload_id, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class ObjectMeta:
    """What is known of one object. `etag` has no quotes; `modified` is in seconds since 1970.

    `headers` are the stored response headers by botocore member name (ContentType, CacheControl, …), `checksums` map
    an algorithm ("CRC32", …) to its base64 value, `part_sizes` is empty unless the object came in parts.
    """

    bucket: str
    key: str
    size: int
    etag: str
    modified: float
    segments: tuple[Segment, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    checksum_type: str = "FULL_OBJECT"
    part_sizes: tuple[int, ...] = ()

    def doc(self) -> str:
        """The part that is kept as JSON."""
        kept = ("segments", "headers", "metadata", "tags", "checksums", "checksum_type", "part_sizes")
        return json.dumps({name: getattr(self, name) for name in kept})


Condition = Callable[["ObjectMeta | None"], None]


class ObjectStore:
    """Buckets and objects; all writes are atomic, all bodies are streams."""

    def __init__(self, store: Store, root: Path) -> None:
        self.store = store
        self.blobs = BlobStore(root)
        store.execute_script(SCHEMA)

    # --- buckets

    def create_bucket(self, name: str, **doc: Any) -> None:
        """Make a bucket; raises BucketAlreadyOwnedByYou."""
        try:
            self.store.create(BUCKET, name, {"Name": name, "CreationDate": time.time(), **doc})
        except Exists:
            raise AwsError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
                status=409,
                fields={"BucketName": name},
            ) from None

    def has_bucket(self, name: str) -> bool:
        """Whether there is such a bucket."""
        return self.store.get(BUCKET, name) is not None

    def bucket(self, name: str) -> dict[str, Any]:
        """The bucket's document; raises NoSuchBucket."""
        doc = self.store.get(BUCKET, name)
        if doc is None:
            raise AwsError(
                "NoSuchBucket", "The specified bucket does not exist", status=404, fields={"BucketName": name}
            )
        return doc

    def buckets(self) -> builtins.list[dict[str, Any]]:
        """All buckets by name."""
        return [doc for _, doc in self.store.list(BUCKET)]

    def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket; raises NoSuchBucket or BucketNotEmpty."""
        with self.store.transaction() as db:
            self.bucket(name)
            if db.execute("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (name,)).fetchone():
                raise AwsError(
                    "BucketNotEmpty",
                    "The bucket you tried to delete is not empty",
                    status=409,
                    fields={"BucketName": name},
                )
            db.execute(
                "DELETE FROM parts WHERE upload_id IN (SELECT upload_id FROM uploads WHERE bucket = ?)",
                (name,),
            )
            db.execute("DELETE FROM uploads WHERE bucket = ?", (name,))
            self.store.delete(BUCKET, name)

    # --- objects

    def put(
        self,
        bucket: str,
        key: str,
        fileobj: BinaryIO | bytes,
        *,
        headers: dict[str, str] | None = None,
        metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        observe: Callable[[bytes], object] = lambda chunk: None,
        finish: Callable[[str], dict[str, str]] = lambda md5: {},
        condition: Condition | None = None,
    ) -> ObjectMeta:
        """Store a whole object from a stream.

        `observe` sees each chunk; `finish(md5 hex)` runs when all is read and returns the checksums to keep, or raises
        to refuse the object; `condition` sees the object now under the key (or None) at the moment of the write and
        may raise.
        """
        self.bucket(bucket)
        md5 = hashlib.md5(usedforsecurity=False)

        def see(chunk: bytes) -> None:
            md5.update(chunk)
            observe(chunk)

        source = io.BytesIO(fileobj) if isinstance(fileobj, bytes | bytearray) else fileobj
        segment = self.blobs.write(source, see)
        try:
            checksums = finish(md5.hexdigest())
            meta = ObjectMeta(
                bucket,
                key,
                segment[1],
                md5.hexdigest(),
                time.time(),
                (segment,),
                headers or {},
                metadata or {},
                tags or {},
                checksums,
            )
            self.commit(meta, condition)
        except BaseException:
            self.blobs.delete([segment[0]])
            raise
        return meta

    def commit(self, meta: ObjectMeta, condition: Condition | None = None) -> None:
        """Make an object whose blobs are on disk visible, and drop what was under its key."""
        with self.store.transaction():
            dropped = self.replace(meta, condition)
        self.blobs.delete(dropped)

    def replace(self, meta: ObjectMeta, condition: Condition | None = None) -> builtins.list[str]:
        """Within a transaction: write an object's row; returns the blobs that are to go once it is committed."""
        self.bucket(meta.bucket)
        old = self.find(meta.bucket, meta.key)
        if condition:
            condition(old)
        self.store.connection.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)",
            (meta.bucket, meta.key, meta.size, meta.etag, meta.modified, meta.doc()),
        )
        kept = {blob for blob, _ in meta.segments}
        return [blob for blob, _ in (old.segments if old else ()) if blob not in kept]

    def find(self, bucket: str, key: str) -> ObjectMeta | None:
        """The object's metadata, or None."""
        row = self.store.connection.execute(
            "SELECT bucket, key, size, etag, modified, doc FROM objects WHERE bucket = ? AND key = ?",
            (bucket, key),
        ).fetchone()
        return _meta(row) if row else None

    def head(self, bucket: str, key: str) -> ObjectMeta:
        """The object's metadata; raises NoSuchBucket or NoSuchKey."""
        meta = self.find(bucket, key)
        if meta is None:
            self.bucket(bucket)
            raise AwsError("NoSuchKey", "The specified key does not exist.", status=404, fields={"Key": key})
        return meta

    def open(self, bucket: str, key: str) -> BinaryIO:
        """A readable, seekable binary stream of the object; raises NoSuchBucket or NoSuchKey."""
        return self.open_meta(self.head(bucket, key))[1]

    def open_meta(self, meta: ObjectMeta) -> tuple[ObjectMeta, BinaryIO]:
        """The object's metadata and stream, of one version: a write in between is met by looking again."""
        for _ in range(5):
            try:
                return meta, self.blobs.open(meta.segments)
            except AwsError:
                meta = self.head(meta.bucket, meta.key)
        return meta, self.blobs.open(meta.segments)

    def change(self, bucket: str, key: str, **fields: Any) -> ObjectMeta:
        """Change fields of the metadata (such as `tags`) without touching the bytes."""
        with self.store.transaction() as db:
            meta = replace(self.head(bucket, key), **fields)
            db.execute("UPDATE objects SET doc = ? WHERE bucket = ? AND key = ?", (meta.doc(), bucket, key))
        return meta

    def delete(self, bucket: str, key: str, condition: Condition | None = None) -> bool:
        """Delete an object; False when there was none."""
        with self.store.transaction() as db:
            self.bucket(bucket)
            old = self.find(bucket, key)
            if condition:
                condition(old)
            db.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket, key))
        if old:
            self.blobs.delete(blob for blob, _ in old.segments)
        return old is not None

    def list(self, bucket: str, prefix: str = "") -> Iterator[tuple[str, int, str]]:
        """(key, size, etag) of all objects whose key starts with `prefix`, in the order of their keys' UTF-8 bytes."""
        self.bucket(bucket)
        return ((meta.key, meta.size, meta.etag) for meta in self.scan(bucket, prefix))

    def scan(self, bucket: str, prefix: str = "", start: str = "", *, inclusive: bool = True) -> Iterator[ObjectMeta]:
        """The objects under `prefix` from the key `start` on; read in pages, so that no lock is held meanwhile."""
        low, sign, end = (
            max(prefix, start),
            ">=" if inclusive or prefix > start else ">",
            after_prefix(prefix),
        )
        while True:
            rows = self.store.connection.execute(
                f"SELECT bucket, key, size, etag, modified, doc FROM objects WHERE bucket = ? AND key {sign} ?"
                + (" AND key < ?" if end is not None else "")
                + " ORDER BY key LIMIT 500",
                (bucket, low, *([end] if end is not None else [])),
            ).fetchall()
            yield from map(_meta, rows)
            if len(rows) < 500:
                return
            low, sign = rows[-1][1], ">"

    # --- for the worker and the endpoints

    def download_prefix(self, uri: str, folder: Path) -> builtins.list[Path]:
        """Copy all objects under an s3:// prefix into a folder, their keys below the prefix as relative paths.

        A prefix that is itself an object's key gives that one file. Raises NoSuchBucket; an empty list means nothing
        is there. Keys that would leave the folder are refused with ValidationException.
        """
        bucket, prefix = split_uri(uri)
        base = prefix[: prefix.rfind("/") + 1]
        if base != prefix and self.find(bucket, prefix) is None and any(self.list(bucket, prefix + "/")):
            base = prefix + "/"
        written = []
        for key, _, _ in self.list(bucket, prefix):
            if key.endswith("/") or not key.startswith(base):
                continue
            target = (Path(folder) / key[len(base) :]).resolve()
            if not target.is_relative_to(Path(folder).resolve()):
                raise AwsError("ValidationException", f"The key {key!r} can't be written below a folder.")
            target.parent.mkdir(parents=True, exist_ok=True)
            with self.open(bucket, key) as source, open(target, "wb") as file:
                while chunk := source.read(1 << 20):
                    file.write(chunk)
            written.append(target)
        return written

    def upload_file(self, path: Path, uri: str) -> ObjectMeta:
        """Store a file under an s3:// URI (the whole key)."""
        bucket, key = split_uri(uri)
        with open(path, "rb") as file:
            return self.put(bucket, key, file)

    def sweep(self) -> int:
        """Remove blobs that a killed process left without a row; returns how many."""
        return self.blobs.sweep(self._known_blobs)

    def _known_blobs(self) -> set[str]:
        rows = self.store.connection.execute("SELECT doc FROM objects UNION ALL SELECT doc FROM parts")
        return {blob for (doc,) in rows for blob, _ in json.loads(doc)["segments"]}


def _meta(row: tuple[Any, ...]) -> ObjectMeta:
    doc = json.loads(row[5])
    doc["segments"] = tuple((blob, size) for blob, size in doc["segments"])
    doc["part_sizes"] = tuple(doc["part_sizes"])
    return ObjectMeta(*row[:5], **doc)


def split_uri(uri: str) -> tuple[str, str]:
    """(bucket, key) of an s3:// URI; raises ValidationException for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise AwsError("ValidationException", f"{uri!r} is not an S3 URI; expected s3://bucket/key.")
    return bucket, key
