"""The application/vnd.amazon.eventstream encoding of streamed responses.

A frame is: total length, length of the headers, CRC32 of those two; the headers; the payload; CRC32 of all before it
(big-endian 32-bit numbers). A header is: length of the name (one byte), the name, the type 7 for a string, the length
(two bytes), the value. See https://smithy.io/2.0/aws/amazon-eventstream.html.
"""

from __future__ import annotations

import json
import logging
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zlib import crc32

from workshop_kit.local_aws.awserror import AwsError

STRING = 7
log = logging.getLogger(__name__)


def encode_frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame with string headers."""
    block = b""
    for name, value in headers.items():
        key, text = name.encode(), value.encode()
        block += struct.pack("!B", len(key)) + key + struct.pack("!BH", STRING, len(text)) + text
    prelude = struct.pack("!II", 16 + len(block) + len(payload), len(block))
    frame = prelude + struct.pack("!I", crc32(prelude)) + block + payload
    return frame + struct.pack("!I", crc32(frame))


def encode_events(events: Iterable[dict[str, Any]], shape: Any, serializer: Any) -> Iterator[bytes]:
    """Frames for events `{member of the union: value}`; an AwsError raised in between ends the stream as an error.

    `shape` is the union's shape, `serializer` a response serializer that writes nested structures as JSON.
    """
    try:
        for event in events:
            ((name, value),) = event.items()
            yield _event(name, value, shape.members[name], serializer)
    except AwsError as error:
        yield _error(error, shape)
    except Exception:
        log.exception("An event stream broke off")
        yield _error(AwsError("InternalServerException", "Local AWS met an unexpected problem; see its log."), shape)
    finally:
        close = getattr(events, "close", None)
        if close:
            close()


def _event(name: str, value: dict[str, Any], shape: Any, serializer: Any) -> bytes:
    headers = {":message-type": "event", ":event-type": name}
    body: Any = {}
    for member, inner in shape.members.items():
        if member not in value:
            continue
        if inner.serialization.get("eventheader"):
            headers[member] = str(value[member])
        elif inner.serialization.get("eventpayload"):
            body = value[member]
        else:
            serializer._serialize(body, value[member], inner, member)
    if isinstance(body, bytes):
        headers[":content-type"] = "application/octet-stream"
        return encode_frame(headers, body)
    headers[":content-type"] = "application/json"
    return encode_frame(headers, json.dumps(body).encode())


def _error(error: AwsError, shape: Any) -> bytes:
    """The modelled exception of the union for this code, else the protocol's own kind of error."""
    for member, inner in shape.members.items():
        if inner.metadata.get("exception") and error.code in (inner.name, inner.error_code):
            headers = {
                ":message-type": "exception",
                ":exception-type": member,
                ":content-type": "application/json",
            }
            return encode_frame(headers, json.dumps({"message": error.message, **error.fields}).encode())
    headers = {":message-type": "error", ":error-code": error.code, ":error-message": error.message}
    return encode_frame(headers, b"")
