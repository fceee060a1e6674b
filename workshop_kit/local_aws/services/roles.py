"""The execution role of a job or a model: whether SageMaker could assume it."""

from __future__ import annotations

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.services.delegated import role_state


def check_role(ctx: Context, arn: str) -> None:
    """Raise ValidationException, in AWS's words, for a role that is missing or gives SageMaker no rights."""
    state = role_state(ctx, arn)
    if state == "missing":
        raise AwsError(
            "ValidationException",
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role.",
        )
    if state == "no-rights":
        raise AwsError(
            "ValidationException",
            f"The role {arn} has no policy that lets it read and write the job's S3 data; attach one, such "
            "as AmazonSageMakerFullAccess.",
        )
