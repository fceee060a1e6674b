"""Training jobs and deployments: their states, the server's threads that move them on, and the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workshop_kit.local_aws.context import Context
    from workshop_kit.local_aws.jobs.bedrock_deployer import BedrockDeployer
    from workshop_kit.local_aws.jobs.deployer import Deployer
    from workshop_kit.local_aws.jobs.supervisor import Supervisor

_running: list[Supervisor | Deployer | BedrockDeployer] = []


def start(ctx: Context) -> None:
    """Start the threads that look after training jobs and endpoints; once per server."""
    # Imported here: the worker imports this package too and needs neither.
    from workshop_kit.local_aws.jobs.bedrock_deployer import BedrockDeployer
    from workshop_kit.local_aws.jobs.deployer import Deployer
    from workshop_kit.local_aws.jobs.supervisor import Supervisor

    for part in (Supervisor(ctx.store, ctx.home), Deployer(ctx), BedrockDeployer(ctx)):
        part.start()
        _running.append(part)


def stop() -> None:
    """End the threads. A worker with a job goes on with it; an idle one is sent home."""
    while _running:
        _running.pop().stop()
