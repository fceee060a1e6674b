"""The part of Lambda that reward functions need: create, look at, change, call and delete Python functions."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from workshop_kit.local_aws import functions
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.functions import KIND
from workshop_kit.local_aws.objects import split_uri
from workshop_kit.local_aws.protocol import STATUS
from workshop_kit.local_aws.services.delegated import role_state
from workshop_kit.local_aws.store import Exists

Document = dict[str, Any]

LONGEST = 900  # seconds; Lambda's own bound for a call
_CONFIGURED = ("Description", "Timeout", "MemorySize", "Role", "Handler", "Runtime", "Environment")


def create_function(ctx: Context, request: Document) -> Document:
    """CreateFunction, from a zip in the request or in S3."""
    name = _name(request["FunctionName"])
    if request.get("PackageType", "Zip") != "Zip":
        raise _invalid("Local AWS runs functions from zip files only; container images need an AWS account.")
    if not request.get("Handler") or not request.get("Runtime"):
        raise _invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    _check(ctx, request)
    if functions.find(ctx, name) is not None:
        raise _taken(name)
    arn = f"arn:aws:lambda:{ctx.region}:{ctx.account_id}:function:{name}"
    document = {
        "FunctionName": name,
        "FunctionArn": arn,
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    document |= {field: request[field] for field in _CONFIGURED if field in request}
    document |= _with_code(ctx, name, request["Code"])
    try:
        ctx.store.create(KIND, name, document)
    except Exists:
        shutil.rmtree(document["_Folder"], ignore_errors=True)
        raise _taken(name) from None
    ctx.store.put("tags", arn, {"Tags": _pairs(request.get("Tags") or {})})
    return _public(document)


def get_function(ctx: Context, request: Document) -> Document:
    """GetFunction: the configuration and the tags; the code stays here."""
    document = _get(ctx, request)
    tags = (ctx.store.get("tags", document["FunctionArn"]) or {"Tags": []})["Tags"]
    code = {"RepositoryType": "S3", "Location": ""}
    return {"Configuration": _public(document), "Code": code, "Tags": {tag["Key"]: tag["Value"] for tag in tags}}


def get_function_configuration(ctx: Context, request: Document) -> Document:
    """GetFunctionConfiguration."""
    return _public(_get(ctx, request))


def list_functions(ctx: Context, request: Document) -> Document:
    """ListFunctions, by name, in pages."""
    after, size = request.get("Marker") or "", request.get("MaxItems") or 50
    rows = [document for name, document in ctx.store.list(KIND) if name > after]
    answer: Document = {"Functions": [_public(row) for row in rows[:size]]}
    if len(rows) > size:
        answer["NextMarker"] = rows[size - 1]["FunctionName"]
    return answer


def update_function_code(ctx: Context, request: Document) -> Document:
    """UpdateFunctionCode; a call under way goes on with the old code."""
    document = _get(ctx, request)
    if request.get("DryRun"):
        return _public(document)
    new = _with_code(ctx, document["FunctionName"], request)
    return _change(ctx, document, new)


def update_function_configuration(ctx: Context, request: Document) -> Document:
    """UpdateFunctionConfiguration."""
    document = _get(ctx, request)
    _check(ctx, request)
    new = {field: request[field] for field in _CONFIGURED if field in request}
    return _change(ctx, document, new | {"RevisionId": str(uuid.uuid4()), "LastModified": _now()})


def delete_function(ctx: Context, request: Document) -> Document:
    """DeleteFunction."""
    document = _get(ctx, request)
    ctx.store.delete(KIND, document["FunctionName"])
    ctx.store.delete("tags", document["FunctionArn"])
    shutil.rmtree(ctx.home / "aws" / "functions" / document["FunctionName"], ignore_errors=True)
    return {}


def invoke(ctx: Context, request: Document) -> Document:
    """Invoke: waits for the answer (RequestResponse), or only checks (DryRun)."""
    document = _get(ctx, request)
    kind = request.get("InvocationType", "RequestResponse")
    payload = request.get("Payload") or b"{}"
    data = payload if isinstance(payload, bytes) else payload.read()
    if len(data) > functions.MOST_PAYLOAD:
        raise AwsError(
            "RequestTooLargeException",
            f"Request must be smaller than {functions.MOST_PAYLOAD} bytes for the InvokeFunction operation",
            status=413,
        )
    try:
        event = json.dumps(json.loads(data or b"{}"))
    except (ValueError, RecursionError) as problem:
        raise AwsError("InvalidRequestContentException", f"Could not parse request body into json: {problem}") from None
    if kind == "DryRun":
        return {STATUS: 204}
    if kind != "RequestResponse":
        raise _invalid("Local AWS waits for a function's answer; asynchronous calls (Event) are not run here.")
    done = functions.run(ctx, document, event, str(uuid.uuid4()))
    answer: Document = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": done.answer.encode()}
    if done.failed:
        answer["FunctionError"] = "Unhandled"
    if request.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(done.log.encode()[-4096:]).decode()
    return answer


def add_permission(ctx: Context, request: Document) -> Document:
    """AddPermission: kept and shown; local AWS lets every caller call."""
    document = _get(ctx, request)
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": {"Service": request["Principal"]},
        "Action": request["Action"],
        "Resource": document["FunctionArn"],
    }
    policy = document.get("_Policy") or []
    if any(entry["Sid"] == statement["Sid"] for entry in policy):
        raise AwsError("ResourceConflictException", f"The statement id ({statement['Sid']}) provided already exists.")
    _change(ctx, document, {"_Policy": [*policy, statement]})
    return {"Statement": json.dumps(statement)}


def remove_permission(ctx: Context, request: Document) -> Document:
    """RemovePermission."""
    document = _get(ctx, request)
    kept = [entry for entry in document.get("_Policy") or [] if entry["Sid"] != request["StatementId"]]
    if len(kept) == len(document.get("_Policy") or []):
        raise _missing(f"No policy statement {request['StatementId']} is found.")
    _change(ctx, document, {"_Policy": kept})
    return {}


def get_policy(ctx: Context, request: Document) -> Document:
    """GetPolicy."""
    document = _get(ctx, request)
    if not document.get("_Policy"):
        raise _missing("The resource you requested does not exist.")
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": document["_Policy"]}
    return {"Policy": json.dumps(policy), "RevisionId": document["RevisionId"]}


def tag_resource(ctx: Context, request: Document) -> Document:
    """TagResource."""
    arn = _get(ctx, {"FunctionName": request["Resource"]})["FunctionArn"]

    def merge(found: Document) -> Document:
        return {"Tags": _pairs({tag["Key"]: tag["Value"] for tag in found["Tags"]} | request["Tags"])}

    ctx.store.update("tags", arn, merge)
    return {}


def untag_resource(ctx: Context, request: Document) -> Document:
    """UntagResource."""
    arn = _get(ctx, {"FunctionName": request["Resource"]})["FunctionArn"]

    def cut(found: Document) -> Document:
        return {"Tags": [tag for tag in found["Tags"] if tag["Key"] not in request["TagKeys"]]}

    ctx.store.update("tags", arn, cut)
    return {}


def list_tags(ctx: Context, request: Document) -> Document:
    """ListTags."""
    return {"Tags": get_function(ctx, {"FunctionName": request["Resource"]})["Tags"]}


def _name(told: str) -> str:
    return told.rsplit(":function:", 1)[-1].split(":")[0]


def _get(ctx: Context, request: Document) -> Document:
    document = functions.find(ctx, request["FunctionName"])
    if document is None:
        arn = f"arn:aws:lambda:{ctx.region}:{ctx.account_id}:function:{_name(request['FunctionName'])}"
        raise _missing(f"Function not found: {arn}")
    return document


def _check(ctx: Context, request: Document) -> None:
    runtime = request.get("Runtime", "python3.12")
    if not runtime.startswith("python3."):
        raise _invalid(f"Local AWS runs Python functions only, with its own interpreter; the runtime is {runtime}.")
    if request.get("Timeout", 3) > LONGEST:
        raise _invalid(f"Timeout is {request['Timeout']}; a function runs at most {LONGEST} seconds.")
    handler = request.get("Handler", "a.b")
    if not all(part.isidentifier() for part in handler.replace("/", ".").split(".")) or "." not in handler:
        raise _invalid(f"Handler is {handler!r}; it must be <file name without .py>.<function>.")
    if "Role" in request and role_state(ctx, request["Role"]) == "missing":
        raise _invalid("The role defined for the function cannot be assumed by Lambda.")


def _with_code(ctx: Context, name: str, code: Document) -> Document:
    """The fields of a new version of the code, which is unpacked here."""
    data = code.get("ZipFile")
    if data is None and code.get("S3Bucket"):
        bucket, key = split_uri(f"s3://{code['S3Bucket']}/{code.get('S3Key', '')}")
        try:
            with ctx.objects.open(bucket, key) as file:
                data = file.read()
        except AwsError as problem:
            raise _invalid(f"Error occurred while GetObject. {problem.message}") from None
    if not data:
        raise _invalid("Please provide the code: a ZipFile, or S3Bucket and S3Key.")
    revision = str(uuid.uuid4())
    try:
        folder = functions.keep_code(ctx, name, revision, data)
    except functions.BadPackage as problem:
        raise _invalid(str(problem)) from None
    return {
        "CodeSize": len(data),
        "CodeSha256": base64.b64encode(hashlib.sha256(data).digest()).decode(),
        "LastModified": _now(),
        "RevisionId": revision,
        "_Folder": str(folder),
    }


def _change(ctx: Context, document: Document, new: Document) -> Document:
    changed = ctx.store.update(KIND, document["FunctionName"], lambda found: found | new)
    return _public(changed or document | new)


def _public(document: Document) -> Document:
    return {name: value for name, value in document.items() if not name.startswith("_")}


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def _missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, status=404)


def _taken(name: str) -> AwsError:
    return AwsError("ResourceConflictException", f"Function already exist: {name}", status=409)


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateFunction": create_function,
    "GetFunction": get_function,
    "GetFunctionConfiguration": get_function_configuration,
    "ListFunctions": list_functions,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
    "DeleteFunction": delete_function,
    "Invoke": invoke,
    "AddPermission": add_permission,
    "RemovePermission": remove_permission,
    "GetPolicy": get_policy,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTags": list_tags,
}
