"""Will the training fit into a GPU's memory? An estimate before launch, from the model's shape and the settings.

weights       2 bytes a parameter (bfloat16), 1 with 8-bit weights; shared among the GPUs with FSDP
adapter       16 bytes a trained weight (weight, gradient, two moments of AdamW in fp32)
activations   34 s b h bytes a layer for b rows of s tokens and a width of h (Korthikanti et al. 2022, arXiv:2205.05198,
              equation 1, without its attention term, which fused attention does not keep)
logits        8 s b v bytes for a vocabulary of v (fp32, and their gradient)
overhead      1.5 GiB for CUDA and fragments
Shapes are those of Meta's model cards for Llama 3.2. Expect it to be right within a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workshop_kit.training.cost import INSTANCES
from workshop_kit.training.hyperparameters import Value

GIB = 2**30
OVERHEAD = 1.5
LONGEST = 1024  # tokens; what max_input_length -1 comes to


@dataclass(frozen=True)
class Shape:
    """A model's size: parameters, layers, width, inner width, key-value width and vocabulary."""

    parameters: float
    layers: int
    width: int
    inner: int
    key_value: int
    vocabulary: int = 128_256


SHAPES = {
    "llama-3-2-1b": Shape(1.24e9, 16, 2048, 8192, 512),
    "llama-3-2-3b": Shape(3.21e9, 28, 3072, 8192, 1024),
}


@dataclass(frozen=True)
class MemoryFit:
    """GiB needed on the fullest GPU, and what one has."""

    needed: float
    available: float

    @property
    def fits(self) -> bool:
        """Whether the estimate is within the GPU's memory."""
        return self.needed <= self.available

    def __str__(self) -> str:
        verdict = "fits" if self.fits else "may not fit"
        return f"about {self.needed:.0f} of {self.available:.0f} GiB on each GPU: {verdict}"


def memory_fit(model_id: str, values: Mapping[str, Value], instance_type: str) -> MemoryFit | None:
    """The estimate for a JumpStart Llama on an instance type; None for a model or machine that the kit doesn't know."""
    shape = next((shape for name, shape in SHAPES.items() if name in model_id), None)
    machine = INSTANCES.get(instance_type)
    if shape is None or machine is None:
        return None
    batch = _number(values.get("per_device_train_batch_size"), 1)
    length = _number(values.get("max_input_length"), LONGEST)
    length = LONGEST if length < 1 else length
    shared = machine.gpus if values.get("enable_fsdp") is True else 1
    weights = shape.parameters * (1 if values.get("int8_quantization") is True else 2) / shared
    adapter = 16 * _adapter(shape, str(values.get("target_modules", "")), _number(values.get("lora_r"), 8)) / shared
    activations = 34 * length * batch * shape.width * shape.layers
    logits = 8 * length * batch * shape.vocabulary
    needed = (weights + adapter + activations + logits) / GIB + OVERHEAD
    return MemoryFit(needed, float(machine.gpu_memory_gb))


def _adapter(shape: Shape, modules: str, rank: int) -> float:
    """Weights of a LoRA adapter: rank times the sum of both widths of every adapted matrix."""
    sides = {
        "q_proj": 2 * shape.width,
        "k_proj": shape.width + shape.key_value,
        "v_proj": shape.width + shape.key_value,
        "o_proj": 2 * shape.width,
        "gate_proj": shape.width + shape.inner,
        "up_proj": shape.width + shape.inner,
        "down_proj": shape.width + shape.inner,
    }
    return shape.layers * rank * sum(sides.get(name.strip(), 0) for name in modules.split(","))


def _number(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
