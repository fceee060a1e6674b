"""What each training service takes: how many rows, and what a row may hold. Checked before anybody uploads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Finding
from workshop_kit.review.lengths import estimate_tokens


@dataclass(frozen=True)
class Limits:
    """A service's bounds on a training dataset; None where it states none. `source` says where they are from."""

    service: str
    least: int
    most: int | None
    tokens: int | None
    source: str


# Rows as the services count them: one line of the file each.
LIMITS: dict[str, Limits] = {
    "jumpstart": Limits(
        "JumpStart Llama 3.2 instruction tuning", 2, None, 1024,
        "the model's hub document: max_input_length -1 trains on up to 1,024 tokens",
    ),
    "nova-sft": Limits(
        "Amazon Nova supervised fine-tuning", 8, 20_000, 32_000,
        "Amazon Bedrock User Guide, 'Prepare data for fine-tuning Amazon Nova models'",
    ),
    "rft": Limits(
        "Bedrock reinforcement fine-tuning", 100, 20_000, None,
        "Amazon Bedrock User Guide, 'Prepare data for reinforcement fine-tuning'",
    ),
}  # fmt: skip


def check_limits(dataset: Dataset, service: str) -> Iterator[Finding]:
    """Findings about the dataset as a whole and about rows that a service cuts or refuses.

    `service` is a key of LIMITS. Raises BadInput for any other.
    """
    if service not in LIMITS:
        raise BadInput(f"There is no service '{service}'; choose one of {', '.join(LIMITS)}.")
    limits = LIMITS[service]
    rows = len(dataset)
    if rows < limits.least:
        yield Finding(
            "error", "too-few-rows", f"{rows} rows; {limits.service} takes at least {limits.least}",
            fix=f"write {limits.least - rows} more rows",
        )  # fmt: skip
    if limits.most is not None and rows > limits.most:
        yield Finding(
            "error", "too-many-rows", f"{rows:,} rows; {limits.service} takes at most {limits.most:,}",
            fix=f"leave out {rows - limits.most:,} rows, the near duplicates first",
        )  # fmt: skip
    if limits.tokens is None:
        return
    for number, example in enumerate(dataset, 1):
        tokens = estimate_tokens(dataset.system + example.instruction + example.context + example.response)
        if tokens > limits.tokens:
            message = f"about {tokens:,} tokens; {limits.service} takes {limits.tokens:,}"
            yield Finding(
                "warning", "too-long-for-service", message, line=number, field="response",
                fix="shorten the row, or split it in two", example_id=example.id,
            )  # fmt: skip
