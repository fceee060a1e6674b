"""Quotas counted for the teams that share one account and region: machines, and calls to the writer and the judge.

What a team needs is an assumption: a machine for training, two endpoints in notebook 05 (one's own model and the one it
started from), and four calls at a time to the writer and to the judge, of about six seconds and 1,500 tokens each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.training.preflight import Check, quota_request_code, quotas

ENDPOINTS_PER_TEAM = 2
CALLS_PER_MINUTE, TOKENS_PER_CALL = 40, 1_500
CALLERS = ("writer", "judge")
# Which of a model's quotas counts goes by its id: a profile of the whole world, one of a part of it, or none.
_PROFILE = re.compile(r"(global|us|us-gov|eu|apac|au|ca|jp|sa)\.")
# "Cross-region model inference requests per minute for Amazon Nova Pro"; older ones say InvokeModel.
_CALLS = re.compile(
    r"(?P<scope>global cross-region|cross-region|on-demand) (?:model inference|invokemodel) "
    r"(?P<what>requests|tokens) per minute for (?P<model>.+)"
)


def machine_quotas(aws: Any, training: str, hosting: str, teams: int) -> list[Check]:
    """Whether so many teams can train and host at the same time on these types of machine."""
    wanted = {
        f"{training} for training job usage": teams,
        f"{hosting} for endpoint usage": ENDPOINTS_PER_TEAM * teams,
    }

    def look() -> list[Check]:
        there = {quota["QuotaName"].lower(): quota for quota in quotas(aws)}
        return [_machine(aws, there.get(name.lower()), name, need, teams) for name, need in wanted.items()]

    return _looked("Quotas", look)


def call_quotas(aws: Any, teams: int) -> list[Check]:
    """Whether so many teams can call the writer and the judge at the same time, by the account's own quotas.

    Accounts have requests or tokens per minute or both; each that the account lists is looked at.
    """
    found: list[Check] = []
    for role in CALLERS:
        try:
            model = aws.choose_model(role)
        except AwsProblem:
            continue  # the check of the model says so
        name = f"Quota: calls to the {role}"
        if model.startswith("workshop."):
            found.append(Check(name, True, f"{model} has none: it runs where local AWS does."))
        else:
            found += _looked(name, partial(_calls, aws, role, model, teams))
    return found


def _looked(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    try:
        return look()
    except AwsProblem as problem:
        return [Check(name, None, f"could not be looked at ({str(problem).rstrip('.')}).")]


def _machine(aws: Any, quota: dict[str, Any] | None, name: str, need: int, teams: int) -> Check:
    if quota is None:
        return Check(f"Quota: {name}", None, f"{need} are needed; the account's list does not name it.")
    value = int(quota["Value"])
    told = f"{value} at a time, {need} needed for {_teams(teams)}."
    fix = f"Ask for more: {quota_request_code(aws.region, quota['QuotaCode'], need)}" if value < need else ""
    return Check(f"Quota: {name}", value >= need, told, fix)


def _calls(aws: Any, role: str, model: str, teams: int) -> list[Check]:
    scope, names = _scope(model), _names(aws, model)
    needs = {"requests": CALLS_PER_MINUTE * teams, "tokens": CALLS_PER_MINUTE * TOKENS_PER_CALL * teams}
    found = []
    for quota in quotas(aws, "bedrock"):
        told = _CALLS.fullmatch(quota["QuotaName"].lower())
        if not told or told["scope"] != scope or _plain(told["model"]) not in names:
            continue
        what = told["what"]
        value, need = int(quota["Value"]), needs[what]
        message = f"{value:,} a minute for {model}, about {need:,} needed for {_teams(teams)}."
        fix = ""
        if value < need:
            code = quota_request_code(aws.region, quota["QuotaCode"], need, "bedrock")
            fix = f"Ask for more ({code}), or {_slower(role, value / need)}."
        found.append(Check(f"Quota: {what} to the {role}", value >= need, message, fix))
    if found:
        return found
    message = f"the account's list names none for {model}; about {needs['requests']:,} calls a minute are needed."
    return [Check(f"Quota: calls to the {role}", None, message, "Look under Service Quotas in the console.")]


def _slower(role: str, part: float) -> str:
    """How to do with a part of the calls."""
    if role == "writer":
        return f"have each team write with calls_per_minute={max(CALLS_PER_MINUTE * part, 1):.0f}"
    return "set the event's calls_per_second, so that judging waits instead of being refused"


def _scope(model: str) -> str:
    profile = _PROFILE.match(model)
    if not profile:
        return "on-demand"
    return "global cross-region" if profile[1] == "global" else "cross-region"


def _names(aws: Any, model: str) -> set[str]:
    """What quotas may call a model: its name, with and without its maker's."""
    plain = _PROFILE.sub("", model, count=1)
    told = kit_call(aws.client("bedrock").get_foundation_model, modelIdentifier=plain)["modelDetails"]
    name = told.get("modelName") or plain
    return {_plain(name), _plain(f"{told.get('providerName', '')} {name}")}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _teams(count: int) -> str:
    return f"{count} team{'s' if count != 1 else ''}"
