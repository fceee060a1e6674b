"""As much of CBOR (RFC 8949) as Smithy's rpc-v2-cbor protocol uses: CloudWatch's clients speak it by default."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

EPOCH_TAG = 1
BREAK = 0xFF


def encode(value: Any) -> bytes:
    """The CBOR form of None, bool, int, float, str, bytes, datetime, list and dict."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack("!d", value)
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case bytes():
            return _head(2, len(value)) + value
        case datetime():
            return _head(6, EPOCH_TAG) + encode(value.timestamp())
        case list() | tuple():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            return _head(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    raise TypeError(f"{type(value).__name__} has no CBOR form here")


def decode(data: bytes) -> Any:
    """The value that `data` holds; raises ValueError when it is not one well-formed item."""
    try:
        value, end = _item(data, 0)
    except (IndexError, struct.error, RecursionError):
        raise ValueError("the CBOR data is cut short") from None
    if end != len(data):
        raise ValueError("the CBOR data has a rest")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for info, form, limit in ((24, "B", 1 << 8), (25, "H", 1 << 16), (26, "I", 1 << 32), (27, "Q", 1 << 64)):
        if number < limit:
            return bytes([major << 5 | info]) + struct.pack("!" + form, number)
    raise ValueError(f"{number} is too large for CBOR")


def _item(data: bytes, at: int) -> tuple[Any, int]:
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return _simple(data, at, info)
    if info == 31:
        return _indefinite(data, at, major)
    if info > 27:
        raise ValueError("the CBOR data has a reserved length")
    number = info
    if info >= 24:
        size = 1 << (info - 24)
        (number,) = struct.unpack("!" + "BHIQ"[info - 24], data[at : at + size])
        at += size
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        raw = data[at : at + number]
        if len(raw) != number:
            raise IndexError
        return (raw if major == 2 else raw.decode()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            value, at = _item(data, at)
            items.append(value)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(number):
            key, at = _item(data, at)
            pairs[key], at = _item(data, at)
        return pairs, at
    value, at = _item(data, at)
    return (datetime.fromtimestamp(value, UTC) if number == EPOCH_TAG else value), at


def _simple(data: bytes, at: int, info: int) -> tuple[Any, int]:
    if info in (20, 21):
        return info == 21, at
    if info in (22, 23):
        return None, at
    if info in (25, 26, 27):
        size = 1 << (info - 24)
        return struct.unpack("!" + {25: "e", 26: "f", 27: "d"}[info], data[at : at + size])[0], at + size
    raise ValueError("the CBOR data holds a simple value that is not used here")


def _indefinite(data: bytes, at: int, major: int) -> tuple[Any, int]:
    items = []
    while data[at] != BREAK:
        value, at = _item(data, at)
        items.append(value)
    at += 1
    if major == 2:
        return b"".join(items), at
    if major == 3:
        return "".join(items), at
    if major == 4:
        return items, at
    if major == 5 and len(items) % 2 == 0:
        return dict(zip(items[::2], items[1::2], strict=True)), at
    raise ValueError("the CBOR data is not well-formed")
