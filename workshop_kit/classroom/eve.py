"""The dry run on the eve of an event: every account looked into, nothing made and nothing launched.

Quotas are counted for the teams that share an account: each needs a machine for training, and two endpoints in notebook
05 (one's own model and the one it started from).
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit.authoring import estimate as estimate_writing
from workshop_kit.authoring import plan as plan_rows
from workshop_kit.classroom.accounts import Account, open_accounts
from workshop_kit.classroom.class_job import QUICK, class_dataset, class_split
from workshop_kit.domains import load_domain
from workshop_kit.errors import AwsProblem, KitError
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.records import html_table
from workshop_kit.settings import DEFAULT_DOMAIN
from workshop_kit.training import TrainingConfig, plan_launch
from workshop_kit.training.cost import INSTANCES, PRICES_FROM
from workshop_kit.training.preflight import Check, model_access, preflight, quota_request_code, quotas

ENDPOINTS_PER_TEAM = 2
ROLES = ("writer", "judge", "reference")
_WORDS = {True: "ok", False: "stop", None: "unknown"}


@dataclass(frozen=True)
class Plan:
    """What is expected of each team; `endpoint_hours` are hours of one endpoint."""

    teams: int
    jobs: int = 3
    endpoint_hours: float = 2.0
    domain: str | Path = DEFAULT_DOMAIN


@dataclass(frozen=True)
class AccountRun:
    """One account's checks; `account_id` is '' where it could not be reached."""

    account: Account
    account_id: str
    region: str
    teams: int
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be in the way."""
        return not any(check.ok is False for check in self.checks)


@dataclass(frozen=True)
class Price:
    """One line of the event's price in USD for all teams; None where the kit knows no price."""

    what: str
    usd: float | None


