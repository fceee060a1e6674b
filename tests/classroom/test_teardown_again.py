"""A teardown in several runs: no account is forgotten, and an old listing is not signed as a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import Account, commands, teardown
from workshop_kit.classroom.teardown import tear_down
from workshop_kit.errors import AwsProblem

A, B = Account("Otters", profile="a"), Account("Newts", profile="b")


class There:
    """A connection to an account in which nothing of the kit's is."""

    region = "us-west-2"

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`lost` holds the profiles whose credentials have expired; `now` is the time."""
    told: dict[str, Any] = {"lost": set(), "now": "2026-11-20 18:00:00 UTC", "left": {}}

    def connect(account: Account) -> There:
        if account.profile in told["lost"]:
            raise AwsProblem(f"The credentials of profile {account.profile} have expired.")
        return There({"a": "111111111111", "b": "222222222222"}[account.profile])

    monkeypatch.setattr(Account, "connect", connect)
    monkeypatch.setattr(teardown, "find", lambda aws: told["left"].get(aws.account_id, []))
    monkeypatch.setattr(teardown, "_now", lambda: told["now"])
    return told


def test_an_account_that_was_never_reached_stays_open_until_it_is(world: dict[str, Any], tmp_path: Path) -> None:
    world["lost"] = {"b"}
    first = tear_down([A, B], tmp_path, "Ann", yes=True)
    assert not first.clean
    second = tear_down([A], tmp_path, "Ann", yes=True)
    assert not second.clean and "Newts (b)" in second.verdict and len(second.accounts) == 2
    page = (tmp_path / "teardown.html").read_text()
    assert "Not finished" in page and "Not reached: Newts (b)" in page
    world["lost"] = set()
    third = tear_down([B], tmp_path, "Ann", yes=True)
    assert third.clean and [a.account_id for a in third.accounts] == ["111111111111", "222222222222"]
    assert json.loads((tmp_path / "teardown.json").read_text())["clean"] is True


def test_it_stays_once_however_often_it_is_missed(world: dict[str, Any], tmp_path: Path) -> None:
    world["lost"] = {"b"}
    for _ in range(3):
        found = tear_down([B], tmp_path, "Ann")
    assert len(found.accounts) == 1 and "1 accounts could not be looked into" in found.verdict


def test_a_report_of_before_there_were_names_is_carried_on(world: dict[str, Any], tmp_path: Path) -> None:
    old = {
        "account_id": "", "region": "", "team": "Newts", "found": [], "removed": [], "left": [], "listed": "",
        "problem": "gone",
    }  # fmt: skip
    (tmp_path / "teardown.json").write_text(json.dumps({"accounts": [old]}))
    assert not tear_down([A], tmp_path, "Ann").clean
    assert tear_down([B], tmp_path, "Ann").clean


def test_what_was_listed_last_week_is_not_signed_as_todays(world: dict[str, Any], tmp_path: Path) -> None:
    assert tear_down([A, B], tmp_path, "Ann").earlier == ()
    world["now"] = "2026-11-27 09:00:00 UTC"
    found = tear_down([B], tmp_path, "Bo")
    assert [a.account_id for a in found.earlier] == ["111111111111"]
    assert "Not listed anew by this run" in found.verdict and "111111111111" in found.verdict
    assert "(2026-11-20 18:00:00 UTC)" in found.verdict and "222222222222" not in found.verdict
    page = (tmp_path / "teardown.html").read_text()
    assert "2026-11-20 18:00:00 UTC: no thing of the kit&#x27;s, by an earlier run" in page
    assert "2026-11-27 09:00:00 UTC: no thing of the kit&#x27;s.</p>" in page
    assert tear_down([A, B], tmp_path, "Bo").earlier == ()


def test_the_command_names_it_and_fails(
    world: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    world["lost"] = {"b"}
    tear_down([B], tmp_path, "Ann")
    accounts = tmp_path / "accounts.csv"
    accounts.write_text("team,profile\nOtters,a\n")
    assert commands._teardown(argparse.Namespace(accounts=accounts, out=tmp_path, who="Ann", yes=True)) == 1
    assert "Newts (b): The credentials of profile b have expired." in capsys.readouterr().out
