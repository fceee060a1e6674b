"""Bedrock's custom models: the adapters that customization jobs make, in storage of local AWS's own.

On AWS such weights can't be read by anybody, and here too they lie outside of S3: `aws/custom-models/<id>/`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs.reasons import JobFault

Document = dict[str, Any]

KIND = "custom-model"
_OF_THE_JOB = (
    "jobName jobArn customizationType hyperParameters trainingDataConfig validationDataConfig outputDataConfig "
    "trainingMetrics validationMetrics customizationConfig _Weights"
).split()


def arn(ctx: Context, base_model_id: str, model_id: str) -> str:
    """The ARN of a custom model."""
    return f"arn:aws:bedrock:{ctx.region}:{ctx.account_id}:custom-model/{base_model_id}/{model_id}"


def folder_of(ctx: Context, model_id: str | None) -> Path | None:
    """The adapter's folder of a custom model; None for no id. Raises JobFault when the model is gone."""
    if model_id is None:
        return None
    document = ctx.store.get(KIND, model_id)
    if document is None or not Path(document["_Folder"]).is_dir():
        raise JobFault(f"The custom model {model_id}, which this job goes on from, was deleted.")
    return Path(document["_Folder"])


def keep(ctx: Context, model_id: str, output: Path) -> Path:
    """Move a job's result to where custom models are kept; doing it again changes nothing."""
    folder = ctx.home / "aws" / "custom-models" / model_id
    if not (folder / "adapter_config.json").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = folder.with_name(f".new-{model_id}")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(output, new)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder


def register(ctx: Context, job: Document, folder: Path) -> Document:
    """Make the custom model's document, with the tags that the job was given for it."""
    base = job["_BaseModelId"]
    document = {name: job[name] for name in _OF_THE_JOB if name in job} | {
        "modelArn": arn(ctx, base, job["_Model"]),
        "modelName": job["outputModelName"],
        "baseModelArn": job["baseModelArn"],
        "creationTime": job["creationTime"],
        "modelStatus": "Active",
        "_Id": job["_Model"],
        "_BaseModelId": base,
        "_Folder": str(folder),
    }
    ctx.store.put(KIND, job["_Model"], document)
    ctx.store.put("tags", document["modelArn"], {"Tags": job["_ModelTags"]})
    return document


def discard(ctx: Context, document: Document) -> None:
    """Delete a custom model: its document, its tags and its files."""
    ctx.store.delete(KIND, document["_Id"])
    ctx.store.delete("tags", document["modelArn"])
    shutil.rmtree(document["_Folder"], ignore_errors=True)
