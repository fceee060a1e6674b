"""The fault switch: local AWS throttles, runs out of quota or capacity, or drops connections, when it is told to.

Off unless rules are set: `PUT /_workshop/faults` with a JSON list, `GET` shows what is left of them, `DELETE` clears.
A rule is {"operation": a name or "*", "fault": one of FAULTS, "times": 1 unless told, "seconds": for "slow"}.
Rules are kept on disk and counted down by whoever meets them, so that a restart neither forgets nor repeats one.
"""

from __future__ import annotations

import json
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.protocol import Operation

PATH = "/_workshop/faults"
KIND, KEY = "faults", "rules"
MOST_RULES = 100

_QUOTA = (
    "The account-level service limit '{instance} for {use} usage' is 0 Instances, with current utilization of 0 "
    "Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota."
)
# fault -> (code, message, HTTP status), where the service has no words of its own below.
_ERRORS: dict[str, tuple[str, str, int]] = {
    "throttling": ("ThrottlingException", "Rate exceeded", 400),
    "quota": ("ServiceQuotaExceededException", "You have reached the quota of this account for the request.", 400),
    "capacity": ("InsufficientCapacityException", "There is not enough capacity for the request now.", 400),
    "expired": ("ExpiredTokenException", "The security token included in the request is expired", 403),
    "access-denied": ("AccessDeniedException", "User is not authorized to perform: {operation}", 403),
    "internal": ("InternalFailure", "The request processing has failed because of an unknown error.", 500),
}
_BY_SERVICE: dict[tuple[str, str], tuple[str, str, int]] = {
    ("s3", "throttling"): ("SlowDown", "Please reduce your request rate.", 503),
    ("s3", "expired"): ("ExpiredToken", "The provided token has expired.", 400),
    ("s3", "access-denied"): ("AccessDenied", "Access Denied", 403),
    ("s3", "internal"): ("InternalError", "We encountered an internal error. Please try again.", 500),
    ("lambda", "throttling"): ("TooManyRequestsException", "Rate Exceeded.", 429),
    ("sagemaker", "quota"): ("ResourceLimitExceeded", _QUOTA, 400),
    ("bedrock-runtime", "throttling"): (
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
        429,
    ),
    ("bedrock-runtime", "internal"): ("InternalServerException", "The system met an unexpected error.", 500),
    ("bedrock", "internal"): ("InternalServerException", "The system met an unexpected error.", 500),
}
FAULTS = (*_ERRORS, "drop", "drop-after", "slow")


class BadRules(ValueError):
    """Rules that can't be used; one sentence says why."""


def set_rules(ctx: Context, rules: Any) -> None:
    """Replace the rules. Raises BadRules."""
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise BadRules(f"Faults are a JSON list of at most {MOST_RULES} rules.")
    read = []
    for number, rule in enumerate(rules, start=1):
        if not isinstance(rule, dict) or rule.get("fault") not in FAULTS:
            raise BadRules(f"Rule {number} needs a fault: one of {', '.join(FAULTS)}.")
        times, seconds = rule.get("times", 1), rule.get("seconds", 1.0)
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise BadRules(f"Rule {number}: times is {times!r}; it must be a whole number above 0.")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= 300:
            raise BadRules(f"Rule {number}: seconds is {seconds!r}; it must be a number from 0 to 300.")
        operation = str(rule.get("operation", "*"))
        read.append({"operation": operation, "fault": rule["fault"], "times": times, "seconds": seconds})
    ctx.store.put(KIND, KEY, {"rules": read})


def rules(ctx: Context) -> list[dict[str, Any]]:
    """The rules that still have something to do."""
    return (ctx.store.get(KIND, KEY) or {"rules": []})["rules"]


def take(ctx: Context, operation: Operation) -> dict[str, Any] | None:
    """The first rule for an operation, counted down by one; None when there is none."""
    if not rules(ctx):
        return None  # the common case costs one read and no write
    taken: list[dict[str, Any]] = []

    def count(document: dict[str, Any]) -> dict[str, Any]:
        for rule in document["rules"]:
            if rule["operation"] in ("*", operation.name):
                taken.append(dict(rule))
                rule["times"] -= 1
                break
        return {"rules": [rule for rule in document["rules"] if rule["times"] > 0]}

    ctx.store.update(KIND, KEY, count)
    return taken[0] if taken else None


def error(rule: dict[str, Any], operation: Operation, params: dict[str, Any]) -> AwsError | None:
    """The error that a rule means for an operation; None for one that is not about an answer."""
    fault = rule["fault"]
    found = _BY_SERVICE.get((operation.service, fault)) or _ERRORS.get(fault)
    if found is None:
        return None
    code, message, status = found
    instance = (params.get("ResourceConfig") or {}).get("InstanceType", "ml.g5.2xlarge")
    use = "training job" if "Training" in operation.name else "endpoint"
    text = message.format(instance=instance, use=use, operation=f"{operation.service}:{operation.name}")
    return AwsError(code, text, status=status)


def answer(ctx: Context, method: str, body: bytes) -> tuple[int, Any]:
    """The control door: (HTTP status, what to answer as JSON)."""
    if method == "PUT":
        try:
            set_rules(ctx, json.loads(body or b"[]"))
        except (ValueError, RecursionError) as problem:
            return 400, {"error": str(problem)}
    elif method == "DELETE":
        ctx.store.delete(KIND, KEY)
    elif method != "GET":
        return 405, {"error": "Use GET, PUT or DELETE."}
    return 200, rules(ctx)
