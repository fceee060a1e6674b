"""The engine for the real model: OpenVINO GenAI's continuous batching over a paged cache of keys and values.

A base folder is written once as an OpenVINO model (graph.py, into a folder beside its weights, or into the
workspace where that can't be written). One pipeline holds the base; a LoRA adapter is exchanged in it between turns,
in some hundredths of a second, so any number of adapters costs the memory of one model. Requests of one adapter join
a running batch as they come; those of another wait until it is done. Scoring goes through the same pipeline: it tells
the log-probability of each token of a prompt.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop_kit.local_aws import turns
from workshop_kit.local_aws.inference import adapters, supported
from workshop_kit.local_aws.inference.requests import ENDS, LONGEST, Refused, Request, check, fit, take
from workshop_kit.local_aws.inference.supported import Unsupported
from workshop_kit.local_aws.jobs.threads import WORTH_DIVIDING

FOLDER, MODEL = "openvino-1", "openvino_model.xml"  # the number grows when what is written changes
AT_ONCE = 16  # answers made together; more wait inside the pipeline
PROMPT_TOKENS = 512  # read in one step: so many rows of logits are held at once while a text is scored
# What the library may round: keys and values are kept in 8 bits, and inputs of large products are rounded to 8 bits.
PRECISION: dict[str, Any] = {}
CACHE_BLOCKS, BLOCK = 768, 32  # room for 24,576 tokens, shared by all answers


def takes(base: str, adapter: str | None = None) -> bool:
    """Whether this engine answers for a base folder: a plain Llama, not a tiny one, and the library is here."""
    if os.environ.get("WORKSHOP_ENGINE") == "transformers" or not installed():
        return False
    try:
        folder = Path(base)
        supported.read_config(folder)
        if adapter:
            adapters.strength(Path(adapter))
    except Unsupported:
        return False
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return weights >= 2 * WORTH_DIVIDING or os.environ.get("WORKSHOP_ENGINE") == "openvino"


@functools.cache
def installed() -> bool:
    """Whether OpenVINO GenAI is here; importing it is left to the model server."""
    return importlib.util.find_spec("openvino_genai") is not None


def prepare_adapter(adapter_dir: str | Path, base_dir: str | Path) -> bool:
    """Have everything ready to answer with an adapter on its base; False where transformers will answer instead.

    An adapter is used as PEFT wrote it. What takes time is the base's OpenVINO model, which is written here if it was
    not before (4 s for 135 million parameters).
    """
    if not takes(str(base_dir), str(adapter_dir)):
        return False
    openvino_model(Path(base_dir), None)
    return True


def openvino_model(base: Path, home: Path | None) -> Path:
    """The folder of a base's OpenVINO model, written if it is missing or older than the weights. Raises OSError."""
    from workshop_kit.local_aws.inference import graph

    newest = max(path.stat().st_mtime_ns for path in base.glob("*.safetensors"))
    beside = base / FOLDER
    places = [beside] if home is None else [beside, home / "aws" / FOLDER / f"{base.name}-{newest:x}"]
    for place in places:
        if (place / MODEL).is_file() and (place / MODEL).stat().st_mtime_ns >= newest:
            return place
    for number, place in enumerate(places):
        try:
            graph.write(base, place)
            return place
        except OSError:
            if number + 1 == len(places):
                raise
    raise AssertionError("unreachable")


@dataclass
class Asked:
    """Something the pipeline works on: an answer to make, or texts to score. `done` is called once, at the end."""

    handle: Any
    request: Request | None = None
    ids: list[int] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    done: Callable[[], None] = lambda: None


