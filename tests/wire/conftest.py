"""One real server for the whole folder, real boto3 clients, a bucket of its own for each test."""

from __future__ import annotations

import base64
import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from workshop_kit.local_aws import ServerInfo, find_or_start, stop

_numbers = itertools.count()


def make_client(info: ServerInfo, service: str, **config: Any) -> Any:
    """A client that doesn't retry: a test wants to see the first answer."""
    settings = {"retries": {"total_max_attempts": 1}, "read_timeout": 20, **config}
    return boto3.Session("local", "local", region_name=info.region).client(
        service, endpoint_url=info.url, config=Config(**settings)
    )


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "WORKSHOP_AWS", "WORKSHOP_ROLE_ARN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wire-home")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[ServerInfo]:
    info = find_or_start(home)
    yield info
    stop(home)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Path, ServerInfo]]:
    """A server of the test's own, for tests that kill or crowd it."""
    folder = tmp_path / "home"
    yield folder, find_or_start(folder)
    stop(folder)


@pytest.fixture
def client(server: ServerInfo) -> Callable[..., Any]:
    return lambda service, **config: make_client(server, service, **config)


@pytest.fixture
def s3(client: Callable[..., Any]) -> Any:
    return client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{next(_numbers)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return name


@pytest.fixture(scope="session")
def checksum_values() -> Callable[[bytes], dict[str, str]]:
    """All five checksums of a body in base64."""
    return _checksum_values


def _checksum_values(body):
    from workshop_kit.local_aws.services import s3_checksums

    found = {
        "CRC32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
        "SHA1": base64.b64encode(hashlib.sha1(body).digest()).decode(),
        "SHA256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    for name in ("CRC32C", "CRC64NVME"):
        hashed = s3_checksums.hasher(name)
        hashed.update(body)
        found[name] = s3_checksums.text(hashed)
    return found
