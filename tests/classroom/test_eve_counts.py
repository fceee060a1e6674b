"""The dry run counts all teams that share an account, leaves none without one, and does not call the unknown ready."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from workshop_kit.classroom import Account, dry_run, quota_counts
from workshop_kit.classroom.eve import AccountRun, DryRun, Plan
from workshop_kit.classroom.quota_counts import call_quotas
from workshop_kit.errors import AwsProblem
from workshop_kit.training.preflight import Check

NAMES = {"nova-pro": ("Amazon", "Nova Pro"), "llama3-2-90b": ("Meta", "Llama 3.2 90B Instruct")}
CROSS, HERE, WORLD = (f"{s} model inference" for s in ("Cross-region", "On-demand", "Global cross-region"))
WRITER, JUDGE = "us.amazon.nova-pro-v1:0", "us.meta.llama3-2-90b-instruct-v1:0"
ENOUGH = {
    f"{CROSS} requests per minute for Amazon Nova Pro": 500,
    f"{CROSS} requests per minute for Meta Llama 3.2 90B Instruct": 500,
}


class Quotas:
    """An account with these Bedrock quotas and models; None: it may not ask for quotas."""

    region = "us-west-2"

    def __init__(self, values: dict[str, float] | None, writer: str = WRITER, judge: str = JUDGE) -> None:
        self.values, self.models = values, {"writer": writer, "judge": judge}

    def client(self, service: str) -> Quotas:
        return self

    def choose_model(self, role: str) -> str:
        if not self.models[role]:
            raise AwsProblem("There is none.")
        return self.models[role]

    def get_foundation_model(self, modelIdentifier: str) -> Any:
        assert not modelIdentifier.startswith("us.") and not modelIdentifier.startswith("global.")
        maker, name = next(told for id, told in NAMES.items() if id in modelIdentifier)
        return {"modelDetails": {"providerName": maker, "modelName": name}}

    def list_service_quotas(self, ServiceCode: str, MaxResults: int, NextToken: str = "0") -> Any:
        if self.values is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "ListServiceQuotas")
        assert ServiceCode == "bedrock"
        rows = [
            {"QuotaName": n, "Value": float(v), "QuotaCode": f"L-{i}"} for i, (n, v) in enumerate(self.values.items())
        ]
        at = int(NextToken)
        return {"Quotas": rows[at : at + 1]} | ({"NextToken": str(at + 1)} if at + 1 < len(rows) else {})


def test_lines_of_several_teams_on_one_account_are_counted_together(local_aws: Any) -> None:
    many = dry_run([Account(f"Team {n}") for n in range(11)], Plan(teams=11))
    assert not many.ok and [run.teams for run in many.accounts] == [1] * 11
    for run in many.accounts:
        assert any(c.ok is False and "22 needed for 11 teams" in c.message for c in run.checks)
    few = dry_run([Account("Otters"), Account("Otters"), Account("")], Plan(teams=4))
    assert few.ok, str(few)
    assert "4 needed for 4 teams" in str(few) and few.verdict == "Ready."


def test_teams_without_any_account_are_a_stop(local_aws: Any) -> None:
    found = dry_run([Account("A"), Account("B"), Account("C")], Plan(teams=10))
    assert not found.ok and "7 of 10 have none" in str(found)
    assert "7 of 10" in found.to_csv() and "7 of 10" in found._repr_html_() and "Not ready" in str(found)
    assert dry_run([Account("A"), Account("B")], Plan(teams=2)).checks == ()


def test_what_could_not_be_looked_into_is_not_called_ready(local_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Any:
        raise AwsProblem("You may not list quotas.")

    monkeypatch.setattr(quota_counts, "quotas", refused)
    found = dry_run([Account()], Plan(teams=2))
    last = str(found).splitlines()[-1]
    assert found.ok and last == f"Ready, as far as could be looked into. Not known: Quotas of {local_aws.account_id}."
    assert "<b>Ready, as far as" in found._repr_html_()


def test_a_stop_is_told_before_what_is_unknown() -> None:
    run = AccountRun(Account(), "1", "us-west-2", 1, (Check("Rights", False, "no."), Check("Bucket", None, "?")))
    assert DryRun((run,), ()).verdict == "Not ready: look at the lines with 'stop'. Not known: Bucket of 1."


def test_calls_to_the_writer_and_the_judge_are_counted_for_all_teams() -> None:
    found = call_quotas(Quotas(ENOUGH), 12)
    assert [(c.name, c.ok) for c in found] == [
        ("Quota: requests to the writer", True),
        ("Quota: requests to the judge", True),
    ]
    assert "500 a minute for us.amazon.nova-pro-v1:0, about 480 needed for 12 teams." in found[0].message
    writer, judge = call_quotas(Quotas(ENOUGH), 50)
    assert writer.ok is False and 'ServiceCode="bedrock", QuotaCode="L-0", DesiredValue=2000' in writer.fix
    assert "calls_per_minute=10." in writer.fix and judge.ok is False and "calls_per_second" in judge.fix


@pytest.mark.parametrize(
    ("model", "counts"),
    [(WRITER, f"{CROSS}"), ("amazon.nova-pro-v1:0", f"{HERE}"), ("global.amazon.nova-pro-v1:0", f"{WORLD}")],
)
def test_the_quota_is_that_of_the_way_the_model_is_called(model: str, counts: str) -> None:
    values = {f"{way} requests per minute for Amazon Nova Pro": 1_000 for way in (CROSS, HERE, WORLD)}
    values[f"{counts} requests per minute for Amazon Nova Pro"] = 7
    assert [c.message.split(" ")[0] for c in call_quotas(Quotas(values, writer=model), 1)][0] == "7"


def test_tokens_count_too_and_other_models_quotas_do_not() -> None:
    values = ENOUGH | {
        "Cross-Region InvokeModel tokens per minute for Nova Pro": 100_000,
        f"{CROSS} requests per minute for Amazon Nova Pro 1M Context": 1,
        f"{CROSS} requests per minute for Amazon Nova Premier": 1,
    }
    found = {c.name: c for c in call_quotas(Quotas(values), 2)}
    assert found["Quota: requests to the writer"].ok and len(found) == 3
    tokens = found["Quota: tokens to the writer"]
    assert tokens.ok is False and "100,000 a minute" in tokens.message and "about 120,000 needed" in tokens.message


def test_calls_that_cant_be_told_are_unknown_and_local_models_have_no_quota() -> None:
    assert [c.ok for c in call_quotas(Quotas(None), 2)] == [None, None]
    unlisted = call_quotas(Quotas({"Custom models per account": 20}), 2)
    assert [c.ok for c in unlisted] == [None, None] and "names none for" in unlisted[0].message
    local = call_quotas(Quotas({}, "workshop.writer-v1:0", "workshop.judge-v1:0"), 500)
    assert [c.ok for c in local] == [True, True]
    assert call_quotas(Quotas({}, "", ""), 2) == []
