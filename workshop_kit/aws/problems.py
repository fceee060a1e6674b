"""AWS's errors as KitErrors: one sentence each, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from workshop_kit.errors import AwsProblem, KitError

T = TypeVar("T")

# What starts the local server of a URL again, if this process uses one; returns whether the same URL answers now.
revivers: list[Callable[[str], bool]] = []


class _Translating(ContextDecorator):
    def __enter__(self) -> _Translating:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, KitError) and _from_boto(error):
            raise explain(error) from error


def kit_call(function: Callable[..., T] | None = None, /, *args: Any, **params: Any) -> Any:
    """`function(*args, **params)` with errors of boto3 raised as KitErrors; without arguments, a context manager.

    A local server that has gone is started again and the call made once more: it had not been received.
    """
    if function is None:
        return _Translating()
    with _Translating():
        try:
            return function(*args, **params)
        except Exception as error:
            url = getattr(error, "kwargs", {}).get("endpoint_url", "")
            if type(error).__name__ != "EndpointConnectionError" or not any(revive(url) for revive in revivers):
                raise
            return function(*args, **params)


def _from_boto(error: Exception) -> bool:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, ClientError | BotoCoreError | Boto3Error)


def explain(error: Exception) -> KitError:
    """The KitError that says in one sentence what went wrong and what to do; a KitError comes back as it is."""
    from boto3.exceptions import Boto3Error
    from botocore import exceptions

    if isinstance(error, KitError):
        return error
    if isinstance(error, Boto3Error) and not isinstance(error, exceptions.ClientError):
        # boto3's transfers wrap the error that matters.
        inner = error.__cause__ or error.__context__
        if isinstance(inner, exceptions.ClientError | exceptions.BotoCoreError):
            return explain(inner)
    if isinstance(error, exceptions.ClientError):
        return _explain_code(error)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return AwsProblem(
            "No complete AWS credentials were found; run 'aws configure' or 'aws sso login', or set WORKSHOP_AWS=local "
            "to do without AWS.",
            "NoCredentials",
        )
    if isinstance(error, exceptions.SSOTokenLoadError | exceptions.UnauthorizedSSOTokenError):
        return AwsProblem("The AWS sign-in has expired; run 'aws sso login' and try again.", "ExpiredToken")
    if isinstance(error, exceptions.ProfileNotFound):
        return AwsProblem(f"{_sentence(error)} Correct or unset AWS_PROFILE.", "ProfileNotFound")
    if isinstance(error, exceptions.NoRegionError):
        return AwsProblem("No AWS region is set; set AWS_DEFAULT_REGION, for example to us-west-2.", "NoRegion")
    if isinstance(error, exceptions.ParamValidationError):
        return AwsProblem(f"The request was not sent: {_sentence(error)}", "ParamValidation")
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        url = str(error.kwargs.get("endpoint_url") or error.kwargs.get("proxy_url") or "")
        host = urlsplit(url).hostname or "AWS"
        if host in ("127.0.0.1", "localhost"):
            return AwsProblem(
                f"Nothing answers at {url.split('?')[0]} any more; run connect() again, which starts local AWS.",
                "NoConnection",
            )
        return AwsProblem(
            f"{host} can't be reached; check the network and the region, or set WORKSHOP_AWS=local to do without AWS.",
            "NoConnection",
        )
    return AwsProblem(f"AWS could not be used: {_sentence(error)}", type(error).__name__)


# What to do about an error code; {says} is AWS's own message, {operation} the operation's name.
ADVICE: dict[str, str] = {
    "AccessDenied": "{operation} is not allowed for this role or user ({says}); ask for that right or another role.",
    "ExpiredToken": "The AWS credentials have expired; sign in again and restart the kernel.",
    "InvalidClientTokenId": "AWS does not know these credentials ({says}); sign in again or correct them.",
    "ResourceLimitExceeded": (
        "The account's quota does not allow this ({says}); choose a smaller or another instance type, or ask for a "
        "higher quota under Service Quotas."
    ),
    "Throttling": "AWS is being asked too often for {operation} ({says}); wait a minute and try again.",
    "NoSuchBucket": "The bucket does not exist ({says}); run connect() again, which makes the kit's bucket.",
    "NoSuchKey": "There is no such object in the bucket ({says}); check the name, or run the step that writes it.",
    "ResourceNotFound": "{operation} did not find what it was asked for: {says}",
    "ValidationException": "AWS refused {operation}: {says}",
    "UnknownOperation": "{operation} is not available here: {says}",
    "CapacityError": "AWS has no such instance free now ({says}); try again later or choose another instance type.",
    "InsufficientStorage": "{says}",
    "Unavailable": "AWS had a problem of its own with {operation} ({says}); try again in a minute.",
}
SAME: dict[str, tuple[str, ...]] = {
    "AccessDenied": (
        "AccessDeniedException",
        "UnauthorizedOperation",
        "403",
        "Forbidden",
        "AllAccessDisabled",
    ),
    "ExpiredToken": ("ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
    "InvalidClientTokenId": (
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "AuthFailure",
    ),
    "ResourceLimitExceeded": ("ServiceQuotaExceededException", "LimitExceededException", "TooManyBuckets"),
    "Throttling": (
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "ModelNotReadyException",
    ),
    "NoSuchKey": ("404", "NotFound", "NoSuchVersion"),
    "ResourceNotFound": ("ResourceNotFoundException", "NoSuchEntity"),
    "ValidationException": (
        "ValidationError",
        "InvalidParameterException",
        "InvalidRequest",
        "SerializationException",
    ),
    "UnknownOperation": ("UnknownOperationException", "NotImplemented"),
    "CapacityError": ("InsufficientInstanceCapacity", "InsufficientCapacityException"),
    "Unavailable": (
        "InternalFailure",
        "InternalError",
        "InternalServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ModelErrorException",
        "500",
        "503",
    ),
}
_GROUP = {code: name for name, codes in SAME.items() for code in (name, *codes)} | {name: name for name in ADVICE}
UNKNOWN_MODEL = ("model identifier is invalid", "model ID", "Could not resolve the foundation model")


def _explain_code(error: Any) -> AwsProblem:
    told = error.response.get("Error", {})
    code, says = str(told.get("Code", "")), " ".join(str(told.get("Message", "")).split())
    operation = error.operation_name
    if any(words in says for words in UNKNOWN_MODEL) and "alidation" in code:
        return AwsProblem(
            f"There is no such model in this region ({says.rstrip('.')}); list what there is with "
            "'aws bedrock list-foundation-models', or set WORKSHOP_MODEL_<ROLE>.",
            "ModelNotFound",
        )
    if code in ("ValidationException", "ValidationError") and "ould not find" in says:
        return AwsProblem(ADVICE["ResourceNotFound"].format(operation=operation, says=says), code)
    advice = ADVICE.get(_GROUP.get(code, ""), "AWS answered {operation} with {code}: {says}")
    says = says if advice.endswith("{says}") else says.rstrip(".")
    return AwsProblem(_ended(advice.format(operation=operation, says=says or code, code=code)), code)


def _sentence(error: Exception) -> str:
    return _ended(" ".join(str(error).split()))


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def whole_reply(function: Callable[..., Any], needs: str, **params: Any) -> dict[str, Any]:
    """`kit_call` for a call without effects, made again when the answer breaks off before its member `needs`.

    A server that dies while it answers can leave an empty body behind a good status, which boto3 takes for an answer.
    Raises AwsProblem (code ConnectionClosed) after three such answers.
    """
    for _ in range(3):
        reply = kit_call(function, **params)
        if needs in reply:
            return reply
    raise AwsProblem("The answer broke off three times; try again.", "ConnectionClosed")
