"""The only door to boto3: where AWS is, who we are there, and its errors in one sentence each.

    connect() -> Aws          AWS_ENDPOINT_URL if set; else what WORKSHOP_AWS says; else AWS where credentials are
                              found; else local AWS, started on this machine
    kit_call(f, **params)     f(**params) with AWS's errors as KitErrors; `with kit_call():` does so for a block
    explain(error)            the KitError for one error of boto3

Whatever connect() finds, the calls made afterwards are the same.
"""

from __future__ import annotations

import html
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workshop_kit import settings
from workshop_kit.aws.problems import explain, kit_call, revivers, whole_reply
from workshop_kit.errors import AwsProblem, BadInput

if TYPE_CHECKING:
    from workshop_kit.local_aws import ServerInfo

__all__ = ["Aws", "connect", "explain", "kit_call", "whole_reply"]

METADATA_FILE = Path("/opt/ml/metadata/resource-metadata.json")
TAG = {"Key": "workshop-kit", "Value": "true"}
ROLE_NAME = "WorkshopExecutionRole"
LOCAL_REGION = "us-west-2"
CONNECT_SECONDS = 5
# An endpoint answers within 60 s; a model behind Converse may take longer for its first word.
READ_SECONDS = 180
ATTEMPTS = 5

# The local servers this process uses, by their URL: a crashed one is started again on the next call.
_local_homes: dict[str, Path] = {}


