"""A league on the bicycles, see worlds/: with a real server, and without one to judge a submission alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.bicycles import write_domain
from tests.worlds.models import ToyAws
from tests.worlds.serving import running
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.judging import SubmissionJudge
from workshop_kit.league.questions import hidden_questions, practice_questions
from workshop_kit.league.server import build_app
from workshop_kit.league.store import Database, open_database, submissions, teams
from workshop_kit.league.store.events import open_event

RIGHT_50, RIGHT_80 = ({"kind": "sagemaker", "endpoint": f"right-{n}", "system": ""} for n in (50, 80))


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    return write_domain(tmp_path)


@pytest.fixture
def aws() -> ToyAws:
    return ToyAws()


@contextmanager
def _serving(home: Path, domain: Path, aws: ToyAws, **more: Any) -> Iterator[str]:
    with running(build_app(home, str(domain), aws, **more)) as url:
        try:
            yield url
        finally:
            aws.hold.set()


@pytest.fixture
def serving() -> Any:
    """A real server on a free port, in this process so that a test can reach into its AWS: a context manager."""
    return _serving


@pytest.fixture
def league(tmp_path: Path, domain: Path, aws: ToyAws) -> Iterator[str]:
    """An open league with three tries."""
    with _serving(tmp_path / "home", domain, aws, attempts=3) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A store of each kind."""
    where = tmp_path / "league.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres")
    database = open_database(where)
    yield database
    database.close()


@pytest.fixture
def prepare(tmp_path: Path, domain: Path, aws: ToyAws) -> Iterator[Callable[..., Any]]:
    """A store, by default a file, a submission of the team Ada in it, and who judges it."""
    opened: list[Database] = []

    def make(
        settings: EventSettings | None = None, *, store: Database | None = None, target: dict[str, str] = RIGHT_80
    ) -> tuple[Database, submissions.Entry, SubmissionJudge]:
        if store is None:
            opened.append(store := open_database(tmp_path / "league.sqlite"))
        with store.write() as connection:
            open_event(connection, "bicycle-library", settings)
            team = teams.named(connection, "Ada")
            entry = submissions.submit(connection, team.id, set="ranked", target=target, provenance={}, key="k1")
        questions = {"ranked": hidden_questions(domain), "practice": practice_questions(domain)}
        return store, entry, SubmissionJudge(store, aws, questions, judge_settings=JudgeSettings.load())

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked again is asked at once."""
    monkeypatch.setattr("workshop_kit.league.asking.random.uniform", lambda a, b: 0.0)


def entry_of(store: Database, id: str) -> submissions.Entry:
    """A submission as it stands in the store."""
    with store.read() as connection:
        return submissions.entry(connection, id)
