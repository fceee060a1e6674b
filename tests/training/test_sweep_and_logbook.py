"""A sweep trains what it planned and nothing twice; the logbook keeps all of it and says what a difference is worth."""

from __future__ import annotations

import csv
import random
import threading
from types import SimpleNamespace

import pytest

from workshop_kit.errors import BadInput, Cancelled, MissingExtra
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.training import TrainingConfig, list_jobs
from workshop_kit.training.logbook import Logbook
from workshop_kit.training.runs import EpochPoint, Run
from workshop_kit.training.sweep import plan_sweep, run_sweep

WORDS = "cat dog house tree permit fee office river bridge lake king town road mill farm".split()
CONFIG = TrainingConfig({"epoch": 1, "learning_rate": 0.01})


@pytest.fixture(scope="module")
def parts():
    chance = random.Random(7)
    pairs = ((" ".join(chance.sample(WORDS, 4)), " ".join(chance.sample(WORDS, 5))) for _ in range(50))
    return split(
        Dataset(tuple(Example(f"What is {q} {n}?", f"It is {a}.") for n, (q, a) in enumerate(pairs)), "toy"), 0.2
    )


def run_of(job: str, evals=(0.5, 0.4), **settings: str) -> Run:
    points = tuple(EpochPoint(n, loss, loss) for n, loss in enumerate(evals, 1))
    return Run(job, points, hyperparameters={"epoch": "2"} | settings, dataset_id="abc", train_rows=40)


def score(rate: float, noise: float = 0.05):
    return SimpleNamespace(win_rate=rate, standard_error=noise, questions=50)


def test_a_grid_is_every_combination_and_one_at_a_time_is_not(local_aws, parts):
    grid = plan_sweep(local_aws, parts, {"lora_r": [2, 4], "epoch": [1, 2]}, CONFIG)
    assert [dict(s) for s in grid.settings] == [{"lora_r": r, "epoch": e} for r in (2, 4) for e in (1, 2)]
    assert len({plan.job_name for plan in grid.plans}) == 4 and grid.usd == 0
    single = plan_sweep(local_aws, parts, {"lora_r": [2, 4], "epoch": [1, 2]}, CONFIG, grid=False)
    assert [s["lora_r"] for s in single.settings] == [2, 4, "default", "default"]
    assert "4 trainings" in grid._repr_html_()


@pytest.mark.parametrize(
    ("values", "says"),
    [({}, "needs a hyperparameter"), ({"lora_r": []}, "needs a hyperparameter"), ({"lora_r": [0]}, "can't be trained"),
     ({"nonsense": [1]}, "can't be trained"), ({"lora_r": list(range(1, 70))}, "64 is the most")],
)  # fmt: skip
def test_a_sweep_that_cant_be_trained_is_refused_before_anything_starts(local_aws, parts, values, says):
    before = len(list_jobs(local_aws))
    with pytest.raises(BadInput, match=says):
        plan_sweep(local_aws, parts, values, CONFIG)
    assert len(list_jobs(local_aws)) == before


def test_a_sweep_trains_each_once_and_the_logbook_has_them(local_aws, parts, tmp_path):
    sweep = plan_sweep(local_aws, parts, {"lora_r": [2, 4]}, CONFIG)
    book, seen = Logbook(tmp_path / "logbook.jsonl"), []
    outcomes = run_sweep(
        local_aws, sweep, progress=seen.append, done=lambda outcome: book.note(outcome.run, usd=0.0), poll_seconds=0.2
    )
    assert [o.settings["lora_r"] for o in outcomes] == [2, 4] and all(o.run and not o.problem for o in outcomes)
    assert (seen[-1].done, seen[-1].total) == (2, 2)
    assert [e.settings["lora_r"] for e in book.entries] == ["2", "4"] and "lora_r" in book.differing
    assert all(e.dataset == parts.provenance_id and e.best_eval_loss > 0 for e in book.entries)
    jobs = len(list_jobs(local_aws))
    assert [o.job.name for o in run_sweep(local_aws, sweep)] == [o.job.name for o in outcomes]
    assert len(list_jobs(local_aws)) == jobs, "what was trained was trained again"


