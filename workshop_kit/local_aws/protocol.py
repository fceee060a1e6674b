"""The AWS wire protocols: HTTP request -> operation and parameters, result or error -> HTTP response.

This is the one module that uses moto's router, request parsers and response serializers. They are not a public
interface of moto, which is why the package pins moto exactly and why tests/wire drives them with real boto3 clients.
Three things are done here and not by moto: bodies that stream, event streams, and rpc-v2-cbor (which moto lacks).
"""

from __future__ import annotations

import functools
import itertools
import json
import uuid
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.utils import parse_timestamp, parse_to_aware_datetime
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import RestRouter, ServiceOperationRouter
from moto.core.serialize import HeaderSerializer, SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from workshop_kit.local_aws import cbor, eventstream
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.body import Body

CBOR = "smithy-rpc-v2-cbor"
STATUS = "_Status"
# moto warns when an error code is not in the service's model; S3's and many validation errors never are.
warnings.filterwarnings("ignore", message=r"Exception\(.*does not match an error shape", category=UserWarning)


@dataclass(frozen=True)
class Operation:
    """One operation of one service, as a request named it, and the protocol the request came in."""

    service: str
    name: str
    model: OperationModel
    protocol: str
    uri_params: dict[str, Any]

    @property
    def streaming_input(self) -> str | None:
        """The member that takes the request's body as a stream, if one does."""
        shape = self.model.get_streaming_input()
        return self.model.input_shape.serialization["payload"] if shape is not None else None


@dataclass(frozen=True)
class Response:
    """An HTTP response; `body` is bytes or an iterable of bytes."""

    status: int
    headers: dict[str, str]
    body: bytes | Iterable[bytes] = b""


@functools.cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service; raises UnknownServiceError."""
    return get_service_model(service)


@functools.cache
def _router(service: str) -> ServiceOperationRouter:
    return ServiceOperationRouter(service_model(service))


@functools.cache
def _s3_router() -> RestRouter:
    # Not moto's own S3 router, which imports moto's whole S3 to look for a bucket in the host name: the application
    # has put that bucket into the path already.
    return RestRouter(service_model("s3"))


def route(services: Iterable[str], request: Request) -> Operation | None:
    """The operation that a request asks for, among services that share a signing name; None when none matches."""
    for service in services:
        try:
            model = service_model(service)
        except UnknownServiceError:
            continue
        if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
            name = request.raw_path.rsplit("/operation/", 1)[-1]
            if name in model.operation_names:
                return Operation(service, name, model.operation_model(name), CBOR, {})
            continue
        try:
            protocol = determine_request_protocol(model, request.content_type)
            router = _s3_router() if service == "s3" else _router(service)
            operation, uri_params = router.match(request)
        except (HTTPException, NotImplementedError):
            continue
        return Operation(service, str(operation.name), operation, protocol, uri_params)
    return None


def parse(operation: Operation, request: Request, body: bytes | Body) -> dict[str, Any]:
    """The request's parameters under botocore's member names, times in UTC; a streaming body is passed on unread.

    Raises AwsError SerializationException for a body that is not what the protocol says it is.
    """
    stream_member = operation.streaming_input
    text = body if isinstance(body, bytes) else b""
    if operation.model.input_shape is None:
        return {}
    try:
        if operation.protocol == CBOR:
            return cbor.decode(text) if text else {}
        if operation.protocol in ("json", "rest-json") and text and not _payload_is_blob(operation):
            if not isinstance(json.loads(text), dict):
                raise ValueError("the body is not a JSON object")
        parser = PROTOCOL_PARSERS[operation.protocol](operation.model, timestamp_parser=_utc)
        params = parser.parse(
            {
                "body": text,
                "headers": request.headers,
                "method": request.method,
                "url_params": operation.uri_params,
                "url_path": request.path,
                "values": request.values if operation.protocol in ("query", "ec2") else request.args,
            }
        )
    except Exception as problem:
        # Whatever a parser stumbles over (a list where an object belongs, a word where a number does, broken XML) is
        # the caller's mistake.
        code = "MalformedXML" if operation.service == "s3" else "SerializationException"
        raise AwsError(code, f"The request could not be read: {_short(problem)}.", status=400) from problem
    params = {name: value for name, value in (params or {}).items() if value is not None}
    if stream_member:
        params[stream_member] = body
    return params


def _utc(value: Any) -> datetime:
    return parse_timestamp(value).astimezone(UTC)


def _payload_is_blob(operation: Operation) -> bool:
    shape = operation.model.input_shape
    payload = shape.serialization.get("payload")
    return payload is not None and shape.members[payload].type_name in ("blob", "string")


def _short(problem: Exception) -> str:
    return str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__


def serialize(operation: Operation, result: dict[str, Any]) -> Response:
    """The HTTP response for a handler's result."""
    output = operation.model.output_shape
    payload = output.serialization.get("payload") if output is not None else None
    if operation.model.has_event_stream_output:
        return _event_stream(operation, result)
    if operation.protocol == CBOR:
        return Response(200, _cbor_headers(), cbor.encode(_typed(output, result)))
    stream = None
    if payload and output.members[payload].type_name == "blob":
        stream = result.get(payload, b"")
        result = {name: value for name, value in result.items() if name != payload}
    answer = _serializer(operation).serialize(result)
    headers = {name: str(value) for name, value in answer["headers"].items()}
    body = answer["body"]
    if stream is not None:
        body = stream if isinstance(stream, bytes) else _chunks(stream)
    elif isinstance(body, str):
        body = body.encode()
    # A handler may answer with another success than the modelled one (206 for a range).
    return Response(result.get(STATUS, answer["status_code"]), headers, body)


