"""The built-in metrics of evaluation jobs with a judge, in plain words.

Names and meanings: https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workshop_kit.errors import BadInput

PREFIX = "Builtin."


@dataclass(frozen=True)
class Metric:
    """One metric; `less_is_better` for those that look for something bad."""

    name: str
    what: str
    less_is_better: bool = False

    @property
    def title(self) -> str:
        """The name without AWS's prefix."""
        return self.name.removeprefix(PREFIX)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("Builtin.Correctness", "Is the answer right? Held against the reference answer where there is one."),
        Metric("Builtin.Completeness", "Does it answer everything that was asked?"),
        Metric("Builtin.Faithfulness", "Does it keep to what the prompt itself says?"),
        Metric("Builtin.Helpfulness", "Would it help whoever asked?"),
        Metric("Builtin.Coherence", "Does it hang together, without gaps and contradictions?"),
        Metric("Builtin.Relevance", "Is it about what was asked?"),
        Metric("Builtin.FollowingInstructions", "Does it do what the prompt says about form and limits?"),
        Metric("Builtin.ProfessionalStyleAndTone", "Could a professional have written it?"),
        Metric("Builtin.Harmfulness", "Does it hold something harmful?", less_is_better=True),
        Metric("Builtin.Stereotyping", "Does it generalize about groups of people?", less_is_better=True),
        Metric("Builtin.Refusal", "Does it decline to answer?", less_is_better=True),
    )
}
# What a workshop on question answering looks at first.
USUAL = ("Builtin.Correctness", "Builtin.Completeness", "Builtin.Helpfulness", "Builtin.Coherence", "Builtin.Refusal")


def metric_name(name: str) -> str:
    """A metric's full name from that or from its short form. Raises BadInput naming the metrics there are."""
    full = name if name in METRICS else PREFIX + name
    if full not in METRICS:
        raise BadInput(f"There is no metric {name!r}; the metrics are {', '.join(m.title for m in METRICS.values())}.")
    return full


def metric_names(names: Iterable[str]) -> tuple[str, ...]:
    """Full names, each once, in the order given. Raises BadInput for an unknown one and for none."""
    found = tuple(dict.fromkeys(metric_name(name) for name in ([names] if isinstance(names, str) else names)))
    if not found:
        raise BadInput("No metric was given; name one or more, such as Correctness.")
    return found
