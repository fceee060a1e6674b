"""Where a model is trained and in which number format: a GPU where there is one, else the processor's faster format."""

from __future__ import annotations

import ctypes
import time
from functools import cache
from typing import Any

from workshop_kit.local_aws.jobs.threads import WORTH_DIVIDING

# bf16 must be clearly faster before its coarser steps are taken: without the processor's own instructions for it, it is
# ten times slower than fp32; with them (avx512_bf16, amx) about twice as fast.
WORTH_ROUNDING = 1.2
SHAPE = (256, 576, 1536)
# glibc gives large blocks back to the system at once, and every new one is filled with zeros again: a fifth of a step.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def device() -> Any:
    """CUDA, Apple's MPS, or the processor."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def where(place: Any, threads: int) -> str:
    """The device in words, for the job's log."""
    return f"threads: {threads}" if place.type == "cpu" else f"device: {place.type}"


@cache
def number_format(threads: int) -> Any:
    """torch.bfloat16 or torch.float32: the one in which this processor multiplies faster, measured in 0.1 s."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        wide = _seconds(torch.float32)
        return torch.bfloat16 if _seconds(torch.bfloat16) * WORTH_ROUNDING < wide else torch.float32
    finally:
        torch.set_num_threads(before)


def _seconds(kind: Any) -> float:
    """The least time of a few products of a small model's shape."""
    import torch

    rows, inner, outer = SHAPE
    x, weight = torch.ones(rows, inner, dtype=kind), torch.ones(outer, inner, dtype=kind)
    found = []
    for _ in range(8):
        began = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        found.append(time.perf_counter() - began)
    return min(found)


def load_base(model_dir: str, place: Any, threads: int) -> tuple[Any, Any]:
    """(the model, its number format), on its device.

    A model that `fused_of` takes is loaded in the processor's faster format, any other in fp32.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    kind = torch.float32
    config = AutoConfig.from_pretrained(model_dir)
    if place.type == "cpu" and config.model_type == "llama" and _size(config) >= WORTH_DIVIDING:
        _keep_freed_memory()
        kind = number_format(threads)
    return AutoModelForCausalLM.from_pretrained(model_dir, dtype=kind).to(place), kind


def fused_of(model: Any, place: Any) -> Any | None:
    """The hand-written step for a PEFT model, where it has one and is large enough to gain by it."""
    from workshop_kit.local_aws.trainer import fused

    large = model.get_base_model().num_parameters() >= WORTH_DIVIDING
    return fused.FusedLlama(model) if place.type == "cpu" and large and fused.fits(model) else None


def _size(config: Any) -> int:
    """About how many parameters a Llama model has, from its shape."""
    wide, layers = config.hidden_size, config.num_hidden_layers
    return config.vocab_size * wide + layers * wide * (2 * wide + 3 * config.intermediate_size)


def _keep_freed_memory() -> None:
    try:
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        library.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
    except (OSError, AttributeError):
        pass  # another C library: a little slower, nothing else
