"""The paged engine beside transformers and PEFT, on a small random Llama with grouped heads."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("openvino_genai")

from workshop_kit.local_aws.inference import adapters, client, graph, paged, supported
from workshop_kit.local_aws.inference.client import ModelRef
from workshop_kit.local_aws.inference.requests import Refused, Request
from workshop_kit.local_aws.inference.supported import LINEAR, Unsupported

TEXTS = ["It costs $5 in Calder.", "Ask the clerk at Mill House before noon.", "no", "word " * 120]


@pytest.fixture(scope="module")
def base(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers, four heads of queries on two of keys and values, its own output matrix."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("grouped")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=96,
            max_position_embeddings=256,
            tie_word_embeddings=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            initializer_range=0.3,
            bos_token_id=tokenizer.bos_token_id,
        )  # fmt: skip
    ).save_pretrained(folder)
    return folder


def adapter(base: Path, folder: Path, modules: list[str], rank: int = 4, **more: object) -> Path:
    """A LoRA adapter of large random weights."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(rank)
    config = LoraConfig(r=rank, lora_alpha=16, target_modules=modules, task_type="CAUSAL_LM", **more)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    for name, values in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(values, std=0.15)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def all_layers(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return adapter(base, tmp_path_factory.mktemp("all"), list(LINEAR))


@pytest.fixture(scope="module")
def queries_and_keys(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return adapter(base, tmp_path_factory.mktemp("qk"), ["q_proj", "k_proj"], rank=2, use_rslora=True)


@pytest.fixture(scope="module")
def model(base: Path) -> Iterator[paged.Paged]:
    """In 32 bits throughout, so that a fault in the graph can't hide behind rounding."""

    def exact_weight(self: object, name: str) -> object:
        return graph.op.constant(self._weights.read(name))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph._Graph, "_weight", exact_weight)
        patch.setattr(paged, "FOLDER", "openvino-exact")
        exact = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
        patch.setattr(paged, "PRECISION", exact)
        yield paged.Paged(str(base), 1)


def scores(model: paged.Paged, texts: list[str], tokens: bool = False) -> list:
    found: list = []
    model.score(texts, tokens, found.extend)
    while model.busy:
        model.step()
    return found


def say(model: paged.Paged, prompt: str, length: int = 20, **settings: object) -> tuple[str, Request]:
    pieces: list[str] = []
    request = Request(prompt, length, emit=lambda text, tokens: pieces.append(text), **settings)
    model.prepare(request)
    model.answer(request)
    while model.busy:
        model.step()
    return "".join(pieces), request


@pytest.mark.parametrize("which", ["", "all_layers", "queries_and_keys"])
def test_scores_are_those_of_transformers_and_peft(which: str, base, model, request: pytest.FixtureRequest) -> None:
    from workshop_kit.local_aws.inference.engine import Engine

    folder = str(request.getfixturevalue(which)) if which else None
    engine = Engine(1)
    want = engine.score(engine.load(str(base), folder), TEXTS)
    without = engine.score(engine.load(str(base), None), TEXTS)
    model.select(folder)
    found = scores(model, TEXTS)
    assert found == pytest.approx(want, abs=2e-3)
    if folder:
        # The adapters' weights are large: one that was not applied, or with the wrong factor, is far away.
        assert max(abs(a - b) for a, b in zip(want, without, strict=True)) > 0.3


def test_each_tokens_chance_is_told(base: Path, model: paged.Paged) -> None:
    from workshop_kit.local_aws.inference.engine import Engine

    engine = Engine(1)
    model.select(None)
    text = "<|begin_of_text|>It costs $5 in Calder. " + "and so on " * 40
    (want,) = engine.prefill(engine.load(str(base), None), [text])
    (found,) = scores(model, [text], tokens=True)
    assert [t["id"] for t in found] == [t["id"] for t in want] and "".join(t["text"] for t in found) == text
    assert found[0]["logprob"] is None
    far = [abs(a["logprob"] - b["logprob"]) for a, b in zip(found[1:], want[1:], strict=True)]
    assert max(far) < 0.02


def test_an_adapter_leaves_no_trace_in_what_comes_after_it(model, all_layers: Path, queries_and_keys: Path) -> None:
    told = {}
    for folder in (None, all_layers, queries_and_keys, None, queries_and_keys, all_layers, None):
        model.select(folder and str(folder))
        told.setdefault(folder, []).append((say(model, "What does it cost?")[0], scores(model, TEXTS[:2])))
    assert all(all(one == many[0] for one in many) for many in told.values())
    assert len({many[0][0] for many in told.values()}) == 3


def test_exchanging_adapters_while_requests_join_a_running_batch_breaks_nothing(base, all_layers, queries_and_keys):
    # With an empty adapter in between, the library wrote outside its memory here within a few turns.
    model = paged.Paged(str(base), 1)
    told: dict[Path | None, set[str]] = {}
    for turn in range(45):
        folder = (None, all_layers, queries_and_keys)[turn * turn % 7 % 3]
        model.select(folder and str(folder))
        answers: list[list[str]] = []
        for number in range(1 + turn % 6):
            pieces: list[str] = []
            request = Request("What does it cost?", 12, emit=lambda text, tokens, pieces=pieces: pieces.append(text))
            model.prepare(request)
            model.answer(request)
            answers.append(pieces)
            if number % 2:
                model.step()
        while model.busy:
            model.step()
        told.setdefault(folder, set()).update(map("".join, answers))
    assert [len(answers) for answers in told.values()] == [1, 1, 1]


def test_together_or_alone_the_answers_are_the_same(model: paged.Paged) -> None:
    model.select(None)
    questions = [f"What is {'very ' * n}new?" for n in range(12)]
    alone = [say(model, question)[0] for question in questions]
    requests = []
    for question in questions:
        pieces: list[str] = []
        request = Request(question, 20, emit=lambda text, tokens, pieces=pieces: pieces.append(text))
        model.prepare(request)
        requests.append((request, pieces))
    [model.answer(request) for request, _ in requests]
    while model.busy:
        model.step()
    assert ["".join(pieces) for _, pieces in requests] == alone and len(requests[0][1]) > 2


def test_settings_do_what_they_say(model: paged.Paged) -> None:
    model.select(None)
    greedy, request = say(model, "Hi")
    assert request.finish in ("length", "stop") and len(request.said) <= 20
    warm = [say(model, "Hi", temperature=1.5, seed=seed)[0] for seed in (1, 1, 2, 3)]
    assert warm[0] == warm[1] and len(set(warm)) > 1
    assert say(model, "Hi", temperature=1.5, seed=1, top_k=1)[0] == greedy
    assert say(model, "Hi", temperature=1.5, seed=1, top_p=1e-6)[0] == greedy
    said, varied = (say(model, "Hi", length=120, repetition_penalty=penalty)[1].said for penalty in (1.0, 50.0))
    assert len(set(varied)) == len(varied) and (len(set(said)) < len(said) or len(said) < 20)
    stopped, request = say(model, "Hi", stop=(greedy[3:6],))
    assert stopped == greedy[: greedy.index(greedy[3:6])] and request.finish == "stop_sequence"
    assert say(model, "Hi", length=3)[1].finish == "length"


def test_who_leaves_is_not_answered_further(model: paged.Paged) -> None:
    model.select(None)
    gone = threading.Event()
    _, request = say(model, "Hi", length=200, cancelled=gone.is_set)
    assert len(request.said) > 20  # it would have gone on
    done: list[str] = []
    request = Request("Hi", 200, cancelled=gone.is_set)
    model.prepare(request)
    model.answer(request, lambda: done.append(request.finish))
    model.step()
    gone.set()
    model.step()
    assert done == ["cancelled"] and not model.busy


def test_what_does_not_fit_is_refused(model: paged.Paged) -> None:
    with pytest.raises(Refused, match="shorten it"):
        say(model, "word " * 600)
    with pytest.raises(Refused, match="top_p"):
        say(model, "Hi", top_p=0)
    assert scores(model, ["", "It costs"])[0] == float("-inf") and scores(model, [""]) == [float("-inf")]


def test_what_the_engine_cant_take_is_left_to_transformers(base, all_layers, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WORKSHOP_ENGINE", "openvino")
    assert paged.takes(str(base)) and paged.takes(str(base), str(all_layers))
    assert paged.prepare_adapter(all_layers, base) and (base / paged.FOLDER / paged.MODEL).is_file()
    dora = adapter(base, tmp_path / "dora", ["q_proj"], use_dora=True)
    assert not paged.takes(str(base), str(dora)) and not paged.prepare_adapter(dora, base)
    with pytest.raises(Unsupported, match="use_dora"):
        adapters.strength(dora)
    other = tmp_path / "other"
    other.mkdir()
    config = json.loads((base / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"model_type": "gpt2"}))
    with pytest.raises(Unsupported, match="model_type"):
        supported.read_config(other)
    assert not paged.takes(str(other)) and not paged.takes("some/hub-id")
    monkeypatch.delenv("WORKSHOP_ENGINE")
    assert not paged.takes(str(base)), "a tiny model is answered for by transformers"


def test_a_model_half_written_is_none(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **more: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(graph.ov, "save_model", fail)
    with pytest.raises(OSError, match="disk full"):
        graph.write(base, tmp_path / "into" / "model")
    assert list((tmp_path / "into").iterdir()) == []


def test_where_the_base_cant_be_written_the_workspace_keeps_the_model(base: Path, tmp_path, monkeypatch) -> None:
    copy = tmp_path / "base"
    copy.mkdir()
    for path in base.iterdir():
        if path.is_file():
            os.link(path, copy / path.name)
    real = graph.write

    def write(folder: Path, into: Path) -> None:
        if into.is_relative_to(copy):
            raise PermissionError("read only")
        real(folder, into)

    monkeypatch.setattr(graph, "write", write)
    place = paged.openvino_model(copy, tmp_path / "home")
    assert place.is_relative_to(tmp_path / "home") and paged.openvino_model(copy, tmp_path / "home") == place


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSHOP_ENGINE", "openvino")
        yield folder
        client.stop(folder)


def test_the_server_answers_for_many_adapters_at_once(home: Path, base, all_layers, queries_and_keys, tmp_path) -> None:
    dora = adapter(base, tmp_path / "dora", ["q_proj"], use_dora=True)  # transformers answers for this one
    refs = [ModelRef(str(base), folder and str(folder), "r") for folder in (None, all_layers, queries_and_keys, dora)]

    def ask(ref: ModelRef) -> str:
        return "".join(c.text for c in client.generate(home, ref, "What does it cost?", {"max_new_tokens": 12}))

    alone = [ask(ref) for ref in refs]
    assert len(set(alone)) == 4
    together: list[str] = [""] * 24

    def work(n: int) -> None:
        together[n] = ask(refs[n % 4])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(24)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert together == alone * 6
    assert client.score(home, refs[1], ["It costs", ""])[1] == float("-inf")
    with pytest.raises(client.Refused, match="kind"):
        list(client.generate(home, refs[0], "Hi", {"temperature": "hot"}))
    with pytest.raises(client.Refused, match="temperature"):
        list(client.generate(home, refs[0], "Hi", {"temperature": -1}))
