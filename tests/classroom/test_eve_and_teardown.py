"""The eve of an event and the day after: accounts looked into, quotas for all teams, everything removed with proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.aws import connect
from workshop_kit.classroom import Account, dry_run, money, read_accounts, tear_down
from workshop_kit.classroom.eve import Plan
from workshop_kit.classroom.running import look
from workshop_kit.errors import BadInput
from workshop_kit.training.tags import make_tags

IMAGE = "000000000000.dkr.ecr.us-west-2.amazonaws.com/workshop-local-inference:1"


def made(aws: Any, name: str, team: str = "", tags: Any = None) -> None:
    """A model and its configuration, marked as the kit's."""
    connect()  # makes the bucket anew where a teardown has removed it
    aws.client("s3").put_object(Bucket=aws.bucket, Key="m.tar.gz", Body=b"not looked into before an endpoint needs it")
    marked = make_tags(**({"team": team} if team else {})) if tags is None else tags
    aws.client("sagemaker").create_model(
        ModelName=name, ExecutionRoleArn=aws.role_arn, Tags=marked,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{aws.bucket}/m.tar.gz"},
    )  # fmt: skip
    variant = {"VariantName": "A", "ModelName": name, "InstanceType": "ml.g5.2xlarge", "InitialInstanceCount": 1}
    aws.client("sagemaker").create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], Tags=marked)


def test_a_dry_run_checks_rights_models_and_quotas_for_all_teams(local_aws: Any, tmp_path: Path) -> None:
    found = dry_run([Account()], Plan(teams=4))
    text = str(found)
    assert found.ok, text
    for word in ("Credentials", "Rights", "Model: judge", "20 at a time, 4 needed for 4 teams", "8 needed"):
        assert word in text
    assert "12 training jobs" in text and found.usd > 0 and "about" in found.total
    many = dry_run([Account()], Plan(teams=30))
    assert not many.ok and "request_service_quota_increase" in str(many) and "DesiredValue=60" in str(many)
    assert "stop" in many.to_csv() and "<table" in many._repr_html_()


def test_an_account_that_cant_be_reached_is_a_finding_and_the_others_go_on(local_aws: Any, monkeypatch: Any) -> None:
    found = dry_run([Account("Newts", profile="not-there"), Account("Otters")], Plan(teams=2))
    lost, there = found.accounts
    assert not found.ok and not lost.ok and "not-there" in str(found)
    assert there.ok and there.teams == 1


def test_a_role_is_taken_for_another_teams_account(local_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account("Otters", role_arn=local_aws.role_arn, region="us-west-2")
    aws = account.connect()
    assert aws.region == "us-west-2" and aws.account_id and aws.client("sts").get_caller_identity()["Arn"]


def test_a_list_of_accounts_is_refused_by_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("team,profile,role_arn,region\nA,,arn:nope,us-west-2\nB,p,,moon\nB,p,,moon\n")
    with pytest.raises(BadInput) as problem:
        read_accounts(path)
    for word in ("line 2, field 'role_arn'", "line 3, field 'region'", "line 4: is the same"):
        assert word in str(problem.value)
    path.write_text("team,profile\nA,one\n\nB,two\n")
    assert read_accounts(path) == (Account("A", "one"), Account("B", "two"))
    path.write_text("who\nA\n")
    with pytest.raises(BadInput, match="column 'who'"):
        read_accounts(path)


def test_what_runs_is_told_by_team_and_priced(local_aws: Any) -> None:
    made(local_aws, "otters-model", "Otters")
    made(local_aws, "not-the-kits", tags=[])
    for name in ("otters-model", "not-the-kits"):
        tags = make_tags(team="Otters") if name == "otters-model" else []
        local_aws.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)
    now = local_aws.client("sagemaker").describe_endpoint(EndpointName="otters-model")["CreationTime"].timestamp()
    found = look(local_aws, now=now + 7200)
    assert [one.name for one in found if one.kind == "endpoint"] == ["otters-model"]
    mine = next(one for one in found if one.name == "otters-model")
    assert (mine.team, mine.running, mine.charged) == ("Otters", True, False)
    assert mine.usd_per_hour == pytest.approx(1.515) and mine.usd == pytest.approx(3.03)
    told = money([("", local_aws)])
    assert told.by_team()[0]["endpoints"] == 1 and "Nobody is billed" in told.note and "Otters" in told._repr_html_()
    for name in ("otters-model", "not-the-kits"):
        local_aws.client("sagemaker").delete_endpoint(EndpointName=name)


