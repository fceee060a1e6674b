import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workshop_kit.local_aws.inference import client
from workshop_kit.local_aws.inference.client import ModelRef

HEADER = "<|start_header_id|>{}<|end_header_id|>\n\n"
PROMPT = f"<|begin_of_text|>{HEADER.format('user')}{{}}<|eot_id|>{HEADER.format('assistant')}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    client.stop(folder)


@pytest.fixture(scope="module")
def ref(tiny_model: Path) -> ModelRef:
    return ModelRef(str(tiny_model), None, "tiny")


def say(home: Path, ref: ModelRef, question: str = "What does it cost?", **params: object) -> str:
    return "".join(c.text for c in client.generate(home, ref, PROMPT.format(question), {"max_new_tokens": 20} | params))


def pid(home: Path) -> int:
    return json.loads((home / "aws" / client.INFO).read_text())["pid"]


def test_greedy_answers_repeat_and_come_in_pieces(home: Path, ref: ModelRef) -> None:
    chunks = list(client.generate(home, ref, PROMPT.format("Hi"), {"max_new_tokens": 20}))
    assert "".join(c.text for c in chunks) == say(home, ref, "Hi") and len(chunks) > 2
    assert chunks[-1].finish in ("length", "stop") and sum(c.tokens for c in chunks) <= 20
    assert chunks[-1].input_tokens > 5


def test_asked_together_or_alone_the_answer_is_the_same(home: Path, ref: ModelRef) -> None:
    questions = [f"What is {'very ' * n}new?" for n in range(12)]
    alone = [say(home, ref, q) for q in questions]
    together: list[str] = [""] * len(questions)

    def ask(n: int) -> None:
        together[n] = say(home, ref, questions[n])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(questions))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert together == alone


def test_a_seed_repeats_a_warm_answer(home: Path, ref: ModelRef) -> None:
    warm = {"temperature": 1.0, "top_p": 0.9}
    assert say(home, ref, seed=1, **warm) == say(home, ref, seed=1, **warm)
    assert len({say(home, ref, seed=n, **warm) for n in range(4)}) > 1


def test_a_tiny_top_p_is_greedy(home: Path, ref: ModelRef) -> None:
    assert say(home, ref, temperature=1.0, top_p=0.0001, seed=3) == say(home, ref)


def test_a_stop_text_ends_the_answer_before_it(home: Path, ref: ModelRef) -> None:
    whole = say(home, ref)
    stop = whole[3:6]
    chunks = list(
        client.generate(home, ref, PROMPT.format("What does it cost?"), {"max_new_tokens": 20, "stop": [stop]})
    )
    assert "".join(c.text for c in chunks) == whole[: whole.index(stop)] and chunks[-1].finish == "stop_sequence"


@pytest.mark.parametrize(
    ("params", "question", "says"),
    [({}, "word " * 600, "shorten it"), ({"top_p": 0}, "Hi", "top_p"), ({"temperature": -1}, "Hi", "temperature")],
)
def test_what_cant_be_served_is_refused_in_a_sentence(home, ref, params, question, says) -> None:
    with pytest.raises(client.Refused, match=says):
        say(home, ref, question, **params)


def test_a_model_that_is_not_there_is_refused(home: Path) -> None:
    with pytest.raises(client.Refused, match="no-such-model"):
        say(home, ModelRef(str(home / "no-such-model"), None, "none"))


def test_scores_are_log_likelihoods(home: Path, ref: ModelRef) -> None:
    first, again, empty = client.score(home, ref, ["It costs $5.", "It costs $5.", ""])
    assert first == again and -50 < first < 0 and empty == float("-inf")


def test_messages_are_rendered_by_the_chat_template(home: Path, ref: ModelRef) -> None:
    told = client.generate(home, ref, [{"role": "user", "content": "What does it cost?"}], {"max_new_tokens": 20})
    assert "".join(c.text for c in told) == say(home, ref)


def test_after_a_kill_the_next_question_starts_it_again(home: Path, ref: ModelRef) -> None:
    before = say(home, ref)
    old = pid(home)
    os.kill(old, signal.SIGKILL)
    assert say(home, ref) == before and pid(home) != old


def test_leaving_in_the_middle_frees_the_engine(home: Path, ref: ModelRef) -> None:
    answer = client.generate(home, ref, PROMPT.format("Hi"), {"max_new_tokens": 200})
    next(answer)
    answer.close()
    started = time.monotonic()
    assert say(home, ref) and time.monotonic() - started < 20


def test_many_first_callers_start_one_server_and_it_leaves_when_idle(tmp_path, ref, monkeypatch) -> None:
    monkeypatch.setenv("WORKSHOP_MODEL_SERVER_IDLE", "2")
    pids: set[int] = set()

    def ask() -> None:
        say(tmp_path, ref)
        pids.add(pid(tmp_path))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(pids) == 1
    until = time.monotonic() + 30
    while client.find(tmp_path) is not None and time.monotonic() < until:
        time.sleep(0.3)
    assert client.find(tmp_path) is None


def test_a_server_for_which_somebody_waits_is_not_idle_though_its_engine_is_still_starting() -> None:
    from workshop_kit.local_aws.inference.server import _Desk, _Work

    desk = _Desk(1)
    desk.last -= 100
    assert desk.idle > 99
    desk.take(_Work({"base": "b"}))
    desk.last -= 100
    assert desk.idle == 0


def test_one_malformed_request_does_not_spoil_its_batch(home: Path, ref: ModelRef) -> None:
    want, told = say(home, ref), {}

    def ask(n: int) -> None:
        try:
            told[n] = say(home, ref, temperature="hot" if n % 2 else 0)
        except client.Refused as problem:
            told[n] = str(problem)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all((told[n] == want) == (n % 2 == 0) for n in range(8)), told
    assert "kind" in told[1]
