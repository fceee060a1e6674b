"""Tags of training jobs, models, endpoint configurations and endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context

KIND = "tags"
MOST = 50


def check_tags(tags: list[dict[str, str]]) -> None:
    """Raise ValidationException for more than fifty tags or a key given twice."""
    keys = [tag["Key"] for tag in tags]
    if len(keys) > MOST:
        raise AwsError("ValidationException", f"{len(keys)} tags were given; a resource has at most {MOST}.")
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise AwsError("ValidationException", f"Duplicate tag keys found: {', '.join(twice)}.")


def set_tags(ctx: Context, arn: str, tags: list[dict[str, str]] | None) -> None:
    """Give a new resource its tags."""
    ctx.store.put(KIND, arn, {"Tags": tags or []})


def drop_tags(ctx: Context, arn: str) -> None:
    """Forget the tags of a deleted resource."""
    ctx.store.delete(KIND, arn)


def tags_of(ctx: Context, arn: str) -> list[dict[str, str]]:
    """The tags of a resource, in the order they were added."""
    return (ctx.store.get(KIND, arn) or {"Tags": []})["Tags"]


def add_tags(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """AddTags: a key that is there already takes the new value."""
    new = request["Tags"]
    check_tags(new)

    def merge(document: dict[str, Any]) -> dict[str, Any]:
        merged = {tag["Key"]: tag["Value"] for tag in [*document["Tags"], *new]}
        tags = [{"Key": key, "Value": value} for key, value in merged.items()]
        check_tags(tags)
        return {"Tags": tags}

    document = ctx.store.update(KIND, request["ResourceArn"].lower(), merge)
    if document is None:
        raise _unknown(request["ResourceArn"])
    return {"Tags": document["Tags"]}


def delete_tags(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteTags: keys that are not there are passed over."""
    gone = set(request["TagKeys"])

    def cut(document: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [tag for tag in document["Tags"] if tag["Key"] not in gone]}

    if ctx.store.update(KIND, request["ResourceArn"].lower(), cut) is None:
        raise _unknown(request["ResourceArn"])
    return {}


def list_tags(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """ListTags: a resource has at most fifty tags, so one page always holds them."""
    document = ctx.store.get(KIND, request["ResourceArn"].lower())
    if document is None:
        raise _unknown(request["ResourceArn"])
    return {"Tags": document["Tags"]}


def _unknown(arn: str) -> AwsError:
    return AwsError("ValidationException", f"Could not find resource {arn}.")


OPERATIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "AddTags": add_tags,
    "DeleteTags": delete_tags,
    "ListTags": list_tags,
}
