"""Service Quotas: how many instances of each kind SageMaker gives, and requests for more, which stay pending here.

Codes of quotas are local AWS's own, made from their names: callers should look a quota up by its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import bedrock_common, resources
from workshop_kit.local_aws.services.hub import INSTANCES

Document = dict[str, Any]

REQUEST = "quota-request"
SERVICES = {"sagemaker": "Amazon SageMaker", "bedrock": "Amazon Bedrock"}
# Jobs wait in line here: any number may be created, and this many is what a listing says; evaluation jobs alone are
# held to it.
GRANTED = 20.0
EVALUATIONS = "(Model evaluation) Number of concurrent automatic model evaluation jobs"
_NAMES = {
    "sagemaker": [f"{name} for {use} usage" for name in INSTANCES for use in ("training job", "endpoint")],
    "bedrock": ["Custom models per account", "Custom model deployments per account", EVALUATIONS],
}


def _quota(ctx: Context, service: str, name: str) -> Document:
    code = "L-" + hashlib.sha256(f"{service}/{name}".encode()).hexdigest()[:8].upper()
    return {
        "ServiceCode": service,
        "ServiceName": SERVICES[service],
        "QuotaArn": f"arn:aws:servicequotas:{ctx.region}:{ctx.account_id}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": GRANTED,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "Description": "The code is local AWS's own; look quotas up by name.",
    }


def list_services(ctx: Context, request: Document) -> Document:
    """ListServices."""
    return {"Services": [{"ServiceCode": code, "ServiceName": name} for code, name in SERVICES.items()]}


def list_service_quotas(ctx: Context, request: Document) -> Document:
    """ListServiceQuotas, in pages; ListAWSDefaultServiceQuotas is the same here."""
    quotas = [_quota(ctx, request["ServiceCode"], name) for name in _names(request)]
    if request.get("QuotaCode"):
        quotas = [quota for quota in quotas if quota["QuotaCode"] == request["QuotaCode"]]
    token = request.get("NextToken") or "0"
    if not token.isdigit():
        raise AwsError("InvalidPaginationTokenException", "The NextToken is not one that this listing gave out.")
    start, size = int(token), request.get("MaxResults") or 100
    answer: Document = {"Quotas": quotas[start : start + size]}
    if start + size < len(quotas):
        answer["NextToken"] = str(start + size)
    return answer


def get_service_quota(ctx: Context, request: Document) -> Document:
    """GetServiceQuota and GetAWSDefaultServiceQuota."""
    return {"Quota": _find(ctx, request)}


def request_service_quota_increase(ctx: Context, request: Document) -> Document:
    """RequestServiceQuotaIncrease: kept, and pending for ever: nobody here grants it."""
    quota = _find(ctx, request)
    if request["DesiredValue"] <= quota["Value"]:
        raise AwsError(
            "IllegalArgumentException",
            f"DesiredValue is {request['DesiredValue']:g}; it must be above the present value of {quota['Value']:g}.",
        )
    for _, known in ctx.store.list(REQUEST):
        if known["QuotaCode"] == quota["QuotaCode"]:
            raise AwsError("ResourceAlreadyExistsException", "Only one open service quota increase request is allowed.")
    id, now = bedrock_common.new_id(), resources.now()
    kept = ("ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn", "Unit")
    document = {name: quota[name] for name in kept}
    document |= {
        "Id": id,
        "DesiredValue": request["DesiredValue"],
        "Status": "PENDING",
        "Created": now,
        "LastUpdated": now,
        "GlobalQuota": False,
    }
    ctx.store.create(REQUEST, id, document)
    return {"RequestedQuota": document}


def list_requested_changes(ctx: Context, request: Document) -> Document:
    """ListRequestedServiceQuotaChangeHistory and …ByQuota."""
    wanted = {name: request.get(name) for name in ("ServiceCode", "QuotaCode", "Status")}
    found = [
        document
        for _, document in ctx.store.list(REQUEST)
        if all(value in (None, document[name]) for name, value in wanted.items())
    ]
    return {"RequestedQuotas": found}


def get_requested_change(ctx: Context, request: Document) -> Document:
    """GetRequestedServiceQuotaChange."""
    document = ctx.store.get(REQUEST, request["RequestId"])
    if document is None:
        raise _missing("The request does not exist.")
    return {"RequestedQuota": document}


def _names(request: Document) -> list[str]:
    if request["ServiceCode"] not in _NAMES:
        raise _missing(f"The service {request['ServiceCode']} has no quotas here.")
    return _NAMES[request["ServiceCode"]]


def _find(ctx: Context, request: Document) -> Document:
    for name in _names(request):
        quota = _quota(ctx, request["ServiceCode"], name)
        if quota["QuotaCode"] == request["QuotaCode"]:
            return quota
    raise _missing(f"There is no quota {request['QuotaCode']}.")


def _missing(message: str) -> AwsError:
    return AwsError("NoSuchResourceException", message)


OPERATIONS: dict[str, Callable[[Context, Document], Document]] = {
    "ListServices": list_services,
    "ListServiceQuotas": list_service_quotas,
    "ListAWSDefaultServiceQuotas": list_service_quotas,
    "GetServiceQuota": get_service_quota,
    "GetAWSDefaultServiceQuota": get_service_quota,
    "RequestServiceQuotaIncrease": request_service_quota_increase,
    "ListRequestedServiceQuotaChangeHistory": list_requested_changes,
    "ListRequestedServiceQuotaChangeHistoryByQuota": list_requested_changes,
    "GetRequestedServiceQuotaChange": get_requested_change,
}
