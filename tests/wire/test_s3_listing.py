"""Listings: order, prefixes, delimiters, pages; against a plain model of what S3 says."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.objects import ObjectMeta


def expected(keys, prefix, delimiter):
    found, prefixes = [], []
    for key in sorted(keys, key=lambda key: key.encode()):
        if not key.startswith(prefix):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            found.append(key)
        elif key[: cut + len(delimiter)] not in prefixes:
            prefixes.append(key[: cut + len(delimiter)])
    return found, prefixes


keys = st.lists(
    st.text("ab/é😀", min_size=1, max_size=5).filter(lambda k: not k.startswith("/")), max_size=12, unique=True
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(keys=keys, prefix=st.text("ab/", max_size=2), delimiter=st.sampled_from(["", "/", "b"]), size=st.integers(1, 4))
def test_pages_of_every_listing_add_up_to_the_whole(s3, bucket, keys, prefix, delimiter, size):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    wanted = expected(keys, prefix, delimiter)
    arguments = {"Bucket": bucket, "Prefix": prefix} | ({"Delimiter": delimiter} if delimiter else {})
    for name, member in (
        ("list_objects_v2", "Contents"),
        ("list_objects", "Contents"),
        ("list_object_versions", "Versions"),
    ):
        found, prefixes = [], []
        for page in s3.get_paginator(name).paginate(**arguments, PaginationConfig={"PageSize": size}):
            assert len(page.get(member, [])) + len(page.get("CommonPrefixes", [])) <= size
            found += [one["Key"] for one in page.get(member, [])]
            prefixes += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        assert (found, prefixes) == wanted, name


def test_more_than_a_page_of_keys(s3, bucket, home):
    ctx = Context.open(home)
    with ctx.store.transaction():  # one for all of them, which is quicker than a thousand calls
        for number in range(1003):
            ctx.objects.replace(ObjectMeta(bucket, f"{number:04d}", 0, "0" * 32, 0.0))
    first = s3.list_objects_v2(Bucket=bucket)
    assert (first["KeyCount"], first["IsTruncated"]) == (1000, True)
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert [one["Key"] for one in rest["Contents"]] == ["1000", "1001", "1002"] and not rest["IsTruncated"]
    assert s3.list_objects_v2(Bucket=bucket, StartAfter="1000")["KeyCount"] == 2
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0
    versions = s3.list_object_versions(Bucket=bucket, MaxKeys=2)["Versions"]
    assert [(one["Key"], one["VersionId"], one["IsLatest"]) for one in versions] == [
        ("0000", "null", True),
        ("0001", "null", True),
    ]


def test_keys_that_xml_cannot_hold_are_encoded(s3, bucket):
    key = "a\x01b\nc<&>/d"
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert [one["Key"] for one in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    assert [one["Key"] for one in s3.list_object_versions(Bucket=bucket)["Versions"]] == [key]


def test_a_made_up_token_and_a_missing_bucket_are_refused(s3, bucket):
    with pytest.raises(ClientError) as token:
        s3.list_objects_v2(Bucket=bucket, ContinuationToken="é!")
    assert token.value.response["Error"]["Code"] == "InvalidArgument"
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-bucket")
