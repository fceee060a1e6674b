"""Services that moto answers: STS, IAM and whatever else it has.

moto keeps its state in memory. IAM's is kept through a restart by a journal: every request that changed something is
written to the Store and replayed, in order, before the first use. moto draws ids and keys from one random generator;
it is seeded with the entry's number before each such request, so that a replay draws the same ones.
"""

from __future__ import annotations

import base64
import json
import threading
from typing import Any, Literal

from moto.core.request import Request

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.protocol import Operation, Response

JOURNAL = "iam-journal"
ROLE = "WorkshopExecutionRole"
ROLE_PATH = "/service-role/"
READS = ("Get", "List", "Simulate", "Generate")
# As much as AmazonSageMakerFullAccess gives to what this workshop does.
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "sagemaker:*",
                "s3:*",
                "bedrock:*",
                "lambda:*",
                "servicequotas:*",
                "pricing:*",
                "logs:*",
                "cloudwatch:*",
                "ecr:Get*",
                "ecr:Batch*",
            ],
            "Resource": "*",
        },
        # The SageMaker SDK looks for the rights that a job in a VPC would need, and refuses a role without them.
        {
            "Effect": "Allow",
            "Action": [
                "ec2:CreateNetworkInterface*",
                "ec2:DeleteNetworkInterface*",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "Resource": "*",
        },
        {"Effect": "Allow", "Action": ["iam:GetRole", "iam:PassRole"], "Resource": "arn:aws:iam::*:role/*"},
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["sagemaker.amazonaws.com", "bedrock.amazonaws.com", "lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}

_lock = threading.RLock()
_replayed: set[str] = set()


def role_arn(ctx: Context) -> str:
    """The execution role that always exists."""
    return f"arn:aws:iam::{ctx.account_id}:role{ROLE_PATH}{ROLE}"


def role_state(ctx: Context, arn: str) -> Literal["ok", "missing", "no-rights"]:
    """Whether a role exists and has any policy at all, which is as far as rights are looked at here."""
    with _lock:
        _restore(ctx)
        role = next((role for role in _iam(ctx).roles.values() if role.arn == arn), None)
        if role is None:
            return "missing"
        return "ok" if role.policies or role.managed_policies else "no-rights"


def role_policies(ctx: Context, arn: str) -> list[str] | None:
    """The policy documents (JSON) of a role, its own and the attached ones; None when there is no such role."""
    with _lock:
        _restore(ctx)
        role = next((role for role in _iam(ctx).roles.values() if role.arn == arn), None)
        if role is None:
            return None
        return [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]


def handle(ctx: Context, operation: Operation, request: Request, body: bytes) -> Response:
    """moto's answer to a request; a modelled error when moto doesn't have the operation."""
    call = {
        "service": operation.service,
        "method": request.method,
        "uri": request.environ["RAW_URI"],
        "headers": [list(pair) for pair in request.headers.items()],
    }
    if operation.service != "iam" or operation.name.startswith(READS):
        if operation.service in ("iam", "sts"):
            with _lock:
                _restore(ctx)
        return _checked(operation, *_send(ctx, call, body))
    with _lock:
        _restore(ctx)
        entries = ctx.store.list(JOURNAL)
        number = int(entries[-1][0]) + 1 if entries else 1
        _seed(number)
        answer = _checked(operation, *_send(ctx, call, body))
        if answer.status < 300:
            ctx.store.put(JOURNAL, f"{number:09d}", {**call, "body": base64.b64encode(body).decode()})
        return answer


def _checked(operation: Operation, status: int, headers: dict[str, Any], body: Any) -> Response:
    if status == 404 and body in ("Not yet implemented", b"Not yet implemented"):
        raise _missing(operation)
    data = body.encode() if isinstance(body, str) else body
    if data[:64].lstrip().lower().startswith((b"<!doctype", b"<html")):
        # werkzeug's own error page, for a request that moto could not make anything of.
        raise AwsError("InvalidRequest", f"The {operation.name} request could not be understood.", status=400)
    kept = {
        name: str(value)
        for name, value in headers.items()
        if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date")
    }
    return Response(status, kept, data)


def _missing(operation: Operation) -> AwsError:
    return AwsError(
        "UnknownOperationException",
        f"Local AWS does not have the operation {operation.name} of {operation.service}; use an AWS account for it.",
        status=501,
    )


def _send(ctx: Context, call: dict[str, Any], body: bytes) -> tuple[int, dict[str, Any], Any]:
    """Hand a request to moto as if it had been sent to the service's own host."""
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.compat import HTTPHeaders
    from moto.core.botocore_stubber import BotocoreStubber

    from workshop_kit.local_aws.protocol import service_model

    prefix = service_model(call["service"]).endpoint_prefix
    host = f"{prefix}.amazonaws.com" if call["service"] == "iam" else f"{prefix}.{ctx.region}.amazonaws.com"
    headers = HTTPHeaders()
    for name, value in call["headers"]:
        if name.lower() != "host":
            headers[name] = value
    headers["Host"] = host
    request = AWSPreparedRequest(call["method"], f"https://{host}{call['uri']}", headers, body, False)
    try:
        answer = BotocoreStubber().process_request(request)
    except NotImplementedError:
        answer = None
    except ModuleNotFoundError as problem:
        # Some of moto's services need packages that are not part of this kit.
        raise AwsError(
            "UnknownOperationException",
            f"Local AWS has no {call['service']}: it would need the package {problem.name}.",
            status=501,
        ) from problem
    return answer if answer is not None else (404, {}, "Not yet implemented")


def _restore(ctx: Context) -> None:
    """Make the default role and replay the journal, once in the life of the process."""
    home = str(ctx.home)
    if home in _replayed:
        return
    _replayed.add(home)
    _seed(0)
    backend = _iam(ctx)
    if not any(role.name == ROLE for role in backend.roles.values()):
        role = backend.create_role(ROLE, json.dumps(TRUST), ROLE_PATH, None, "Execution role", [], "3600")
        role.put_policy("WorkshopAccess", json.dumps(POLICY))
    for number, entry in ctx.store.list(JOURNAL):
        _seed(int(number))
        _send(ctx, entry, base64.b64decode(entry["body"]))


def _iam(ctx: Context) -> Any:
    from moto.core.config import default_user_config
    from moto.iam.models import iam_backends

    # Without it AmazonSageMakerFullAccess and its like would not exist. Read when the backend is made.
    default_user_config["iam"]["load_aws_managed_policies"] = True
    return iam_backends[ctx.account_id]["aws"]


def _seed(number: int) -> None:
    from moto.moto_api._internal import mock_random

    mock_random.seed(number)
