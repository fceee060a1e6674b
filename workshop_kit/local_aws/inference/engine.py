"""Causal language models in memory: loaded on demand, a few kept; batched generation token by token, and scoring."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as library_log

from workshop_kit.local_aws import turns
from workshop_kit.local_aws.inference.requests import ENDS, LONGEST, Refused, Request, check, fit, take
from workshop_kit.local_aws.jobs.threads import WORTH_DIVIDING, threads_for
from workshop_kit.local_aws.trainer import placement

library_log.set_verbosity_error()
library_log.disable_progress_bar()

KEPT = 3  # models held in memory; the one unused for longest makes room


@dataclass(frozen=True)
class Loaded:
    """A model ready to use, with the ids that end an answer."""

    model: Any
    tokenizer: Any
    ends: frozenset[int]
    length: int
    kind: turns.Kind


class Engine:
    """Holds models and answers batches of requests; used by one thread at a time."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._loaded: OrderedDict[tuple[str, str | None, int], Loaded] = OrderedDict()

    def load(self, base: str, adapter: str | None) -> Loaded:
        """The model of a base folder (or hub id), with a PEFT adapter merged in if one is named.

        Raises Refused when it can't be loaded.
        """
        mark = Path(adapter or base) / ("adapter_model.safetensors" if adapter else "config.json")
        key = (base, adapter, mark.stat().st_mtime_ns if mark.is_file() else 0)
        if key in self._loaded:
            self._loaded.move_to_end(key)
            return self._loaded[key]
        try:
            tokenizer = AutoTokenizer.from_pretrained(base)
            place, kind = _place(base, self._threads)
            model = AutoModelForCausalLM.from_pretrained(base, dtype=kind).to(place)
            if adapter:
                from peft import PeftModel

                model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
        except (OSError, ValueError, RuntimeError, KeyError) as problem:
            first = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
            raise Refused(f"The model {adapter or base} can't be loaded: {first}") from None
        model.eval()
        torch.set_num_threads(threads_for(model.num_parameters(), self._threads))
        told = model.generation_config.eos_token_id
        ends = {tokenizer.eos_token_id, *(told if isinstance(told, list) else [told])}
        vocabulary = tokenizer.get_vocab()
        ends |= {vocabulary[token] for token in ENDS if token in vocabulary}
        length = min(getattr(model.config, "max_position_embeddings", LONGEST), LONGEST)
        kind = turns.kind_of(vocabulary, tokenizer.chat_template)
        self._loaded[key] = Loaded(model, tokenizer, frozenset(e for e in ends if e is not None), length, kind)
        while len(self._loaded) > KEPT:
            self._loaded.popitem(last=False)
        return self._loaded[key]

    def prepare(self, loaded: Loaded, request: Request) -> None:
        """Fill in the request's token ids; raises Refused when they can't fit or a setting is senseless."""
        check(request)
        ids = loaded.tokenizer(_text(loaded, request.prompt), add_special_tokens=False)["input_ids"]
        fit(request, ids, loaded.length)
        if request.temperature > 0:
            request.chance = torch.Generator().manual_seed(
                request.seed if request.seed is not None else torch.seed() % 2**63
            )

    @torch.inference_mode()
    def generate(self, loaded: Loaded, requests: Sequence[Request]) -> None:
        """Answer a batch of prepared requests, calling each one's `emit` with new text and its tokens as they come.

        Afterwards each request's `finish` is "stop", "length", "stop_sequence" or "cancelled".
        """
        live = list(requests)
        decode = functools.partial(loaded.tokenizer.decode, skip_special_tokens=True)
        longest = max(len(r.ids) for r in live)
        pad = loaded.tokenizer.pad_token_id or 0
        ids = torch.tensor([[pad] * (longest - len(r.ids)) + r.ids for r in live])
        mask = torch.tensor([[0] * (longest - len(r.ids)) + [1] * len(r.ids) for r in live])
        places = (mask.cumsum(1) - 1).clamp(min=0)
        cache, place = None, loaded.model.device
        while live:
            out = loaded.model(
                input_ids=ids.to(place), attention_mask=mask.to(place), position_ids=places.to(place),
                past_key_values=cache, use_cache=True, logits_to_keep=1,
            )  # fmt: skip
            cache = out.past_key_values
            chosen = [self._choose(r, row) for r, row in zip(live, out.logits[:, -1].float().cpu(), strict=True)]
            going: list[int] = []
            for n, (request, token) in enumerate(zip(live, chosen, strict=True)):
                if take(request, token, loaded.ends, decode):
                    going.append(n)
            if len(going) < len(live) and going:
                keep = torch.tensor(going)
                cache.batch_select_indices(keep.to(place))
                mask, places = mask[keep], places[keep]
            live = [live[n] for n in going]
            if live:
                ids = torch.tensor([[r.said[-1]] for r in live])
                mask = torch.cat([mask, torch.ones(len(live), 1, dtype=mask.dtype)], 1)
                places = places[:, -1:] + 1

    def _choose(self, request: Request, logits: torch.Tensor) -> int:
        if request.repetition_penalty != 1.0 and request.said:
            seen = torch.tensor(sorted(set(request.said)))
            values = logits[seen]
            factor = request.repetition_penalty
            logits = logits.clone()
            logits[seen] = torch.where(values > 0, values / factor, values * factor)
        if request.temperature == 0:
            return int(logits.argmax())
        chances, order = (logits / request.temperature).softmax(-1).sort(descending=True)
        if request.top_k:
            chances[request.top_k :] = 0
        # The smallest set of tokens whose chances add up to top_p; the first always belongs to it.
        chances[1:][chances.cumsum(-1)[:-1] >= request.top_p] = 0
        return int(order[torch.multinomial(chances, 1, generator=request.chance)])

    @torch.inference_mode()
    def score(self, loaded: Loaded, texts: Sequence[str]) -> list[float]:
        """The mean log-likelihood per token (natural logarithm) of each text as an assistant's whole answer.

        The empty text scores minus infinity. Texts are cut at the model's length.
        """
        tokenizer = loaded.tokenizer
        lead = turns.render([], loaded.kind) if loaded.kind != "plain" else tokenizer.bos_token or "\n"
        start = tokenizer(lead, add_special_tokens=False)["input_ids"]
        found = []
        for text in texts:
            said = tokenizer(text, add_special_tokens=False)["input_ids"][: loaded.length - len(start)]
            if not said:
                found.append(-math.inf)
                continue
            ids = torch.tensor([start + said], device=loaded.model.device)
            logits = loaded.model(input_ids=ids).logits[0, len(start) - 1 : -1].float().cpu()
            chosen = logits.log_softmax(-1).gather(1, torch.tensor(said)[:, None])
            found.append(float(chosen.mean()))
        return found

    @torch.inference_mode()
    def prefill(self, loaded: Loaded, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """Each text's tokens, as a prompt, with their log-probabilities (natural; None for the first).

        Raises Refused for a text without tokens; one that is too long is cut at the model's length.
        """
        found = []
        for text in texts:
            ids = loaded.tokenizer(_text(loaded, text), add_special_tokens=False)["input_ids"][: loaded.length]
            if not ids:
                raise Refused("The prompt is empty.")
            whole = torch.tensor([ids], device=loaded.model.device)
            logits = loaded.model(input_ids=whole).logits[0, :-1].float().cpu()
            chosen = logits.log_softmax(-1).gather(1, torch.tensor(ids[1:])[:, None]).squeeze(1).tolist()
            values = [None, *chosen]
            found.append(
                [
                    {"id": token, "text": loaded.tokenizer.decode([token]), "logprob": value}
                    for token, value in zip(ids, values, strict=True)
                ]
            )
        return found


def _text(loaded: Loaded, prompt: str | list[dict[str, str]]) -> str:
    if isinstance(prompt, str):
        # What comes without its opening token gets one: the model never saw text that began otherwise.
        prompt, bos = turns.translate(prompt, loaded.kind), loaded.tokenizer.bos_token
        return prompt if not bos or prompt.startswith(bos) else bos + prompt
    if loaded.kind == "chatml":
        return turns.render(prompt, loaded.kind)
    if loaded.tokenizer.chat_template:
        return loaded.tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    return "".join(f"{turn['role']}: {turn['content']}\n" for turn in prompt) + "assistant:"


def _place(base: str, threads: int) -> tuple[Any, torch.dtype]:
    """Where a model is held, and in which number format: a small one always on the processor and in 32 bits."""
    weights = sum(path.stat().st_size for path in Path(base).glob("*.safetensors"))
    if 0 < weights < 2 * WORTH_DIVIDING:
        return torch.device("cpu"), torch.float32
    place = placement.device()
    formats = {"cuda": torch.bfloat16, "mps": torch.float32}
    return place, formats.get(place.type) or placement.number_format(threads)
