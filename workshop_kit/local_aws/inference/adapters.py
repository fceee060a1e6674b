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
    """A safetensors file of zeros for all linear layers: the adapter that changes nothing."""
    return _file({name: ("F32", shape, bytes(4 * math.prod(shape))) for name, shape in _places(config).items()})


def complete(folder: Path, config: dict[str, Any]) -> bytes:
    """An adapter's file with zeros for the linear layers that it leaves out.

    The pipeline is never given an empty adapter, for a layer or for all: after one, it writes outside its memory
    (OpenVINO 2026.4.1, bfloat16).
    """
    data = (folder / WEIGHTS).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    held = {}
    for name, told in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = told["data_offsets"]
            held[name] = (told["dtype"], told["shape"], data[start + begin : start + end])
    kind = next(iter(held.values()))[0]
    size = 4 if kind == "F32" else 2
    missing = {name: shape for name, shape in _places(config).items() if name not in held}
    return _file(held | {name: (kind, shape, bytes(size * math.prod(shape))) for name, shape in missing.items()})


def _places(config: dict[str, Any]) -> dict[str, list[int]]:
    """The tensors of an adapter of rank 1 for all linear layers, and their shapes."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    size = config.get("head_dim") or hidden // config["num_attention_heads"]
    query = config["num_attention_heads"] * size
    value = (config.get("num_key_value_heads") or config["num_attention_heads"]) * size
    layers = {
        "self_attn.q_proj": (hidden, query), "self_attn.k_proj": (hidden, value), "self_attn.v_proj": (hidden, value),
        "self_attn.o_proj": (query, hidden), "mlp.gate_proj": (hidden, inner), "mlp.up_proj": (hidden, inner),
        "mlp.down_proj": (inner, hidden),
    }  # fmt: skip
    found = {}
    for number in range(config["num_hidden_layers"]):
        for layer, (width, height) in layers.items():
            name = f"base_model.model.model.layers.{number}.{layer}"
            found |= {f"{name}.lora_A.weight": [1, width], f"{name}.lora_B.weight": [height, 1]}
    return found


def _file(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    head: dict[str, Any] = {}
    end = 0
    for name, (kind, shape, data) in tensors.items():
        start, end = end, end + len(data)
        head[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *(data for _, _, data in tensors.values())])


def _tensors(path: Path) -> list[str]:
    with path.open("rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return [name for name in head if name != "__metadata__"]


def _module(name: str) -> str:
    return name.split(".")[-3]
