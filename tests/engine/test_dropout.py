"""Dropout from fewer bits: the share, the mean, the gradient and the seed."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from workshop_kit.local_aws.trainer.dropout import BitDropout, quicken


@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(1_000_003,), (7, 11, 13, 997)])
def test_the_share_and_the_mean_are_those_asked_for(p: float, shape: tuple[int, ...]) -> None:
    torch.manual_seed(5)
    drop, values = BitDropout(p).train(), torch.ones(shape)
    found = drop(values)
    zeros = float((found == 0).float().mean())
    error = (p * (1 - p) / values.numel()) ** 0.5
    assert abs(zeros - p) <= 5 * error + 1 / 65_536
    assert abs(float(found.mean()) - 1) <= 5 * error / (1 - p) + 1e-4
    kept = found[found != 0]
    assert torch.allclose(kept, torch.full_like(kept, 1 / (1 - p)), rtol=1e-3)


def test_places_are_independent_of_each_other() -> None:
    torch.manual_seed(6)
    zeros = (BitDropout(0.5)(torch.ones(400_000)) == 0).float()
    for apart in (1, 2, 3, 4, 8):
        both = float((zeros[apart:] * zeros[:-apart]).mean())
        assert abs(both - 0.25) < 0.004, apart
    for lane in range(4):
        assert abs(float(zeros[lane::4].mean()) - 0.5) < 0.01, "a lane of the bits is not random"


def test_the_gradient_passes_where_the_value_did() -> None:
    torch.manual_seed(7)
    values = torch.randn(50, 40, requires_grad=True)
    found = BitDropout(0.3)(values)
    found.sum().backward()
    assert torch.equal(values.grad == 0, found == 0)
    assert torch.allclose(values.grad[values.grad != 0], torch.tensor(1 / 0.7), rtol=1e-3)


def test_a_seed_gives_the_same_places_and_evaluation_drops_nothing() -> None:
    drop, values = BitDropout(0.5), torch.ones(5, 3)
    torch.manual_seed(8)
    first = drop(values)
    torch.manual_seed(8)
    assert torch.equal(first, drop(values)) and not torch.equal(first, drop(values))
    assert drop.eval()(values) is values
    with pytest.raises(ValueError, match="1"):
        BitDropout(1.0)


def test_an_adapter_has_it_everywhere_and_is_saved_as_before() -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    base = LlamaForCausalLM(LlamaConfig(vocab_size=20, num_key_value_heads=2, **sizes))
    config = LoraConfig(r=2, lora_dropout=0.05, target_modules=["q_proj", "up_proj"], task_type="CAUSAL_LM")
    model = get_peft_model(base, config)
    before = set(model.state_dict())
    assert quicken(model) is model and set(model.state_dict()) == before
    found = [m for m in model.modules() if isinstance(m, BitDropout)]
    assert len(found) == 4 and {m.p for m in found} == {0.05}
    assert not [m for n, m in model.named_modules() if "lora_dropout" in n and isinstance(m, torch.nn.Dropout)]


def test_dropping_everything_is_left_to_torch() -> None:
    layer = torch.nn.Module()
    layer.lora_dropout = torch.nn.ModuleDict({"default": torch.nn.Dropout(1.0)})
    kept = quicken(layer).lora_dropout["default"]
    assert isinstance(kept, torch.nn.Dropout) and not kept(torch.ones(3)).any()
