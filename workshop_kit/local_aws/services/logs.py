"""CloudWatch Logs, to read: the lines of training jobs and endpoints, as they are written.

A stream's events are numbered; tokens are `f/<n>` (read on from n) and `b/<n>` (read what comes before n),
and at either end of a stream a call answers the token it was given, which is how callers know that they have
reached it.
"""

from __future__ import annotations

import heapq
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.functions import LOG_GROUPS
from workshop_kit.local_aws.jobs import customizations, evaluations
from workshop_kit.local_aws.jobs.states import LOG_GROUP
from workshop_kit.local_aws.store import LogStream

Document = dict[str, Any]
Event = tuple[int, int, str]  # number in the stream, milliseconds since 1970, message

GROUPS = (LOG_GROUP, "/aws/sagemaker/Endpoints", customizations.LOG_GROUP, evaluations.LOG_GROUP)
MOST = 10_000


def describe_log_groups(ctx: Context, request: Document) -> Document:
    """DescribeLogGroups: the groups that something has written to."""
    prefix, pattern = request.get("logGroupNamePrefix") or "", request.get("logGroupNamePattern") or ""
    found = []
    for group in _groups(ctx):
        if group.startswith(prefix) and pattern.lower() in group.lower() and ctx.store.log_streams(group, ""):
            arn = _arn(ctx, group)
            found.append({"logGroupName": group, "arn": f"{arn}:*", "logGroupArn": arn, "storedBytes": 0})
    return {"logGroups": found}


def describe_log_streams(ctx: Context, request: Document) -> Document:
    """DescribeLogStreams: by name or by last event, in pages."""
    group = _group(request)
    prefix = request.get("logStreamNamePrefix") or ""
    by_time = request.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise AwsError(
            "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix; leave one out.",
        )
    streams = [_stream(ctx, group, found) for found in ctx.store.log_streams(group, prefix)]
    streams.sort(
        key=lambda row: (row["lastEventTimestamp"] if by_time else 0, row["logStreamName"]),
        reverse=bool(request.get("descending")),
    )
    size, start = request.get("limit") or 50, _offset(request.get("nextToken"))
    answer: Document = {"logStreams": streams[start : start + size]}
    if start + size < len(streams):
        answer["nextToken"] = str(start + size)
    return answer


def get_log_events(ctx: Context, request: Document) -> Document:
    """GetLogEvents: forward from a token, backward from a token, or one end of the stream."""
    group, stream = _group(request), request["logStreamName"]
    lines = {found.name: found.lines for found in ctx.store.log_streams(group, stream)}.get(stream)
    if lines is None:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    limit = request.get("limit") or MOST
    direction, mark = _mark(request, lines)
    if direction == "f":
        events = list(islice(_between(_events(ctx, group, stream, mark), request), limit))
    else:
        bounded = "startTime" in request or "endTime" in request
        earlier = _events(ctx, group, stream, 0 if bounded else max(0, mark - limit))
        before = takewhile(lambda event: event[0] < mark, earlier)
        events = list(_between(before, request))[-limit:]
    first, following = (events[0][0], events[-1][0] + 1) if events else (mark, mark)
    return {
        "events": [{"timestamp": at, "message": message, "ingestionTime": at} for _, at, message in events],
        "nextForwardToken": f"f/{following}",
        "nextBackwardToken": f"b/{first}",
    }


def filter_log_events(ctx: Context, request: Document) -> Document:
    """FilterLogEvents: across streams, in order of time.

    A pattern is words and "quoted phrases", all of which must occur.
    """
    group = _group(request)
    prefix = request.get("logStreamNamePrefix") or ""
    names = request.get("logStreamNames") or [found.name for found in ctx.store.log_streams(group, prefix)]
    wanted = _pattern(request.get("filterPattern") or "")
    rows = heapq.merge(
        *(
            [(at, stream, number, message) for number, at, message in _between(_events(ctx, group, stream, 0), request)]
            for stream in names
        )
    )
    kept = [row for row in rows if wanted(row[3])]
    size, start = request.get("limit") or MOST, _offset(request.get("nextToken"))
    answer: Document = {
        "events": [
            {
                "logStreamName": stream,
                "timestamp": at,
                "message": message,
                "ingestionTime": at,
                "eventId": f"{at:014d}{number:012d}",
            }
            for at, stream, number, message in kept[start : start + size]
        ],
        "searchedLogStreams": [],
    }
    if start + size < len(kept):
        answer["nextToken"] = str(start + size)
    return answer


def _groups(ctx: Context) -> list[str]:
    """The groups there are: a function's begins with its first call."""
    functions = [LOG_GROUPS + name for name, _ in ctx.store.list("lambda-function")]
    return sorted([*GROUPS, *functions])


def _arn(ctx: Context, group: str) -> str:
    return f"arn:aws:logs:{ctx.region}:{ctx.account_id}:log-group:{group}"


def _group(request: Document) -> str:
    """The log group's name, given as such or as an ARN; raises ResourceNotFoundException."""
    told = request.get("logGroupName") or request.get("logGroupIdentifier") or ""
    name = told.split(":log-group:")[-1].removesuffix(":*")
    if name not in GROUPS and not name.startswith(LOG_GROUPS):
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return name


def _stream(ctx: Context, group: str, found: LogStream) -> Document:
    return {
        "logStreamName": found.name,
        "creationTime": found.first_ms,
        "firstEventTimestamp": found.first_ms,
        "lastEventTimestamp": found.last_ms,
        "lastIngestionTime": found.last_ms,
        "arn": f"{_arn(ctx, group)}:log-stream:{found.name}",
    }


def _events(ctx: Context, group: str, stream: str, start: int) -> Iterator[Event]:
    """The events of a stream from number `start` on."""
    while rows := ctx.store.read_log(group, stream, start=start, limit=MOST):
        yield from rows
        start = rows[-1][0] + 1


def _between(events: Iterable[Event], request: Document) -> Iterator[Event]:
    start, end = request.get("startTime", 0), request.get("endTime", float("inf"))
    return (event for event in events if start <= event[1] < end)


def _mark(request: Document, lines: int) -> tuple[str, int]:
    """Direction ("f" or "b") and the event number to start at."""
    token = request.get("nextToken")
    if token is None:
        return ("f", 0) if request.get("startFromHead") else ("b", lines)
    found = re.fullmatch(r"([fb])/(\d+)", token)
    if not found:
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.")
    return found[1], int(found[2])


def _offset(token: str | None) -> int:
    if token is not None and not token.isdigit():
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.")
    return int(token or 0)


def _pattern(text: str) -> Callable[[str], bool]:
    if text.startswith(("{", "[", "%")):
        raise AwsError(
            "InvalidParameterException",
            f'The filter pattern {text!r} is not supported by local AWS; give words or "quoted phrases".',
        )
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise AwsError("InvalidParameterException", f"Invalid filter pattern {text!r}: {problem}.") from None
    return lambda message: all(word in message for word in words)


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "DescribeLogGroups": describe_log_groups,
    "DescribeLogStreams": describe_log_streams,
    "GetLogEvents": get_log_events,
    "FilterLogEvents": filter_log_events,
}
