"""Dropout for models this small, where torch's own takes long: it draws a random double for each value.

Sixteen random bits are enough to hit a probability to within 1/65,536, and torch's generator gives four such at a time.
Values kept are scaled by one over the probability that was really used, so that the mean stays as it is.
"""

from __future__ import annotations

from typing import Any

import torch

LEVELS = 1 << 16


class BitDropout(torch.nn.Module):
    """As torch.nn.Dropout, from fewer random bits; `p` is the share of values set to zero, below 1."""

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p is {p}; a share from 0 to below 1 can be dropped.")
        self.p = p
        dropped = min(round(p * LEVELS), LEVELS - 1)
        self._least = dropped - LEVELS // 2  # of sixteen bits read as a signed number
        self._scale = LEVELS / (LEVELS - dropped)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """`values` with a share of them zero while training, and as they are otherwise."""
        if not self.training or self.p == 0:
            return values
        count = values.numel()
        bits = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None).view(torch.int16)[:count]
        return values * (bits >= self._least).view(values.shape) * self._scale


def quicken(model: Any) -> Any:
    """The model with its adapters' dropout replaced; what is saved of it is the same."""
    for module in model.modules():
        for name, child in getattr(module, "lora_dropout", {}).items():
            if isinstance(child, torch.nn.Dropout) and child.p < 1:
                module.lora_dropout[name] = BitDropout(child.p)
    return model
