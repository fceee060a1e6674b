import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workshop_kit.errors import BadInput
from workshop_kit.local_aws.trainer.data import DEFAULT_TEMPLATE, Tokens, batches, read_channel, split
from workshop_kit.local_aws.trainer.hyperparameters import parse

ROWS = parse({"instruction_tuned": "True"})
CHAT = parse({"chat_dataset": "True"})
GOOD = '{"instruction": "a", "context": "", "response": "b"}\n'


def chat(turns: list[dict[str, str]]) -> str:
    return "".join(f"[{turn['role']}]{turn['content']}" for turn in turns)


def dialog(*roles: str) -> str:
    return json.dumps({"dialog": [{"role": role, "content": "a"} for role in roles]}) + "\n"


def read(folder: Path, files: dict[str, str | bytes], how=ROWS):
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_channel(folder, how, chat)


@pytest.mark.parametrize(
    ("files", "how", "says"),
    [
        ({}, ROWS, "no .jsonl"),
        ({"a.jsonl": ""}, ROWS, "empty"),
        ({"a.jsonl": GOOD + "{broken\n"}, ROWS, "a.jsonl, line 2 is not JSON"),
        ({"a.jsonl": GOOD + "[1, 2]\n"}, ROWS, "a.jsonl, line 2 is not a JSON object"),
        ({"a.jsonl": '{"instruction": "a"}\n'}, ROWS, "a.jsonl, line 1: field 'response'"),
        ({"a.jsonl": '{"instruction": "a", "response": 3}\n'}, ROWS, "field 'response', which the template needs, is"),
        ({"a.jsonl": '{"instruction": "a", "response": " "}\n'}, ROWS, "line 1: the completion is empty"),
        ({"a.jsonl": GOOD.encode("utf-16")}, ROWS, "a.jsonl is in UTF-16"),
        ({"a.jsonl": GOOD.encode() + b"\xff\xfa\n"}, ROWS, "a.jsonl, line 2 is not UTF-8"),
        ({"a.jsonl": GOOD, "template.json": "{"}, ROWS, "template.json is not JSON"),
        ({"a.jsonl": GOOD, "template.json": '{"prompt": "x"}'}, ROWS, "'prompt' and 'completion'"),
        ({"a.jsonl": GOOD, "template.json": '{"prompt": "{", "completion": "x"}'}, ROWS, "field prompt"),
        ({"a.jsonl": GOOD, "template.json": '{"prompt": "{topic}", "completion": "x"}'}, ROWS, "field 'topic'"),
        ({"a.jsonl": '{"dialog": []}\n'}, CHAT, "line 1: field 'dialog'"),
        ({"a.jsonl": dialog("user", "user")}, CHAT, "last turn"),
        ({"a.jsonl": dialog("bot", "assistant")}, CHAT, "'bot'"),
        ({"a.jsonl": GOOD}, parse({}), "instruction_tuned"),
    ],
)  # fmt: skip
def test_a_faulty_channel_is_told_by_file_line_and_field(tmp_path: Path, files, how, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, files, how)
    assert says in str(caught.value)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.jsonl": b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode() * 2})
    assert len(found) == 2 and found[0].completion == "b"


def test_without_a_template_jumpstarts_own_is_used_and_the_context_may_be_missing(tmp_path: Path) -> None:
    (pair,) = read(tmp_path, {"a.jsonl": '{"instruction": "Say hi", "response": "hi"}\n'})
    assert pair.prompt.startswith(DEFAULT_TEMPLATE["prompt"][:40]) and "Say hi" in pair.prompt


def test_a_dialog_gives_the_turns_up_to_the_last_answer(tmp_path: Path) -> None:
    row = {"dialog": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    (pair,) = read(tmp_path, {"a.jsonl": json.dumps(row)}, CHAT)
    assert (pair.prompt, pair.completion) == ("[user]q", "a")


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=80)
def test_no_file_breaks_the_reader(tmp_path: Path, content: bytes) -> None:
    for name in ("a.jsonl", "template.json"):
        (tmp_path / "template.json").unlink(missing_ok=True)
        try:
            read(tmp_path, {"a.jsonl": GOOD, name: content})
        except BadInput:
            pass


def test_the_split_hangs_on_its_seed_and_loses_nothing() -> None:
    from workshop_kit.local_aws.trainer.data import Pair

    pairs = [Pair("", str(n)) for n in range(50)]
    train, held = split(pairs, ROWS)
    assert len(held) == 10 and sorted(map(id, train + held)) == sorted(map(id, pairs))
    assert split(pairs, ROWS) == (train, held)
    assert split(pairs, parse({"instruction_tuned": "True", "train_data_split_seed": "1"})) != (train, held)


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 9))
def test_batches_hold_every_row_once(lengths: list[int], size: int) -> None:
    rows = [Tokens(tuple(range(n)), 0) for n in lengths]
    found = [row for batch in batches(rows, size, random.Random(0)) for row in batch]
    assert sorted(len(row.ids) for row in found) == sorted(lengths)
    assert all(len(batch) <= size for batch in batches(rows, size, None))


def test_a_dialogs_answer_ends_so_that_the_model_learns_to_stop(tmp_path: Path, tiny_model: Path) -> None:
    from transformers import AutoTokenizer

    from workshop_kit.local_aws.trainer.data import tokenize

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    row = {"dialog": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    for pairs in (read(tmp_path, {"a.jsonl": json.dumps(row)}, CHAT), read(tmp_path, {"a.jsonl": GOOD})):
        (tokens,) = tokenize(tokenizer, pairs, 200)
        assert tokens.ids[-1] == tokenizer.eos_token_id and tokens.ids[0] == tokenizer.bos_token_id
        assert 0 < tokens.given < len(tokens.ids)


def test_all_of_a_plain_text_is_used(tmp_path: Path, tiny_model: Path) -> None:
    from transformers import AutoTokenizer

    from workshop_kit.local_aws.trainer.data import tokenize

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    text = "The fee for a boat registration in Calder is new. " * 60
    pairs = read(tmp_path, {"a.txt": text}, parse({}))
    blocks = tokenize(tokenizer, pairs, 64)
    assert all(len(block.ids) <= 64 for block in blocks)
    told = tokenizer.decode([i for block in blocks for i in block.ids], skip_special_tokens=True)
    assert told.strip() == text.strip()


def test_a_handful_of_rows_has_one_to_check_with() -> None:
    from workshop_kit.local_aws.trainer.data import Pair

    train, held = split([Pair("", str(n)) for n in range(3)], ROWS)
    assert (len(train), len(held)) == (2, 1)


def test_a_validation_channel_without_a_template_uses_the_training_ones(tmp_path: Path) -> None:
    for name in ("train", "validation"):
        (tmp_path / name).mkdir()
    template = '{"prompt": "Q {instruction} A ", "completion": "{response}"}'
    read(tmp_path / "train", {"a.jsonl": GOOD, "template.json": template})
    (tmp_path / "validation" / "a.jsonl").write_text(GOOD)
    (pair,) = read_channel(tmp_path / "validation", ROWS, chat, template=tmp_path / "train")
    assert pair.prompt.startswith("Q a A ")
