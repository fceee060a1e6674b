"""Is everything in place for a launch? Asked before it costs anything: who we are, rights, model, quota, rows.

A check that could not be made (no right to ask, say) is no failure: it says so, and what to look at instead.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.records import NO_FORMULAS
from workshop_kit.training.bedrock.planning import CustomizationPlan
from workshop_kit.training.launching import LaunchPlan

_MARKS = {True: ("ok", "#009E73"), False: ("stop", "#D55E00"), None: ("unknown", "#6b7280")}
# What a job does in the account's name.
_ACTIONS = {
    "sagemaker": ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:CreateLogStream", "logs:PutLogEvents"),
    "bedrock": ("s3:GetObject", "s3:PutObject", "s3:ListBucket"),
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `ok` is None where it could not be told. `fix` is what to do about it."""

    name: str
    ok: bool | None
    message: str
    fix: str = ""


@dataclass(frozen=True)
class Preflight:
    """All checks; `ok` unless one failed."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be in the way."""
        return not any(check.ok is False for check in self.checks)

    def __str__(self) -> str:
        return "\n".join(
            f"[{_MARKS[check.ok][0]:>7}] {check.name}: {check.message} {check.fix}".rstrip() for check in self.checks
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left;border-left:6px solid {_MARKS[c.ok][1]};padding-left:8px'>"
            f"{_MARKS[c.ok][0]}</td><th scope='row' style='text-align:left'>{html.escape(c.name)}</th>"
            f"<td style='text-align:left;white-space:normal'>{html.escape(f'{c.message} {c.fix}'.strip())}</td></tr>"
            for c in self.checks
        )
        return f"<table class='{NO_FORMULAS}'><tbody>{rows}</tbody></table>"


def preflight(aws: Any, plan: LaunchPlan | CustomizationPlan) -> Preflight:
    """Check everything a launch needs; launches nothing, changes nothing. Never raises for what AWS refuses."""
    bedrock = isinstance(plan, CustomizationPlan)
    service = "bedrock" if bedrock else "sagemaker"
    checks = [_credentials(aws), _role(aws), _rights(aws, service), _bucket(aws)]
    if isinstance(plan, CustomizationPlan):
        checks.append(model_access(aws, plan.config.base_model))
    else:
        checks.append(_eula(plan))
        instance = plan.request["ResourceConfig"]["InstanceType"]
        checks.append(_quota(aws, f"{instance} for training job usage"))
        checks.append(_quota(aws, f"{plan.recipe.inference_instance} for endpoint usage"))
    checks += _rows(plan)
    return Preflight(tuple(checks))


def quota_request_code(region: str, code: str, desired: int = 1, service: str = "sagemaker") -> str:
    """The call that asks for a higher quota, as a program."""
    return (
        f'boto3.client("service-quotas", region_name="{region}").request_service_quota_increase('
        f'ServiceCode="{service}", QuotaCode="{code}", DesiredValue={desired})'
    )


