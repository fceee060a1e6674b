"""The hand-written training step gives PEFT's own losses and gradients."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from workshop_kit.local_aws.trainer import fused

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture(scope="module")
def base() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=300, hidden_size=96, intermediate_size=160, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2, head_dim=16, tie_word_embeddings=True,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def adapted(base: Any, modules: list[str], **more: Any) -> Any:
    config = LoraConfig(r=4, lora_alpha=16, target_modules=modules, task_type="CAUSAL_LM", **more)
    model = get_peft_model(copy.deepcopy(base), config)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero as PEFT makes them: then half of the gradients would be zero too
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    ids = torch.randint(0, 300, (3, 17))
    labels, mask = ids.clone(), torch.ones_like(ids)
    labels[:, :5] = fused.IGNORED
    labels[1, 12:], mask[1, 12:] = fused.IGNORED, 0
    return ids, mask, labels


def gradients(model: Any) -> dict[str, torch.Tensor]:
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}
    model.zero_grad()
    return found


@pytest.mark.parametrize("modules", [["q_proj", "v_proj"], ALL, ["o_proj", "up_proj"]], ids=["qv", "all", "two"])
@pytest.mark.parametrize(
    "limits", [{}, {"KEEP_TOKENS": 0}, {"PORTION": 300, "CHUNK": 5}], ids=["kept", "again", "parts"]
)
def test_loss_and_gradients_are_those_of_peft(
    base: Any, modules: list[str], limits: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(fused, name, value)
    model = adapted(base, modules, lora_dropout=0.0)
    ids, mask, labels = batch()
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    wanted = gradients(model)
    ours, each = fused.FusedLlama(model).losses(ids, labels, training=True)
    ours.backward()
    assert ours.item() == pytest.approx(loss.item(), rel=1e-5)
    assert each.mean().item() == pytest.approx(loss.item(), rel=1e-5)
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-3, atol=1e-5 * float(wanted[name].abs().max()))


def test_weights_of_rows_scale_their_losses(base: Any) -> None:
    model = fused.FusedLlama(adapted(base, ALL, lora_dropout=0.0))
    ids, _, labels = batch()
    total, each = model.losses(ids, labels, torch.tensor([2.0, 0.0, 0.0]), training=False)
    assert total.item() == pytest.approx(2 * each[:12].sum().item(), rel=1e-5)


def test_peft_s_own_model_still_answers_alike_afterwards(base: Any) -> None:
    model = adapted(base, ALL, lora_dropout=0.0)
    ids, mask, labels = batch()
    before = model(input_ids=ids, attention_mask=mask).logits
    fused.FusedLlama(model)
    torch.testing.assert_close(model(input_ids=ids, attention_mask=mask).logits, before)


def test_dropout_is_on_while_training_alone_and_comes_from_torch_s_seed(base: Any) -> None:
    model = fused.FusedLlama(adapted(base, ALL, lora_dropout=0.5))
    ids, _, labels = batch()

    def loss(seed: int, training: bool) -> float:
        torch.manual_seed(seed)
        model.renew_masks()
        return model.losses(ids, labels, training=training)[0].item()

    assert loss(1, True) == loss(1, True) != loss(2, True)
    assert loss(1, False) == loss(2, False)


def test_dropout_keeps_the_mean_of_what_adapters_add(base: Any) -> None:
    masks = fused._Masks(0.25, torch.float32)
    torch.manual_seed(3)
    masks.renew()
    drawn = masks.draw((400, 96))
    assert drawn.mean().item() == pytest.approx(0.75, abs=0.02)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}


def test_what_it_can_t_compute_is_left_to_peft(base: Any) -> None:
    assert fused.fits(adapted(base, ALL))
    assert not fused.fits(adapted(base, ["q_proj", "embed_tokens"]))
    assert not fused.fits(adapted(base, ["q_proj"], use_dora=True))
    biased = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=50,
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            attention_bias=True,
        )  # fmt: skip
    )
    assert not fused.fits(adapted(biased, ["q_proj"]))
