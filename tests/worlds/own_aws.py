"""A local AWS of a test module's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workshop_kit.aws import Aws, connect
from workshop_kit.local_aws import stop


@contextmanager
def own_aws(home: Path, model: Path | None = None) -> Iterator[Aws]:
    """A connection to a local AWS that ends with the block, by default with the shipped models.

    The environment says what the module's workspace is, and after the block what it said before.
    """
    told = {"WORKSHOP_AWS": "local", "WORKSHOP_HOME": str(home), "OMP_NUM_THREADS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name, value in (told | {"WORKSHOP_BASE_MODEL": str(model or "tiny")}).items():
            patch.setenv(name, value)
        try:
            yield connect(home=home)
        finally:
            stop(home)
