"""A Llama model's folder written as an OpenVINO model, its weights in 8 bits.

OpenVINO's own exporter needs packages that nothing else here wants, and its reader of GGUF files rounds Q4_1's offsets
away (measured: log-likelihoods off by up to 1). The graph is short: embedding, then per layer attention and a gated
MLP. The linear layers have the names of transformers' modules, by which a PEFT adapter finds them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

from workshop_kit.local_aws.inference.supported import Unsupported, read_config

GROUP = 32
FLOATS = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


class Weights:
    """The tensors of safetensors files, read one at a time as float32."""

    def __init__(self, folder: Path) -> None:
        self._where: dict[str, tuple[Path, str, list[int], int]] = {}
        for path in sorted(folder.glob("*.safetensors")):
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                head = json.loads(file.read(size))
            for name, told in head.items():
                if name != "__metadata__":
                    self._where[name] = (path, told["dtype"], told["shape"], 8 + size + told["data_offsets"][0])

    def __contains__(self, name: str) -> bool:
        return name in self._where

    def read(self, name: str) -> np.ndarray:
        """A tensor by its name. Raises Unsupported when it is missing or of a format that is not read here."""
        if name not in self._where:
            raise Unsupported(f"no tensor {name}")
        path, kind, shape, offset = self._where[name]
        if kind not in FLOATS:
            raise Unsupported(f"tensor {name} is of the format {kind}")
        raw = np.fromfile(path, FLOATS[kind], int(np.prod(shape)), offset=offset).reshape(shape)
        if kind == "BF16":  # the upper half of a float32
            return (raw.astype(np.uint32) << 16).view(np.float32)
        return raw.astype(np.float32)


def build(folder: Path) -> ov.Model:
    """The OpenVINO model of a folder with config.json and *.safetensors. Raises Unsupported."""
    return _Graph(read_config(folder), Weights(folder)).model()


class _Graph:
    def __init__(self, config: dict[str, Any], weights: Weights) -> None:
        self._config, self._weights = config, weights
        self._heads = config["num_attention_heads"]
        self._kv_heads = config.get("num_key_value_heads") or self._heads
        self._size = config.get("head_dim") or config["hidden_size"] // self._heads
        self._ids = _parameter("input_ids", [-1, -1], np.int64)
        self._mask = _parameter("attention_mask", [-1, -1], np.int64)
        self._places = _parameter("position_ids", [-1, -1], np.int64)
        self._beams = _parameter("beam_idx", [-1], np.int32)
        self._batch = op.gather(op.shape_of(self._ids), _ints([0]), _ints(0))
        self._sinks: list[Any] = []
        self._hidden: Any = None

    def model(self) -> ov.Model:
        table = self._weight("model.embed_tokens.weight")
        state = op.gather(table, op.convert(self._ids, "i32"), _ints(0))
        self._cos, self._sin = self._rotation()
        for layer in range(self._config["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            state = op.add(state, self._attention(name, self._norm(state, f"{name}.input_layernorm")))
            state = op.add(state, self._mlp(name, self._norm(state, f"{name}.post_attention_layernorm")))
        state = self._norm(state, "model.norm")
        if "lm_head.weight" in self._weights and not self._config.get("tie_word_embeddings"):
            table = self._weight("lm_head.weight")
        logits = op.result(op.matmul(state, table, False, True), name="logits")
        logits.output(0).get_tensor().set_names({"logits"})
        inputs = [self._ids, self._mask, self._places, self._beams]
        return ov.Model([logits], self._sinks, inputs, "llama")

    def _weight(self, name: str) -> Any:
        """A matrix in 8 bits, with a scale for every GROUP values of a row."""
        values = self._weights.read(name)
        height, width = values.shape
        group = GROUP if width % GROUP == 0 else width
        values = values.reshape(height, width // group, group)
        scale = np.abs(values).max(2, keepdims=True) / 127
        scale[scale == 0] = 1
        whole = op.constant(np.rint(values / scale).astype(np.int8))
        values = op.multiply(op.convert(whole, "f16"), op.constant(scale.astype(np.float16)))
        return op.convert(op.reshape(values, _ints([height, width]), False), "f32")

    def _linear(self, state: Any, name: str) -> Any:
        done = op.matmul(state, self._weight(f"{name}.weight"), False, True)
        done.set_friendly_name(name)
        return done

    def _norm(self, state: Any, name: str) -> Any:
        epsilon = np.float32(self._config["rms_norm_eps"])
        mean = op.reduce_mean(op.power(state, _float(2)), _ints([-1]), True)
        root = op.divide(_float(1), op.sqrt(op.add(mean, _float(epsilon))))
        return op.multiply(op.multiply(state, root), op.constant(self._weights.read(f"{name}.weight")[None, None]))

    def _mlp(self, name: str, state: Any) -> Any:
        gate = op.swish(self._linear(state, f"{name}.mlp.gate_proj"))
        return self._linear(op.multiply(gate, self._linear(state, f"{name}.mlp.up_proj")), f"{name}.mlp.down_proj")

    def _rotation(self) -> tuple[Any, Any]:
        rope = self._config.get("rope_parameters") or {}
        theta = rope.get("rope_theta") or self._config.get("rope_theta") or 10000.0
        turns = 1.0 / theta ** (np.arange(0, self._size, 2, dtype=np.float32) / self._size)
        places = op.convert(op.unsqueeze(self._places, _ints(1)), "f32")
        turns = op.broadcast(
            op.constant(turns.astype(np.float32)[None, :, None]),
            op.concat([self._batch, _ints([1]), _ints([1])], 0),
            broadcast_spec="BIDIRECTIONAL",
        )
        angles = op.transpose(op.matmul(turns, places, False, False), _ints([0, 2, 1]))
        angles = op.concat([angles, angles], -1)
        return op.unsqueeze(op.cos(angles), _ints(1)), op.unsqueeze(op.sin(angles), _ints(1))

    def _rotated(self, heads: Any) -> Any:
        half = self._size // 2
        first = op.slice(heads, _ints([0]), _ints([half]), _ints([1]), _ints([3]))
        second = op.slice(heads, _ints([half]), _ints([2**31 - 1]), _ints([1]), _ints([3]))
        turned = op.concat([op.multiply(second, op.constant(np.full((1, 1, 1, 1), -1, np.float32))), first], -1)
        return op.add(op.multiply(heads, self._cos), op.multiply(turned, self._sin))

    def _split(self, state: Any, heads: int) -> Any:
        return op.transpose(op.reshape(state, _ints([0, 0, heads, self._size]), True), _ints([0, 2, 1, 3]))

    def _attention(self, name: str, state: Any) -> Any:
        query, key, value = (self._linear(state, f"{name}.self_attn.{part}_proj") for part in "qkv")
        query = self._rotated(self._split(query, self._heads))
        key = self._remembered(self._rotated(self._split(key, self._kv_heads)), f"{name}.key")
        value = self._remembered(self._split(value, self._kv_heads), f"{name}.value")
        said = op.scaled_dot_product_attention(
            query, self._shared(key), self._shared(value), self._seen(key), causal=False
        )
        said = op.reshape(op.transpose(said, _ints([0, 2, 1, 3])), _ints([0, 0, self._heads * self._size]), True)
        return self._linear(said, f"{name}.self_attn.o_proj")

    def _remembered(self, new: Any, name: str) -> Any:
        """What was there before, and the new after it; kept for the next call."""
        shape = [-1, self._kv_heads, -1, self._size]
        info = ov.op.util.VariableInfo()
        info.data_shape, info.data_type, info.variable_id = ov.PartialShape(shape), ov.Type.f32, name
        variable = ov.op.util.Variable(info)
        empty = op.broadcast(
            _float(0), op.concat([self._batch, _ints([self._kv_heads]), _ints([0]), _ints([self._size])], 0)
        )
        before = op.gather(op.read_value(empty, variable), self._beams, _ints(0))
        whole = op.concat([before, new], 2)
        self._sinks.append(op.assign(whole, variable))
        return whole

    def _shared(self, heads: Any) -> Any:
        """Each head of keys or values once for every head of queries that reads it."""
        times = self._heads // self._kv_heads
        if times == 1:
            return heads
        shape = op.concat([self._batch, _ints([self._kv_heads]), _ints([times]), _ints([1]), _ints([self._size])], 0)
        wide = op.broadcast(op.unsqueeze(heads, _ints(2)), shape, broadcast_spec="BIDIRECTIONAL")
        return op.reshape(wide, _ints([0, self._heads, -1, self._size]), True)

    def _seen(self, key: Any) -> Any:
        """0 where a token may look, a very low number where it may not: later tokens, and what the mask leaves out."""
        if self._hidden is None:
            length = op.squeeze(op.gather(op.shape_of(key), _ints([2]), _ints(0)), _ints([0]))
            places = op.range(_ints(0), length, _ints(1), "i64")
            later = op.greater(places, op.unsqueeze(self._places, _ints([1, 3])))
            closed = op.equal(op.unsqueeze(self._mask, _ints([1, 2])), _ints(0))
            self._hidden = op.select(op.logical_or(later, closed), _float(np.finfo(np.float32).min), _float(0))
        return self._hidden


def _parameter(name: str, shape: list[int], kind: Any) -> Any:
    made = op.parameter(shape, kind, name)
    made.set_friendly_name(name)  # by which the pipeline knows its inputs
    made.output(0).get_tensor().set_names({name})
    return made


def _ints(values: Any) -> Any:
    return op.constant(np.array(values, np.int64))


def _float(value: float) -> Any:
    return op.constant(np.float32(value))


def write(folder: Path, into: Path) -> None:
    """Write the OpenVINO model of a base folder, whole or not at all. Raises Unsupported and OSError."""
    model = build(folder)
    into.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name}-"))
    try:
        ov.save_model(model, new / "openvino_model.xml", compress_to_fp16=False)
        os.rename(new, into)
    except OSError:
        if not (into / "openvino_model.xml").is_file():  # another process was faster otherwise
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
