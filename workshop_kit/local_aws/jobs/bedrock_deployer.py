"""Brings Bedrock's deployments, provisioned throughput and imports to where they should be: a thread in the server.

A deployment is Active, and a provisioned model InService, only after its model has truly answered. After a restart the
thread goes on with what it finds unfinished.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.inference.client import ModelRef
from workshop_kit.local_aws.services import bedrock_common, bedrock_models, resources, tags
from workshop_kit.local_aws.services.custom_models import DEPLOYMENT, PROVISIONED
from workshop_kit.local_aws.services.generation import check
from workshop_kit.local_aws.services.imported_models import JOB, MODEL
from workshop_kit.local_aws.services.weights import UnusableWeights

log = logging.getLogger(__name__)

Document = dict[str, Any]
TICK = 0.2


@dataclass
class BedrockDeployer:
    """Start it once per server."""

    ctx: Context
    _thread: threading.Thread | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to watch."""
        self._thread = threading.Thread(target=self._watch, name="bedrock-deployer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after what is in hand; what is left is done after the next start."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._ended.wait(TICK):
            try:
                self.tick()
            except Exception:
                log.exception("The Bedrock deployer met a fault and goes on")
                self._ended.wait(2)

    def tick(self) -> None:
        """One look at everything that can be unfinished."""
        for id, document in self.ctx.store.list(DEPLOYMENT):
            if document["status"] == "Creating":
                self._deploy(id, document["modelArn"])
            elif document.get("updateDetails", {}).get("updateStatus") == "Updating":
                self._replace(id, document["updateDetails"]["modelArn"])
        for id, document in self.ctx.store.list(PROVISIONED):
            if document["status"] in ("Creating", "Updating"):
                self._provision(id, document["desiredModelArn"])
        for id, document in self.ctx.store.list(JOB):
            if document["status"] == "InProgress":
                self._import(id, document)

    def _answers(self, load: Callable[[], ModelRef | None]) -> str:
        """Why a model can't answer; "" when it has."""
        try:
            ref = load()
            if ref is not None:
                check(self.ctx, ref)
            return ""
        except AwsError as problem:
            return problem.message
        except UnusableWeights as problem:
            return str(problem)
        except Exception as problem:
            log.exception("A model could not be loaded")
            return f"{type(problem).__name__}: {problem}"

    def _deploy(self, id: str, arn: str) -> None:
        reason = self._answers(lambda: bedrock_models.custom(self.ctx, arn).ref)
        end: Document = {"status": "Failed", "failureMessage": reason[:2048]} if reason else {"status": "Active"}
        self._change(DEPLOYMENT, id, lambda found: found["status"] == "Creating", end, "lastUpdatedAt")

    def _replace(self, id: str, arn: str) -> None:
        reason = self._answers(lambda: bedrock_models.custom(self.ctx, arn).ref)
        status = "UpdateFailed" if reason else "UpdateCompleted"
        end: Document = {"updateDetails": {"modelArn": arn, "updateStatus": status}}
        end |= {"failureMessage": reason[:2048]} if reason else {"modelArn": arn}

        def same(found: Document) -> bool:
            return found.get("updateDetails", {}).get("modelArn") == arn

        self._change(DEPLOYMENT, id, same, end, "lastUpdatedAt")

    def _provision(self, id: str, arn: str) -> None:
        reason = self._answers(lambda: bedrock_models.serve(self.ctx, arn).ref)
        end: Document = {"status": "Failed", "failureMessage": reason[:2048]} if reason else {}
        end = end or {"status": "InService", "modelArn": arn}
        self._change(PROVISIONED, id, lambda found: found["desiredModelArn"] == arn, end, "lastModifiedTime")

    def _change(self, kind: str, id: str, fits: Callable[[Document], bool], end: Document, at: str) -> None:
        """Write an end, unless the document was deleted or changed its mind meanwhile."""

        def settle(found: Document) -> Document:
            return found | end | {at: resources.now()} if fits(found) else found

        self.ctx.store.update(kind, id, settle)

    def _import(self, id: str, job: Document) -> None:
        model_id = id  # one model for a job: a restart finds the same folder again
        folder = self.ctx.home / "aws" / "imported-models" / model_id
        reason = self._answers(lambda: ModelRef(str(self._files(job, folder)), None, job["importedModelName"]))
        now = resources.now()
        end: Document = {"lastModifiedTime": now, "endTime": now}
        with self.ctx.store.transaction():
            if reason:
                end |= {"status": "Failed", "failureMessage": reason[:2048]}
                shutil.rmtree(folder, ignore_errors=True)
            else:
                arn = bedrock_common.arn(self.ctx, MODEL, model_id)
                self.ctx.store.put(MODEL, model_id, self._model(job, arn, folder, now))
                tags.set_tags(self.ctx, arn, job["_ModelTags"])
                end |= {"status": "Completed", "importedModelArn": arn}
            self.ctx.store.update(JOB, id, lambda found: found | end)

    def _files(self, job: Document, folder: Path) -> Path:
        uri = job["modelDataSource"]["s3DataSource"]["s3Uri"].rstrip("/") + "/"
        shutil.rmtree(folder, ignore_errors=True)
        self.ctx.objects.download_prefix(uri, folder)
        wanted = ("config.json", "tokenizer_config.json", "*.safetensors")
        if missing := [name for name in wanted if not any(folder.glob(name))]:
            raise UnusableWeights(
                f"{uri} does not hold a model in Hugging Face's form: {', '.join(missing)} is missing. A LoRA adapter "
                "has to be merged into its base first."
            )
        return folder

    @staticmethod
    def _model(job: Document, arn: str, folder: Path, now: float) -> Document:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        template = "chat_template" in (folder / "tokenizer_config.json").read_text(encoding="utf-8")
        return {
            "modelArn": arn,
            "modelName": job["importedModelName"],
            "jobName": job["jobName"],
            "jobArn": job["jobArn"],
            "modelDataSource": job["modelDataSource"],
            "creationTime": now,
            "modelArchitecture": str((config.get("architectures") or ["unknown"])[0]),
            "instructSupported": template or (folder / "chat_template.jinja").is_file(),
            "_Folder": str(folder),
        }
