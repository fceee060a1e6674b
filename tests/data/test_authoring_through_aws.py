"""Authoring through boto3 and a real local server: the path a notebook takes."""

import json
import os
import signal
from pathlib import Path

import pytest

from workshop_kit import authoring
from workshop_kit.domains import load_domain
from workshop_kit.errors import KitError


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from workshop_kit.aws import connect
    from workshop_kit.local_aws import stop

    monkeypatch.setenv("WORKSHOP_AWS", "local")
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    yield connect()
    stop(tmp_path / "home")


def test_rows_are_written_through_converse_with_counted_tokens(aws, bicycle_folder: Path, tmp_path: Path) -> None:
    domain = load_domain(bicycle_folder)
    assert [topic.id for topic in authoring.propose_topics(aws, domain)] == ["borrowing", "repairs"]
    plan = authoring.plan(domain, 10)
    written = authoring.write(aws, plan, tmp_path / "rows.jsonl")
    assert len(written) == 20 and not written.skipped
    assert written.usage.calls == 20 + len(plan.items)
    assert written.usage.input_tokens > written.usage.output_tokens > 0


def test_a_server_killed_in_the_middle_costs_no_row(aws, bicycle_folder: Path, tmp_path: Path) -> None:
    plan = authoring.plan(load_domain(bicycle_folder), 30)
    out = tmp_path / "rows.jsonl"
    said = []

    def kill_at_ten(progress: authoring.Progress) -> None:
        if progress.done >= 10 and not any(done >= 10 for done in said):
            server = json.loads(next((tmp_path / "home").rglob("server.json")).read_text())
            os.kill(server["pid"], signal.SIGKILL)
        said.append(progress.done)

    try:
        authoring.write(aws, plan, out, progress=kill_at_ten)
    except KitError as problem:  # in the middle of a call: then it is said, and a second run goes on
        assert "rows are safe" in str(problem)
    kept = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(kept) >= max(said)
    written = authoring.write(aws, plan, out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == len({(row["item"], row["n"]) for row in rows}) == len(written)
    assert written.provenance_id == authoring.write(aws, plan, tmp_path / "undisturbed.jsonl").provenance_id
    assert all(row in rows for row in kept)
