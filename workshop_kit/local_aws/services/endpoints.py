"""SageMaker endpoints: create, describe, list, update, delete. Loading is done by jobs/deployer.py.

    Creating -> InService | Failed
    Updating -> InService (on failure: with the old configuration, and the reason)
    Deleting -> gone

Private fields: _Next (the configuration being put in place), _Variants (what each variant serves now).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import resources, tags
from workshop_kit.local_aws.services.models import get_config
from workshop_kit.local_aws.store import Exists

Document = dict[str, Any]

KIND = "endpoint"


def create_endpoint(ctx: Context, request: Document) -> Document:
    """CreateEndpoint: answers at once; the model is loaded in the background."""
    name = request["EndpointName"]
    arn = resources.arn(ctx, "endpoint", name)
    tags.check_tags(request.get("Tags") or [])
    get_config(ctx, request["EndpointConfigName"])
    now = resources.now()
    document = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": request["EndpointConfigName"],
        "EndpointStatus": "Creating",
        "CreationTime": now,
        "LastModifiedTime": now,
        "_Next": request["EndpointConfigName"],
        "_Variants": [],
    }
    try:
        ctx.store.create(KIND, name, document)
    except Exists:
        raise AwsError("ValidationException", f'Cannot create already existing endpoint "{arn}".') from None
    tags.set_tags(ctx, arn, request.get("Tags"))
    return {"EndpointArn": arn}


def describe_endpoint(ctx: Context, request: Document) -> Document:
    """DescribeEndpoint."""
    return resources.public(get_endpoint(ctx, request["EndpointName"]))


def list_endpoints(ctx: Context, request: Document) -> Document:
    """ListEndpoints, with AWS's filters, orders and pages."""
    documents = [document for _, document in ctx.store.list(KIND)]
    rows, token = resources.page(
        resources.filtered(documents, request, name="EndpointName", status="EndpointStatus"),
        request,
        keys={
            "Name": lambda row: row["EndpointName"],
            "CreationTime": lambda row: row["CreationTime"],
            "Status": lambda row: row["EndpointStatus"],
        },
        name="EndpointName",
        default_order="Descending",
    )
    fields = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    return resources.listing("Endpoints", [resources.pick(row, *fields) for row in rows], token)


def update_endpoint(ctx: Context, request: Document) -> Document:
    """UpdateEndpoint: the old configuration serves until the new one is loaded."""
    document = get_endpoint(ctx, request["EndpointName"])
    config = request["EndpointConfigName"]
    get_config(ctx, config)

    def begin(endpoint: Document) -> Document:
        if endpoint["EndpointStatus"] not in ("InService", "Failed"):
            raise AwsError("ValidationException", f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')
        endpoint.pop("FailureReason", None)
        return endpoint | {
            "EndpointStatus": "Updating",
            "_Next": config,
            "LastModifiedTime": resources.now(),
        }

    ctx.store.update(KIND, request["EndpointName"], begin)
    return {"EndpointArn": document["EndpointArn"]}


def delete_endpoint(ctx: Context, request: Document) -> Document:
    """DeleteEndpoint: Deleting at once, gone when the deployer has put its files away."""
    get_endpoint(ctx, request["EndpointName"])

    def begin(endpoint: Document) -> Document:
        return endpoint | {"EndpointStatus": "Deleting", "LastModifiedTime": resources.now()}

    ctx.store.update(KIND, request["EndpointName"], begin)
    return {}


def get_endpoint(ctx: Context, name: str) -> Document:
    """The endpoint's document; raises ValidationException when there is none."""
    document = ctx.store.get(KIND, name)
    if document is None:
        raise AwsError("ValidationException", f'Could not find endpoint "{resources.arn(ctx, "endpoint", name)}".')
    return document


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateEndpoint": create_endpoint,
    "DescribeEndpoint": describe_endpoint,
    "ListEndpoints": list_endpoints,
    "UpdateEndpoint": update_endpoint,
    "DeleteEndpoint": delete_endpoint,
}
