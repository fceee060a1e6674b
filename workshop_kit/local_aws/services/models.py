"""SageMaker models and endpoint configurations: create, describe, list, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import split_uri
from workshop_kit.local_aws.services import resources, tags
from workshop_kit.local_aws.services.roles import check_role
from workshop_kit.local_aws.store import Exists

Document = dict[str, Any]

MODEL = "model"
CONFIG = "endpoint-config"


def create_model(ctx: Context, request: Document) -> Document:
    """CreateModel: a fine-tuning artefact in S3, or a JumpStart id (the base alone)."""
    name = request["ModelName"]
    arn = resources.arn(ctx, "model", name)
    tags.check_tags(request.get("Tags") or [])
    if "ExecutionRoleArn" in request:
        check_role(ctx, request["ExecutionRoleArn"])
    source = _source(ctx, request)
    document = resources.pick(
        request,
        "ModelName",
        "PrimaryContainer",
        "Containers",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
    ) | {"ModelArn": arn, "CreationTime": resources.now(), "_Source": source}
    document.setdefault("EnableNetworkIsolation", False)
    _create(ctx, MODEL, name, document, f'Cannot create already existing model "{arn}".')
    tags.set_tags(ctx, arn, request.get("Tags"))
    return {"ModelArn": arn}


def describe_model(ctx: Context, request: Document) -> Document:
    """DescribeModel."""
    return resources.public(get_model(ctx, request["ModelName"]))


def list_models(ctx: Context, request: Document) -> Document:
    """ListModels."""
    return _list(ctx, MODEL, request, "Models", "ModelName", "ModelArn")


def delete_model(ctx: Context, request: Document) -> Document:
    """DeleteModel: endpoints that serve it go on doing so, as on AWS."""
    document = get_model(ctx, request["ModelName"])
    ctx.store.delete(MODEL, request["ModelName"])
    tags.drop_tags(ctx, document["ModelArn"])
    return {}


def create_endpoint_config(ctx: Context, request: Document) -> Document:
    """CreateEndpointConfig: every variant's model must exist."""
    name = request["EndpointConfigName"]
    arn = resources.arn(ctx, "endpoint-config", name)
    tags.check_tags(request.get("Tags") or [])
    variants = request["ProductionVariants"]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise AwsError("ValidationException", "Two production variants of this configuration have the same name.")
    for variant in variants:
        if "ModelName" not in variant:
            raise AwsError(
                "ValidationException",
                f"Production variant {variant['VariantName']} names no model; local AWS has no inference components.",
            )
        get_model(ctx, variant["ModelName"])
        variant.setdefault("InitialVariantWeight", 1.0)
    if sum(variant["InitialVariantWeight"] for variant in variants) <= 0:
        raise AwsError("ValidationException", "At least one production variant needs a weight above 0.")
    document = {key: value for key, value in request.items() if key != "Tags"}
    document |= {"EndpointConfigArn": arn, "CreationTime": resources.now()}
    _create(ctx, CONFIG, name, document, f'Cannot create already existing endpoint configuration "{arn}".')
    tags.set_tags(ctx, arn, request.get("Tags"))
    return {"EndpointConfigArn": arn}


def describe_endpoint_config(ctx: Context, request: Document) -> Document:
    """DescribeEndpointConfig."""
    return resources.public(get_config(ctx, request["EndpointConfigName"]))


def list_endpoint_configs(ctx: Context, request: Document) -> Document:
    """ListEndpointConfigs."""
    return _list(ctx, CONFIG, request, "EndpointConfigs", "EndpointConfigName", "EndpointConfigArn")


def delete_endpoint_config(ctx: Context, request: Document) -> Document:
    """DeleteEndpointConfig."""
    document = get_config(ctx, request["EndpointConfigName"])
    ctx.store.delete(CONFIG, request["EndpointConfigName"])
    tags.drop_tags(ctx, document["EndpointConfigArn"])
    return {}