def test_the_ledger_remembers_what_was_deleted(local_aws: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    from workshop_kit.classroom.ledger import keep, kept
    from workshop_kit.classroom.running import Running
    from workshop_kit.league.store.database import open_database

    database = open_database(tmp_path / "x.sqlite")
    here, there = {("us-west-2", "1")}, {("us-west-2", "2")}
    one = Running(
        "arn:aws:sagemaker:us-west-2:1:endpoint/e", "endpoint", "e", "Otters", 0.0, 3600.0, True, 2.0, 2.0, True
    )
    with database.write() as connection:
        keep(connection, [one], here)
        keep(connection, [replace(one, seen=7200.0, usd=4.0)], here)
        keep(connection, [], there)
        assert kept(connection).by_team()[0]["endpoints"] == 1, "a look elsewhere ended it"
        keep(connection, [], here)
        row = kept(connection).by_team()[0]
    assert (row["usd"], row["endpoints"], row["usd_per_hour"]) == (4.0, 0, 0.0)
    database.close()


def test_a_teardown_lists_then_removes_and_proves_it(local_aws: Any, tmp_path: Path) -> None:
    made(local_aws, "left-over")
    made(local_aws, "not-the-kits-either", tags=[])
    listed = tear_down([Account()], tmp_path, "Ann <b>")
    assert not listed.clean and "model left-over" in listed.accounts[0].left
    done = tear_down([Account()], tmp_path, "Ann <b>", yes=True)
    assert done.clean and "Nothing is left" in done.verdict
    assert "model left-over" in done.accounts[0].removed and done.accounts[0].left == ()
    models = [row["ModelName"] for row in local_aws.client("sagemaker").list_models()["Models"]]
    assert "left-over" not in models and "not-the-kits-either" in models
    again = tear_down([Account()], tmp_path, "Ann <b>", yes=True)
    assert "model left-over" in again.accounts[0].removed, "a further run forgot what was removed"
    page = (tmp_path / "teardown.html").read_text()
    assert "Signed off by Ann &lt;b&gt;" in page and again.signature in page and "left-over" in page
    assert json.loads((tmp_path / "teardown.json").read_text())["clean"] is True


def test_an_account_that_fails_keeps_the_report_from_being_clean(local_aws: Any, tmp_path: Path) -> None:
    found = tear_down([Account("Newts", profile="not-there"), Account()], tmp_path, "Ann", yes=True)
    assert not found.clean and "1 accounts could not be looked into" in found.verdict
    assert any(account.clean for account in found.accounts)
    with pytest.raises(BadInput, match="who signs"):
        tear_down([Account()], tmp_path, " ")


def test_the_server_looks_into_the_accounts_that_its_workspace_names(served: Any, local_aws: Any) -> None:
    room = served(aws=local_aws)
    made(local_aws, "newts-model")
    tags = make_tags()
    local_aws.client("sagemaker").create_endpoint(EndpointName="newts", EndpointConfigName="newts-model", Tags=tags)
    first = room.told("GET", "/api/class/money", room.organizer)
    assert [row["team"] for row in first["teams"]] == ["(no team)"] and first["running"][0]["name"] == "newts"
    accounts = room.app.state.context.home / "league" / "accounts.csv"
    accounts.write_text("team,profile\nLost,not-there\n")
    lost = room.told("GET", "/api/class/money?fresh=true", room.organizer)
    assert "Lost" in lost["problem"] and lost["running"], "what could not be looked at is not gone"
    local_aws.client("sagemaker").delete_endpoint(EndpointName="newts")
