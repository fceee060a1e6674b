"""A calibration's row: begun once per judge, and what has ended stays as it ended."""

from pathlib import Path

from workshop_kit.league.judge.calibration import CalibrationResult, CalibrationRow
from workshop_kit.league.judge.settings import JudgeSettings
from workshop_kit.league.store import calibrations, open_database
from workshop_kit.league.trust import calibrating

ROW = CalibrationRow("p1", "wrong value", "q1", "win", "win", False, 8.0, 2.0, "because")


def test_a_judge_named_twice_or_being_calibrated_is_begun_once(tmp_path: Path) -> None:
    database = open_database(tmp_path / "league.sqlite")
    with database.write() as connection:
        assert len(calibrations.begin(connection, ["one", "two", "one"], "s", "Olga")) == 2
        assert calibrations.begin(connection, ["two"], "s", "Olga") == []
        assert [found.judge for found in calibrations.newest(connection)] == ["one", "two"]
    database.close()


def test_a_late_beat_changes_nothing_of_one_that_has_ended(tmp_path: Path) -> None:
    database = open_database(tmp_path / "league.sqlite")
    with database.write() as connection:
        [id] = calibrations.begin(connection, ["one"], "s", "Olga")
        calibrations.alive(connection, id, 0, 1)
        calibrations.finish(connection, id, CalibrationResult("one", "s", "d", (ROW,)))
        calibrations.alive(connection, id, 0, 5)
        [found] = calibrations.newest(connection)
    assert (found.state, found.done, found.total, found.rows) == ("done", 1, 1, (ROW,))
    database.close()


def test_a_fault_of_the_server_itself_is_told_at_once(tmp_path: Path, monkeypatch) -> None:
    def broken(*_, **__):
        raise RuntimeError("a fault")

    monkeypatch.setattr(calibrating, "calibrate", broken)
    database = open_database(tmp_path / "league.sqlite")
    with database.write() as connection:
        [id] = calibrations.begin(connection, ["one"], "s", "Olga")
        [one] = calibrations.newest(connection)
    runs = calibrating.Calibrating(database, object(), object(), JudgeSettings.load())
    runs._calibrate(one, {id: (0, 0)})
    with database.read() as connection:
        [found] = calibrations.newest(connection)
    assert found.state == "failed" and "log has the reason" in found.problem
    database.close()
