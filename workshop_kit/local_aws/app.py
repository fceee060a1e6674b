"""The WSGI application: which operation is asked for, its handler, and an AWS answer whatever happens."""

from __future__ import annotations

import importlib
import io
import json
import logging
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from moto.core.request import Request
from werkzeug.datastructures import Headers

from workshop_kit.local_aws import faults, protocol
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.blobs import DISK_FULL, disk_full
from workshop_kit.local_aws.body import AwsChunkedBody, Body, read_small
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.protocol import Operation, Response
from workshop_kit.local_aws.signing import check_not_expired, signed_for
from workshop_kit.local_aws.validate import validate

log = logging.getLogger(__name__)

Handler = Callable[[Context, dict[str, Any]], dict[str, Any] | None]

SERVICES = "workshop_kit.local_aws.services."
# The services that local AWS has itself. What they lack is refused: moto's version of such an operation would invent
# results (a finished job that never ran) and knows nothing of the state here.
REGISTRY = {
    "s3": SERVICES + "s3",
    "sagemaker": SERVICES + "sagemaker",
    "sagemaker-runtime": SERVICES + "sagemaker_runtime",
    "bedrock": SERVICES + "bedrock",
    "bedrock-runtime": SERVICES + "bedrock_runtime",
    "logs": SERVICES + "logs",
    "lambda": SERVICES + "lambda_functions",
    "service-quotas": SERVICES + "quotas",
    "cloudwatch": SERVICES + "metrics",
}
# Operations that local AWS adds to services that are otherwise moto's.
ADDED = {("iam", "SimulatePrincipalPolicy"): SERVICES + "iam_simulation"}
# Services whose requests are signed with a name that is not theirs, or not theirs alone.
SIGNED_AS = {
    "sagemaker": ("sagemaker", "sagemaker-runtime"),
    "bedrock": ("bedrock", "bedrock-runtime"),
    "monitoring": ("cloudwatch",),
    "servicequotas": ("service-quotas",),
}
INTERNAL = ("InternalServerException", "InternalServerError", "InternalFailure", "ServiceException")
HEALTH = "/_workshop/health"
MOST_DRAINED = 256 << 20


