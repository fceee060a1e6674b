"""Brings endpoints to where they should be: a thread in the server that loads, replaces and removes them.

An endpoint is InService only after its model has truly answered. After a restart the thread goes on with
what it finds in Creating, Updating or Deleting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services import resources, tags, weights
from workshop_kit.local_aws.services.endpoints import KIND
from workshop_kit.local_aws.services.generation import check, variant_ref
from workshop_kit.local_aws.services.models import get_config, get_model

log = logging.getLogger(__name__)

Document = dict[str, Any]

TICK = 0.2
LOG_GROUP = "/aws/sagemaker/Endpoints"


@dataclass
class Deployer:
    """Start it once per server."""

    ctx: Context
    _thread: threading.Thread | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to watch."""
        self._thread = threading.Thread(target=self._watch, name="deployer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the endpoint in hand; what is left is done after the next start."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._ended.wait(TICK):
            try:
                self.tick()
            except Exception:
                log.exception("The deployer met a fault and goes on")
                self._ended.wait(2)

    def tick(self) -> None:
        """One look at all endpoints."""
        for name, endpoint in self.ctx.store.list(KIND):
            status = endpoint["EndpointStatus"]
            if status in ("Creating", "Updating"):
                self._bring_up(name, endpoint)
            elif status == "Deleting":
                self._take_down(name, endpoint)

    def _bring_up(self, name: str, endpoint: Document) -> None:
        stream = f"{name}/AllTraffic/{int(endpoint['LastModifiedTime'])}"

        def say(line: str) -> None:
            self.ctx.store.append_log(LOG_GROUP, stream, [(int(time.time() * 1000), line)])

        config, reason, loading = endpoint["_Next"], "", ""
        variants: list[Document] = []
        summaries: list[Document] = []
        try:
            for variant in get_config(self.ctx, config)["ProductionVariants"]:
                loading = variant["VariantName"]
                served = self._load(variant, say)
                variants.append(served)
                summaries.append(_summary(variant, served))
        except (AwsError, weights.UnusableWeights) as problem:
            reason = problem.message if isinstance(problem, AwsError) else str(problem)
        except Exception as problem:
            log.exception("Endpoint %s could not be loaded", name)
            reason = f"{type(problem).__name__}: {problem}"
        if reason:
            say(reason)
            reason = f"The container for production variant {loading} did not pass the ping health check: {reason}"

        def settle(current: Document) -> Document:
            if current["EndpointStatus"] not in ("Creating", "Updating") or current["_Next"] != config:
                return current  # deleted or updated meanwhile
            current["LastModifiedTime"] = resources.now()
            if not reason:
                current |= {"EndpointStatus": "InService", "EndpointConfigName": config}
                current |= {"ProductionVariants": summaries, "_Variants": variants}
            else:
                # A failed update leaves the old variants serving, as AWS's rollback does.
                current["EndpointStatus"] = "InService" if current["_Variants"] else "Failed"
                current["FailureReason"] = reason[:1024]
            return current

        self.ctx.store.update(KIND, name, settle)
        self._sweep(endpoint["_Variants"])

    def _load(self, variant: Document, say: Callable[[str], None]) -> Document:
        model = get_model(self.ctx, variant["ModelName"])
        served = {
            "VariantName": variant["VariantName"],
            "Weight": variant["InitialVariantWeight"],
            "ModelName": variant["ModelName"],
            "Source": model["_Source"],
        }
        if "uri" in model["_Source"]:
            say(f"Fetching {model['_Source']['uri']}")
            served["Folder"] = str(weights.fetch(self.ctx, model["_Source"]))
        ref = variant_ref(self.ctx, served)
        say(f"Loading {ref.label}")
        started = time.monotonic()
        check(self.ctx, ref)
        say(f"Model loaded in {time.monotonic() - started:.2f} s; ready for requests")
        return served

    def _take_down(self, name: str, endpoint: Document) -> None:
        self.ctx.store.delete(KIND, name)
        tags.drop_tags(self.ctx, endpoint["EndpointArn"])
        self._sweep(endpoint["_Variants"])

    def _sweep(self, variants: list[Document]) -> None:
        """Delete unpacked files that no endpoint serves any more."""
        served = {
            variant.get("Folder") for _, endpoint in self.ctx.store.list(KIND) for variant in endpoint["_Variants"]
        }
        for variant in variants:
            if variant.get("Folder") and variant["Folder"] not in served:
                weights.discard(self.ctx, variant["Folder"])


def _summary(variant: Document, served: Document) -> Document:
    count = variant.get("InitialInstanceCount", 1)
    return {
        "VariantName": variant["VariantName"],
        "CurrentWeight": served["Weight"],
        "DesiredWeight": served["Weight"],
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }
