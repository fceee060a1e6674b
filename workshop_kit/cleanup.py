"""Find everything the kit made in an account and region, remove it, and prove that nothing is left.

The kit's things are known by its tag alone: nothing without the tag is ever touched, whatever its name. Training and
customization jobs that have ended can't be deleted on AWS and cost nothing; they are not listed.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workshop_kit import cleanup_bedrock
from workshop_kit.aws import Aws, kit_call
from workshop_kit.errors import AwsProblem
from workshop_kit.playground.endpoints import missing, pause
from workshop_kit.training.cost import INSTANCES
from workshop_kit.training.tags import OWNED, as_dict

PATIENCE = 900.0  # seconds to wait for endpoints to go and jobs to stop


@dataclass(frozen=True)
class Item:
    """One thing of the kit's; `costs` says whether it costs money while it is there."""

    kind: str
    name: str
    costs: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{f' ({self.costs})' if self.costs else ''}"


# kind -> (list operation, key in its answer, name key, ARN key, delete operation, its argument)
_SAGEMAKER = {
    "endpoint": ("list_endpoints", "Endpoints", "EndpointName", "EndpointArn", "delete_endpoint"),
    "endpoint configuration": (
        "list_endpoint_configs",
        "EndpointConfigs",
        "EndpointConfigName",
        "EndpointConfigArn",
        "delete_endpoint_config",
    ),
    "model": ("list_models", "Models", "ModelName", "ModelArn", "delete_model"),
}


def find(aws: Aws) -> list[Item]:
    """Everything of the kit's that is there now, costliest kinds first."""
    items = [
        Item(kind, name, _hourly(aws, name) if kind == "endpoint" else "")
        for kind, (call, key, name_key, arn_key, _) in _SAGEMAKER.items()
        for name in _tagged(aws, call, key, name_key, arn_key)
    ]
    for status in ("InProgress", "Stopping"):
        arguments = {"StatusEquals": status}
        names = _tagged(
            aws, "list_training_jobs", "TrainingJobSummaries", "TrainingJobName", "TrainingJobArn", arguments
        )
        items += [Item("training job", name, _job_hourly(aws, name)) for name in names]
    items += [Item(*found) for found in cleanup_bedrock.find(aws)]
    if _owned_bucket(aws):
        count = sum(1 for _ in _objects(aws))
        items.append(Item("bucket", aws.bucket, f"{count} objects; storage costs a little each month"))
    return items


@dataclass(frozen=True)
class Idle:
    """What costs by the hour, asked or not; shown in the notebooks, so that nothing is forgotten."""

    items: tuple[Item, ...]

    def __str__(self) -> str:
        if not self.items:
            return "Nothing of the kit's is running that costs by the hour."
        names = "; ".join(map(str, self.items))
        return f"Still running: {names}. Delete what you don't use, or everything with: workshop-kit cleanup --yes"

    def _repr_html_(self) -> str:
        colour = "#D55E00" if self.items else "#009E73"
        return f"<p style='border-left:6px solid {colour};padding-left:8px'>{html.escape(str(self))}</p>"


def idle(aws: Aws) -> Idle:
    """The kit's endpoints and provisioned throughput that stand now: they cost whether anybody asks or not."""
    return Idle(tuple(item for item in find(aws) if item.kind in ("endpoint", "provisioned throughput")))


def remove(aws: Aws, items: list[Item], progress: Callable[[str], None] | None = None) -> list[Item]:
    """Remove `items`, wait until they are gone, and give back what a fresh look still finds: nothing, if all is well.

    What is gone already is passed over; anything AWS refuses is left for the second look to tell.
    """
    sagemaker = aws.client("sagemaker")
    for item in items:
        if progress:
            progress(f"Removing {item.kind} {item.name}")
        try:
            if item.kind in _SAGEMAKER:
                _, _, name_key, _, call = _SAGEMAKER[item.kind]
                kit_call(getattr(sagemaker, call), **{name_key: item.name})
            elif item.kind == "training job":
                kit_call(sagemaker.stop_training_job, TrainingJobName=item.name)
            elif cleanup_bedrock.remove(aws, item.kind, item.name):
                continue
            elif item.kind == "bucket" and item.name == aws.bucket and _owned_bucket(aws):
                _empty(aws)
                kit_call(aws.client("s3").delete_bucket, Bucket=item.name)
        except AwsProblem as problem:
            if not missing(problem) and progress:
                progress(f"{item}: {problem}")
    until = time.monotonic() + PATIENCE
    left = find(aws)
    slow = ("endpoint", "training job", "customization job", "custom model deployment", "provisioned throughput")
    while any(item.kind in slow for item in left) and time.monotonic() < until:
        time.sleep(pause(aws))
        left = find(aws)
    return left


def _hourly(aws: Aws, endpoint: str) -> str:
    """What an endpoint costs, by the machines behind it."""
    client = aws.client("sagemaker")
    try:
        config = kit_call(client.describe_endpoint, EndpointName=endpoint)["EndpointConfigName"]
        variants = kit_call(client.describe_endpoint_config, EndpointConfigName=config)["ProductionVariants"]
    except AwsProblem as problem:
        if not missing(problem):
            raise
        variants = []
    machines = [(v.get("InstanceType", ""), v.get("InitialInstanceCount", 1)) for v in variants]
    return _price(machines, "as long as it stands")


def _job_hourly(aws: Aws, job: str) -> str:
    found = kit_call(aws.client("sagemaker").describe_training_job, TrainingJobName=job)["ResourceConfig"]
    return _price([(found.get("InstanceType", ""), found.get("InstanceCount", 1))], "until it is stopped")


def _price(machines: list[tuple[str, int]], until: str) -> str:
    if not machines or any(name not in INSTANCES for name, _ in machines):
        return f"costs by the hour {until}"
    usd = sum(INSTANCES[name].usd_per_hour * count for name, count in machines)
    return f"about {usd:.2f} USD per hour on AWS {until}"


def _tagged(
    aws: Aws, call: str, key: str, name_key: str, arn_key: str, arguments: dict[str, Any] | None = None
) -> Iterator[str]:
    client, token = aws.client("sagemaker"), None
    while True:
        more = {"NextToken": token} if token else {}
        page = kit_call(getattr(client, call), MaxResults=100, **(arguments or {}), **more)
        for row in page[key]:
            try:
                tags = as_dict(kit_call(client.list_tags, ResourceArn=row[arn_key])["Tags"])
            except AwsProblem as problem:
                if missing(problem):
                    continue  # it went between the listing and the asking
                raise
            if OWNED in tags:
                yield row[name_key]
        token = page.get("NextToken")
        if not token:
            return


def _owned_bucket(aws: Aws) -> bool:
    try:
        tags = kit_call(aws.client("s3").get_bucket_tagging, Bucket=aws.bucket)["TagSet"]
    except AwsProblem as problem:
        if problem.code in ("NoSuchBucket", "NoSuchTagSet", "404"):
            return False
        raise
    return OWNED in as_dict(tags)


def _objects(aws: Aws) -> Iterator[dict[str, str]]:
    """Every object and every version of it, so that a bucket with versions empties too."""
    for page in aws.client("s3").get_paginator("list_object_versions").paginate(Bucket=aws.bucket):
        for row in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            version = row.get("VersionId")
            yield {"Key": row["Key"]} | ({"VersionId": version} if version and version != "null" else {})


def _empty(aws: Aws) -> None:
    batch: list[dict[str, str]] = []
    for found in [*_objects(aws), None]:
        if found:
            batch.append(found)
        if batch and (found is None or len(batch) == 1000):
            told = kit_call(
                aws.client("s3").delete_objects, Bucket=aws.bucket, Delete={"Objects": batch, "Quiet": True}
            )
            if errors := told.get("Errors"):
                raise AwsProblem(f"{errors[0]['Key']} could not be deleted: {errors[0].get('Message', '')}")
            batch = []
