"""Trust, strengths and calibrations over the wire; a calibration outlives its server."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.client.talking import call
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge.calibration import CalibrationResult, CalibrationRow
from workshop_kit.league.store import calibrations, open_database
from workshop_kit.league.store.events import open_event


def calibrated(url: str, token: str, state: str = "done", seconds: float = 20.0) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        (found,) = call("GET", f"{url}/api/organizer/calibration", token=token)["calibrations"]
        if found["state"] == state:
            return found
        time.sleep(0.05)
    raise AssertionError(f"the calibration is {found['state']}, {found['done']} of {found['total']}")


def test_a_calibration_tells_how_far_it_is_and_what_was_right(league, judged) -> None:
    url, token = league
    before = call("GET", f"{url}/api/organizer/trust", token=token)
    assert any("Not calibrated yet" in caution for caution in before["cautions"])
    assert call("POST", f"{url}/api/organizer/calibration", token=token)["begun"] == 1
    found = calibrated(url, token)
    assert found["done"] == found["total"] > 10 and found["judge"] == "toy.judge-v1:0"
    assert sum(kind["pairs"] for kind in found["kinds"]) == found["total"]
    after = call("GET", f"{url}/api/organizer/trust", token=token)
    assert not any("Not calibrated yet" in caution for caution in after["cautions"])
    (judge,) = after["judges"]
    known = next(measure for measure in judge["measures"] if measure["name"] == "known answers found")
    right = sum(kind["right"] for kind in found["kinds"])
    assert known["cases"] == found["total"] and known["value"] == pytest.approx(right / found["total"])
    assert known["low"] <= known["value"] <= known["high"]
    assert len(after["rows"][0]) == len(after["columns"])


def test_a_second_calibration_waits_for_the_first_one(league, judged, aws) -> None:
    url, token = league
    aws.judge_hold.clear()
    address = f"{url}/api/organizer/calibration"
    assert call("POST", address, token=token)["begun"] == 1
    assert call("POST", address, token=token)["begun"] == 0
    assert calibrated(url, token, "running")["done"] == 0
    aws.judge_hold.set()
    calibrated(url, token)


def test_a_calibration_is_there_after_a_restart_and_one_that_was_stopped_says_so(tmp_path, domain, aws, serving):
    with serving(tmp_path / "home", domain, aws) as (url, token):
        call("POST", f"{url}/api/organizer/calibration", token=token)
        done = calibrated(url, token)
    with serving(tmp_path / "home", domain, aws) as (url, token):
        assert calibrated(url, token)["kinds"] == done["kinds"]
        assert "known answers found" in str(call("GET", f"{url}/api/organizer/trust", token=token)["rows"])
        aws.judge_hold.clear()
        call("POST", f"{url}/api/organizer/calibration", token=token)
        calibrated(url, token, "running")
        # The server is stopped while its judge thinks.
        threading.Timer(0.5, aws.judge_hold.set).start()
    with serving(tmp_path / "home", domain, aws) as (url, token):
        found = calibrated(url, token, "failed")
        assert "stopped" in found["problem"]
        rows = call("GET", f"{url}/api/organizer/trust", token=token)["rows"]
        assert any(row[1] == "known answers found" and int(row[4]) == done["total"] for row in rows), (
            "the last whole calibration counts until there is another one"
        )


def test_a_server_that_died_left_a_calibration_that_counts_as_failed(tmp_path, domain, aws, serving, monkeypatch):
    with serving(tmp_path / "home", domain, aws) as (url, token):
        aws.judge_hold.clear()
        call("POST", f"{url}/api/organizer/calibration", token=token)
        calibrated(url, token, "running")
        monkeypatch.setattr(calibrations, "SILENT", -1.0)
        assert "calibrate again" in calibrated(url, token, "failed")["problem"]
        monkeypatch.undo()
        aws.judge_hold.set()
        calibrated(url, token)


def test_strengths_and_comparisons_go_by_what_was_judged(league, judged) -> None:
    url, token = league
    found = call("GET", f"{url}/api/organizer/strengths", token=token)["rows"]
    assert [row["name"] for row in found][0] == "Ada" and {row["rank"] for row in found}
    first, second = judged["Ada"], judged["Bob"]
    told = call("GET", f"{url}/api/organizer/compare", token=token, params={"first": first, "second": second})
    assert told["difference"] == pytest.approx(0.6) and "better beyond chance" in told["sentence"]
    with pytest.raises(LeagueProblem, match="no submission"):
        call("GET", f"{url}/api/organizer/compare", token=token, params={"first": first, "second": "none"})


@pytest.mark.parametrize("path", ["trust", "strengths", "compare?first=a&second=b", "calibration"])
def test_only_the_organizer_asks(league, member, path: str) -> None:
    url, _ = league
    with pytest.raises(LeagueProblem, match="organizer"):
        call("GET", f"{url}/api/organizer/{path}", token=member)


def test_calibrations_are_kept_by_postgresql_too(postgres: str) -> None:
    database = open_database(postgres)
    with database.write() as connection:
        open_event(connection, "bicycle-library", EventSettings())
    row = CalibrationRow(
        "p00/1", "wrong value", "p00", "win", "win", False, 9.0, 1.5, "It names another value \u2013 \U0001f6b2"
    )
    begun: list[str] = []

    def begin() -> None:
        with database.write() as connection:
            begun.extend(calibrations.begin(connection, ["one", "two"], "settings", "organizer Olga"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 2, "asked at the same moment, each judge's begins once"
    with database.write() as connection:
        calibrations.alive(connection, begun[0], 1, 2)
        calibrations.finish(connection, begun[1], CalibrationResult("two", "settings", "bicycle-library", (row,)))
    with database.read() as connection:
        one, two = calibrations.newest(connection)
        assert (one.state, one.done, one.total) == ("running", 1, 2)
        assert (two.state, two.rows) == ("done", (row,))
        assert [found.judge for found in calibrations.newest(connection, "done")] == ["two"]
    database.close()
