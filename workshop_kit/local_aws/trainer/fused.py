"""The training step of a Llama model with LoRA, written out by hand: PEFT's sums in fewer operations.

PEFT's layers cast every input to the adapter's fp32, take it through dropout and two small products, and leave a
node in autograd's graph for each; on a processor that takes longer than the frozen model's own products. Here a
whole decoder layer is one node: projections that read the same input (q, k, v; gate, up) are one product, adapters
are computed in the model's number format from fp32 weights, logits are taken at answer tokens only and their
gradient at once, and what can be computed again cheaply (norms, attention, the activation) is not kept. Rows are
padded on the right, so the causal mask alone keeps padding out.

PEFT's model stays the owner of the weights: `FusedLlama` reads its parameters and leaves gradients on them, and saving,
loading and merging are PEFT's. The gradients are compared with PEFT's own in tests/engine/test_fused.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

IGNORED = -100
_Matrices = tuple[torch.Tensor, torch.Tensor] | None
CHUNK = 128  # answer tokens whose logits are in memory at once
# Above this many tokens in a batch, padding included, a layer keeps its input alone and is computed again: memory stays
# under 1.5 GB for 4 rows of 512 tokens, and grows by 70 KB a token beyond.
KEEP_TOKENS = 2048
POOL = 1 << 23  # random values of dropout in memory
PORTION = 1 << 24  # values of attention's probabilities in memory at once

# The projections that share an input, in the order in which their outputs stand side by side.
GROUPS: tuple[tuple[str, ...], ...] = (
    ("q_proj", "k_proj", "v_proj"),
    ("o_proj",),
    ("gate_proj", "up_proj"),
    ("down_proj",),
)


def fits(model: Any) -> bool:
    """Whether a PEFT model is one that this module computes: a plain Llama with LoRA on its linear layers alone."""
    base = model.get_base_model()
    config = base.config
    plain = (
        type(base).__name__ == "LlamaForCausalLM"
        and not getattr(config, "attention_bias", False)
        and not getattr(config, "mlp_bias", False)
        and config.hidden_act == "silu"
        and getattr(config, "attention_dropout", 0.0) == 0.0
    )
    names = {name for group in GROUPS for name in group}
    adapted = {name.split(".lora_")[0].rsplit(".", 1)[-1] for name, _ in model.named_parameters() if ".lora_" in name}
    trained = {name for name, p in model.named_parameters() if p.requires_grad and ".lora_" not in name}
    config_peft = model.peft_config["default"]
    return plain and adapted <= names and not trained and not config_peft.use_dora and not config_peft.use_rslora


@dataclass
class _Group:
    """Frozen weights (out, in) of projections that share an input, and their adapters."""

    weight: torch.Tensor
    sizes: tuple[int, ...]
    adapters: list[tuple[torch.nn.Parameter, torch.nn.Parameter] | None]
    scale: float

    def parameters(self) -> list[torch.nn.Parameter]:
        return [p for pair in self.adapters if pair is not None for p in pair]

    def matrices(self, keep: float) -> tuple[torch.Tensor, torch.Tensor] | None:
        """The adapters' A, one below the other, and their scaled B, block by block, in the model's number format.

        `keep` is the share of values that dropout keeps; B is scaled up by it in place of the values.
        """
        scale = self.scale / keep
        pairs = [pair for pair in self.adapters if pair is not None]
        if not pairs:
            return None
        kind = self.weight.dtype
        down = torch.cat([a.detach() for a, _ in pairs]).to(kind)
        up = torch.zeros(self.weight.shape[0], down.shape[0], dtype=kind)
        row = column = 0
        for size, pair in zip(self.sizes, self.adapters, strict=True):
            if pair is not None:
                b = pair[1].detach()
                up[row : row + size, column : column + b.shape[1]] = (b * scale).to(kind)
                column += b.shape[1]
            row += size
        return down, up

    def split(self, d_down: torch.Tensor, d_up: torch.Tensor, keep: float) -> list[torch.Tensor]:
        """Gradients of each adapter's A and B from those of the joined matrices."""
        found, scale = [], self.scale / keep
        row = column = 0
        for size, pair in zip(self.sizes, self.adapters, strict=True):
            if pair is not None:
                rank = pair[0].shape[0]
                found.append(d_down[column : column + rank].float())
                found.append(d_up[row : row + size, column : column + rank].float().mul_(scale))
                column += rank
            row += size
        return found


