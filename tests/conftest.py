"""What tests of several folders need: a real PostgreSQL and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The tests run on the tiny model, and so does every process that they start; those of the real one say so themselves.
os.environ.setdefault("WORKSHOP_BASE_MODEL", "tiny")
pytest.register_assert_rewrite("tests.worlds")
# No property is about time, and a busy machine is slow at any moment.
settings.register_profile("workshop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("workshop")
# These keep a processor busy for minutes. They begin first, so that none of them is left for one process at the end.
BUSY = ("tests/event/", "tests/notebooks/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Busy tests first, the others as they were."""
    items.sort(key=lambda item: not item.nodeid.startswith(BUSY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With --dist loadfile, each file by one process, which makes what its tests share once; busy tests by any.

    Not by marks and --dist loadgroup: pytest-xdist 3.8 writes them into names that pytest 9.2 does not read any more.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class BusyApart(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(BUSY) else super()._split_scope(nodeid)

    return BusyApart(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL of Debian's packages on a free port, for the time of the tests; its URL without a database."""
    from workshop_kit.bench.league import processes

    if processes.postgres_binaries() is None:
        pytest.skip("needs Debian's postgresql: apt-get install postgresql")
    with processes.postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """The URL of an empty database."""
    from workshop_kit.bench.league.processes import new_database

    return new_database(postgres_server)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium without a window. It ends with the module: while it runs, nothing else may use asyncio here."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """A browser in which no page of another test is open."""
    yield chromium
    for context in chromium.contexts:
        context.close()
