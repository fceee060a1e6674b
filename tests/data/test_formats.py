"""Formats: what is written is read back the same, in every format."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import formats
from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Example

text = st.text(min_size=1, max_size=60).filter(lambda s: s.strip())
tricky = st.sampled_from(
    ["<context>\nx\n</context>\n\ny", "</context>", "<\\/context>", "<\\", "\u2028\u2029\x85\x0b", "\ufeff",
     "{}", '"', "\\", "a\r\nb", "\x00", "User: hi", "<|eot_id|>"]
)  # fmt: skip
nonblank = text | tricky.filter(lambda s: s.strip())
examples = st.builds(Example, nonblank, nonblank, st.just("") | text | tricky, st.just("") | text, st.just("") | text)
datasets = st.builds(
    Dataset, st.lists(examples, min_size=1, max_size=5).map(tuple), st.just("rows"), st.just("") | text
)


@pytest.mark.parametrize("format", formats.FORMATS)
def test_every_format_round_trips_without_loss(tmp_path_factory, format: str) -> None:
    folder = tmp_path_factory.mktemp(format)

    @settings(max_examples=60)
    @given(datasets)
    def check(dataset: Dataset) -> None:
        loaded = formats.load(formats.write_jsonl(dataset, folder / "rows.jsonl", format))
        assert not loaded.errors
        for name in {"instruction", "response", "context", "topic", "source"} - set(formats.LOSES[format]):
            assert [getattr(e, name) for e in loaded.dataset] == [getattr(e, name) for e in dataset], name
        if "system" not in formats.LOSES[format]:  # JumpStart's travels in template.json: see the next test
            assert loaded.dataset.system == dataset.system

    check()


@settings(max_examples=60)
@given(dataset=datasets)
def test_a_jumpstart_channel_keeps_rows_system_prompt_and_hash(tmp_path_factory, dataset: Dataset) -> None:
    folder = tmp_path_factory.mktemp("channel")
    formats.write_jumpstart(dataset, folder)
    again = formats.read_dataset(folder / "train.jsonl")
    assert again.examples == dataset.examples
    assert again.system == dataset.system
    assert again.provenance_id == dataset.provenance_id


@settings(max_examples=60)
@given(dataset=datasets)
def test_the_template_makes_the_same_prompt_as_the_endpoint_sees(tmp_path_factory, dataset: Dataset) -> None:
    folder = tmp_path_factory.mktemp("template")
    path = formats.write_jumpstart(Dataset(dataset.examples, system=dataset.system), folder)
    template = json.loads((folder / "template.json").read_text(encoding="utf-8"))
    row = json.loads(path.read_text(encoding="utf-8").split("\n")[0])
    example = dataset.examples[0]
    if not any(e.context for e in dataset):
        trained = template["prompt"].format(**row) + template["completion"].format(**row)
        asked = formats.llama3_prompt(example.instruction, dataset.system)
        assert trained == asked + example.response + "<|eot_id|>"


def test_the_prompt_is_llama_3s() -> None:
    assert formats.llama3_prompt("Hi", "Be brief.") == (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    assert formats.llama3_prompt(turns).count("<|eot_id|>") == 3


def test_braces_in_a_system_prompt_survive_the_template() -> None:
    template = formats.llama3_template("Reply as {json} or {{}}.")
    assert template["prompt"].format(instruction="Hi") == formats.llama3_prompt("Hi", "Reply as {json} or {{}}.")


def test_every_written_row_is_one_line_for_any_reader(tmp_path: Path) -> None:
    dataset = Dataset((Example("a\u2028b\x85c\u2029d", "e\r\nf"),))
    path = formats.write_jsonl(dataset, tmp_path / "rows.jsonl")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_a_failed_write_keeps_what_stood_there(tmp_path: Path) -> None:
    path = formats.write_jsonl(Dataset((Example("q", "a"),)), tmp_path / "rows.jsonl")
    before = path.read_bytes()
    with pytest.raises(BadInput, match="surrogate"):
        formats.write_jsonl(Dataset((Example("q", "\ud800"),)), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


@settings(max_examples=300)
@given(data=st.binary(max_size=300))
def test_no_bytes_make_the_reader_fall_over(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "rows.jsonl"
    path.write_bytes(data)
    try:
        loaded = formats.load(path)
    except BadInput as problem:
        assert "\n" not in str(problem).strip()
        return
    assert len(loaded.lines) == len(loaded.dataset)


@settings(max_examples=200)
@given(
    good=st.lists(examples, min_size=1, max_size=4),
    bad=st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\n", b" ")), max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_bad_lines_never_cost_good_ones(tmp_path_factory, good, bad, encoding) -> None:
    from workshop_kit.formats.writing import json_line

    path = tmp_path_factory.mktemp("mixed") / "rows.jsonl"
    head = b"\xef\xbb\xbf" if encoding == "utf-8-sig" else b""
    lines = [json_line(formats.to_row(e)).encode() for e in good] + [line + b"\n" for line in bad]
    path.write_bytes(head + b"".join(lines))
    read = formats.load(path).dataset.examples
    assert read[: len(good)] == tuple(good)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["instruction", "response", "dialog", "messages", "role", "content", "system", "text",
                         "schemaVersion", "reference_answer", "topic", "context", "x"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300)
@given(json_values)
def test_any_json_value_is_an_example_or_a_placed_problem(value) -> None:
    parsed = formats.from_row(value)
    assert parsed.example is not None or any(p.severity == "error" for p in parsed.problems)
