"""The dry run on the eve of an event: every account looked into, nothing made and nothing launched.

Quotas are counted for all teams that share an account and region, by however many lines of the list they are named.
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
from workshop_kit.aws.account_list import Account, open_accounts
from workshop_kit.classroom.class_job import QUICK, class_dataset, class_split
from workshop_kit.classroom.quota_counts import call_quotas, machine_quotas
from workshop_kit.domains import load_domain
from workshop_kit.errors import AwsProblem, KitError
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.records import html_table
from workshop_kit.settings import DEFAULT_DOMAIN
from workshop_kit.training import TrainingConfig, plan_launch
from workshop_kit.training.cost import INSTANCES, PRICES_FROM
from workshop_kit.training.preflight import Check, model_access, preflight

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
    """Every account and the price of the whole event; `checks` are those of the event as a whole."""

    accounts: tuple[AccountRun, ...]
    prices: tuple[Price, ...]
    checks: tuple[Check, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be in the event's way; `unknown` is what could not be looked into."""
        return all(run.ok for run in self.accounts) and not any(check.ok is False for check in self.checks)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be looked into, each with its account."""
        return tuple(f"{c.name} of {run.account_id}" for run in self.accounts for c in run.checks if c.ok is None)

    @property
    def verdict(self) -> str:
        """The dry run in a sentence or two."""
        if not self.ok:
            told = "Not ready: look at the lines with 'stop'."
        else:
            told = "Ready, as far as could be looked into." if self.unknown else "Ready."
        return f"{told} Not known: {'; '.join(dict.fromkeys(self.unknown))}." if self.unknown else told

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
        whole = [["", "all", c.name, _WORDS[c.ok], f"{c.message} {c.fix}".strip()] for c in self.checks]
        return whole + [
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
        lines = [f"[{_WORDS[c.ok]:>7}] {c.name}: {c.message} {c.fix}".rstrip() for c in self.checks]
        for run in self.accounts:
            lines.append(f"{run.account_id or 'not reached'}: {run.account}, {run.teams} teams")
            lines += [f"  [{_WORDS[c.ok]:>7}] {c.name}: {c.message} {c.fix}".rstrip() for c in run.checks]
        lines += [
            f"{price.what}: {'not known' if price.usd is None else f'{price.usd:.2f} USD'}" for price in self.prices
        ]
        return "\n".join([*lines, self.total, self.verdict])

    def _repr_html_(self) -> str:
        money: list[list[object]] = [[p.what, "not known" if p.usd is None else f"{p.usd:.2f}"] for p in self.prices]
        return (
            f"<p><b>{html.escape(self.verdict)}</b> {html.escape(self.total)}</p>"
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
    lines = _teams_of(opened, plan.teams)
    counted: dict[tuple[str, str], list[Check]] = {}
    for (account, aws, why), teams in zip(opened, lines, strict=True):
        if progress:
            progress(f"Looking into {account}")
        if aws is None:
            runs.append(AccountRun(account, "", account.region, teams, (Check("Connection", False, why),)))
            continue
        first = first or aws
        place = (aws.account_id, aws.region)
        try:
            checks, launch = _checks(aws, parts)
            if place not in counted or any(check.ok is None for check in counted[place]):
                counted[place] = _quotas(aws, launch, _teams_at(opened, plan.teams, place))
            checks += counted[place]
        except KitError as problem:
            checks = [Check("Launch", False, str(problem))]
        runs.append(AccountRun(account, aws.account_id, aws.region, teams, tuple(checks)))
    return DryRun(tuple(runs), _prices(first, parts, plan), _room_for_all(opened, plan.teams))


def _teams_of(opened: list[tuple[Account, Any, str]], teams: int) -> list[int]:
    """How many teams work in each account: one where it is a team's own, those without one where it is shared."""
    return [1 if account.team else _sharing(opened, teams, 1) for account, _, _ in opened]


def _teams_at(opened: list[tuple[Account, Any, str]], teams: int, place: tuple[str, str]) -> int:
    """How many teams work in one account and region, over all the lines that lead there."""
    here = [account for account, aws, _ in opened if aws is not None and (aws.account_id, aws.region) == place]
    return len({a.team for a in here if a.team}) + _sharing(opened, teams, sum(not a.team for a in here))


def _sharing(opened: list[tuple[Account, Any, str]], teams: int, lines: int) -> int:
    """How many of the teams without an account of their own come to so many of the shared lines, rounded up."""
    shared = sum(not account.team for account, _, _ in opened)
    left = max(teams - len(_owners(opened)), 0)
    return -(-left * lines // shared) if shared else 0


def _owners(opened: list[tuple[Account, Any, str]]) -> set[str]:
    return {account.team for account, _, _ in opened if account.team}


def _room_for_all(opened: list[tuple[Account, Any, str]], teams: int) -> tuple[Check, ...]:
    own = len(_owners(opened))
    if own >= teams or any(not account.team for account, _, _ in opened):
        return ()
    told = f"{own} teams have an account of their own and none is shared: {teams - own} of {teams} have none."
    return (Check("Accounts", False, told, "Add a line for each of them, or one without a team that they share."),)


def _checks(aws: Any, parts: Any) -> tuple[list[Check], Any]:
    """All but the quotas, and the launch that was looked at."""
    launch = plan_launch(aws, parts, TrainingConfig(QUICK))
    found = [check for check in preflight(aws, launch).checks if not check.name.startswith("Quota")]
    for role in ROLES:
        try:
            model = aws.choose_model(role)
        except AwsProblem as problem:
            found.append(Check(f"Model: {role}", False, str(problem)))
            continue
        found.append(replace(model_access(aws, model), name=f"Model: {role}"))
    return found, launch


def _quotas(aws: Any, launch: Any, teams: int) -> list[Check]:
    training = launch.request["ResourceConfig"]["InstanceType"]
    machines = machine_quotas(aws, training, launch.recipe.inference_instance, teams)
    return machines + call_quotas(aws, teams)


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
