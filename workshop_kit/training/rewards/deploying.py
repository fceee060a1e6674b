"""A reward function as a Lambda function in the account: made or brought up to date, tagged, open to Bedrock."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.training.rewards.packing import HANDLER, pack
from workshop_kit.training.tags import as_dict, make_tags

RUNTIME = "python3.12"
TIMEOUT = 900  # seconds: Lambda's longest, and what Bedrock waits for
MEMORY = 512  # MB


def deploy_reward(
    aws: Any, name: str, reward: str | Path, *, judge: str | Path | None = None, judge_model: str | None = None
) -> str:
    """Make (or bring up to date) the Lambda function `workshop-kit-<name>` from a reward function; returns its ARN.

    `judge` names a judge's prompt and makes the reward a judge; `judge_model` is its Bedrock model id, by default the
    kit's choice for judging. Raises BadInput for a source that can't be used, AwsProblem when AWS refuses.
    """
    package = pack(reward, judge)
    client = aws.client("lambda")
    function = "workshop-kit-" + re.sub(r"[^a-zA-Z0-9_-]+", "-", name).strip("-")[:50]
    variables = {"JUDGE_MODEL_ID": judge_model or aws.choose_model("judge")} if judge or reward == "judge" else {}
    settings: dict[str, Any] = {
        "Runtime": RUNTIME,
        "Handler": HANDLER,
        "Role": aws.role_arn,
        "Timeout": TIMEOUT,
        "MemorySize": MEMORY,
        "Environment": {"Variables": variables},
    }
    try:
        made = kit_call(
            client.create_function,
            FunctionName=function,
            Code={"ZipFile": package},
            Tags=as_dict(make_tags()),
            **settings,
        )
        arn = made["FunctionArn"]
    except AwsProblem as problem:
        if problem.code != "ResourceConflictException":
            raise
        kit_call(client.update_function_code, FunctionName=function, ZipFile=package)
        _settled(client, function)
        arn = kit_call(client.update_function_configuration, FunctionName=function, **settings)["FunctionArn"]
    _settled(client, function)
    try:
        kit_call(
            client.add_permission,
            FunctionName=function,
            StatementId="bedrock-customization",
            Action="lambda:InvokeFunction",
            Principal="bedrock.amazonaws.com",
        )
    except AwsProblem as problem:
        if problem.code != "ResourceConflictException":
            raise
    return arn


def _settled(client: Any, function: str) -> None:
    """Wait until Lambda has taken a change in: it refuses the next one before."""
    with kit_call():
        client.get_waiter("function_active_v2").wait(FunctionName=function)
        client.get_waiter("function_updated_v2").wait(FunctionName=function)
