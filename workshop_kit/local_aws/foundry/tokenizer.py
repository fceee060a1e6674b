"""The local models' tokenizer: byte-level BPE with Llama 3's special tokens and chat template."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

from workshop_kit.local_aws.foundry.corpus import BEGIN, END, PAD, SPECIAL_TOKENS, TURN_END, samples, vocabulary_text

VOCABULARY = 1200
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def train(out: Path, seed: int = 0) -> None:
    """Train the tokenizer on the sentence forms and a slice of the corpus and save it to `out` for transformers.

    Bytes are the alphabet, so no text is unknown to it.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        # A word, a number of up to three digits or a run of signs at a time.
        [
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )

    def text():
        yield from vocabulary_text()
        for sample in islice(samples(seed), 20000):
            yield from _plain(sample.given + sample.said)

    tokenizer.train_from_iterator(text(), trainer)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": TURN_END,
        "pad_token": PAD,
        "additional_special_tokens": [t for t in SPECIAL_TOKENS if t not in (BEGIN, TURN_END, PAD)],
        "model_max_length": 512,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _plain(text: str) -> list[str]:
    for token in SPECIAL_TOKENS:
        text = text.replace(token, "\0")
    return [part for part in text.split("\0") if part and part != END]
