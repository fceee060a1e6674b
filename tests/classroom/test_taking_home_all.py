"""Everybody's file has the curves of their own runs in it, wherever those are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import Account, catch_up, take_job, taking_home
from workshop_kit.classroom.taking_home import take_home_all
from workshop_kit.errors import AwsProblem
from workshop_kit.workspace import Workspace

CURVE = "data:image/svg+xml;base64,"
pytestmark = pytest.mark.slow  # models are trained for it


@pytest.fixture(scope="module")
def homes(local_aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people with a trained model each, in teams; and one who got no further than rows."""
    folder = tmp_path_factory.mktemp("homes")
    for name, team in (("ann", "Otters"), ("bob", "Newts")):
        catch_up("training", Workspace(folder / name), local_aws)
        (folder / name / "league").mkdir()
        told = {"https://league.example": {"token": "wk_secret", "team": team}}
        (folder / name / "league" / "memberships.json").write_text(json.dumps(told))
    catch_up("dataset", Workspace(folder / "cy"))
    return folder


def page(folder: Path, name: str) -> str:
    return (folder / f"{name}.html").read_text(encoding="utf-8")


def test_everybodys_curves_are_in_their_files(
    local_aws: Any, homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, str | None]] = []

    def connect(*, region: str | None = None, home: Path | None = None) -> Any:
        asked.append((home, os.environ.get("WORKSHOP_AWS_IDLE_SECONDS")))
        return local_aws

    monkeypatch.setattr(taking_home, "connect", connect)
    take_home_all(homes, tmp_path)
    job = take_job(local_aws, Workspace(homes / "ann")).name
    for name in ("ann", "bob"):
        assert f"Loss curves of {job}" in page(tmp_path, name) and CURVE in page(tmp_path, name)
        assert "curves are not in this file" not in page(tmp_path, name)
    assert CURVE not in page(tmp_path, "cy")
    assert asked == [(homes / "ann", "30"), (homes / "bob", "30")], "a home without runs was connected"
    assert "WORKSHOP_AWS_IDLE_SECONDS" not in os.environ
    assert not any("wk_secret" in page(tmp_path, name) for name in ("ann", "bob", "cy"))


def test_a_homes_own_local_aws_is_asked(local_aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(os.environ["WORKSHOP_HOME"])  # the one that local AWS keeps its state in
    (tmp_path / "homes").mkdir()
    (tmp_path / "homes" / "ann").symlink_to(home, target_is_directory=True)
    catch_up("training", Workspace(home), local_aws)
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "elsewhere"))
    take_home_all(tmp_path / "homes", tmp_path / "out")
    assert CURVE in page(tmp_path / "out", "ann")


def test_accounts_are_found_by_team_by_folder_or_shared(
    local_aws: Any, homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def connect(account: Account) -> Any:
        asked.append(account.profile)
        if account.profile == "lost":
            raise AwsProblem("The credentials of profile lost have expired.")
        return local_aws

    monkeypatch.setattr(Account, "connect", connect)
    take_home_all(homes, tmp_path / "a", accounts=[Account("Otters", "otters"), Account("bob", "bobs")])
    assert asked == ["otters", "bobs"] and CURVE in page(tmp_path / "a", "ann") and CURVE in page(tmp_path / "a", "bob")
    asked.clear()
    take_home_all(homes, tmp_path / "b", accounts=[Account("", "shared")])
    assert asked == ["shared"] and CURVE in page(tmp_path / "b", "bob")
    take_home_all(homes, tmp_path / "c", accounts=[Account("Otters", "lost")])
    assert "not in this file: The credentials of profile lost have expired." in page(tmp_path / "c", "ann")
    assert "not in this file: The accounts name none for bob" in page(tmp_path / "c", "bob")
    assert "Your rows" in page(tmp_path / "c", "bob")


def test_the_command_takes_the_accounts(homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workshop_kit.cli import main

    told: dict[str, Any] = {}
    monkeypatch.setattr(taking_home, "take_home_all", lambda *a, **more: told.update(more) or [])
    (tmp_path / "accounts.csv").write_text("team,profile\nOtters,otters\n")
    arguments = ["classroom", "report", "--homes", str(homes), "--accounts", str(tmp_path / "accounts.csv")]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    assert told["accounts"] == (Account("Otters", "otters"),)
