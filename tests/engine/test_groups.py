"""Answers that share their prompt's keys and values are those of copies that share nothing."""

from __future__ import annotations

import copy

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from workshop_kit.local_aws.trainer import groups
from workshop_kit.local_aws.trainer.checkpoint import TrainingFault

PAD, END = 0, 1
PROMPTS = [[5, 6, 7, 8], [9], [10, 11]]


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=40, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=64, pad_token_id=PAD, eos_token_id=END, bos_token_id=None,
    )  # fmt: skip
    made = LlamaForCausalLM(config).eval()
    for weights in made.parameters():
        weights.data.mul_(6)  # far from uniform, so that a wrong position or mask shows
    return made


def alone(model: LlamaForCausalLM, prompt: list[int], answer: list[int]) -> torch.Tensor:
    """The log-probability of each token of one answer, without padding, sharing or a cache."""
    logits = model(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
    return logits.log_softmax(-1).gather(-1, torch.tensor(answer)[:, None]).squeeze(-1)


ANSWERS = [[12, 13, END], [END], [14, 15, 16, 17], [18, END], [19, 20, END], [21, 22, 23, END]]


@pytest.mark.parametrize("answers", [ANSWERS, [[END]] * 6], ids=["of several lengths", "of one token"])
def test_probabilities_and_gradients_are_those_of_answers_alone(model, answers) -> None:
    weights = torch.linspace(-1, 1, len(answers))
    apart, together = copy.deepcopy(model), copy.deepcopy(model)
    pairs = [(prompt, answers[2 * n + k]) for n, prompt in enumerate(PROMPTS) for k in range(2)]
    expected = [alone(apart, prompt, answer) for prompt, answer in pairs]
    found, real = groups.log_probabilities(together, PROMPTS, answers, pad=PAD)
    for n, row in enumerate(expected):
        assert int(real[n].sum()) == len(row)
        assert torch.allclose(found[n, : len(row)], row, atol=1e-4), n
    sum(weight * row.sum() for weight, row in zip(weights, expected, strict=True)).backward()
    (weights[:, None] * found * real).sum().backward()
    for (name, one), other in zip(apart.named_parameters(), together.parameters(), strict=True):
        assert one.grad.abs().max() > 1e-3, f"{name} has no gradient to compare"
        assert torch.allclose(one.grad, other.grad, rtol=1e-3, atol=1e-4), name


def test_samples_are_those_of_prompts_repeated_in_full(model) -> None:
    longest = max(map(len, PROMPTS))
    ids = torch.tensor([[PAD] * (longest - len(p)) + p for p in PROMPTS for _ in range(4)])
    told = {"max_new_tokens": 6, "eos_token_id": [END], "pad_token_id": PAD}
    for temperature in (1.0, None):
        how = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0} if temperature else {"do_sample": False}
        torch.manual_seed(11)
        plain = model.generate(input_ids=ids, attention_mask=(ids != PAD).long(), **told, **how)[:, longest:].tolist()
        torch.manual_seed(11)
        found = groups.sample(
            model, PROMPTS, 4, pad=PAD, ends=[END], max_new_tokens=6, temperature=temperature
        )  # fmt: skip
        assert len(found) == 12
        for answer, row in zip(found, plain, strict=True):
            assert answer == row[: len(answer)]
            assert answer[-1] == END or len(answer) == 6
            assert END not in answer[:-1]
        if temperature:
            assert len({tuple(answer) for answer in found[:4]}) > 1


def test_one_answer_to_each_prompt_reads_no_prompt_ahead(model) -> None:
    found = groups.sample(model, PROMPTS, 1, pad=PAD, ends=[END], max_new_tokens=3, temperature=None)
    again = groups.sample(model, PROMPTS, 2, pad=PAD, ends=[END], max_new_tokens=3, temperature=None)
    assert found == again[::2] == again[1::2]


def test_answers_that_can_t_be_shared_out_are_refused(model) -> None:
    with pytest.raises(TrainingFault, match="5 answers"):
        groups.log_probabilities(model, PROMPTS, ANSWERS[:5], pad=PAD)
