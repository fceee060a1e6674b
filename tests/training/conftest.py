"""Local AWS with a tiny model of random weights: real jobs, real endpoints, answers that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worlds.own_aws import own_aws
from tests.worlds.tiny_model import build_tiny_model
from workshop_kit.aws import Aws


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A connection to a local AWS of its own."""
    model = build_tiny_model(tmp_path_factory.mktemp("tiny"))
    with own_aws(tmp_path_factory.mktemp("home"), model) as found:
        yield found
