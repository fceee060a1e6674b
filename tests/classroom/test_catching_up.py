"""Catching up loads what passes the checkpoint, and nobody's own work is lost, whatever is killed when."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import (
    catch_up,
    check_dataset,
    check_review,
    check_training,
    leave_dataset,
    leave_split,
    own_work,
    restore_own_work,
    take_dataset,
    take_job,
    take_split,
)
from workshop_kit.errors import BadInput, NotYet
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.workspace import Workspace

FEW = Dataset(tuple(Example(f"Mine {n}?", f"It is {n}.") for n in range(5)), "mine")
GOOD = Dataset(tuple(Example(f"What does frame {n} of {n * 7} cost?", f"It is {n} USD.") for n in range(120)), "mine")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


def everything(workspace: Workspace) -> dict[str, bytes]:
    root = workspace.work()
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_an_empty_workspace_gets_rows_and_a_split_that_pass(workspace: Workspace) -> None:
    found = catch_up("review", workspace)
    assert found.check and found.loaded == ("dataset", "split") and found.kept == () and found.aside is None
    assert check_dataset(take_dataset(workspace)) and check_review(take_split(workspace))
    again = catch_up("review", workspace)
    assert (again.loaded, again.kept, again.earlier, again.aside) == ((), (), ("dataset", "split"), None)


def test_what_is_not_good_enough_goes_aside_and_comes_back(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    leave_split(workspace, split(FEW, 0.4))
    before = everything(workspace)
    found = catch_up(2, workspace)
    assert found.loaded == ("dataset", "split") and found.aside and "restore_own_work" in str(found)
    assert len(take_dataset(workspace)) > 100 and check_review(take_split(workspace))
    loaded = restore_own_work(workspace)
    now = everything(workspace)
    assert {name: now[name] for name in before} == before
    assert (loaded / "dataset.jsonl").is_file()
    assert take_split(workspace).provenance_id == split(FEW, 0.4).provenance_id


def test_ones_own_good_rows_stay_in_use(workspace: Workspace) -> None:
    leave_dataset(workspace, GOOD)
    found = catch_up("review", workspace)
    assert (found.loaded, found.kept) == (("split",), ("dataset",))
    assert take_dataset(workspace).provenance_id == GOOD.provenance_id
    mine = {example.instruction for example in GOOD}
    assert all(example.instruction in mine for example in take_split(workspace).train)
    shipped = catch_up("review", workspace, own=False)
    assert shipped.loaded == ("dataset", "split")
    assert take_dataset(workspace).provenance_id != GOOD.provenance_id


def test_two_catch_ups_keep_both_and_the_older_can_be_named(workspace: Workspace) -> None:
    leave_dataset(workspace, FEW)
    first = catch_up(1, workspace)
    second = catch_up(1, workspace, own=False)
    assert first.aside and second.aside and first.aside != second.aside
    restore_own_work(workspace, first.aside.name)
    assert take_dataset(workspace).provenance_id == FEW.provenance_id


def test_a_kill_at_any_rename_loses_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_dataset(workspace, FEW)
    leave_split(workspace, split(FEW, 0.4))
    mine = (workspace.work("dataset.jsonl").read_bytes(), take_split(workspace).provenance_id)
    real, kills = os.rename, 0
    for fatal in range(8):
        calls = 0

        def rename(a: Any, b: Any, fatal: int = fatal) -> None:
            nonlocal calls
            calls += 1
            if calls > fatal:
                raise KeyboardInterrupt
            real(a, b)

        monkeypatch.setattr(own_work.os, "rename", rename)
        try:
            catch_up(2, workspace, own=False)
        except KeyboardInterrupt:
            kills += 1
        monkeypatch.setattr(own_work.os, "rename", real)
        own_work.finish_interrupted(workspace)
        assert check_review(take_split(workspace)), f"killed at rename {fatal}"
        restore_own_work(workspace)
        assert (workspace.work("dataset.jsonl").read_bytes(), take_split(workspace).provenance_id) == mine
        assert not (workspace.work() / own_work.PLAN).exists() and not (workspace.work() / own_work.STAGE).exists()
    assert kills >= 6


def test_what_cant_be_done_is_said(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="pass the connection"):
        catch_up(3, workspace)
    with pytest.raises(NotYet, match="Nothing of your own"):
        restore_own_work(workspace)
    with pytest.raises(BadInput, match="no domain 'elsewhere'"):
        catch_up(1, workspace, domain="elsewhere")
    assert everything(workspace) == {}


@pytest.mark.slow
def test_the_training_step_gets_a_really_trained_job_or_the_classs(local_aws: Any, workspace: Workspace) -> None:
    found = catch_up("training", workspace, local_aws)
    assert found.loaded == ("dataset", "split", "training_job")
    job = take_job(local_aws, workspace)
    assert check_training(job, take_split(workspace)) and job.status == "Completed"
    other = Workspace(workspace.root / "neighbour")
    same = catch_up("training", other, local_aws, artifact=job.artifact)
    assert same.job_name == job.name and check_training(take_job(local_aws, other), take_split(other))
    third = Workspace(workspace.root / "third")
    assert catch_up("curves", third, local_aws).job_name == job.name, "the account's own job is taken, not a new one"
    with pytest.raises(BadInput, match="No training job"):
        catch_up(3, third, local_aws, artifact="s3://elsewhere/model.tar.gz")
    assert check_training(take_job(local_aws, third), take_split(third)), "a refused catch-up changed something"
