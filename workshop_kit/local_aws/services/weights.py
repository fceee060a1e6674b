"""The files an endpoint serves: a training job's artefact, fetched from S3 and unpacked once."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import split_uri

MARKS = ("adapter_config.json", "config.json")  # a PEFT adapter, or a whole model


class UnusableWeights(Exception):
    """The artefact is missing, damaged, or not a model."""


def fetch(ctx: Context, source: dict[str, Any]) -> Path:
    """The folder with the weights of a model's `_Source`; downloads and unpacks when it is not there yet.

    The folder is named after the objects' content, so a changed artefact never serves under an old name.
    Raises UnusableWeights.
    """
    bucket, key = split_uri(source["uri"])
    try:
        objects = [(name, etag) for name, _, etag in ctx.objects.list(bucket, key)]
    except AwsError as problem:
        raise UnusableWeights(f"{source['uri']}: {problem.message}") from None
    if source["compressed"]:
        objects = [(name, etag) for name, etag in objects if name == key]
    if not objects:
        raise UnusableWeights(f"There is no model data at {source['uri']}.")
    mark = hashlib.sha256(repr((source["uri"], objects)).encode()).hexdigest()[:16]
    folder = ctx.home / "aws" / "cache" / "models" / mark
    if folder.is_dir():
        return _root(folder, source["uri"])
    folder.parent.mkdir(parents=True, exist_ok=True)
    unpacked = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        if source["compressed"]:
            _unpack(ctx, bucket, key, unpacked)
        else:
            ctx.objects.download_prefix(source["uri"].rstrip("/") + "/", unpacked)
        _root(unpacked, source["uri"])
        try:
            unpacked.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise somebody else has just put the same content there
                raise
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return _root(folder, source["uri"])


def discard(ctx: Context, folder: str) -> None:
    """Delete the unpacked files of weights that nothing serves any more."""
    cache = ctx.home / "aws" / "cache" / "models"
    path = Path(folder)
    while path.parent != cache:
        if path.parent == path:
            return  # not below the cache: not ours to delete
        path = path.parent
    shutil.rmtree(path, ignore_errors=True)


def _unpack(ctx: Context, bucket: str, key: str, folder: Path) -> None:
    try:
        with ctx.objects.open(bucket, key) as file, tarfile.open(fileobj=file, mode="r:*") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError, ValueError) as problem:
        raise UnusableWeights(f"s3://{bucket}/{key} is not a tar archive that can be unpacked: {problem}.") from None


def _root(folder: Path, uri: str) -> Path:
    """The folder itself or the one folder in it, wherever the model's configuration lies."""
    for place in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if any((place / mark).is_file() for mark in MARKS):
            return place
    raise UnusableWeights(f"{uri} holds neither an adapter (adapter_config.json) nor a model (config.json).")