def _try(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except AwsProblem as problem:
        return Check(name, None, f"could not be looked at ({str(problem).rstrip('.')}).")


def _credentials(aws: Any) -> Check:
    name = "Credentials and region"
    try:
        who = kit_call(aws.client("sts").get_caller_identity)
    except AwsProblem as problem:
        return Check(name, False, str(problem))
    return Check(name, True, f"{who['Arn']} in {aws.region}.")


def _role(aws: Any) -> Check:
    name = "Execution role"
    if not aws.role_arn:
        return Check(name, False, "none was found.", "Set WORKSHOP_ROLE_ARN to a role that the service may take.")

    def look() -> Check:
        role = kit_call(aws.client("iam").get_role, RoleName=aws.role_arn.rsplit("/", 1)[-1])["Role"]
        return Check(name, True, f"{role['Arn']}.")

    return _try(name, look)


def _rights(aws: Any, service: str) -> Check:
    name = "Rights of the role"
    if not aws.role_arn:
        return Check(name, None, "there is no role to look at.")

    def look() -> Check:
        answers = kit_call(
            aws.client("iam").simulate_principal_policy,
            PolicySourceArn=aws.role_arn,
            ActionNames=list(_ACTIONS[service]),
            ResourceArns=["*"],
        )["EvaluationResults"]
        denied = [found["EvalActionName"] for found in answers if found["EvalDecision"] != "allowed"]
        if denied:
            fix = "Add them to the role, or ask whoever looks after the account."
            return Check(name, False, f"it may not {', '.join(denied)}.", fix)
        return Check(name, True, f"it may {', '.join(_ACTIONS[service])}.")

    return _try(name, look)


def _bucket(aws: Any) -> Check:
    def look() -> Check:
        kit_call(aws.client("s3").head_bucket, Bucket=aws.bucket)
        return Check("Bucket", True, f"{aws.bucket} is there.")

    return _try("Bucket", look)


def _eula(plan: LaunchPlan) -> Check:
    accepted = any(
        channel["DataSource"]["S3DataSource"].get("ModelAccessConfig", {}).get("AcceptEula")
        for channel in plan.request["InputDataConfig"]
    )
    name = "Model and licence"
    link = plan.recipe.document.get("HostingEulaUri") or plan.recipe.document.get("Url") or ""
    if not accepted:
        return Check(name, None, f"{plan.recipe.model_id} has no model channel, so no licence is accepted.")
    where = f" ({link})" if link else ""
    return Check(name, True, f"launching accepts the end-user licence of {plan.recipe.model_id}{where}; read it first.")


def model_access(aws: Any, model: str) -> Check:
    """Whether the account may use a Bedrock model, by its id or its inference profile's."""
    name = "Access to the model"
    if model.startswith("arn:"):
        return Check(name, True, "a custom model of this account.")
    # Without the context window's suffix and an inference profile's region.
    plain = re.sub(r"^(us|eu|apac|us-gov|global)\.", "", ":".join(model.split(":")[:2]))

    def look() -> Check:
        found = kit_call(aws.client("bedrock").get_foundation_model_availability, modelId=plain)
        wanted = {
            "region": found["regionAvailability"] == "AVAILABLE",
            "agreement": found["agreementAvailability"]["status"] == "AVAILABLE",
            "entitlement": found["entitlementAvailability"] == "AVAILABLE",
            "authorization": found["authorizationStatus"] == "AUTHORIZED",
        }
        missing = [what for what, there in wanted.items() if not there]
        if missing:
            fix = "Ask for access under Model access in the Bedrock console, or choose another region."
            return Check(name, False, f"{plain} lacks: {', '.join(missing)}.", fix)
        return Check(name, True, f"{plain} may be used here.")

    return _try(name, look)


def _quota(aws: Any, quota: str) -> Check:
    name = f"Quota: {quota}"

    def look() -> Check:
        for found in quotas(aws):
            if found["QuotaName"].lower() == quota.lower():
                value = int(found["Value"])
                if value >= 1:
                    return Check(name, True, f"{value} at a time.")
                code = quota_request_code(aws.region, found["QuotaCode"])
                return Check(name, False, "0: such a machine can't be started.", f"Ask for one: {code}")
        return Check(name, None, "the account's list does not name it.", "Look under Service Quotas in the console.")

    return _try(name, look)


def quotas(aws: Any, service: str = "sagemaker") -> Iterator[dict[str, Any]]:
    """A service's quotas in this account and region. Raises AwsProblem when AWS refuses."""
    client, token = aws.client("service-quotas"), None
    while True:
        more = {"NextToken": token} if token else {}
        page = kit_call(client.list_service_quotas, ServiceCode=service, MaxResults=100, **more)
        yield from page["Quotas"]
        token = page.get("NextToken")
        if not token:
            return


def _rows(plan: LaunchPlan | CustomizationPlan) -> list[Check]:
    if plan.errors:
        return [Check("Rows and settings", False, error) for error in plan.errors]
    if isinstance(plan, CustomizationPlan):
        count, recipe = len(plan.train), plan.recipe.title
    else:
        count, recipe = len(plan.split.train), plan.recipe.model_id
    return [Check("Rows and settings", True, f"{count} rows in the form that {recipe} takes.")]
