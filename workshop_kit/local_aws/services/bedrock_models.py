"""From whatever a request names to the model that answers: ids, profiles, and ARNs of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.inference.client import ModelRef
from workshop_kit.local_aws.services import custom_models, imported_models
from workshop_kit.local_aws.services.generation import check_base


@dataclass(frozen=True)
class Served:
    """A model ready to answer: of weights (`ref`), or of rules (`standin`, a module's name).

    `protocol` is the body that InvokeModel takes: "nova", "llama", or "" for Converse alone.
    """

    label: str
    protocol: str
    ref: ModelRef | None = None
    standin: str = ""


def resolve(ctx: Context, identifier: str) -> Served:
    """The model that an id or ARN names.

    Raises ValidationException for one that is not there, and ModelNotReadyException for one that is not up yet.
    """
    for mark, find in _BY_ARN.items():
        if f":{mark}/" in identifier:
            return find(ctx, identifier)
    return _foundation(ctx, identifier)


def custom(ctx: Context, identifier: str) -> Served:
    """A custom model by its ARN or name."""
    document = custom_models.find(ctx, identifier)
    model = catalogue.bedrock_model(document["_BaseModelId"])
    folder = Path(document["_Folder"])
    if model is None or not folder.is_dir():
        raise AwsError("ValidationException", f"The files of the custom model {document['modelName']} are gone.")
    base = catalogue.weights_folder(document["_Weights"])
    check_base(folder, base)
    label = f"{document['modelName']}, made from {catalogue.honest_name(model)}"
    return Served(label, model.protocol, ModelRef(base, str(folder), label))


def _foundation(ctx: Context, identifier: str) -> Served:
    model = catalogue.bedrock_model(identifier.removeprefix(f"arn:aws:bedrock:{ctx.region}::foundation-model/"))
    if model is None or not catalogue.present(model):
        raise _unknown()
    weights = catalogue.weights_of(model)
    if weights is None:
        return Served(model.model_id, "", standin=model.kind)
    return Served(model.model_id, model.protocol, ModelRef(weights, None, model.model_id))


def _deployed(ctx: Context, identifier: str) -> Served:
    for _, document in ctx.store.list(custom_models.DEPLOYMENT):
        if document["customModelDeploymentArn"] == identifier:
            _ready(document["status"], "Active", f"The custom model deployment {document['modelDeploymentName']}")
            return custom(ctx, document["modelArn"])
    raise _unknown()


def _provisioned(ctx: Context, identifier: str) -> Served:
    for _, document in ctx.store.list(custom_models.PROVISIONED):
        if document["provisionedModelArn"] == identifier:
            _ready(document["status"], "InService", f"The provisioned throughput {document['provisionedModelName']}")
            return serve(ctx, document["modelArn"])
    raise _unknown()


def serve(ctx: Context, arn: str) -> Served:
    """A custom or foundation model by its ARN."""
    return custom(ctx, arn) if ":custom-model/" in arn else _foundation(ctx, arn)


def _imported(ctx: Context, identifier: str) -> Served:
    _, document = imported_models.find(ctx, identifier)
    return Served(document["modelName"], "llama", ModelRef(document["_Folder"], None, document["modelName"]))


def _ready(status: str, wanted: str, what: str) -> None:
    if status not in (wanted, "Updating"):
        raise AwsError("ModelNotReadyException", f"{what} is {status}; ask again when it is {wanted}.")


def _unknown() -> AwsError:
    return AwsError("ValidationException", "The provided model identifier is invalid.")


_BY_ARN = {
    "custom-model-deployment": _deployed,
    "provisioned-model": _provisioned,
    "imported-model": _imported,
    # A custom model's own ARN holds colons in its base's name, which the runtime's model of modelId doesn't admit: such
    # a model is asked through a deployment or provisioned throughput.
}
