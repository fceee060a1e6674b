"""Llama 3's marks of turns, written as another model's own.

The kit's prompts, its template.json and what learners send to endpoints are in Llama 3's format. A base model that has
no such tokens would read `<|start_header_id|>` as a dozen pieces of text, so training and answering both pass every
text through `translate`. Mark by mark and nothing else, so that a prompt and its completion may be translated apart:

    <|begin_of_text|><|start_header_id|>user<|end_header_id|>    <|im_start|>user
                                                                 Hi<|im_end|>
    Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>    <|im_start|>assistant
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Literal

Kind = Literal["llama3", "chatml", "plain"]

_HEADER = re.compile(r"<\|start_header_id\|>\s*(\w+)\s*<\|end_header_id\|>\n{0,2}")
_END = re.compile(r"(?:<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>)+")
# Marks that say nothing in another format, and halves of a header.
_REST = re.compile(r"<\|(?:begin_of_text|finetune_right_pad_id|python_tag|start_header_id|end_header_id)\|>")
_HEADERS = {"chatml": "<|im_start|>{}\n", "plain": "{}: "}
_ENDS = {"chatml": ("<|im_end|>", "\n"), "plain": ("\n", "")}


def kind_of(tokens: Container[str], chat_template: str | None = None) -> Kind:
    """The format of a base model's turns, by the tokens of its vocabulary and its chat template.

    A model that has Llama 3's own marks keeps them; one without marks that are known here gets "role: text" lines.
    """
    if "<|start_header_id|>" in tokens and "<|eot_id|>" in tokens:
        return "llama3"
    if "<|im_start|>" in tokens and "<|im_end|>" in tokens and "<|im_start|>" in (chat_template or "<|im_start|>"):
        return "chatml"
    return "plain"


def translate(text: str, chat_template_kind: Kind) -> str:
    """A text with its Llama 3 marks written as those of `chat_template_kind`; a text without such marks as it is.

    A turn's end is followed by a newline where the format has one, except at the end of the text: a completion ends
    with the token that ends an answer.
    """
    if chat_template_kind == "llama3":
        return text
    end, between = _ENDS[chat_template_kind]
    text = _HEADER.sub(lambda found: _HEADERS[chat_template_kind].format(found[1]), _without_begin(text))
    text = _END.sub(lambda found: end if found.end() == len(found.string) else end + between, text)
    return _REST.sub("", text)


def render(messages: Iterable[Mapping[str, str]], chat_template_kind: Kind, *, answer: bool = True) -> str:
    """Turns of {"role", "content"} as text, with the assistant's turn opened at the end if `answer`.

    Nothing is added, no default system prompt either: a conversation is then the same text as the kit's own prompt.
    """
    text = "".join(
        f"<|start_header_id|>{turn['role']}<|end_header_id|>\n\n{turn['content']}<|eot_id|>" for turn in messages
    )
    if answer:
        text += "<|start_header_id|>assistant<|end_header_id|>\n\n"
    if chat_template_kind == "llama3":
        return "<|begin_of_text|>" + text
    done = translate(text, chat_template_kind)
    return done if answer or not done else done + _ENDS[chat_template_kind][1]


def _without_begin(text: str) -> str:
    """Without the opening mark and what white space follows it before a header, as Llama 3's own prompts never have."""
    return re.sub(r"<\|begin_of_text\|>(?:\s+(?=<\|start_header_id\|>))?", "", text)
