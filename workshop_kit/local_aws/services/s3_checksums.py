"""The checksums of S3: CRC32, CRC32C, CRC64NVME, SHA1, SHA256, of streams and of whole multipart uploads.

zlib has CRC32 and hashlib the SHAs. For the other two, which Python lacks, a chunk is cut into many lanes whose CRCs
numpy advances side by side, byte by byte; the lanes are then joined by the linear map that stands for "as many zero
bytes follow". That is some hundred MB/s where a loop over bytes makes five.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from typing import Any, Protocol

from workshop_kit.local_aws.awserror import AwsError

ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
# Reflected polynomials and the number of bits.
POLYNOMIALS = {"CRC32": (0xEDB88320, 32), "CRC32C": (0x82F63B78, 32), "CRC64NVME": (0x9A6C9329AC4BC9B5, 64)}
LANES = 1024


class Hasher(Protocol):
    """The part of hashlib's interface that is used here."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


def hasher(algorithm: str) -> Hasher:
    """A fresh hasher; raises InvalidRequest for an algorithm that local AWS doesn't have."""
    if algorithm == "CRC32":
        return _Crc32()
    if algorithm in ("CRC32C", "CRC64NVME"):
        return _LaneCrc(algorithm)
    if algorithm in ("SHA1", "SHA256"):
        return hashlib.new(algorithm.lower(), usedforsecurity=False)
    raise AwsError(
        "InvalidRequest",
        f"Local AWS does not have the checksum algorithm {algorithm}; use one of {', '.join(ALGORITHMS)}.",
        status=400,
    )


def text(hashed: Hasher) -> str:
    """The base64 form that S3's headers carry."""
    return base64.b64encode(hashed.digest()).decode()


def of_parts(algorithm: str, values: list[str]) -> str:
    """The composite checksum: that of the parts' checksums, with their number."""
    whole = hasher(algorithm)
    for value in values:
        whole.update(base64.b64decode(value))
    return f"{text(whole)}-{len(values)}"


def joined(algorithm: str, values: list[tuple[str, int]]) -> str:
    """The full-object CRC of parts given as (base64 CRC, bytes)."""
    _, bits = POLYNOMIALS[algorithm]
    crc = 0
    for value, size in values:
        crc = _shift(algorithm, crc, size) ^ int.from_bytes(base64.b64decode(value), "big")
    return base64.b64encode(crc.to_bytes(bits // 8, "big")).decode()


class _Crc32:
    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: bytes, /) -> None:
        self._crc = zlib.crc32(data, self._crc)

    def digest(self) -> bytes:
        return self._crc.to_bytes(4, "big")


class _LaneCrc:
    def __init__(self, algorithm: str) -> None:
        self._algorithm = algorithm
        self._bits = POLYNOMIALS[algorithm][1]
        self._ones = (1 << self._bits) - 1
        self._crc = self._ones  # the running register, not yet inverted

    def update(self, data: bytes, /) -> None:
        lane = len(data) // LANES
        cut = lane * LANES if lane >= 16 else 0
        if cut:
            for crc in _lanes(self._algorithm, data[:cut], lane):
                self._crc = _apply(_shifter(self._algorithm, lane), self._crc) ^ crc
        table = _table(self._algorithm)
        crc = self._crc
        for byte in data[cut:]:
            crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
        self._crc = crc

    def digest(self) -> bytes:
        return (self._crc ^ self._ones).to_bytes(self._bits // 8, "big")


def _lanes(algorithm: str, data: bytes, lane: int) -> list[int]:
    """The registers, from zero, of LANES pieces of `lane` bytes each."""
    import numpy

    kind = numpy.uint32 if POLYNOMIALS[algorithm][1] == 32 else numpy.uint64
    table = _numpy_table(algorithm)
    columns = numpy.ascontiguousarray(numpy.frombuffer(data, numpy.uint8).reshape(LANES, lane).T)
    crcs: Any = numpy.zeros(LANES, kind)
    low: Any = kind(0xFF)
    eight: Any = kind(8)
    for column in columns:
        crcs = table[(crcs & low) ^ column] ^ (crcs >> eight)
    return crcs.tolist()


@functools.cache
def _table(algorithm: str) -> list[int]:
    polynomial, _ = POLYNOMIALS[algorithm]
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (polynomial if byte & 1 else 0)
        table.append(byte)
    return table


@functools.cache
def _numpy_table(algorithm: str) -> Any:
    import numpy

    return numpy.array(_table(algorithm), numpy.uint32 if POLYNOMIALS[algorithm][1] == 32 else numpy.uint64)


# A linear map on registers is kept as one list per byte of the register: what each value of that byte contributes.
Map = tuple[tuple[int, ...], ...]


def _apply(linear: Map, crc: int) -> int:
    out = 0
    for table in linear:
        out ^= table[crc & 0xFF]
        crc >>= 8
    return out


def _from_columns(columns: list[int]) -> Map:
    tables = []
    for start in range(0, len(columns), 8):
        table = [0] * 256
        for value in range(1, 256):
            low = value & -value
            table[value] = table[value ^ low] ^ columns[start + low.bit_length() - 1]
        tables.append(tuple(table))
    return tuple(tables)


@functools.cache
def _power(algorithm: str, exponent: int) -> Map:
    """The map for 2**exponent zero bytes."""
    _, bits = POLYNOMIALS[algorithm]
    if exponent == 0:
        table = _table(algorithm)
        return _from_columns([table[(1 << bit) & 0xFF] ^ ((1 << bit) >> 8) for bit in range(bits)])
    half = _power(algorithm, exponent - 1)
    return _from_columns([_apply(half, _apply(half, 1 << bit)) for bit in range(bits)])


@functools.lru_cache(maxsize=64)
def _shifter(algorithm: str, size: int) -> Map:
    """The map for `size` zero bytes."""
    _, bits = POLYNOMIALS[algorithm]
    return _from_columns([_shift(algorithm, 1 << bit, size) for bit in range(bits)])


def _shift(algorithm: str, crc: int, size: int) -> int:
    exponent = 0
    while size:
        if size & 1:
            crc = _apply(_power(algorithm, exponent), crc)
        size >>= 1
        exponent += 1
    return crc
