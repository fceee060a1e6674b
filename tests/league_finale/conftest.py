"""Finales on the bicycles, see worlds/finale.py; the servers are real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.bicycles import write_domain
from tests.worlds.finale import TEAMS, FinaleAws, Playing, questions_of


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    """One server for a module; every test makes a finale of its own, which is the current one from then on."""
    where = tmp_path_factory.mktemp("finale")
    made = Playing(where / "home", write_domain(where), FinaleAws())
    made.start()
    yield made
    made.end()


@pytest.fixture
def playing(shared: Playing) -> Iterator[Playing]:
    shared.aws.reset()
    yield shared
    shared.aws.hold.set()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Playing]:
    """A server of its own, with nothing in its database."""
    made = Playing(tmp_path / "home", write_domain(tmp_path), FinaleAws())
    made.start()
    yield made
    made.end()


@pytest.fixture
def make_playing(shared: Playing) -> Iterator[Callable[..., Playing]]:
    """Further servers: each in a home of its own, on the database given."""
    made: list[Playing] = []

    def make(home: Path, database: str, token: str = "") -> Playing:
        made.append(Playing(home, shared.domain, FinaleAws(), database, token=token))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> FinaleAws:
    """The models of the test's server."""
    name = "fresh" if "fresh" in request.fixturenames else "playing"
    return request.getfixturevalue(name).aws


@pytest.fixture
def teams() -> list[tuple[str, str]]:
    return TEAMS


@pytest.fixture
def questions() -> Callable[[int], list[dict[str, Any]]]:
    return questions_of
