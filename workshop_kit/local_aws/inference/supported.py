"""What the paged engine can take, told without importing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class Unsupported(Exception):
    """A model or adapter has a part that the paged engine does not take; the text names it."""


def read_config(folder: Path) -> dict[str, Any]:
    """A base folder's config.json, checked to be of a plain Llama with weights and tokenizer. Raises Unsupported."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Unsupported(f"{folder} has no config.json that can be read ({problem})") from None
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    wrong = {
        "model_type": config.get("model_type") != "llama",
        "rope scaling": rope.get("rope_type", "default") != "default",
        "attention_bias": bool(config.get("attention_bias")),
        "mlp_bias": bool(config.get("mlp_bias")),
        "hidden_act": config.get("hidden_act", "silu") != "silu",
        "quantization_config": bool(config.get("quantization_config")),
    }
    if found := [name for name, bad in wrong.items() if bad]:
        raise Unsupported(f"the {found[0]} of {folder} is not that of a plain Llama")
    if not (folder / "tokenizer.json").is_file() or not any(folder.glob("*.safetensors")):
        raise Unsupported(f"{folder} lacks tokenizer.json or *.safetensors")
    return config