class Paged:
    """One base model with its adapters. Used by one thread at a time.

    `answer` and `score` add work, `step` does some of it; `select` exchanges the adapter while nothing is running.
    """

    def __init__(self, base: str, threads: int, home: Path | None = None) -> None:
        """Load the base. Raises Refused."""
        self.base, folder = base, Path(base)
        try:
            self._config = supported.read_config(folder)
            self._read_tokenizer(folder)
            model = openvino_model(folder, home)
            self._blank = _adapter(adapters.blank(self._config))
            self._pipeline = _pipeline(model, self._blank, threads)
        except (Unsupported, OSError, ValueError, RuntimeError) as problem:
            first = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
            raise Refused(f"The model {base} can't be loaded: {first}") from None
        self._running: list[Asked] = []
        self._number = 0
        self._adapter: tuple[str, int] | None = ("", 0)  # none selected yet, not even the base

    def _read_tokenizer(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        told = _json(folder / "tokenizer_config.json")
        template = folder / "chat_template.jinja"
        chat = template.read_text(encoding="utf-8") if template.is_file() else told.get("chat_template")
        vocabulary = self.tokenizer.get_vocab(with_added_tokens=True)
        self.kind = turns.kind_of(vocabulary, chat if isinstance(chat, str) else None)
        self.bos = _token(told.get("bos_token"))
        ends = {vocabulary[token] for token in (*ENDS, _token(told.get("eos_token"))) if token in vocabulary}
        for config in (self._config, _json(folder / "generation_config.json")):
            value = config.get("eos_token_id")
            ends |= set(value if isinstance(value, list) else [] if value is None else [value])
        self.ends = frozenset(ends)
        self.length = min(self._config.get("max_position_embeddings", LONGEST), LONGEST, CACHE_BLOCKS * BLOCK)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def select(self, adapter: str | None) -> None:
        """Answer with this adapter's folder from now on, or with the base alone. Raises Refused."""
        import numpy as np
        import openvino as ov
        import openvino_genai as genai

        key = None if adapter is None else (adapter, (Path(adapter) / adapters.WEIGHTS).stat().st_mtime_ns)
        if key == self._adapter:
            return
        try:
            chosen = genai.AdapterConfig(self._blank, 1.0)
            if adapter is not None:
                factor = adapters.strength(Path(adapter))
                chosen = genai.AdapterConfig(_adapter(adapters.complete(Path(adapter), self._config)), factor)
            settings = _settings(1)
            settings.adapters = chosen
            # Only `generate` exchanges adapters; what is added to the running pipeline keeps the last one.
            self._pipeline.generate([ov.Tensor(np.array([[0]], np.int64))], [settings])
        except (Unsupported, OSError, RuntimeError) as problem:
            self._adapter = ("", 0)
            raise Refused(f"The adapter {adapter} can't be loaded: {str(problem).splitlines()[0]}") from None
        self._adapter = key

    def text(self, prompt: str | list[dict[str, str]]) -> str:
        """A prompt, or a conversation, in the base's own format."""
        if not isinstance(prompt, str):
            return turns.render(prompt, self.kind)
        prompt = turns.translate(prompt, self.kind)
        return prompt if not self.bos or prompt.startswith(self.bos) else self.bos + prompt

    def tokens(self, text: str) -> list[int]:
        """A text's token ids, nothing added."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def prepare(self, request: Request) -> None:
        """Fill in the request's token ids; raises Refused when they can't fit or a setting is senseless."""
        check(request)
        fit(request, self.tokens(self.text(request.prompt)), self.length)

    def answer(self, request: Request, done: Callable[[], None] = lambda: None) -> None:
        """Begin a prepared request's answer; `done` is called when its `finish` is set."""
        settings = _settings(request.max_new_tokens)
        settings.eos_token_id, settings.stop_token_ids, settings.ignore_eos = min(self.ends), set(self.ends), False
        settings.repetition_penalty = request.repetition_penalty
        if request.temperature > 0:
            settings.do_sample, settings.temperature, settings.top_p = True, request.temperature, request.top_p
            if request.top_k:
                settings.top_k = request.top_k
            seed = request.seed if request.seed is not None else int.from_bytes(os.urandom(7), "little")
            settings.rng_seed = seed % 2**63
        self._add(Asked(None, request, done=done), request.ids, settings)

    def score(self, texts: list[str], tokens: bool, done: Callable[[list[Any]], None]) -> None:
        """Begin to score texts; `done` gets a mean log-likelihood for each, or with `tokens` the list of its tokens.

        A mean is taken over the text as an assistant's whole answer; the empty text has minus infinity. A list holds
        {"id", "text", "logprob"} of the text as a prompt. Texts are cut at the model's length. Raises Refused for a
        text without tokens where the list is asked for.
        """
        lead = [] if tokens else self.tokens(turns.render([], self.kind) if self.kind != "plain" else self.bos or "\n")
        found: list[Any] = [None] * len(texts)
        wanted = [self.tokens(self.text(text) if tokens else text)[: self.length - 1 - len(lead)] for text in texts]
        if tokens and not all(wanted):
            raise Refused("The prompt is empty.")
        left = sum(map(bool, wanted))

        def told(number: int, asked: Asked) -> None:
            nonlocal left
            said = wanted[number]
            chances = asked.chances[len(lead) : len(lead) + len(said)]
            found[number] = self._told(said, chances) if tokens else math.fsum(chances) / len(chances)
            left -= 1
            if not left:
                done(found)

        for number, said in enumerate(wanted):
            if not said:
                found[number] = -math.inf
                continue
            asked = Asked(None)
            asked.done = functools.partial(told, number, asked)
            settings = _settings(1)  # a token has to be made; what is wanted is the prompt's
            settings.echo, settings.logprobs = True, 1
            self._add(asked, lead + said, settings)
        if not left and not any(wanted):
            done(found)

    def _told(self, ids: list[int], chances: list[float]) -> list[dict[str, Any]]:
        decode = self.tokenizer.decode
        return [
            {"id": token, "text": decode([token], skip_special_tokens=False), "logprob": chance if number else None}
            for number, (token, chance) in enumerate(zip(ids, chances, strict=True))
        ]

    def _add(self, asked: Asked, ids: list[int], settings: Any) -> None:
        import numpy as np
        import openvino as ov

        asked.handle = self._pipeline.add_request(self._number, ov.Tensor(np.array([ids], np.int64)), settings)
        self._number += 1
        self._running.append(asked)

    def step(self) -> None:
        """One step of everything that is running: some prompt tokens, or one token of each answer."""
        self._pipeline.step()
        self._running = [asked for asked in self._running if self._goes_on(asked)]

    def _goes_on(self, asked: Asked) -> bool:
        for token, chance, last in _new(asked.handle):
            if asked.request is None:
                asked.chances.append(chance)
                going = not last
            else:
                going = take(asked.request, token, self.ends, self.tokenizer.decode)
                if going and last:  # the pipeline has no room for more
                    asked.request.finish, going = "length", False
            if not going:
                asked.handle.cancel()
                asked.done()
                return False
        if asked.request is not None and asked.request.cancelled():
            asked.request.finish = "cancelled"
            asked.handle.cancel()
            asked.done()
            return False
        return True


def _new(handle: Any) -> Iterator[tuple[int, float, bool]]:
    """The tokens that came since the last step, with their log-probabilities; True with the very last."""
    import openvino_genai as genai

    while handle.can_read():
        for output in handle.read().values():
            ended = output.finish_reason != genai.GenerationFinishReason.NONE
            end = len(output.generated_ids) - 1
            for number, (token, chance) in enumerate(
                zip(output.generated_ids, output.generated_log_probs, strict=True)
            ):
                yield token, chance, ended and number == end


def _settings(tokens: int) -> Any:
    """So many of the likeliest tokens, whatever they are."""
    import openvino_genai as genai

    settings = genai.GenerationConfig()
    settings.max_new_tokens, settings.do_sample, settings.ignore_eos = tokens, False, True
    settings.eos_token_id, settings.stop_token_ids = (
        0,
        {0},
    )  # unused; without one the pipeline looks for a configuration that is not there
    return settings


def _adapter(file: bytes) -> Any:
    import numpy as np
    import openvino as ov
    import openvino_genai as genai

    return genai.Adapter(ov.Tensor(np.frombuffer(file, np.uint8)))


def _pipeline(model: Path, blank: Any, threads: int) -> Any:
    import openvino_genai as genai

    plan = genai.SchedulerConfig()
    plan.num_kv_blocks, plan.max_num_seqs, plan.max_num_batched_tokens = CACHE_BLOCKS, AT_ONCE, PROMPT_TOKENS
    plan.dynamic_split_fuse = True
    plan.enable_prefix_caching = False  # an exchanged adapter would read what the one before it left
    places = genai.AdapterConfig(blank, 1.0)
    settings = {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False, "adapters": places, **PRECISION}
    return genai.ContinuousBatchingPipeline(str(model), plan, "CPU", settings, {})


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _token(value: Any) -> str:
    """A special token as tokenizer_config.json has it: its text, or an object that holds it."""
    text = value.get("content") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""