def get_model(ctx: Context, name: str) -> Document:
    """The model's document; raises ValidationException when there is none."""
    document = ctx.store.get(MODEL, name)
    if document is None:
        raise AwsError("ValidationException", f'Could not find model "{resources.arn(ctx, "model", name)}".')
    return document


def get_config(ctx: Context, name: str) -> Document:
    """The endpoint configuration's document; raises ValidationException when there is none."""
    document = ctx.store.get(CONFIG, name)
    if document is None:
        raise AwsError(
            "ValidationException",
            f'Could not find endpoint configuration "{resources.arn(ctx, "endpoint-config", name)}".',
        )
    return document


def _create(ctx: Context, kind: str, name: str, document: Document, taken: str) -> None:
    try:
        ctx.store.create(kind, name, document)
    except Exists:
        raise AwsError("ValidationException", taken) from None


def _list(ctx: Context, kind: str, request: Document, member: str, name: str, arn: str) -> Document:
    documents = [document for _, document in ctx.store.list(kind)]
    rows, token = resources.page(
        resources.filtered(documents, request, name=name),
        request,
        keys={"Name": lambda row: row[name], "CreationTime": lambda row: row["CreationTime"]},
        name=name,
        default_order="Descending",
    )
    return resources.listing(member, [resources.pick(row, name, arn, "CreationTime") for row in rows], token)


def _source(ctx: Context, request: Document) -> Document:
    """Where the weights come from: {"uri": ..., "compressed": bool} or {"base": JumpStart id}."""
    containers = [request["PrimaryContainer"]] if "PrimaryContainer" in request else request.get("Containers") or []
    if len(containers) != 1:
        raise AwsError("ValidationException", "A model here has exactly one container; give PrimaryContainer.")
    (container,) = containers
    if "ModelPackageName" in container:
        raise AwsError("ValidationException", "Local AWS has no model packages; give ModelDataUrl or ModelDataSource.")
    data = container.get("ModelDataSource", {}).get("S3DataSource")
    if data and container.get("ModelDataUrl"):
        raise AwsError("ValidationException", "Give ModelDataUrl or ModelDataSource, not both.")
    uri = data["S3Uri"] if data else container.get("ModelDataUrl")
    if uri is None or split_uri(uri)[0] == catalogue.ARTIFACT_BUCKET:
        return _base(request, container, uri, data)
    compressed = data is None or data["CompressionType"] == "Gzip"
    bucket, key = split_uri(uri)
    if not ctx.objects.has_bucket(bucket) or next(iter(ctx.objects.list(bucket, key)), None) is None:
        raise AwsError("ValidationException", f"Could not find model data at {uri}.")
    return {"uri": uri, "compressed": compressed}


def _base(request: Document, container: Document, uri: str | None, data: Document | None) -> Document:
    texts = [
        uri or "",
        *(container.get("Environment") or {}).values(),
        *(tag["Value"] for tag in request.get("Tags") or []),
        container.get("Image") or "",
        request["ModelName"],
    ]
    model = catalogue.named_in(texts)
    if model is None:
        raise AwsError(
            "ValidationException",
            "The model has no ModelDataUrl and names no JumpStart model that local AWS knows "
            f"({', '.join(sorted(catalogue.JUMPSTART))}); give the S3 address of a training job's artefact.",
        )
    if data is not None and data.get("ModelAccessConfig", {}).get("AcceptEula") is not True:
        raise AwsError(
            "ValidationException",
            f"The end-user license agreement of {model.model_id} was not accepted; read it and set "
            "ModelAccessConfig.AcceptEula to true on the S3DataSource of ModelDataSource.",
        )
    return {"base": model.model_id}


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "CreateModel": create_model,
    "DescribeModel": describe_model,
    "ListModels": list_models,
    "DeleteModel": delete_model,
    "CreateEndpointConfig": create_endpoint_config,
    "DescribeEndpointConfig": describe_endpoint_config,
    "ListEndpointConfigs": list_endpoint_configs,
    "DeleteEndpointConfig": delete_endpoint_config,
}
