"""Connections to other accounts than one's own: by a profile of the AWS configuration, by a role, or by both."""

from __future__ import annotations

import os
from typing import Any

from workshop_kit.aws import Aws, _client, _label, _region, _role, connect
from workshop_kit.aws.problems import kit_call

SESSION = "workshop-kit"


def connect_as(*, profile: str = "", role_arn: str = "", region: str = "") -> Aws:
    """A connection to another account; nothing is made there, not even the kit's bucket.

    With a role, it is taken with the profile's (or one's own) credentials, for an hour. Without profile and role it is
    what connect() finds. Raises AwsProblem when the profile or the role can't be used.
    """
    if not profile and not role_arn:
        return connect(region=region or None)
    import boto3

    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    own = None
    if profile:
        with kit_call():
            session = boto3.Session(profile_name=profile, region_name=region or None)
    else:
        own = connect(region=region or None)
        session, endpoint = own._session, own.endpoint_url
    where = region or session.region_name or _region(session._session)
    if role_arn:
        taken: dict[str, Any] = kit_call(
            _client(session, "sts", where, endpoint).assume_role, RoleArn=role_arn, RoleSessionName=SESSION
        )["Credentials"]
        with kit_call():
            session = boto3.Session(
                taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region_name=where
            )
    account = kit_call(_client(session, "sts", where, endpoint).get_caller_identity)["Account"]
    return Aws(
        where,
        account,
        _role(session, where, endpoint),
        f"workshop-kit-{where}-{account}",
        _label(endpoint, account, local=False),
        endpoint,
        _session=session,
    )
