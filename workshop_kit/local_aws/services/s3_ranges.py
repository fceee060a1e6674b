"""The Range header of a read."""

from __future__ import annotations

import re

from workshop_kit.local_aws.awserror import AwsError

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """(first byte, number of bytes) of a `bytes=…` header for an object of `size` bytes.

    None for a header that is to be ignored (several ranges, another unit, a last byte before the first). Raises
    InvalidRange when no byte of the object is in the range.
    """
    found = RANGE.fullmatch(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise _unsatisfiable(header, size)
        return size - length, length
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise _unsatisfiable(header, size)
    end = min(int(last), size - 1) if last else size - 1
    return start, end - start + 1


def _unsatisfiable(header: str, size: int) -> AwsError:
    return AwsError(
        "InvalidRange",
        "The requested range is not satisfiable",
        status=416,
        fields={"RangeRequested": header, "ActualObjectSize": size},
    )
