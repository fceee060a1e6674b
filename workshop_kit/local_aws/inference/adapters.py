"""PEFT's LoRA adapters for the paged engine: what it can take, and how strongly it applies."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.inference.supported import LINEAR, Unsupported

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


def strength(folder: Path) -> float:
    """The factor of an adapter's B·A, as PEFT has it. Raises Unsupported for what is more than plain LoRA."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        names = _tensors(folder / WEIGHTS)
    except (OSError, ValueError) as problem:
        raise Unsupported(f"the adapter {folder} can't be read ({problem})") from None
    extras = ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "lora_bias", "trainable_token_indices")
    if config.get("peft_type") != "LORA" or (found := [name for name in extras if config.get(name)]):
        raise Unsupported(f"the adapter is not plain LoRA ({', '.join(found) if found else config.get('peft_type')})")
    if strange := [
        n for n in names if not n.endswith((".lora_A.weight", ".lora_B.weight")) or _module(n) not in LINEAR
    ]:
        raise Unsupported(f"the adapter changes {strange[0]}")
    rank = config["r"]
    return config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank)


def blank(config: dict[str, Any]) -> bytes:
    """A safetensors file of zeros for all linear layers: it tells the engine where adapters may come later."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    size = config.get("head_dim") or hidden // config["num_attention_heads"]
    query = config["num_attention_heads"] * size
    value = (config.get("num_key_value_heads") or config["num_attention_heads"]) * size
    shapes = {
        "self_attn.q_proj": (hidden, query), "self_attn.k_proj": (hidden, value), "self_attn.v_proj": (hidden, value),
        "self_attn.o_proj": (query, hidden), "mlp.gate_proj": (hidden, inner), "mlp.up_proj": (hidden, inner),
        "mlp.down_proj": (inner, hidden),
    }  # fmt: skip
    head: dict[str, Any] = {}
    end = 0
    for layer in range(config["num_hidden_layers"]):
        for name, (width, height) in shapes.items():
            for part, shape in (("A", [1, width]), ("B", [height, 1])):
                start, end = end, end + 4 * shape[0] * shape[1]
                key = f"base_model.model.model.layers.{layer}.{name}.lora_{part}.weight"
                head[key] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + bytes(end)


def _tensors(path: Path) -> list[str]:
    with path.open("rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return [name for name in head if name != "__metadata__"]


def _module(name: str) -> str:
    return name.split(".")[-3]
