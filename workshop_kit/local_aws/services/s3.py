"""S3: buckets; and the table of all of S3's operations that local AWS has.

Objects are in s3_objects.py, multipart uploads in s3_multipart.py, listings in s3_listing.py. Buckets have no
versioning, policies, encryption settings or lifecycle rules: reading such a setting says that there is none, and
writing one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import BUCKET
from workshop_kit.local_aws.services import s3_common as common
from workshop_kit.local_aws.services import s3_listing, s3_multipart, s3_objects
from workshop_kit.local_aws.services.s3_common import Params

NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")


def create_bucket(ctx: Context, params: Params) -> Params:
    """CreateBucket."""
    name = params["Bucket"]
    if not NAME.fullmatch(name):
        raise AwsError(
            "InvalidBucketName", "The specified bucket is not valid.", status=400, fields={"BucketName": name}
        )
    wanted = (params.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    region = wanted or ctx.region
    tags = (params.get("CreateBucketConfiguration") or {}).get("Tags") or []
    ctx.objects.create_bucket(name, Region=region, Tags={tag["Key"]: tag["Value"] for tag in tags})
    return {"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"}


def delete_bucket(ctx: Context, params: Params) -> Params:
    """DeleteBucket."""
    ctx.objects.delete_bucket(params["Bucket"])
    return {}


def head_bucket(ctx: Context, params: Params) -> Params:
    """HeadBucket."""
    doc = ctx.objects.bucket(params["Bucket"])
    return {"BucketRegion": doc.get("Region", ctx.region)}


def list_buckets(ctx: Context, params: Params) -> Params:
    """ListBuckets."""
    prefix, after = params.get("Prefix") or "", params.get("ContinuationToken") or ""
    region = params.get("BucketRegion")
    found = [
        doc
        for doc in ctx.objects.buckets()
        if doc["Name"].startswith(prefix) and doc["Name"] > after and region in (None, doc.get("Region", ctx.region))
    ]
    most = params.get("MaxBuckets") or 10_000
    answer: Params = {
        "Buckets": [
            {
                "Name": doc["Name"],
                "CreationDate": common.stamp(doc["CreationDate"]),
                "BucketRegion": doc.get("Region", ctx.region),
            }
            for doc in found[:most]
        ],
        "Owner": common.OWNER,
    }
    if len(found) > most:
        answer["ContinuationToken"] = found[most - 1]["Name"]
    return answer


def get_bucket_location(ctx: Context, params: Params) -> Params:
    """GetBucketLocation; us-east-1 is the empty location."""
    region = ctx.objects.bucket(params["Bucket"]).get("Region", ctx.region)
    return {"LocationConstraint": "" if region == "us-east-1" else region}


def get_bucket_tagging(ctx: Context, params: Params) -> Params:
    """GetBucketTagging."""
    tags = ctx.objects.bucket(params["Bucket"]).get("Tags")
    if not tags:
        raise AwsError("NoSuchTagSet", "The TagSet does not exist", status=404)
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def put_bucket_tagging(ctx: Context, params: Params) -> Params:
    """PutBucketTagging."""
    _set_tags(ctx, params["Bucket"], common.tag_set(params))
    return {}


def delete_bucket_tagging(ctx: Context, params: Params) -> Params:
    """DeleteBucketTagging."""
    _set_tags(ctx, params["Bucket"], {})
    return {}


def get_bucket_versioning(ctx: Context, params: Params) -> Params:
    """GetBucketVersioning: never enabled."""
    ctx.objects.bucket(params["Bucket"])
    return {}


def get_bucket_acl(ctx: Context, params: Params) -> Params:
    """GetBucketAcl: the owner has all rights."""
    ctx.objects.bucket(params["Bucket"])
    return _acl()


def get_object_acl(ctx: Context, params: Params) -> Params:
    """GetObjectAcl: the owner has all rights."""
    ctx.objects.head(params["Bucket"], params["Key"])
    return _acl()


def _acl() -> Params:
    grantee = {"Type": "CanonicalUser", **common.OWNER}
    return {"Owner": common.OWNER, "Grants": [{"Grantee": grantee, "Permission": "FULL_CONTROL"}]}


def _set_tags(ctx: Context, bucket: str, tags: dict[str, str]) -> None:
    ctx.objects.bucket(bucket)
    ctx.store.update(BUCKET, bucket, lambda doc: {**doc, "Tags": tags})


def _none_set(code: str, message: str) -> Callable[[Context, Params], Params]:
    """The handler for a setting that no bucket here has."""

    def get(ctx: Context, params: Params) -> Params:
        ctx.objects.bucket(params["Bucket"])
        raise AwsError(code, message, status=404, fields={"BucketName": params["Bucket"]})

    return get


OPERATIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "CreateBucket": create_bucket,
    "DeleteBucket": delete_bucket,
    "HeadBucket": head_bucket,
    "ListBuckets": list_buckets,
    "GetBucketLocation": get_bucket_location,
    "GetBucketTagging": get_bucket_tagging,
    "PutBucketTagging": put_bucket_tagging,
    "DeleteBucketTagging": delete_bucket_tagging,
    "GetBucketVersioning": get_bucket_versioning,
    "GetBucketAcl": get_bucket_acl,
    "GetObjectAcl": get_object_acl,
    "GetBucketPolicy": _none_set("NoSuchBucketPolicy", "The bucket policy does not exist"),
    "GetBucketLifecycleConfiguration": _none_set(
        "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"
    ),
    "GetPublicAccessBlock": _none_set(
        "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"
    ),
    "GetBucketCors": _none_set("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    "GetObjectLockConfiguration": _none_set(
        "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"
    ),
    **s3_objects.OPERATIONS,
    **s3_multipart.OPERATIONS,
    **s3_listing.OPERATIONS,
}
