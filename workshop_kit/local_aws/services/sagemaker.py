"""SageMaker's control plane: every operation that local AWS has, from one file per noun."""

from __future__ import annotations

from workshop_kit.local_aws.services import endpoints, hub, models, tags, training_jobs

OPERATIONS = {
    **training_jobs.OPERATIONS,
    **models.OPERATIONS,
    **endpoints.OPERATIONS,
    **hub.OPERATIONS,
    **tags.OPERATIONS,
}