class _Masks:
    """Dropout's masks: slices of a pool of random ones and zeros, each from a place drawn anew.

    Drawing every mask's values would take a tenth of a step. The pool is drawn anew by `renew`, once an epoch.
    """

    def __init__(self, p: float, kind: torch.dtype) -> None:
        self.p, self.kind = p, kind
        self._pool = torch.empty(0, dtype=kind)

    def renew(self) -> None:
        if self.p > 0:
            self._pool = (torch.rand(POOL) >= self.p).to(self.kind)

    def draw(self, shape: tuple[int, int]) -> torch.Tensor:
        count = math.prod(shape)
        if count > len(self._pool):
            return (torch.rand(shape) >= self.p).to(self.kind)
        start = int(torch.randint(len(self._pool) - count + 1, ()))
        return self._pool[start : start + count].view(shape)


def _project(x: torch.Tensor, group: _Group, mats: _Matrices, mask: torch.Tensor | None) -> torch.Tensor:
    """x W^T plus the adapters' part; x is (tokens, in)."""
    y = functional.linear(x, group.weight)
    if mats is not None:
        down, up = mats
        y.addmm_(functional.linear(_masked(x, mask), down), up.t())
    return y


def _project_back(
    dy: torch.Tensor, x: torch.Tensor, group: _Group, mats: _Matrices, mask: torch.Tensor | None, keep: float
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The gradients of x, and of the group's adapters in the order of `parameters`."""
    dx = dy @ group.weight
    if mats is None:
        return dx, []
    down, up = mats
    seen = _masked(x, mask)
    inner = functional.linear(seen, down)
    d_inner = dy @ up
    if mask is None:
        dx.addmm_(d_inner, down)
    else:
        dx += _masked(d_inner @ down, mask)
    return dx, group.split(d_inner.t() @ seen, dy.t() @ inner, keep)


def _masked(x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return x if mask is None else x * mask


def _norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    wide = x.float()
    return wide.mul(torch.rsqrt(wide.pow(2).mean(-1, keepdim=True).add_(eps))).to(x.dtype).mul_(weight)


def _norm_back(dy: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    wide, d = x.float(), (dy * weight).float()
    r = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True).add_(eps))
    inner = (d * wide).mean(-1, keepdim=True).mul_(r * r)
    return d.sub_(wide.mul_(inner)).mul_(r).to(x.dtype)


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary positions on (rows, length, heads, width); with the sine's sign turned, the way back."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    out = torch.empty_like(x)
    torch.mul(a, cos, out=out[..., :half]).addcmul_(b, sin, value=-1)
    torch.mul(b, cos, out=out[..., half:]).addcmul_(a, sin)
    return out


@dataclass
class _Layer:
    groups: tuple[_Group, ...]
    norm_in: torch.Tensor
    norm_mid: torch.Tensor

    def parameters(self) -> list[torch.nn.Parameter]:
        return [p for group in self.groups for p in group.parameters()]


@dataclass
class _Shape:
    """What all layers of a step share."""

    rows: int
    length: int
    heads: int
    kv_heads: int
    width: int
    eps: float
    cos: torch.Tensor
    sin: torch.Tensor
    causal: torch.Tensor
    masks: _Masks | None
    keep_all: bool

    @property
    def keep(self) -> float:
        """The share of values that dropout keeps."""
        return 1.0 if self.masks is None else 1.0 - self.masks.p


def _heads(x: torch.Tensor, s: _Shape) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries (groups, sharing * length, width), keys and values (groups, length, width) of qkv side by side.

    A group is a key head of a row; the query heads that share it stand one after the other.
    """
    parts = x.view(s.rows, s.length, s.heads + 2 * s.kv_heads, s.width).transpose(1, 2)
    q, k, v = parts.split([s.heads, s.kv_heads, s.kv_heads], dim=1)
    many = s.rows * s.kv_heads
    return (
        q.reshape(many, -1, s.width),
        k.reshape(many, s.length, s.width),
        v.reshape(many, s.length, s.width),
    )


def _shares(q: torch.Tensor, k: torch.Tensor, s: _Shape) -> torch.Tensor:
    """Attention's probabilities, (groups, sharing * length, length), in the model's number format."""
    raw = torch.bmm(q, k.transpose(1, 2)).float().mul_(s.width**-0.5)
    raw.view(len(q), -1, s.length, s.length).add_(s.causal)
    return torch.softmax(raw, dim=-1).to(q.dtype)


def _parts(s: _Shape) -> list[slice]:
    """The groups in portions whose probabilities have at most PORTION values: long rows must not take the memory."""
    many = s.rows * s.kv_heads
    each = s.heads // s.kv_heads * s.length * s.length
    step = max(1, min(many, PORTION // each))
    return [slice(start, start + step) for start in range(0, many, step)]


def _attention(qkv: torch.Tensor, s: _Shape) -> torch.Tensor:
    """(tokens, heads * width) from rotated queries, keys, values side by side.

    Plain products: on short rows they are several times faster than torch's attention for the processor.
    """
    q, k, v = _heads(qkv, s)
    out = torch.empty_like(q)
    for part in _parts(s):
        torch.bmm(_shares(q[part], k[part], s), v[part], out=out[part])
    out = out.view(s.rows, s.heads, s.length, s.width)
    return out.transpose(1, 2).reshape(s.rows * s.length, s.heads * s.width)


def _attention_back(d_out: torch.Tensor, out: torch.Tensor, qkv: torch.Tensor, s: _Shape) -> torch.Tensor:
    """The gradient of qkv, (rows, length, heads, width), its queries and keys still rotated."""
    q, k, v = _heads(qkv, s)
    d = d_out.view(s.rows, s.length, s.heads, s.width)
    inner = (d * out.view_as(d)).sum(-1, dtype=torch.float32).transpose(1, 2).reshape(len(q), -1, 1)
    d = d.transpose(1, 2).reshape(q.shape)
    dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    for part in _parts(s):
        shares = _shares(q[part], k[part], s)
        raw = torch.bmm(d[part], v[part].transpose(1, 2)).float()
        d_scores = raw.sub_(inner[part]).mul_(shares).mul_(s.width**-0.5).to(q.dtype)
        torch.bmm(d_scores, k[part], out=dq[part])
        torch.bmm(d_scores.transpose(1, 2), q[part], out=dk[part])
        torch.bmm(shares.transpose(1, 2), d[part], out=dv[part])
    found = torch.empty(s.rows, s.length, s.heads + 2 * s.kv_heads, s.width, dtype=q.dtype)
    places = found.transpose(1, 2)
    turned = s.heads + s.kv_heads
    places[:, : s.heads] = dq.view(s.rows, s.heads, s.length, s.width)
    places[:, s.heads : turned] = dk.view(s.rows, s.kv_heads, s.length, s.width)
    places[:, turned:] = dv.view(s.rows, s.kv_heads, s.length, s.width)
    return found


class _DecoderLayer(torch.autograd.Function):
    """One decoder layer; the adapters' parameters are passed so that autograd hands their gradients on."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: _Layer, s: _Shape, *parameters: torch.nn.Parameter) -> torch.Tensor:
        mats = [group.matrices(s.keep) for group in layer.groups]
        masks = [
            s.masks.draw((x.shape[0], group.weight.shape[1])) if s.masks is not None and mat is not None else None
            for group, mat in zip(layer.groups, mats, strict=True)
        ]
        out, kept = _layer_forward(x, layer, s, mats, masks)
        ctx.layer, ctx.shape, ctx.mats, ctx.masks = layer, s, mats, masks
        ctx.kept = kept if s.keep_all else None
        ctx.save_for_backward(x)
        return out

    @staticmethod
    def backward(ctx: Any, d_out: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        layer, s, mats, masks = ctx.layer, ctx.shape, ctx.mats, ctx.masks
        (x,) = ctx.saved_tensors
        kept = ctx.kept if ctx.kept is not None else _layer_forward(x, layer, s, mats, masks)[1]
        ctx.kept = None
        qkv, mid, gate_up = kept
        keep = s.keep
        first, second, third, fourth = layer.groups
        # The feed-forward half.
        gate, up = gate_up.chunk(2, dim=-1)
        sig = torch.sigmoid(gate)
        act = gate * sig
        dh, g_down = _project_back(d_out, act * up, fourth, mats[3], masks[3], keep)
        d_gate_up = torch.empty_like(gate_up)
        d_gate, d_up = d_gate_up.chunk(2, dim=-1)
        torch.mul(dh, act, out=d_up)
        # silu' = sig (1 + gate - act)
        torch.mul(dh.mul_(up), sig.mul_(act.neg_().add_(gate).add_(1)), out=d_gate)
        d_normed, g_gate_up = _project_back(
            d_gate_up, _norm(mid, layer.norm_mid, s.eps), third, mats[2], masks[2], keep
        )
        d_mid = _norm_back(d_normed, mid, layer.norm_mid, s.eps).add_(d_out)
        # The attention half: attention itself is computed again.
        attended = _attention(qkv, s)
        d_attended, g_o = _project_back(d_mid, attended, second, mats[1], masks[1], keep)
        d_qkv = _attention_back(d_attended, attended, qkv, s)
        turned = s.heads + s.kv_heads
        d_qkv[:, :, :turned] = _rotate(d_qkv[:, :, :turned], s.cos, -s.sin)
        d_normed, g_qkv = _project_back(
            d_qkv.view(s.rows * s.length, -1), _norm(x, layer.norm_in, s.eps), first, mats[0], masks[0], keep
        )
        dx = _norm_back(d_normed, x, layer.norm_in, s.eps).add_(d_mid) if ctx.needs_input_grad[0] else None
        return (dx, None, None, *g_qkv, *g_o, *g_gate_up, *g_down)


def _layer_forward(
    x: torch.Tensor, layer: _Layer, s: _Shape, mats: Sequence[Any], masks: Sequence[Any]
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    first, second, third, fourth = layer.groups
    qkv = _project(_norm(x, layer.norm_in, s.eps), first, mats[0], masks[0])
    heads = qkv.view(s.rows, s.length, -1, s.width)
    turned = s.heads + s.kv_heads
    heads[:, :, :turned] = _rotate(heads[:, :, :turned], s.cos, s.sin)
    mid = _project(_attention(qkv, s), second, mats[1], masks[1]).add_(x)
    gate_up = _project(_norm(mid, layer.norm_mid, s.eps), third, mats[2], masks[2])
    gate, up = gate_up.chunk(2, dim=-1)
    out = _project(functional.silu(gate).mul_(up), fourth, mats[3], masks[3]).add_(mid)
    return out, (qkv, mid, gate_up)


class _AnswerLoss(torch.autograd.Function):
    """The summed cross-entropy of hidden states against tokens, weighted; its gradient is computed on the way."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        head: torch.Tensor,
        wanted: torch.Tensor,
        weights: torch.Tensor,
        each: torch.Tensor,
    ) -> torch.Tensor:
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        total = torch.zeros((), dtype=torch.float32)
        for start in range(0, hidden.shape[0], CHUNK):
            part = slice(start, start + CHUNK)
            log_p = functional.log_softmax(functional.linear(hidden[part], head).float(), dim=-1)
            targets = wanted[part, None]
            each[part] = loss = -log_p.gather(-1, targets).squeeze(-1)
            total += (loss * weights[part]).sum()
            if gradient is not None:
                d = log_p.exp_()
                d.scatter_add_(-1, targets, torch.full_like(targets, -1, dtype=d.dtype))
                gradient[part] = d.mul_(weights[part, None]).to(head.dtype) @ head
        ctx.gradient = gradient
        return total

    @staticmethod
    def backward(ctx: Any, d_total: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        gradient, ctx.gradient = ctx.gradient, None
        return gradient.mul_(d_total), None, None, None, None


class FusedLlama:
    """Losses of a PEFT model of a plain Llama (see `fits`), and their gradients on the adapters' parameters."""

    def __init__(self, model: Any) -> None:
        base = model.get_base_model()
        config = base.config
        self.model, self.base = model, base
        self.embed = base.model.embed_tokens.weight
        self.head = base.lm_head.weight
        self.norm = base.model.norm.weight
        self.eps = config.rms_norm_eps
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads
        self.width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.dropout = float(model.peft_config["default"].lora_dropout)
        self.masks = _Masks(self.dropout, self.embed.dtype)
        self.renew_masks()
        self.layers = [self._layer(layer) for layer in base.model.layers]

    def renew_masks(self) -> None:
        """Draw dropout's random values anew; call it when an epoch begins, after seeding torch."""
        self.masks.renew()

    def _layer(self, layer: Any) -> _Layer:
        homes = {
            "q_proj": layer.self_attn, "k_proj": layer.self_attn, "v_proj": layer.self_attn, "o_proj": layer.self_attn,
            "gate_proj": layer.mlp, "up_proj": layer.mlp, "down_proj": layer.mlp,
        }  # fmt: skip
        groups = []
        for names in GROUPS:
            modules = [getattr(homes[name], name) for name in names]
            frozen = [getattr(module, "base_layer", module) for module in modules]
            adapters, scale = [], 1.0
            for module in modules:
                if hasattr(module, "lora_A") and "default" in module.lora_A:
                    adapters.append((module.lora_A["default"].weight, module.lora_B["default"].weight))
                    scale = module.scaling["default"]
                else:
                    adapters.append(None)
            joined = torch.cat([f.weight.detach() for f in frozen]) if len(frozen) > 1 else frozen[0].weight.detach()
            # The modules now look into the joined matrix: the weights are in memory once.
            row = 0
            for f in frozen:
                size = f.weight.shape[0]
                f.weight.data = joined[row : row + size]
                row += size
            groups.append(_Group(joined, tuple(f.weight.shape[0] for f in frozen), adapters, scale))
        return _Layer(tuple(groups), layer.input_layernorm.weight, layer.post_attention_layernorm.weight)

    def losses(
        self, ids: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None = None, *, training: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(the weighted loss, each answer token's own loss in reading order) of rows padded on the right.

        `ids` and `labels` are (rows, length), IGNORED where no loss is taken. `weights` is the factor of each row's
        tokens, (rows,); without it the loss is the mean over all answer tokens of the batch.
        """
        rows, length = ids.shape
        places = (labels[:, 1:] != IGNORED).flatten().nonzero().squeeze(1)
        row = places // (length - 1)
        wanted = labels[:, 1:].reshape(-1)[places]
        factor = torch.full((len(places),), 1.0 / len(places)) if weights is None else weights.float()[row]
        hidden = self._hidden(ids, training)
        answers = hidden.view(rows, length, -1)[:, :-1].reshape(rows * (length - 1), -1)[places]
        each = torch.empty(len(places))
        normed = _NormFunction.apply(answers, self.norm, self.eps)
        return _AnswerLoss.apply(normed, self.head, wanted, factor, each), each

    def _hidden(self, ids: torch.Tensor, training: bool) -> torch.Tensor:
        rows, length = ids.shape
        cos, sin = self._positions(length)
        shape = _Shape(
            rows, length, self.heads, self.kv_heads, self.width, self.eps, cos, sin,
            torch.full((length, length), float("-inf")).triu_(1),
            self.masks if training and self.dropout > 0 else None, training and rows * length <= KEEP_TOKENS,
        )  # fmt: skip
        x = functional.embedding(ids.reshape(-1), self.embed.detach())
        for layer in self.layers:
            x = _DecoderLayer.apply(x, layer, shape, *layer.parameters())
        return x

    def _positions(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        rotary = self.base.model.rotary_emb
        cos, sin = rotary(torch.zeros(1, dtype=torch.float32), torch.arange(length)[None])
        half = self.width // 2
        kind = self.embed.dtype
        return cos[:, :, None, :half].to(kind), sin[:, :, None, :half].to(kind)


class _NormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        ctx.eps = eps
        ctx.save_for_backward(x, weight)
        return _norm(x, weight, eps)

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        x, weight = ctx.saved_tensors
        return _norm_back(dy, x, weight, ctx.eps), None, None
