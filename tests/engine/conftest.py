"""A tiny model with the project's own tokenizer, and a channel of rows to train it on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEMPLATE = {
    "prompt": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{instruction}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "completion": "{response}<|eot_id|>",
}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two small layers; its answers are nonsense, but it trains in seconds."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from workshop_kit.local_aws.foundry import tokenizer

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer.train(folder)
    loaded = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(loaded),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            intermediate_size=64,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            eos_token_id=loaded.eos_token_id,
            pad_token_id=loaded.pad_token_id,
            bos_token_id=loaded.bos_token_id,
        )  # fmt: skip
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Twenty-four rows with a template, as the kit uploads them."""
    folder = tmp_path / "train"
    folder.mkdir()
    rows = [
        {"instruction": f"What does a permit of kind {n} cost?", "context": "", "response": f"It costs ${n} in Calder."}
        for n in range(24)
    ]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "template.json").write_text(json.dumps(TEMPLATE))
    return folder