class App:
    """The application over one workspace's state."""

    def __init__(self, ctx: Context, identity: dict[str, Any] | None = None) -> None:
        self.ctx = ctx
        self.identity = identity or {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raw = Body(environ["wsgi.input"], _length(environ))
        if environ["REQUEST_METHOD"] == "GET" and environ.get("REQUEST_URI") == HEALTH:
            answer = Response(200, {"Content-Type": "application/json"}, json.dumps(self.identity).encode())
        elif environ.get("REQUEST_URI") == faults.PATH:
            status, told = faults.answer(self.ctx, environ["REQUEST_METHOD"], read_small(raw))
            answer = Response(status, {"Content-Type": "application/json"}, json.dumps(told).encode())
        else:
            answer = self._answer(environ, raw)
        if not raw.drain(MOST_DRAINED):
            # What is left of the body would be taken for the next request.
            environ.get("local_aws.close", lambda: None)()
        headers, body = dict(answer.headers), answer.body
        if "x-amzn-requestid" not in {name.lower() for name in headers}:
            headers["x-amzn-RequestId"] = str(uuid.uuid4())
        if answer.status in (204, 304):
            body = []
        elif isinstance(body, bytes):
            # An answer to HEAD may carry the length of the body it leaves out.
            told = "content-length" in {name.lower() for name in headers}
            if environ["REQUEST_METHOD"] != "HEAD" or not told:
                headers["Content-Length"] = str(len(body))
            body = [body]
        if environ["REQUEST_METHOD"] == "HEAD":
            body = []
        status = f"{answer.status} {_phrase(answer.status)}"
        start_response(status, [(name, _header_value(value)) for name, value in headers.items()])
        return body

    def _answer(self, environ: dict[str, Any], raw: Body) -> Response:
        operation, service = None, ""
        try:
            request = _request(environ)
            signed = signed_for(request)
            service = signed or "s3"
            if service == "s3":
                check_not_expired(request)
                _bucket_into_path(environ, request)
            body, text = _body(request, raw), None
            if service != "s3":
                text = read_small(body, request.headers.get("Content-Encoding", ""))
                _give_back(environ, text)
            names = SIGNED_AS.get(service, (service,))
            operation = protocol.route(names, request)
            if operation is None:
                raise _unknown(service, request)
            if operation.service == "s3" and not signed:
                raise AwsError("AccessDenied", "This is local AWS: requests must be signed, with any key.", status=403)
            return self._with_faults(operation, request, body, text)
        except AwsError as error:
            return protocol.serialize_error(operation, error, service=service)
        except (OSError, sqlite3.OperationalError) as problem:
            if getattr(problem, "errno", None) in DISK_FULL or "is full" in str(problem):
                return protocol.serialize_error(operation, disk_full(self.ctx.home), service=service)
            return _unexpected(operation, service)
        except Exception:
            return _unexpected(operation, service)

    def _with_faults(self, operation: Operation, request: Request, body: Body, text: bytes | None) -> Response:
        rule = faults.take(self.ctx, operation)
        if rule is None:
            return self._run(operation, request, body, text)
        drop = request.environ.get("local_aws.drop", lambda: None)
        if rule["fault"] == "drop":
            drop()
            return Response(500, {}, b"")
        if rule["fault"] == "slow":
            time.sleep(rule["seconds"])
        params: dict[str, Any] = {}
        if operation.service != "s3" and text is not None:
            params = protocol.parse(operation, request, text)
        if problem := faults.error(rule, operation, params):
            raise problem
        answer = self._run(operation, request, body, text)
        if rule["fault"] == "drop-after":
            drop()
        return answer

    def _run(self, operation: Operation, request: Request, body: Body, text: bytes | None) -> Response:
        module = ADDED.get((operation.service, operation.name)) or REGISTRY.get(operation.service)
        if module is None:
            from workshop_kit.local_aws.services import delegated

            return delegated.handle(self.ctx, operation, request, text or b"")
        handler = _handlers(module).get(operation.name)
        if handler is None:
            raise _not_here(operation)
        if operation.streaming_input is None and text is None:
            text = read_small(body)
        params = protocol.parse(operation, request, body if text is None else text)
        if operation.service != "s3":
            validate(operation, params)
        return protocol.serialize(operation, handler(self.ctx, params) or {})


def _handlers(module: str) -> dict[str, Handler]:
    return importlib.import_module(module).OPERATIONS


def _not_here(operation: Operation) -> AwsError:
    code = "NotImplemented" if operation.service == "s3" else "UnknownOperationException"
    return AwsError(
        code,
        f"Local AWS does not have the operation {operation.name} of {operation.service}; use an AWS account for it.",
        status=501,
    )


def _unknown(service: str, request: Request) -> AwsError:
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    action = request.args.get("Action", "")
    if not action and request.mimetype == "application/x-www-form-urlencoded" and service != "s3":
        action = request.form.get("Action", "")
    named = target or action or f"{request.method} {request.raw_path[:200]}"
    return AwsError(
        "NotImplemented" if service == "s3" else "UnknownOperationException",
        f"Local AWS does not know the operation {named} of {service}.",
        status=501,
    )


def _unexpected(operation: Operation | None, service: str) -> Response:
    name = f"{operation.service}.{operation.name}" if operation else service
    log.exception("Unexpected problem in %s", name)
    code = "InternalError" if service == "s3" else "InternalFailure"
    if operation and service != "s3":
        known = {shape.name for shape in operation.model.service_model.error_shapes}
        code = next((name for name in INTERNAL if name in known), code)
    error = AwsError(
        code, f"Local AWS met an unexpected problem in {name}; the server's log has the details.", status=500
    )
    return protocol.serialize_error(operation, error, service=service)


# --- from the WSGI environment to a request


def _request(environ: dict[str, Any]) -> Request:
    uri = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    if "://" in uri.split("?", 1)[0]:
        parts = urlsplit(uri)
        uri = parts.path + (f"?{parts.query}" if parts.query else "")
    environ["RAW_URI"] = uri
    request = Request(environ)
    pairs = environ.get("local_aws.headers")
    if pairs is not None:
        # The names as they were sent: WSGI's own form loses the difference between "-" and "_".
        request.headers = Headers(pairs)  # type: ignore[assignment]
    return request


def _bucket_into_path(environ: dict[str, Any], request: Request) -> None:
    """Turn a virtual-host style request (bucket.s3.localhost) into path style."""
    host = re.sub(r":\d+$", "", environ.get("HTTP_HOST", "")).lower()
    found = re.fullmatch(r"(.+?)(\.s3)?([.-][a-z]{2}-[a-z]+-\d)?\.(localhost|amazonaws\.com)", host)
    if found and not re.fullmatch(r"s3([.-][a-z]{2}-[a-z]+-\d)?", host.removesuffix(f".{found[4]}")):
        environ["RAW_URI"] = f"/{found[1]}" + environ["RAW_URI"]


def _body(request: Request, raw: Body) -> Body:
    encoding = request.headers.get("Content-Encoding", "")
    content_hash = request.headers.get("x-amz-content-sha256", "")
    if "aws-chunked" not in encoding and not content_hash.startswith("STREAMING-"):
        return raw
    length = request.headers.get("x-amz-decoded-content-length", "")
    announced = request.headers.get("x-amz-trailer", "").lower()
    return AwsChunkedBody(raw, int(length) if length.isdigit() else None, announced)


def _give_back(environ: dict[str, Any], text: bytes) -> None:
    """Let werkzeug's form parser read a body that has been read already."""
    environ["wsgi.input"] = io.BytesIO(text)
    environ["CONTENT_LENGTH"] = str(len(text))


def _length(environ: dict[str, Any]) -> int | None:
    if environ.get("wsgi.input_terminated"):
        return None
    length = environ.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdigit() else 0


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _header_value(value: str) -> str:
    # A line break in a header would end the header block; other text goes out as UTF-8 bytes.
    return re.sub(r"[\r\n]+", " ", value).encode("utf-8", "replace").decode("latin-1")
