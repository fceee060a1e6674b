"""The Llama 3 chat prompt, and the template.json that tells JumpStart to train on exactly that prompt.

The same text must reach the model in training and at the endpoint, so both are made here.
Format: https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

BEGIN = "<|begin_of_text|>"
END_OF_TURN = "<|eot_id|>"
# What marks structure in the prompt; inside a row's own text these would be read as structure.
SPECIAL_TOKENS = (
    BEGIN,
    END_OF_TURN,
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|end_of_text|>",
    "<|finetune_right_pad_id|>",
    "<|eom_id|>",
    "<|python_tag|>",
)


def _turn(role: str, content: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n{content}{END_OF_TURN}"


def llama3_prompt(messages: str | Iterable[Mapping[str, str]], system: str | None = None) -> str:
    """The text a Llama 3 model continues: one question, or turns of {"role", "content"}, the user's last.

    The model's answer ends with END_OF_TURN.
    """
    turns = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    if system:
        turns = [{"role": "system", "content": system}, *turns]
    body = "".join(_turn(turn["role"], turn["content"]) for turn in turns)
    return f"{BEGIN}{body}<|start_header_id|>assistant<|end_header_id|>\n\n"


def llama3_template(system: str = "", with_context: bool = False) -> dict[str, str]:
    """JumpStart's template.json for instruction rows; it fills in {instruction}, {context} and {response}.

    Braces in the system prompt are doubled, since the template is filled with str.format.
    """
    question = "{instruction}\n\n{context}" if with_context else "{instruction}"
    escaped = system.replace("{", "{{").replace("}", "}}")
    return {"prompt": llama3_prompt(question, escaped or None), "completion": "{response}" + END_OF_TURN}


LLAMA3_TEMPLATE = llama3_template()


def system_of(template: Mapping[str, object]) -> str:
    """The system prompt inside a template made by llama3_template, or '' when there is none."""
    prompt = template.get("prompt")
    head = f"{BEGIN}<|start_header_id|>system<|end_header_id|>\n\n"
    if not isinstance(prompt, str) or not prompt.startswith(head):
        return ""
    # The user's turn is the last one, so a system prompt that holds an end-of-turn mark is still read whole.
    end = prompt.rfind(f"{END_OF_TURN}<|start_header_id|>user<|end_header_id|>")
    return prompt[len(head) : end].replace("{{", "{").replace("}}", "}")
