"""A made-up model as a wheel that holds a GGUF file, like the real one, but of a few thousand random numbers."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

from workshop_kit.local_aws.models.manifest import CHATML, KnownModel

WIDTH, INNER, LAYERS, HEADS, KV_HEADS, CONTEXT = 32, 64, 2, 4, 2, 256
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MEMBER = "made_up_model/made-up.gguf"
WHEEL = "made_up_model-1.0-py3-none-any.whl"


def write_gguf(path: Path, architecture: str = "llama") -> int:
    """Write the model; returns the number of its parameters."""
    import gguf
    import numpy
    from tokenizers import pre_tokenizers

    pieces = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), "he", "ll"]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(50_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(pieces)
    writer.add_token_types([3] * len(SPECIAL) + [1] * (len(pieces) - len(SPECIAL)))
    writer.add_token_merges(["h e", "l l"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{{ 'a system prompt that nobody asked for' }}")
    random = numpy.random.default_rng(0)
    kv = WIDTH // HEADS * KV_HEADS
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(pieces), WIDTH), "output_norm.weight": (WIDTH,)}
    for n in range(LAYERS):
        shapes |= {
            f"blk.{n}.attn_q.weight": (WIDTH, WIDTH),
            f"blk.{n}.attn_k.weight": (kv, WIDTH),
            f"blk.{n}.attn_v.weight": (kv, WIDTH),
            f"blk.{n}.attn_output.weight": (WIDTH, WIDTH),
            f"blk.{n}.ffn_gate.weight": (INNER, WIDTH),
            f"blk.{n}.ffn_up.weight": (INNER, WIDTH),
            f"blk.{n}.ffn_down.weight": (WIDTH, INNER),
            f"blk.{n}.attn_norm.weight": (WIDTH,),
            f"blk.{n}.ffn_norm.weight": (WIDTH,),
        }
    for name, shape in shapes.items():
        writer.add_tensor(name, random.normal(0, 0.1, shape).astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sum(int(numpy.prod(shape)) for shape in shapes.values())


def make(folder: Path, architecture: str = "llama") -> KnownModel:
    """Write the wheel into `folder`, where pip's --find-links finds it; returns its entry for the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "made-up.gguf"
    parameters = write_gguf(weights, architecture)
    info = "made_up_model-1.0.dist-info"
    wheel = folder / WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(weights, MEMBER)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: made-up-model\nVersion: 1.0\nRequires-Dist: no-such\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return KnownModel(
        id="made-up", name="Made-Up-Model", maker="nobody", package="made-up-model", version="1.0", wheel=WHEEL,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(), wheel_bytes=wheel.stat().st_size, member=MEMBER,
        gguf_sha256=hashlib.sha256(weights.read_bytes()).hexdigest(), gguf_bytes=weights.stat().st_size,
        parameters=parameters, context=CONTEXT, license="CC0-1.0", license_url="https://example.org/licence",
        training_memory=1, answering_memory=1, chat_template=CHATML,
    )  # fmt: skip


def main(told: str) -> None:
    """In a process of its own: get the model that the JSON describes, printing what is done as it is done."""
    from workshop_kit.local_aws.models import MODELS, get

    model = KnownModel(**json.loads(told))
    MODELS[model.id] = model
    said: set[str] = set()

    def tell(what: str, share: float | None) -> None:
        if what not in said:
            said.add(what)
            print(what, flush=True)

    print(get(model.id, tell), flush=True)


def as_json(model: KnownModel) -> str:
    """For the command line of this module."""
    return json.dumps(asdict(model))


if __name__ == "__main__":
    main(sys.argv[1])
