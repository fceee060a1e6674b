import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.formats.prompt import END_OF_TURN, LLAMA3_TEMPLATE, llama3_prompt
from workshop_kit.local_aws import turns

PLAIN_TEXT = st.text(max_size=60).filter(lambda text: "<|" not in text and "|>" not in text)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": PLAIN_TEXT}),
    min_size=1,
    max_size=5,
)
MARK = re.compile(r"<\|(begin_of_text|start_header_id|end_header_id|eot_id|end_of_text|eom_id|python_tag)\|>")


def chatml(messages: list[dict[str, str]]) -> str:
    turns = "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in messages)
    return turns + "<|im_start|>assistant\n"


@given(PLAIN_TEXT, st.sampled_from(["llama3", "chatml", "plain"]))
def test_text_without_marks_stays_as_it_is(text: str, kind: turns.Kind) -> None:
    assert turns.translate(text, kind) == text


@given(MESSAGES)
def test_a_conversation_is_written_in_the_base_models_own_format(messages: list[dict[str, str]]) -> None:
    assert turns.translate(llama3_prompt(messages), "chatml") == chatml(messages)
    assert turns.render(messages, "chatml") == chatml(messages)
    assert turns.render(messages, "llama3") == llama3_prompt(messages)
    assert turns.translate(llama3_prompt(messages), "llama3") == llama3_prompt(messages)


@given(MESSAGES, PLAIN_TEXT)
def test_prompt_and_completion_may_be_translated_apart(messages: list[dict[str, str]], response: str) -> None:
    prompt, completion = llama3_prompt(messages), response + END_OF_TURN
    whole = turns.translate(prompt + completion, "chatml")
    assert turns.translate(prompt, "chatml") + turns.translate(completion, "chatml") == whole
    assert whole.endswith(f"{response}<|im_end|>")


@given(st.text(max_size=40), st.sampled_from(["chatml", "plain"]))
def test_no_mark_of_llama_3_is_left_and_translating_again_changes_nothing(text: str, kind: turns.Kind) -> None:
    marked = f"<|begin_of_text|>{text}<|python_tag|><|start_header_id|>user<|end_header_id|>\n\n{text}<|eot_id|>"
    done = turns.translate(marked, kind)
    assert not MARK.search(done) and turns.translate(done, kind) == done


def test_the_kits_template_ends_with_the_token_that_ends_an_answer() -> None:
    prompt = turns.translate(LLAMA3_TEMPLATE["prompt"], "chatml")
    assert prompt == "<|im_start|>user\n{instruction}<|im_end|>\n<|im_start|>assistant\n"
    assert turns.translate(LLAMA3_TEMPLATE["completion"], "chatml") == "{response}<|im_end|>"


def test_marks_written_by_hand_are_read_too() -> None:
    by_hand = "<|begin_of_text|>\n<|start_header_id|> user <|end_header_id|>\nHi<|eot_id|><|eot_id|><|start_header_id|>"
    assert turns.translate(by_hand, "chatml") == "<|im_start|>user\nHi<|im_end|>\n"
    assert turns.translate("a<|eot_id|>b", "plain") == "a\nb"


@pytest.mark.parametrize(
    ("tokens", "template", "kind"),
    [
        ({"<|start_header_id|>", "<|eot_id|>"}, None, "llama3"),
        ({"<|im_start|>", "<|im_end|>"}, "{{'<|im_start|>' + m.role}}", "chatml"),
        ({"<|im_start|>", "<|im_end|>"}, None, "chatml"),
        ({"<|im_start|>", "<|im_end|>"}, "{{ m.content }}", "plain"),
        ({"hello"}, None, "plain"),
    ],
)
def test_the_format_is_told_by_vocabulary_and_template(tokens: set[str], template: str | None, kind: str) -> None:
    assert turns.kind_of(tokens, template) == kind