@dataclass(frozen=True)
class Aws:
    """A connection. `bucket` exists and is tagged; `role_arn` is "" when no execution role was found."""

    region: str
    account_id: str
    role_arn: str
    bucket: str
    label: str
    endpoint_url: str | None = None
    answers: str = ""  # on local AWS: what answers there, in a sentence
    _session: Any = field(default=None, repr=False, compare=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """A boto3 client with bounded retries and timeouts; the same one each time, safe to share among threads."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = _client(self._session, service, self.region, self.endpoint_url)
            return self._clients[service]

    def choose_model(self, role: str) -> str:
        """The Bedrock model id for "writer", "judge", "reference" or "base".

        WORKSHOP_MODEL_<ROLE> if set, else the first of settings.MODEL_PREFERENCES that this region lists. Raises
        AwsProblem when it lists none of them, BadInput for an unknown role.
        """
        if role not in settings.MODEL_PREFERENCES:
            raise BadInput(f"There is no model role {role!r}; the roles are {', '.join(settings.MODEL_PREFERENCES)}.")
        told = settings.model_override(role)
        if told:
            return told
        offered = self._offered_models()
        for model_id in settings.MODEL_PREFERENCES[role]:
            if model_id in offered:
                return model_id
        raise AwsProblem(
            f"{self.label} offers none of the models for the role '{role}' "
            f"({', '.join(settings.MODEL_PREFERENCES[role])}); set WORKSHOP_MODEL_{role.upper()} to a model id that "
            "'aws bedrock list-foundation-models' shows.",
            "ModelNotFound",
        )

    def _offered_models(self) -> set[str]:
        bedrock = self.client("bedrock")
        answer = kit_call(bedrock.list_foundation_models)
        offered = {model["modelId"] for model in answer["modelSummaries"]}
        try:
            for page in bedrock.get_paginator("list_inference_profiles").paginate():
                offered |= {profile["inferenceProfileId"] for profile in page["inferenceProfileSummaries"]}
        except Exception as error:
            # Profiles are a second way to some models; without the right to list them the first still stands.
            if getattr(error, "response", None) is None:
                raise explain(error) from error
        return offered

    def __str__(self) -> str:
        return f"{self.label}: account {self.account_id}, region {self.region}, bucket {self.bucket}"

    def _repr_html_(self) -> str:
        role = self.role_arn or "none found; set WORKSHOP_ROLE_ARN"
        rows = [
            ("Account", self.account_id),
            ("Region", self.region),
            ("Bucket", self.bucket),
            ("Role", role),
        ]
        if self.endpoint_url:
            rows.append(("Endpoint", self.endpoint_url))
        if self.answers:
            rows.append(("Model", self.answers))
        cells = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in rows
        )
        return f"<p><b>{html.escape(self.label)}</b></p><table>{cells}</table>"


def connect(*, region: str | None = None, home: Path | None = None) -> Aws:
    """Find AWS (see the module's docstring), and see to it that the kit's bucket exists there.

    `home` is the workspace whose local AWS is used. Raises AwsProblem, LocalAwsProblem or MissingExtra.
    """
    import boto3
    import botocore.session

    core, endpoint = botocore.session.Session(), os.environ.get("AWS_ENDPOINT_URL") or None
    forced = os.environ.get("WORKSHOP_AWS", "").lower()
    if forced not in ("", "local", "aws"):
        raise BadInput(f"WORKSHOP_AWS is {forced!r}; it may be 'local' or 'aws', or unset.")
    _without_instance_metadata(core)
    answers = ""
    local = forced == "local" or (not forced and not endpoint and not _has_credentials(core))
    if local:
        info = _local(home or settings.workspace_root())
        endpoint, region, answers = info.url, region or info.region, info.base
    if endpoint and (local or not _has_credentials(core)):
        core.set_credentials("local", "local")
    region = region or _region(core)
    with kit_call():
        session = boto3.Session(botocore_session=core, region_name=region)
    account_id = kit_call(_client(session, "sts", region, endpoint).get_caller_identity)["Account"]
    label = _label(endpoint, account_id, local)
    role = _role(session, region, endpoint)
    bucket = f"workshop-kit-{region}-{account_id}"
    aws = Aws(region, account_id, role, bucket, label, endpoint, answers, session)
    _ensure_bucket(aws)
    return aws


# --- finding


def _local(home: Path) -> ServerInfo:
    from workshop_kit.local_aws import find_or_start
    from workshop_kit.local_aws.models import printer

    info = find_or_start(home, progress=printer())
    _local_homes[info.url] = Path(home)
    return info


def _revive(url: str) -> bool:
    """Start the local server that had this URL again; False when it is not one of ours or got another URL."""
    return any(url.startswith(local) and _local(home).url == local for local, home in list(_local_homes.items()))


revivers.append(_revive)


def _without_instance_metadata(session: Any) -> None:
    """Don't ask the address 169.254.169.254 for credentials unless SageMaker's own file says we are in SageMaker.

    Anywhere else nobody answers there, and waiting for it takes seconds.
    """
    if not METADATA_FILE.exists():
        session.get_component("credential_provider").remove("iam-role")


def _has_credentials(session: Any) -> bool:
    from botocore.exceptions import BotoCoreError

    try:
        return session.get_credentials() is not None
    except BotoCoreError as error:
        raise explain(error) from error


def _region(session: Any) -> str:
    region = session.get_config_variable("region") or os.environ.get("AWS_REGION")
    if not region:
        arn = _metadata().get("ResourceArn", "")
        region = arn.split(":")[3] if arn.count(":") >= 5 else ""
    if not region and os.environ.get("AWS_ENDPOINT_URL"):
        region = LOCAL_REGION
    if not region:
        raise AwsProblem("No AWS region is set; set AWS_DEFAULT_REGION, for example to us-west-2.", "NoRegion")
    return region


def _metadata() -> dict[str, Any]:
    try:
        found = json.loads(METADATA_FILE.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _role(session: Any, region: str, endpoint: str | None) -> str:
    """The execution role: WORKSHOP_ROLE_ARN, else SageMaker's own, else the one named WorkshopExecutionRole."""
    from botocore.exceptions import ClientError

    told = os.environ.get("WORKSHOP_ROLE_ARN") or _metadata().get("ExecutionRoleArn")
    if told:
        return told
    try:
        answer = kit_call()(_client(session, "iam", region, endpoint).get_role)(RoleName=ROLE_NAME)
    except AwsProblem as problem:
        if isinstance(problem.__cause__, ClientError):
            return ""  # no such role, or no right to look
        raise
    return answer["Role"]["Arn"]


def _label(endpoint: str | None, account_id: str, local: bool) -> str:
    host = urlsplit(endpoint or "").hostname or ""
    if local or (host in ("127.0.0.1", "localhost", "::1") and account_id == "0" * 12):
        return "Local AWS (this machine)"
    return f"AWS account {account_id}" + (f" at {endpoint}" if endpoint else "")


def _client(session: Any, service: str, region: str, endpoint: str | None) -> Any:
    from botocore.config import Config

    config = Config(
        # "standard" waits between attempts for a random part of a growing time.
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        user_agent_extra="workshop-kit",
    )
    with kit_call():
        return session.client(service, region_name=region, config=config, endpoint_url=endpoint)


def _ensure_bucket(aws: Aws) -> None:
    """Make the kit's bucket, tagged so that cleaning up finds it, unless it is there."""
    from botocore.exceptions import ClientError

    s3 = aws.client("s3")
    try:
        kit_call(s3.head_bucket, Bucket=aws.bucket, ExpectedBucketOwner=aws.account_id)
        return
    except AwsProblem as problem:
        cause = problem.__cause__
        if not isinstance(cause, ClientError) or cause.response["Error"]["Code"] != "404":
            raise
    where = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    try:
        kit_call(s3.create_bucket, Bucket=aws.bucket, **where)
    except AwsProblem as problem:
        if problem.code != "BucketAlreadyOwnedByYou":  # another notebook was a moment faster
            raise
    kit_call(s3.put_bucket_tagging, Bucket=aws.bucket, Tagging={"TagSet": [TAG]})