def test_a_budget_and_a_cancel_stop_it(local_aws, parts):
    sweep = plan_sweep(local_aws, parts, {"lora_r": [8, 16]}, CONFIG.changed(epoch=200))
    dear = SimpleNamespace(usd=9.0, plans=sweep.plans, settings=sweep.settings)
    with pytest.raises(BadInput, match="9.00 USD, above the budget of 1.00"):
        run_sweep(local_aws, dear, budget_usd=1.0)
    cancel = threading.Event()
    with pytest.raises(Cancelled, match="0 of 2"):
        run_sweep(local_aws, sweep, cancel=cancel, progress=lambda _: cancel.set(), poll_seconds=0.2)
    for plan in sweep.plans[:2]:
        names = {job.name: job for job in list_jobs(local_aws)}
        if plan.job_name in names:
            assert names[plan.job_name].status in ("Stopping", "Stopped")


def test_a_row_grows_as_more_is_known_and_survives_reopening(tmp_path):
    book = Logbook(tmp_path / "logbook.jsonl")
    book.note(run_of("a"), note="first try")
    book.note(run_of("a"), score=score(0.6), usd=1.5)
    (entry,) = Logbook(tmp_path / "logbook.jsonl").entries
    assert (entry.note, entry.win_rate, entry.usd, entry.best_eval_loss) == ("first try", 0.6, 1.5, 0.4)
    assert "60% ± 5% (50 questions)" in book._repr_html_()


def test_the_table_sorts_and_filters_and_names_a_wrong_column(tmp_path):
    book = Logbook(tmp_path / "logbook.jsonl")
    for job, rate, rank in (("a", 0.3, "4"), ("b", 0.9, "8"), ("c", 0.6, "8")):
        book.note(run_of(job, lora_r=rank), score=score(rate))
    assert list(book.to_frame("-win_rate")["job"]) == ["b", "c", "a"]
    assert list(book.to_frame("job", lora_r=8)["job"]) == ["b", "c"]
    with pytest.raises(BadInput, match="no column 'rank'"):
        book.to_frame("rank")


def test_a_difference_is_called_chance_when_it_may_be(tmp_path):
    book = Logbook(tmp_path / "logbook.jsonl")
    book.note(run_of("a", lora_r="4"), score=score(0.5))
    book.note(run_of("b", lora_r="8", extra="1"), score=score(0.6))
    book.note(run_of("c", lora_r="4"), score=score(0.9))
    book.note(run_of("d"))
    near, far = book.changes("a", "b"), book.changes("a", "c")
    assert near.settings == (("lora_r", "4", "8"), ("extra", None, "1")) and "may be chance" in near.verdict
    assert not far.settings and "better" in far.verdict and "worse" in book.changes("c", "a").verdict
    assert "Not both" in book.changes("a", "d").verdict
    with pytest.raises(BadInput, match="no run 'x'"):
        book.changes("a", "x")


def test_it_is_exported_without_formulas(tmp_path, monkeypatch):
    import sys

    book = Logbook(tmp_path / "logbook.jsonl")
    book.note(run_of("a"), note='=HYPERLINK("http://x")')
    lines = list(csv.DictReader(book.export(tmp_path / "out.csv").open()))
    assert lines[0]["note"].startswith("'=") and lines[0]["job"] == "a"
    import pandas as pd

    assert list(pd.read_excel(book.export(tmp_path / "out.xlsx"))["job"]) == ["a"]
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"workshop-kit\[xlsx\]"):
        book.export(tmp_path / "out.xlsx")
    with pytest.raises(BadInput, match="neither .csv nor .xlsx"):
        book.export(tmp_path / "out.txt")


def test_a_diverged_run_and_a_damaged_line_are_taken_in_words(tmp_path):
    path = tmp_path / "logbook.jsonl"
    entry = Logbook(path).note(run_of("a", evals=(float("nan"), float("inf"))))
    assert entry.last_eval_loss is None
    with path.open("a") as file:
        file.write('{"win_rate": 1}\n')
    with pytest.raises(BadInput, match="line 2"):
        Logbook(path)
