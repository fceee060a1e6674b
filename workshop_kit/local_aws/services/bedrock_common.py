"""What Bedrock's nouns share: ids, names, idempotent requests, tags and pages."""

from __future__ import annotations

import hashlib
import json
import secrets
import string
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import split_uri
from workshop_kit.local_aws.services import resources, tags

Document = dict[str, Any]

TOKENS = "bedrock-request-token"
_ALPHABET = string.ascii_lowercase + string.digits


def new_id() -> str:
    """Twelve letters and digits, as the ends of Bedrock's ARNs are."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def arn(ctx: Context, kind: str, name: str) -> str:
    """The ARN of a Bedrock resource of this account."""
    return f"arn:aws:bedrock:{ctx.region}:{ctx.account_id}:{kind}/{name}"


def once(ctx: Context, operation: str, request: Document, make: Callable[[], Document]) -> Document:
    """`make()`'s answer, or the answer it gave to an earlier request with the same clientRequestToken.

    Raises ValidationException when the token comes again with another request.
    """
    token = request.get("clientRequestToken")
    if not token:
        return make()
    key = f"{operation}/{token}"
    text = json.dumps(request, sort_keys=True, default=str)
    mark = hashlib.sha256(text.encode()).hexdigest()
    with ctx.store.transaction():
        known = ctx.store.get(TOKENS, key)
        if known is None:
            answer = make()
            ctx.store.put(TOKENS, key, {"mark": mark, "answer": answer})
            return answer
    if known["mark"] != mark:
        raise AwsError(
            "ValidationException", f"The clientRequestToken {token} was used with another request; use a new one."
        )
    return known["answer"]


def as_tags(pairs: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """Bedrock's {"key", "value"} as the tags module keeps them; raises for a key given twice or too many."""
    found = [{"Key": pair["key"], "Value": pair["value"]} for pair in pairs or []]
    tags.check_tags(found)
    return found


def tag_resource(ctx: Context, request: Document) -> Document:
    """TagResource."""
    _existing(ctx, request)
    tags.add_tags(ctx, {"ResourceArn": request["resourceARN"], "Tags": as_tags(request["tags"])})
    return {}


def untag_resource(ctx: Context, request: Document) -> Document:
    """UntagResource."""
    _existing(ctx, request)
    tags.delete_tags(ctx, {"ResourceArn": request["resourceARN"], "TagKeys": request["tagKeys"]})
    return {}


def list_tags_for_resource(ctx: Context, request: Document) -> Document:
    """ListTagsForResource."""
    _existing(ctx, request)
    found = tags.tags_of(ctx, request["resourceARN"])
    return {"tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in found]}


def _existing(ctx: Context, request: Document) -> None:
    if ctx.store.get(tags.KIND, request["resourceARN"]) is None:
        raise not_found(f"There is no resource {request['resourceARN']}.")


def not_found(message: str) -> AwsError:
    """ResourceNotFoundException."""
    return AwsError("ResourceNotFoundException", message)


def check_source(ctx: Context, uri: str, field: str) -> None:
    """Raise ValidationException when there is nothing at an S3 address."""
    bucket, key = split_uri(uri)
    if not ctx.objects.has_bucket(bucket) or next(iter(ctx.objects.list(bucket, key)), None) is None:
        raise AwsError("ValidationException", f"There is no object at {uri}, which {field} names; upload it first.")


def check_output(ctx: Context, uri: str) -> None:
    """Raise ValidationException when the output's bucket is not there."""
    bucket, _ = split_uri(uri)
    if not ctx.objects.has_bucket(bucket):
        raise AwsError("ValidationException", f"The bucket {bucket} of outputDataConfig.s3Uri does not exist.")


def page(
    documents: list[Document], request: Document, *, name: str, created: str = "creationTime"
) -> tuple[list[Document], str | None]:
    """One page, newest first unless told otherwise, and the token of the next; nameContains and times are applied."""
    after = request.get("creationTimeAfter") or request.get("createdAfter")
    before = request.get("creationTimeBefore") or request.get("createdBefore")
    kept = [
        document
        for document in documents
        if request.get("nameContains", "").lower() in document[name].lower()
        and (after is None or document[created] > resources.moment(after))
        and (before is None or document[created] < resources.moment(before))
    ]
    told = {"SortBy": "CreationTime", "SortOrder": request.get("sortOrder", "Descending")}
    told |= {"NextToken": request.get("nextToken"), "MaxResults": request.get("maxResults")}
    return resources.page(
        kept,
        told,
        keys={"CreationTime": lambda document: document[created]},
        name=name,
        default_order="Descending",
        default_size=100,
    )


def listing(member: str, rows: list[Document], token: str | None) -> Document:
    """A List answer; nextToken only when there is a next page."""
    return {member: [resources.public(row) for row in rows]} | ({"nextToken": token} if token else {})


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