@dataclass(frozen=True)
class DryRun:
    """Every account and the price of the whole event."""

    accounts: tuple[AccountRun, ...]
    prices: tuple[Price, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be in any account's way."""
        return all(run.ok for run in self.accounts)

    @property
    def usd(self) -> float:
        """The sum of what has a price."""
        return sum(price.usd or 0.0 for price in self.prices)

    @property
    def total(self) -> str:
        """The price in words."""
        unknown = [price.what for price in self.prices if price.usd is None]
        more = f", and what the kit has no price for: {'; '.join(unknown)}" if unknown else ""
        return f"about {self.usd:.2f} USD for the event{more}. {PRICES_FROM}."

    def rows(self) -> list[list[str]]:
        """A row a check: account, team, check, ok, stop or unknown, what was found and what to do."""
        return [
            [
                run.account_id or "not reached",
                run.account.team or "all",
                c.name,
                _WORDS[c.ok],
                f"{c.message} {c.fix}".strip(),
            ]
            for run in self.accounts
            for c in run.checks
        ]

    def to_csv(self) -> str:
        """rows() as CSV, then the prices."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(["account", "team", "check", "result", "found"])
        writer.writerows([spreadsheet_cell(cell) for cell in row] for row in self.rows())
        writer.writerows(
            ["", "", price.what, "price", "" if price.usd is None else f"{price.usd:.2f}"] for price in self.prices
        )
        return out.getvalue()

    def __str__(self) -> str:
        lines = []
        for run in self.accounts:
            lines.append(f"{run.account_id or 'not reached'}: {run.account}, {run.teams} teams")
            lines += [f"  [{_WORDS[c.ok]:>7}] {c.name}: {c.message} {c.fix}".rstrip() for c in run.checks]
        lines += [
            f"{price.what}: {'not known' if price.usd is None else f'{price.usd:.2f} USD'}" for price in self.prices
        ]
        return "\n".join([*lines, self.total, "Ready." if self.ok else "Not ready: look at the lines with 'stop'."])

    def _repr_html_(self) -> str:
        word = "Ready" if self.ok else "Not ready"
        money: list[list[object]] = [[p.what, "not known" if p.usd is None else f"{p.usd:.2f}"] for p in self.prices]
        return (
            f"<p><b>{word}.</b> {html.escape(self.total)}</p>"
            + html_table(["account", "team", "check", "", "found"], [list(row) for row in self.rows()])
            + html_table(["for all teams", "USD"], money)
        )


def dry_run(accounts: Iterable[Account], plan: Plan, *, progress: Callable[[str], None] | None = None) -> DryRun:
    """Look into every account; what can't be looked at is a finding, not an error.

    Raises BadInput when the domain can't be read.
    """
    parts = class_split(class_dataset(plan.domain), plan.domain)
    opened = open_accounts(accounts)
    runs, first = [], None
    shared = _teams_of(opened, plan.teams)
    for (account, aws, why), teams in zip(opened, shared, strict=True):
        if progress:
            progress(f"Looking into {account}")
        if aws is None:
            runs.append(AccountRun(account, "", account.region, teams, (Check("Connection", False, why),)))
            continue
        first = first or aws
        try:
            checks = _checks(aws, parts, teams)
        except KitError as problem:
            checks = (Check("Launch", False, str(problem)),)
        runs.append(AccountRun(account, aws.account_id, aws.region, teams, checks))
    return DryRun(tuple(runs), _prices(first, parts, plan))


def _teams_of(opened: list[tuple[Account, Any, str]], teams: int) -> list[int]:
    """How many teams work in each account: one where it is a team's own, those without one where it is shared."""
    own = len({account.team for account, _, _ in opened if account.team})
    share = sum(not account.team for account, _, _ in opened)
    left = max(teams - own, 0)
    rest = -(-left // share) if share else 0  # spread evenly, rounded up
    return [1 if account.team else rest for account, _, _ in opened]


def _checks(aws: Any, parts: Any, teams: int) -> tuple[Check, ...]:
    launch = plan_launch(aws, parts, TrainingConfig(QUICK))
    found = [check for check in preflight(aws, launch).checks if not check.name.startswith("Quota")]
    instance = launch.request["ResourceConfig"]["InstanceType"]
    hosting = launch.recipe.inference_instance
    wanted = {
        f"{instance} for training job usage": teams,
        f"{hosting} for endpoint usage": ENDPOINTS_PER_TEAM * teams,
    }
    found += _quotas(aws, wanted, teams)
    for role in ROLES:
        try:
            model = aws.choose_model(role)
        except AwsProblem as problem:
            found.append(Check(f"Model: {role}", False, str(problem)))
            continue
        found.append(replace(model_access(aws, model), name=f"Model: {role}"))
    return tuple(found)


def _quotas(aws: Any, wanted: dict[str, int], teams: int) -> list[Check]:
    try:
        there = {quota["QuotaName"].lower(): quota for quota in quotas(aws)}
    except AwsProblem as problem:
        return [Check("Quotas", None, f"could not be looked at ({str(problem).rstrip('.')}).")]
    found = []
    for name, need in wanted.items():
        quota = there.get(name.lower())
        title = f"Quota: {name}"
        if quota is None:
            found.append(Check(title, None, f"{need} are needed; the account's list does not name it."))
            continue
        value = int(quota["Value"])
        told = f"{value} at a time, {need} needed for {teams} team{'s' if teams != 1 else ''}."
        fix = f"Ask for more: {quota_request_code(aws.region, quota['QuotaCode'], need)}" if value < need else ""
        found.append(Check(title, value >= need, told, fix))
    return found


def _prices(aws: Any, parts: Any, plan: Plan) -> tuple[Price, ...]:
    """The event's price; on local AWS too it is what AWS would ask."""
    if aws is None:
        return ()
    try:
        launch = plan_launch(aws, parts, TrainingConfig(QUICK))
    except KitError:
        return ()
    job, machine = launch.estimate.aws_usd, INSTANCES.get(launch.recipe.inference_instance)
    n, hours = plan.teams, plan.endpoint_hours
    prices = [
        Price(f"{n * plan.jobs} training jobs", None if job is None else n * plan.jobs * job),
        Price(f"{n * hours:g} hours of endpoints", None if machine is None else n * hours * machine.usd_per_hour),
    ]
    try:
        writing = estimate_writing(
            plan_rows(load_domain(plan.domain), questions_per_topic=50), aws.choose_model("writer")
        )
        prices.append(Price(f"writing rows with {writing.model}", None if writing.usd is None else n * writing.usd))
        prices.append(
            Price(f"judging with {aws.choose_model('judge')}", 0.0 if writing.model.startswith("workshop.") else None)
        )
    except KitError:
        prices.append(Price("writing and judging", None))
    return tuple(prices)
