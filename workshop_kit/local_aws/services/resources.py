"""What every SageMaker noun needs: ARNs, timestamps, private fields, filters, sorting and pages."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context

Document = dict[str, Any]

_TIMES = frozenset(
    "CreationTime LastModifiedTime TrainingStartTime TrainingEndTime StartTime EndTime Timestamp creationTime "
    "lastModifiedTime endTime createdAt lastUpdatedAt commitmentExpirationTime".split()
)


def arn(ctx: Context, kind: str, name: str, service: str = "sagemaker") -> str:
    """The ARN of a resource of this account; SageMaker writes resource names in lower case."""
    return f"arn:aws:{service}:{ctx.region}:{ctx.account_id}:{kind}/{name.lower()}"


def now() -> float:
    """Seconds since 1970; documents keep times so, and `public` turns them into datetimes."""
    return round(time.time(), 3)


def moment(value: Any) -> float:
    """Seconds since 1970 of a time in a request (a datetime, ISO text or a number)."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value.timestamp()


def public(document: Document) -> Document:
    """A stored document as AWS answers it: without its `_private` fields, with datetimes where AWS has them."""
    return {key: _answered(key, value) for key, value in document.items() if not key.startswith("_")}


def _answered(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _answered(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_answered("", item) for item in value]
    return datetime.fromtimestamp(value, UTC) if key in _TIMES and isinstance(value, (int, float)) else value


def pick(document: Document, *names: str) -> Document:
    """The named fields that are there."""
    return {name: document[name] for name in names if name in document}


def filtered(documents: Iterable[Document], request: Document, *, name: str, status: str = "") -> list[Document]:
    """Apply the filters the List calls share: NameContains, StatusEquals and the time bounds."""
    kept = []
    for document in documents:
        if request.get("NameContains", "").lower() not in document[name].lower():
            continue
        if status and request.get("StatusEquals") and document[status] != request["StatusEquals"]:
            continue
        if all(
            _within(request, bound, document.get(field, document["CreationTime"]))
            for bound, field in (("CreationTime", "CreationTime"), ("LastModifiedTime", "LastModifiedTime"))
        ):
            kept.append(document)
    return kept


def _within(request: Document, bound: str, when: Any) -> bool:
    after, before = request.get(f"{bound}After"), request.get(f"{bound}Before")
    return (after is None or when > moment(after)) and (before is None or when < moment(before))


def page(
    documents: list[Document],
    request: Document,
    *,
    keys: dict[str, Callable[[Document], Any]],
    name: str,
    default_order: str,
    default_sort: str = "CreationTime",
    default_size: int = 10,
) -> tuple[list[Document], str | None]:
    """One page of `documents` and the token of the next.

    The token holds the last row's sort key and name, not an offset: rows created or deleted between two calls
    neither repeat nor hide others. Raises ValidationException for a token this sort order did not give out.
    """
    sort_by = request.get("SortBy", default_sort)
    descending = request.get("SortOrder", default_order) == "Descending"

    def rank(document: Document) -> list[Any]:
        return [keys[sort_by](document), document[name]]

    ordered = sorted(documents, key=rank, reverse=descending)
    if token := request.get("NextToken"):
        last = _read_token(token, sort_by, descending)
        ordered = [row for row in ordered if (rank(row) < last if descending else rank(row) > last)]
    size = request.get("MaxResults") or default_size
    rows = ordered[:size]
    if len(ordered) <= size:
        return rows, None
    mark = json.dumps([sort_by, descending, rank(rows[-1])]).encode()
    return rows, base64.urlsafe_b64encode(mark).decode()


def _read_token(token: str, sort_by: str, descending: bool) -> list[Any]:
    try:
        told_sort, told_descending, last = json.loads(base64.urlsafe_b64decode(token.encode()))
        if (told_sort, told_descending) == (sort_by, descending) and isinstance(last, list):
            return last
    except ValueError:
        pass
    raise AwsError(
        "ValidationException", "The NextToken is not one that this listing gave out; start again without it."
    )


def listing(member: str, rows: list[Document], token: str | None) -> Document:
    """A List answer; NextToken only when there is a next page."""
    answer: Document = {member: [public(row) for row in rows]}
    if token:
        answer["NextToken"] = token
    return answer
