"""The bar's button to catch up: it asks, says what happens to one's own work, never holds the notebook up, undoes."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from workshop_kit import aws as aws_module
from workshop_kit.classroom import catching_up, check_review, leave_dataset, take_dataset, take_job, take_split
from workshop_kit.errors import AwsProblem
from workshop_kit.records import Dataset, Example
from workshop_kit.widgets.pace import PaceBar
from workshop_kit.workspace import Workspace

FEW = Dataset(tuple(Example(f"Mine {n}?", f"It is {n}.") for n in range(5)), "mine")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    for name in ("WORKSHOP_LEAGUE_URL", "WORKSHOP_LEAGUE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Workspace(tmp_path / "home")


def files(workspace: Workspace) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(workspace.root.rglob("*")) if p.is_file()}


def shown(bar: PaceBar) -> dict[str, bool]:
    part = bar.catching
    boxes = {"catch up": part.button, "back": part.back, "question": part._question}
    return {name: widget.layout.display != "none" for name, widget in boxes.items()}


def test_a_click_asks_and_moves_nothing(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    before = files(workspace)
    bar = PaceBar("training")
    assert shown(bar) == {"catch up": True, "back": False, "question": False}
    bar.catching.button.click()
    for word in ("up to step 2 · Dataset review?", "kept aside", "Nothing is deleted", "My work back"):
        assert word.replace("'", "&#x27;") in bar.catching.said.value
    assert shown(bar)["question"] and files(workspace) == before
    bar.catching.no.click()
    assert "Nothing was moved." in bar.catching.said.value and not shown(bar)["question"]
    bar.catching.yes.click()
    assert not bar.catching.busy and files(workspace) == before, "a yes to no question moved something"


def test_yes_loads_and_back_asks_and_brings_back(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    bar = PaceBar(3)
    bar.catching.button.click()
    bar.catching.yes.click()
    assert bar.catching.wait(60) and check_review(take_split(workspace))
    assert "Loaded for step 2 · Dataset review: dataset, split." in bar.catching.said.value
    assert "&#x27;My work back&#x27; brings it back" in bar.catching.said.value
    assert "Run this notebook again" in bar.catching.said.value
    assert shown(bar) == {"catch up": True, "back": True, "question": False}
    assert shown(PaceBar(1)) == {"catch up": False, "back": True, "question": False}, "another notebook's bar"
    loaded = files(workspace)
    bar.catching.back.click()
    assert "Bring your own work back from" in bar.catching.said.value and files(workspace) == loaded
    bar.catching.yes.click()
    assert bar.catching.wait(60)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id and not shown(bar)["back"]


def test_as_plain_calls_it_asks_too(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    before = files(workspace)
    bar = PaceBar("review", live=False)
    assert bar.catch_up().startswith("Load valid work up to step 1") and files(workspace) == before
    assert bar.bring_back() == "Nothing of your own was put aside."
    assert bar.catch_up(yes=True) == "Loading valid work up to step 1 · Dataset generation."
    assert bar.catching.wait(60) and len(take_dataset(workspace)) > 100
    assert bar.bring_back().startswith("Bring your own work back from")
    assert bar.bring_back(yes=True) and bar.catching.wait(60)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id
    assert "nothing before it" in PaceBar("dataset").catch_up(yes=True)


def test_the_notebook_goes_on_and_its_loop_shows_what_came_of_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, real = threading.Event(), catching_up.catch_up

    def slowly(*arguments: Any, **settings: Any) -> Any:
        assert go.wait(20)
        return real(*arguments, **settings)

    monkeypatch.setattr(catching_up, "catch_up", slowly)

    async def notebook() -> set[int]:
        setters: set[int] = set()
        bar = PaceBar("review")
        bar.catching.said.observe(lambda _: setters.add(threading.get_ident()), names="value")
        began = time.monotonic()
        bar.catch_up(yes=True)
        assert time.monotonic() - began < 1 and bar.catching.busy and bar.catching.button.disabled
        assert "still at work" in bar.catch_up(yes=True) and "still at work" in bar.bring_back(yes=True)
        go.set()
        while "Loaded for step 1" not in bar.catching.said.value:
            await asyncio.sleep(0.02)
        assert not bar.catching.button.disabled
        return setters

    assert asyncio.run(asyncio.wait_for(notebook(), 60)) == {threading.get_ident()}


def test_what_goes_wrong_is_said_and_it_can_be_tried_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> Any:
        raise AwsProblem("The credentials have expired <now>.")

    monkeypatch.setattr(aws_module, "connect", refused)
    leave_dataset(workspace, FEW)
    before = files(workspace)
    bar = PaceBar("curves")
    assert "trained model" in bar.catch_up() and "costs what notebook 03 says" in bar.catch_up()
    bar.catch_up(yes=True)
    assert bar.catching.wait(60)
    assert "Nothing was moved: The credentials have expired &lt;now&gt;." in bar.catching.said.value
    assert files(workspace) == before and not bar.catching.button.disabled

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("odd")

    monkeypatch.setattr(catching_up, "catch_up", broken)
    bar = PaceBar("review")
    bar.catch_up(yes=True)
    assert bar.catching.wait(60) and "RuntimeError: odd" in bar.catching.said.value


@pytest.mark.slow
def test_a_trained_model_is_loaded_and_the_endpoint_is_left_to_its_notebook(
    local_aws: Any, workspace: Workspace
) -> None:
    bar = PaceBar("submission", aws=local_aws)
    assert "deploy it in notebook 05" in bar.catch_up() and "deploy it" not in PaceBar("curves").catch_up()
    bar.catch_up(yes=True)
    assert bar.catching.wait(120), "no model after two minutes"
    assert bar.catching.caught.loaded == ("dataset", "split", "training_job"), bar.catching.said.value
    assert take_job(local_aws, workspace).status == "Completed"


def test_rows_are_of_the_notebooks_own_domain(workspace: Workspace) -> None:
    bar = PaceBar("review", domain="insurance-underwriting")
    bar.catch_up(yes=True)
    assert bar.catching.wait(60) and take_dataset(workspace).name == "insurance-underwriting rows"


def test_a_bar_alone_makes_no_folder(workspace: Workspace) -> None:
    PaceBar("review")
    assert not workspace.root.exists()
