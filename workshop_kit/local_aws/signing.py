"""Reads a request's signature for what it says: the service meant, and until when a presigned URL is valid.

Signatures themselves are not checked: any key is accepted on the loopback interface.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from moto.core.request import Request

from workshop_kit.local_aws.awserror import AwsError

SCOPE = re.compile(r"[^/]+/\d{8}/[^/]*/([a-z0-9_.-]+)/aws4_request")
LONGEST_PRESIGNED = 7 * 24 * 3600


def signed_for(request: Request) -> str:
    """The signing name of the service that a request was signed for; "" for an unsigned request."""
    header = request.headers.get("Authorization", "")
    found = SCOPE.search(header) or SCOPE.search(request.args.get("X-Amz-Credential", ""))
    if found:
        return found[1]
    # The older signatures, which only S3 still sees.
    if header.startswith("AWS ") or {"AWSAccessKeyId", "Signature"} <= request.args.keys():
        return "s3"
    return ""


def check_not_expired(request: Request) -> None:
    """Raise AccessDenied for a presigned URL whose time is over, AuthorizationQueryParametersError for a bad one."""
    args = request.args
    if "X-Amz-Expires" in args:
        try:
            seconds = int(args["X-Amz-Expires"])
            signed = datetime.strptime(args.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if not 0 < seconds <= LONGEST_PRESIGNED:
                raise ValueError
        except ValueError:
            raise AwsError(
                "AuthorizationQueryParametersError",
                "X-Amz-Date must be a time and X-Amz-Expires a number of seconds of at most a week.",
                status=400,
            ) from None
        end = signed + timedelta(seconds=seconds)
    elif "Expires" in args and "Signature" in args:
        if not args["Expires"].isdigit():
            raise AwsError("AccessDenied", "Invalid date (should be seconds since epoch).", status=403)
        end = datetime.fromtimestamp(min(int(args["Expires"]), 253_402_300_799), UTC)
    else:
        return
    if end.timestamp() < time.time():
        raise AwsError(
            "AccessDenied",
            "Request has expired",
            status=403,
            fields={
                "Expires": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "ServerTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            },
        )
