"""A GGUF file as a folder of the transformers library: python -m workshop_kit.local_aws.models.convert GGUF FOLDER JSON

Run in a process of its own (see getting.py); the last line of its output is the reason when it fails.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any


def convert(source: Path, folder: Path, told: dict[str, Any]) -> None:
    """Write config.json, generation_config.json, model.safetensors (bfloat16) and the tokenizer's files into `folder`.

    `told` has the chat template to use instead of the file's own ("": the file's own), the number of parameters that
    must come out (0: any) and the length of the context. Raises ValueError for what can't be read.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM

    where: dict[str, Any] = {"gguf_file": source.name, "local_files_only": True}
    model = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.bfloat16, **where)
    tokenizer = _tokenizer(source, where, told)
    tied = bool(model.config.tie_word_embeddings)
    weights = {
        name: tensor.detach().to(torch.bfloat16).contiguous()
        for name, tensor in model.state_dict().items()
        if not (tied and name == "lm_head.weight")
    }
    count = sum(tensor.numel() for tensor in weights.values())
    if told["parameters"] and count != told["parameters"]:
        raise ValueError(f"{source.name} has {count:,} parameters and should have {told['parameters']:,}")
    config = model.config.to_dict() | {"dtype": "bfloat16", "architectures": [type(model).__name__]}
    for name in ("_name_or_path", "_model_name_or_path", "quantization_config"):
        config.pop(name, None)
    if base := (config.get("rope_parameters") or {}).get("rope_theta"):
        config["rope_theta"] = base  # where transformers 4 looks for it; without it, it would take another base
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=str) + "\n", encoding="utf-8")
    marks = {f"{kind}_token_id": config.get(f"{kind}_token_id") for kind in ("bos", "eos", "pad")}
    (folder / "generation_config.json").write_text(json.dumps(marks, indent=1) + "\n", encoding="utf-8")
    tokenizer.save_pretrained(folder)
    # As both versions of the library read it, and without what was true of the conversion alone.
    about = folder / "tokenizer_config.json"
    kept = json.loads(about.read_text(encoding="utf-8")) | {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "attention_mask"],
    }
    for name in ("backend", "is_local", "local_files_only"):
        kept.pop(name, None)
    about.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _tokenizer(source: Path, where: dict[str, Any], told: dict[str, Any]) -> Any:
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source.parent, **where)
    if _pre_tokenizer_name(source) == "smollm":
        # transformers leaves this step out when it reads the file: every digit is a piece of its own.
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    if told["context"]:
        tokenizer.model_max_length = told["context"]
    if told["chat_template"]:
        tokenizer.chat_template = told["chat_template"]
    return tokenizer


def _pre_tokenizer_name(source: Path) -> str:
    from gguf import GGUFReader

    field = GGUFReader(source).get_field("tokenizer.ggml.pre")
    return str(field.contents()) if field else ""


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: its end of the pipe closes."""

    def wait() -> None:
        while sys.stdin.buffer.read(1 << 10):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(argv: list[str]) -> int:
    """The command line of this module; returns the exit status, ENOSPC for a full disk."""
    _end_with_parent()
    try:
        convert(Path(argv[0]), Path(argv[1]), json.loads(argv[2]))
    except Exception as problem:
        if getattr(problem, "errno", None) == errno.ENOSPC or "No space left" in str(problem):
            return errno.ENOSPC
        print(" ".join(f"{type(problem).__name__}: {problem}".split()))
        return 1
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
