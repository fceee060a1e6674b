"""JumpStart's learning rates on a smaller model: scaled, so that 1e-4 is a sensible start here as there.

The best rate of a model falls with its width, so a rate that suits three billion parameters is too small for a hundred
million. The factor is the square root of the ratio of parameters, at most MOST: 4.9 for 135 million. A rule of thumb,
not yet measured in both domains: `python -m workshop_kit.bench.truths` is to show whether it holds.
"""

from __future__ import annotations

import math
from pathlib import Path

from workshop_kit.local_aws.trainer.hyperparameters import DEFAULTS_FILE

LLAMA_3B = 3_212_749_824  # parameters of Llama 3.2 3B, for which JumpStart's default is meant
MOST = 5.0


def rate_scale(model_dir: Path | str, parameters: int) -> float:
    """The factor for a model's learning rate; 1 where the model's folder has its own table of defaults."""
    if (Path(model_dir) / DEFAULTS_FILE).is_file() or parameters >= LLAMA_3B:
        return 1.0
    return round(min(MOST, math.sqrt(LLAMA_3B / parameters)), 1)


def rate_note(told: float, scale: float) -> str:
    """A line for the log about the learning rate."""
    return (
        f"learning_rate {told:g} is taken times {scale:g} ({told * scale:g}): the model here is far smaller than Llama "
        "3.2 3B, and small models learn with larger rates"
    )