def serialize_error(operation: Operation | None, error: AwsError, *, service: str = "") -> Response:
    """The HTTP response for an error, in the shape that the service's clients expect."""
    service = operation.service if operation else service
    if service == "s3" or operation is None:
        return _s3_error(error) if service in ("s3", "") else _plain_error(error)
    if operation.protocol == CBOR:
        body = cbor.encode({"__type": error.code, "message": error.message, **error.fields})
        return Response(error.status or 400, _cbor_headers(), body)
    answer = _serializer(operation).serialize(_exception(error))
    headers = {name: str(value) for name, value in answer["headers"].items()}
    status = error.status or answer["status_code"]
    return Response(status, headers, answer["body"].encode())


def _serializer(operation: Operation) -> Any:
    cls = get_serializer_class(operation.service, operation.protocol)
    return cls(operation.model, context=SerializationContext(str(uuid.uuid4())))


def _exception(error: AwsError) -> Exception:
    # moto's serializers read an error's members as attributes.
    exception = AwsError(error.code, error.message)
    for name, value in error.fields.items():
        setattr(exception, name, value)
    return exception


def _s3_error(error: AwsError) -> Response:
    fields = {"Code": error.code, "Message": error.message, **error.fields, "RequestId": str(uuid.uuid4())}
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode("utf-8", "replace")
    return Response(error.status or 400, {"Content-Type": "application/xml"}, body)


def _plain_error(error: AwsError) -> Response:
    """For a request whose operation could not be told: the JSON form that all but the XML services read."""
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    headers = {"Content-Type": "application/json", "X-Amzn-Errortype": error.code}
    return Response(error.status or 400, headers, body)


def _typed(shape: Any, value: Any) -> Any:
    """A result with its members in the types that CBOR tells apart: times, floats, no unmodelled members."""
    if shape is None or value is None:
        return value if shape is not None else {}
    if shape.type_name == "structure":
        return {name: _typed(shape.members[name], inner) for name, inner in value.items() if name in shape.members}
    if shape.type_name == "list":
        return [_typed(shape.member, inner) for inner in value]
    if shape.type_name == "map":
        return {key: _typed(shape.value, inner) for key, inner in value.items()}
    if shape.type_name == "timestamp":
        return parse_to_aware_datetime(value)
    return float(value) if shape.type_name in ("float", "double") else value


def _cbor_headers() -> dict[str, str]:
    return {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}


def _event_stream(operation: Operation, result: dict[str, Any]) -> Response:
    output = operation.model.output_shape
    member = next(name for name, shape in output.members.items() if shape.serialization.get("eventstream"))
    headers: dict[str, str] = {}
    for name, shape in output.members.items():
        if shape.serialization.get("location") == "header" and name in result:
            HeaderSerializer().serialize(headers, result[name], shape, shape.serialization.get("name", name))
    events = iter(result[member])
    # The first event is awaited before the status line is sent: an error until then is an ordinary error response.
    first = list(itertools.islice(events, 1))
    # Content-Type says what the frames are; the payload's own type, where modelled, has a header of its own.
    headers["Content-Type"] = "application/vnd.amazon.eventstream"
    stream_shape = output.members[member]
    return Response(
        200,
        headers,
        eventstream.encode_events(itertools.chain(first, events), stream_shape, _serializer(operation)),
    )


def _chunks(stream: Any) -> Iterator[bytes]:
    """The chunks of a file-like object or of an iterator of bytes; closes it at the end."""
    try:
        if hasattr(stream, "read"):
            while chunk := stream.read(1 << 18):
                yield chunk
        else:
            yield from stream
    finally:
        close = getattr(stream, "close", None)
        if close:
            close()
