"""One's own work comes back however often one caught up, and what was loaded is never called one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import (
    catch_up,
    check_review,
    leave_dataset,
    leave_split,
    own_work,
    restore_own_work,
    take_dataset,
    take_split,
)
from workshop_kit.errors import NotYet
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.workspace import Workspace

FEW = Dataset(tuple(Example(f"Mine {n}?", f"It is {n}.") for n in range(5)), "mine")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


def test_ones_own_rows_come_back_after_two_catch_ups(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    first, second = catch_up("dataset", workspace), catch_up("review", workspace)
    assert first.aside and second.aside is None
    assert (second.loaded, second.kept, second.earlier) == (("split",), (), ("dataset",))
    assert "Your own" not in str(second) and "Loaded earlier and still in use: dataset." in str(second)
    went = restore_own_work(workspace)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id
    assert (went / "split").is_dir() and not workspace.work("split").exists(), "a split of other rows stayed behind"
    with pytest.raises(NotYet):
        restore_own_work(workspace)


@pytest.mark.slow
def test_the_training_that_was_loaded_goes_too(local_aws: Any, workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    leave_split(workspace, split(FEW, 0.4))
    catch_up("review", workspace)
    third = catch_up("training", workspace, local_aws)
    assert (third.loaded, third.kept, third.earlier) == (("training_job",), (), ("dataset", "split"))
    went = restore_own_work(workspace)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id
    assert take_split(workspace).provenance_id == split(FEW, 0.4).provenance_id
    assert (went / "training_job.json").is_file() and not workspace.work("training_job.json").exists()


def test_loaded_rows_that_are_replaced_are_not_offered_as_ones_own(workspace: Workspace) -> None:
    catch_up(1, workspace)
    again = catch_up(1, workspace, own=False)
    assert again.aside and "What was loaded before is in" in str(again) and "brings it back" not in str(again)
    with pytest.raises(NotYet):
        restore_own_work(workspace)
    assert own_work.own_work_aside(workspace) is None


def test_loaded_rows_that_were_edited_are_ones_own(workspace: Workspace) -> None:
    catch_up(1, workspace)
    path = workspace.work("dataset.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:50]))
    assert catch_up(1, workspace).kept == ("dataset",)
    assert own_work.own_work_aside(workspace) is None
    catch_up(1, workspace, own=False)
    assert own_work.own_work_aside(workspace)
    restore_own_work(workspace)
    assert len(take_dataset(workspace)) == 50


def test_new_rows_of_ones_own_are_not_lost_to_older_ones(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    catch_up(1, workspace)
    newer = Dataset(FEW.examples[:3], "newer")
    leave_dataset(workspace, newer)
    went = restore_own_work(workspace)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id
    assert went == own_work.own_work_aside(workspace), "one's newer rows are where nothing brings them back"
    restore_own_work(workspace)
    assert take_dataset(workspace).provenance_id == newer.provenance_id


def test_a_kill_before_the_first_rename_leaves_nothing_to_bring_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_dataset(workspace, FEW)
    real = own_work.write_atomically

    def write(path: Path, text: str) -> None:
        if path.name == own_work.PLAN:
            raise KeyboardInterrupt
        real(path, text)

    monkeypatch.setattr(own_work, "write_atomically", write)
    with pytest.raises(KeyboardInterrupt):
        catch_up(1, workspace)
    monkeypatch.undo()
    with pytest.raises(NotYet):
        restore_own_work(workspace)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id


def test_an_interrupted_catch_up_is_finished_and_can_be_undone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_dataset(workspace, FEW)
    calls = []
    real = own_work.os.rename

    def rename(a: Any, b: Any) -> None:
        calls.append(a)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(a, b)

    monkeypatch.setattr(own_work.os, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        catch_up(2, workspace)
    monkeypatch.setattr(own_work.os, "rename", real)
    assert json.loads((workspace.work() / own_work.PLAN).read_text())["moves"]
    own_work.finish_interrupted(workspace)
    assert check_review(take_split(workspace))
    restore_own_work(workspace)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id
