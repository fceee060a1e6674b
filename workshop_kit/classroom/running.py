"""What is running and what it costs, by team: asked of AWS through the kit's tags, priced by the kit's table.

Amounts are estimates in USD at on-demand prices; the bill is what counts. On the learner's own machine nobody is
billed: `charged` says so, and the amount is what AWS would ask.
"""

from __future__ import annotations

import html
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.playground.endpoints import missing
from workshop_kit.records import html_table
from workshop_kit.training.cost import INSTANCES, PRICES_FROM, charges
from workshop_kit.training.tags import OWNED, TEAM, as_dict

NO_TEAM = "(no team)"
MOST = 2_000  # of each kind that are looked at


@dataclass(frozen=True)
class Running:
    """One thing; `started` and `seen` in seconds since 1970, `usd` so far; None where the kit knows no price."""

    arn: str
    kind: str
    name: str
    team: str
    started: float
    seen: float
    running: bool
    usd_per_hour: float | None
    usd: float | None
    charged: bool


def look(aws: Any, team: str = "", *, since: float = 0.0, now: float | None = None) -> list[Running]:
    """The kit's endpoints, jobs and deployments in one account and region; jobs that ended after `since` too.

    `team` is whose account it is; '' reads the team from each thing's tag. Raises AwsProblem when AWS refuses.
    """
    now = time.time() if now is None else now
    found = [*_endpoints(aws, now), *_jobs(aws, since, now), *_bedrock(aws, since, now)]
    return [replace(one, team=team) for one in found] if team else found


def _endpoints(aws: Any, now: float) -> Iterator[Running]:
    client = aws.client("sagemaker")
    for row in _pages(client.list_endpoints, "Endpoints", {"SortBy": "CreationTime", "SortOrder": "Descending"}):
        tags = _tags(client, row["EndpointArn"])
        if OWNED not in tags:
            continue
        try:
            config = kit_call(client.describe_endpoint, EndpointName=row["EndpointName"])["EndpointConfigName"]
            variants = kit_call(client.describe_endpoint_config, EndpointConfigName=config)["ProductionVariants"]
        except AwsProblem as problem:
            if not missing(problem):
                raise
            continue
        machines = [(v.get("InstanceType", ""), v.get("InitialInstanceCount", 1)) for v in variants]
        started = row["CreationTime"].timestamp()
        rate = _rate(machines)
        yield Running(
            row["EndpointArn"], "endpoint", row["EndpointName"], _team(tags), started, now, True, rate,
            None if rate is None else rate * max(now - started, 0.0) / 3600, charges(aws),
        )  # fmt: skip


def _jobs(aws: Any, since: float, now: float) -> Iterator[Running]:
    client = aws.client("sagemaker")
    order = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    for row in _pages(client.list_training_jobs, "TrainingJobSummaries", order):
        if row["CreationTime"].timestamp() < since:
            return  # newest first: the rest is older
        tags = _tags(client, row["TrainingJobArn"])
        if OWNED not in tags:
            continue
        job = kit_call(client.describe_training_job, TrainingJobName=row["TrainingJobName"])
        machine = job["ResourceConfig"]
        rate = _rate([(machine.get("InstanceType", ""), machine.get("InstanceCount", 1))])
        started = job["CreationTime"].timestamp()
        runs = job["TrainingJobStatus"] in ("InProgress", "Stopping")
        paid = now - job.get("TrainingStartTime", job["CreationTime"]).timestamp()
        seconds = paid if runs else job.get("BillableTimeInSeconds", 0)
        yield Running(
            row["TrainingJobArn"], "training job", row["TrainingJobName"], _team(tags), started, now, runs, rate,
            None if rate is None else rate * max(seconds, 0.0) / 3600, charges(aws),
        )  # fmt: skip


# kind, list operation, member, ARN, name, time, which status runs; none of them has a price by the hour in the table.
_BEDROCK = (
    (
        "customization job",
        "list_model_customization_jobs",
        "modelCustomizationJobSummaries",
        ("jobArn", "jobName", "creationTime"),
        "InProgress",
    ),
    (
        "custom model deployment",
        "list_custom_model_deployments",
        "modelDeploymentSummaries",
        ("customModelDeploymentArn", "customModelDeploymentName", "createdAt"),
        "Active",
    ),
    (
        "provisioned throughput",
        "list_provisioned_model_throughputs",
        "provisionedModelSummaries",
        ("provisionedModelArn", "provisionedModelName", "creationTime"),
        "InService",
    ),
)


