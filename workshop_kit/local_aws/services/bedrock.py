"""Bedrock's control plane: which models there are, and the operations of its other nouns.

Every name says that the model is local and what it is. The ids of models that are stood in for are answered, and listed
only with the suffix under which AWS lists them to be customized.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import (
    bedrock_common,
    custom_models,
    customization_jobs,
    evaluation_jobs,
    imported_models,
)

Document = dict[str, Any]

# What a listing's own enumeration knows; that a model takes reinforcement is said in AWS's guide alone.
LISTED = ("FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION")


def find_model(ctx: Context, identifier: str) -> catalogue.BedrockModel | None:
    """The model of an id or a foundation-model ARN, if it is here."""
    model = catalogue.bedrock_model(identifier.removeprefix(f"arn:aws:bedrock:{ctx.region}::foundation-model/"))
    return model if model is not None and catalogue.present(model) else None


def list_foundation_models(ctx: Context, request: Document) -> Document:
    """ListFoundationModels with its four filters."""
    summaries = [
        _details(ctx, model, model.customizable or model.model_id)
        for model in catalogue.BEDROCK.values()
        if catalogue.present(model) and (model.customizable or not model.stands_for)
    ]
    provider = request.get("byProvider")
    wanted = {
        "customizationsSupported": request.get("byCustomizationType"),
        "outputModalities": request.get("byOutputModality"),
        "inferenceTypesSupported": request.get("byInferenceType"),
    }
    return {
        "modelSummaries": [
            summary
            for summary in summaries
            if (provider is None or summary["providerName"].lower() == provider.lower())
            and all(value is None or value in summary[field] for field, value in wanted.items())
        ]
    }


def get_foundation_model(ctx: Context, request: Document) -> Document:
    """GetFoundationModel."""
    model = find_model(ctx, request["modelIdentifier"])
    if model is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Could not resolve the foundation model from the model identifier {request['modelIdentifier']}; "
            f"local AWS has {', '.join(known())}.",
        )
    suffixed = bool(model.customizable) and request["modelIdentifier"].endswith(model.customizable)
    return {"modelDetails": _details(ctx, model, model.customizable if suffixed else model.model_id)}


def get_foundation_model_availability(ctx: Context, request: Document) -> Document:
    """GetFoundationModelAvailability: what is here may be used; there is no agreement to make with a stand-in."""
    model = find_model(ctx, request["modelId"])
    if model is None:
        raise AwsError("ResourceNotFoundException", f"There is no model {request['modelId']} here.")
    return {
        "modelId": request["modelId"],
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    }


def list_inference_profiles(ctx: Context, request: Document) -> Document:
    """ListInferenceProfiles: there are no other regions to route to, so there is no profile."""
    return {"inferenceProfileSummaries": []}


def known() -> list[str]:
    """The ids of the models that are here."""
    return [model.model_id for model in catalogue.BEDROCK.values() if catalogue.present(model)]


def _details(ctx: Context, model: catalogue.BedrockModel, model_id: str) -> Document:
    to_customize = model_id == model.customizable
    return {
        "modelArn": f"arn:aws:bedrock:{ctx.region}::foundation-model/{model_id}",
        "modelId": model_id,
        "modelName": catalogue.honest_name(model),
        "providerName": catalogue.PROVIDER,
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [name for name in model.customizations if to_customize and name in LISTED],
        "inferenceTypesSupported": ["PROVISIONED"] if to_customize else ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "ListFoundationModels": list_foundation_models,
    "GetFoundationModel": get_foundation_model,
    "ListInferenceProfiles": list_inference_profiles,
    "GetFoundationModelAvailability": get_foundation_model_availability,
    **customization_jobs.OPERATIONS,
    **custom_models.OPERATIONS,
    **imported_models.OPERATIONS,
    **evaluation_jobs.OPERATIONS,
    **bedrock_common.OPERATIONS,
}
