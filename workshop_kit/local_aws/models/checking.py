"""Whether a folder that WORKSHOP_BASE_MODEL names holds a model that local AWS can use, in one sentence if not.

Run as a program (python -m workshop_kit.local_aws.models.checking FOLDER) it asks the transformers library, which takes
seconds to import: that is done in a process of its own, once for each folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from workshop_kit.base_model import VARIABLE
from workshop_kit.errors import ModelProblem
from workshop_kit.local_aws.models.environment import for_child

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tokenizer_config.json")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
CHECK_SECONDS = 120


def check_folder(folder: Path) -> None:
    """Raises ModelProblem for a folder that is no causal language model with its tokenizer."""
    config = folder / "config.json"
    if not config.is_file():
        raise _problem(folder, "has no config.json")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise _problem(folder, "has no tokenizer (no tokenizer.json)")
    if not any(any(folder.glob(pattern)) for pattern in WEIGHTS):
        raise _problem(folder, "has no weights (no model.safetensors)")
    try:
        kind = json.loads(config.read_text(encoding="utf-8"))["model_type"]
    except (OSError, ValueError, KeyError, TypeError):
        raise _problem(folder, "has a config.json that can't be read or names no model_type") from None
    if reason := _asked(str(folder.resolve()), str(kind), config.stat().st_mtime_ns):
        raise _problem(folder, reason)


def _problem(folder: Path, what: str) -> ModelProblem:
    return ModelProblem(
        f"The folder {folder} that {VARIABLE} names {what}; name a folder with a causal language model of the "
        "transformers library and its tokenizer."
    )


@lru_cache(maxsize=32)
def _asked(folder: str, kind: str, changed: int) -> str:
    """What the transformers library says of a folder: "" or what is wrong with it."""
    try:
        answer = subprocess.run(
            [sys.executable, "-m", __name__, folder],
            capture_output=True, text=True, timeout=CHECK_SECONDS, env=for_child(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ""  # a very busy machine: the job or endpoint that loads it will say so
    lines = answer.stdout.strip().splitlines()
    return lines[-1] if answer.returncode == 3 and lines else ""


def main(folder: str) -> int:
    """Print what is wrong and return 3, or return 0."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    kind = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8")).get("model_type")
    reason = ""
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        if type(config) not in AutoModelForCausalLM._model_mapping:
            reason = f"holds a model of the kind '{kind}', which is no causal language model"
    except Exception:
        reason = f"holds a model of the kind '{kind}', which the installed transformers library does not know"
    if not reason:
        try:
            AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as problem:
            reason = f"has a tokenizer that can't be loaded ({type(problem).__name__})"
    print(reason)
    return 3 if reason else 0


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)
