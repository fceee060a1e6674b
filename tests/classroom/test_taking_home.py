"""One file holds somebody's workshop, asks for nothing outside of it, and has no hidden question in it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import (
    catch_up,
    leave_practice,
    leave_submission,
    take_home,
    take_job,
    take_practice,
    take_split,
)
from workshop_kit.classroom.taking_home import take_home_all
from workshop_kit.errors import BadInput, NotYet
from workshop_kit.league.client import Practice, Submission
from workshop_kit.league.questions import hidden_questions
from workshop_kit.league.statistics import Verdict, score
from workshop_kit.playground import Endpoint
from workshop_kit.settings import DEFAULT_DOMAIN
from workshop_kit.training import Logbook, load_run
from workshop_kit.workspace import Workspace

OUTCOMES = ["win", "win", "tie", "loss", "flip"]
pytestmark = pytest.mark.slow  # models are trained for it


def practised() -> Practice:
    rows = tuple(
        {
            "topic": "permits", "question": f"Practice {n}: <script>alert(1)</script>?", "answer": f"It is {n}.",
            "reference_answer": "It depends.", "outcome": outcome, "reason": "names the fee", "handbook": "It is.",
        }
        for n, outcome in enumerate(OUTCOMES)
    )  # fmt: skip
    return Practice(rows, score(Verdict(str(n), o, 9, 9) for n, o in enumerate(OUTCOMES)), "a judge", "a reference")


@pytest.fixture(scope="module")
def workshop(local_aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which everything was done, on a tiny model."""
    workspace = Workspace(tmp_path_factory.mktemp("ann"))
    catch_up("training", workspace, local_aws)
    job = take_job(local_aws, workspace)
    Logbook(workspace.work("logbook.jsonl")).note(load_run(local_aws, job), note="first <b>try</b>")
    leave_practice(workspace, practised())
    endpoint = Endpoint(local_aws, "e", job_name=job.name, dataset_id=take_split(workspace).provenance_id)
    leave_submission(workspace, Submission("s1", "Ann & <b>Co</b>", "done", 5, 5, score=practised().score), endpoint)
    return workspace


def test_everything_is_in_one_file_that_asks_for_nothing(local_aws: Any, workshop: Workspace, tmp_path: Path) -> None:
    made = take_home(workshop, tmp_path / "ann.html", aws=local_aws, name="Ann <i>")
    page = made.path.read_text(encoding="utf-8")
    assert made.missing == ()
    for word in (
        "Ann &lt;i&gt;",
        "after the review",
        "Loss curves of",
        "It depends.",
        "names the fee",
        "Ann &amp; &lt;b&gt;",
    ):
        assert word in page
    assert "<script" not in page and "first &lt;b&gt;try" in page
    assert take_split(workshop).provenance_id in page and take_job(local_aws, workshop).name in page
    assert not re.findall(r"(?:src|href)=['\"](?!data:)", page) and "url(" not in page and "@import" not in page


def test_no_hidden_question_is_in_it(local_aws: Any, workshop: Workspace, tmp_path: Path) -> None:
    page = take_home(workshop, tmp_path / "x.html", aws=local_aws).path.read_text(encoding="utf-8")
    hidden = hidden_questions(DEFAULT_DOMAIN)
    assert hidden and not any(question.question in page for question in hidden)


def test_what_is_missing_is_named_and_nothing_at_all_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "bob")
    with pytest.raises(NotYet, match="no work"):
        take_home(workspace)
    catch_up("dataset", workspace)
    made = take_home(workspace)
    assert made.path == workspace.root / "take-home.html" and len(made.missing) == 3
    assert "run notebook 03" in str(made) and "run notebook 06" in made.path.read_text()


def test_everybodys_at_once(workshop: Workspace, tmp_path: Path) -> None:
    homes = tmp_path / "homes"
    shutil.copytree(workshop.root, homes / "ann")
    catch_up(1, Workspace(homes / "bob"))
    (homes / "cy" / "work").mkdir(parents=True)
    made = {one.path.name: one for one in take_home_all(homes, tmp_path / "out")}
    assert {"ann.html", "bob.html"} <= set(made) and len(made) == 3
    assert len(list((tmp_path / "out").glob("*.html"))) == 2
    with pytest.raises(BadInput, match="no workspace"):
        take_home_all(tmp_path / "nowhere", tmp_path)


def test_practice_comes_back_as_it_was(workshop: Workspace) -> None:
    assert take_practice(workshop) == practised()
    workshop.work("practice.json").write_text('{"rows": []}')
    with pytest.raises(BadInput, match="damaged"):
        take_practice(workshop)
    leave_practice(workshop, practised())