def _bedrock(aws: Any, since: float, now: float) -> Iterator[Running]:
    client = aws.client("bedrock")
    for kind, call, member, (arn, name, created), alive in _BEDROCK:
        for row in _pages(getattr(client, call), member, {}, lower=True):
            started = row[created].timestamp()
            runs = row.get("status", alive) in (alive, "Creating", "Stopping", "Updating")
            if not runs and started < since:
                continue
            try:
                found = kit_call(client.list_tags_for_resource, resourceARN=row[arn])["tags"]
            except AwsProblem as problem:
                if problem.code == "ResourceNotFoundException":
                    continue
                raise
            tags = {tag["key"]: tag["value"] for tag in found}
            if OWNED in tags:
                # A deployment costs by the token alone; what the others cost the table does not know.
                free = 0.0 if kind == "custom model deployment" else None
                yield Running(row[arn], kind, row[name], _team(tags), started, now, runs, free, free, charges(aws))


@dataclass(frozen=True)
class Money:
    """What was looked at, and `problems` of accounts that could not be."""

    found: tuple[Running, ...]
    problems: tuple[str, ...] = ()

    def by_team(self) -> list[dict[str, Any]]:
        """A row a team: what runs now, USD per hour and so far, and how many things have no price; dearest first."""
        rows: dict[str, dict[str, Any]] = {}
        for one in self.found:
            row = rows.setdefault(
                one.team or NO_TEAM,
                {
                    "team": one.team or NO_TEAM, "endpoints": 0, "jobs": 0, "other": 0, "usd_per_hour": 0.0,
                    "usd": 0.0, "unpriced": 0, "charged": False,
                },
            )  # fmt: skip
            kind = {"endpoint": "endpoints", "training job": "jobs", "customization job": "jobs"}.get(one.kind, "other")
            if one.running:
                row[kind] += 1
                row["usd_per_hour"] += one.usd_per_hour or 0.0
            row["usd"] += one.usd or 0.0
            row["unpriced"] += one.usd is None
            row["charged"] |= one.charged
        return sorted(rows.values(), key=lambda row: (-row["usd"], row["team"]))

    @property
    def note(self) -> str:
        """What the amounts are worth, and what is not in them."""
        where = "" if any(one.charged for one in self.found) else "Nobody is billed: this is what AWS would ask. "
        return f"{where}Estimates, {PRICES_FROM}.{self._unpriced}"

    @property
    def _unpriced(self) -> str:
        kinds = Counter(one.kind for one in self.found if one.usd is None)
        if not kinds:
            return ""
        which = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(kinds.items()))
        return (
            f" Not in the sums, for the kit has no price for it: {which}. Provisioned throughput costs by the hour, "
            "asked or not; the bill says how much."
            if "provisioned throughput" in kinds
            else f" Not in the sums, for the kit has no price for it: {which}."
        )

    def _repr_html_(self) -> str:
        columns = ["team", "endpoints", "jobs", "other", "USD per hour now", "USD so far", "without a price"]
        rows: list[list[object]] = [
            [
                row["team"], row["endpoints"], row["jobs"], row["other"], f"{row['usd_per_hour']:.2f}",
                f"{row['usd']:.2f}", row["unpriced"] or "",
            ]
            for row in self.by_team()
        ]  # fmt: skip
        told = "".join(f"<p role='alert'>{html.escape(problem)}</p>" for problem in self.problems)
        return html_table(columns, rows, self.note) + told


def money(accounts: Iterable[tuple[str, Any]], *, since: float = 0.0) -> Money:
    """Look into several accounts, (team, connection) each; '' for an account that several teams share."""
    found: list[Running] = []
    problems = []
    for team, aws in accounts:
        try:
            found += look(aws, team, since=since)
        except AwsProblem as problem:
            problems.append(f"{team or aws.account_id}: {problem}")
    return Money(tuple(found), tuple(problems))


def _rate(machines: list[tuple[str, int]]) -> float | None:
    if not machines or any(name not in INSTANCES for name, _ in machines):
        return None
    return sum(INSTANCES[name].usd_per_hour * count for name, count in machines)


def _team(tags: dict[str, str]) -> str:
    return tags.get(TEAM, "")


def _tags(client: Any, arn: str) -> dict[str, str]:
    try:
        return as_dict(kit_call(client.list_tags, ResourceArn=arn)["Tags"])
    except AwsProblem as problem:
        if missing(problem):
            return {}  # it went between the listing and the asking
        raise


def _pages(call: Any, member: str, arguments: dict[str, Any], *, lower: bool = False) -> Iterator[dict[str, Any]]:
    token_in, size = ("nextToken", "maxResults") if lower else ("NextToken", "MaxResults")
    token, seen = None, 0
    while seen < MOST:
        page = kit_call(call, **{size: 100}, **arguments, **({token_in: token} if token else {}))
        yield from page[member]
        seen += len(page[member])
        token = page.get(token_in)
        if not token:
            return
