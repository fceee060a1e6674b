"""Several answers to each prompt, sampled and scored; what they share, the prompt, the model reads once.

In group-relative reinforcement most of what is computed belongs to prompts, of which every one has many answers.
Here a prompt's keys and values are computed once and repeated for its answers; gradients pass through them as they
would through as many copies, so that samples and losses are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workshop_kit.local_aws.trainer.checkpoint import TrainingFault


def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    times: int,
    *,
    pad: int,
    ends: Sequence[int],
    max_new_tokens: int,
    temperature: float | None,
) -> list[list[int]]:
    """`times` answers to each prompt, those to the first prompt first, as token ids with the closing token.

    Without a temperature the answers are the likeliest ones. An answer cut short by `max_new_tokens` has no closing
    token. Draws from torch's generator.
    """
    import torch

    ids, mask = _prompts(prompts, pad)
    how: dict[str, Any] = {"do_sample": False}
    if temperature is not None:
        how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    with torch.inference_mode():
        if times > 1 and ids.shape[1] > 1:
            # All but the last token, whose logits are the first that are needed.
            read = _read(model, ids[:, :-1], mask[:, :-1]).past_key_values
            read.batch_repeat_interleave(times)
            how["past_key_values"] = read
        out = model.generate(
            input_ids=ids.repeat_interleave(times, 0),
            attention_mask=mask.repeat_interleave(times, 0),
            max_new_tokens=max_new_tokens,
            eos_token_id=list(ends),
            pad_token_id=pad,
            **how,
        )
    return [_until_end(row, ends) for row in out[:, ids.shape[1] :].tolist()]


def log_probabilities(
    model: Any, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]], *, pad: int
) -> tuple[Any, Any]:
    """Log-probabilities of the answers' tokens, (answers, longest answer), and the mask of the real ones.

    `answers` has as many for each prompt as for any other, those of the first prompt first.
    """
    import torch

    times, over = divmod(len(answers), len(prompts))
    if over:
        raise TrainingFault(f"{len(answers)} answers can't be shared out among {len(prompts)} prompts.")
    tail = max(map(len, answers))
    said = torch.full((len(answers), tail), pad)
    real = torch.zeros_like(said)
    for n, answer in enumerate(answers):
        said[n, : len(answer)] = torch.tensor(answer)
        real[n, : len(answer)] = 1
    ids, mask = _prompts(prompts, pad)
    read = _read(model, ids, mask)
    logits = read.logits.repeat_interleave(times, 0)
    if tail > 1:
        read.past_key_values.batch_repeat_interleave(times)
        seen = torch.cat([mask.repeat_interleave(times, 0), real[:, :-1]], dim=1)
        further = model(
            input_ids=said[:, :-1],
            attention_mask=seen,
            position_ids=_places(seen)[:, ids.shape[1] :],
            past_key_values=read.past_key_values,
        )
        logits = torch.cat([logits, further.logits], dim=1)
    return logits.log_softmax(-1).gather(-1, said[:, :, None]).squeeze(-1), real


def _prompts(prompts: Sequence[Sequence[int]], pad: int) -> tuple[Any, Any]:
    """Token ids padded on the left, and the mask of the real ones."""
    import torch

    longest = max(map(len, prompts))
    ids = torch.tensor([[pad] * (longest - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    return ids, mask


def _read(model: Any, ids: Any, mask: Any) -> Any:
    """The model's output for prompts: the last place's logits, and the keys and values of all."""
    return model(
        input_ids=ids, attention_mask=mask, position_ids=_places(mask), use_cache=True, logits_to_keep=1
    )  # fmt: skip


def _places(mask: Any) -> Any:
    return (mask.cumsum(1) - 1).clamp(min=0)


def _until_end(said: list[int], ends: Sequence[int]) -> list[int]:
    for place, token in enumerate(said):
        if token in ends:
            return said[: place + 1]
    return said
