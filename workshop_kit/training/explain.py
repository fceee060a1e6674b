"""What each hyperparameter does, in plain words; names, bounds and defaults come from the hub, not from here."""

from __future__ import annotations

from dataclasses import dataclass

JUMPSTART_DOCS = "https://docs.aws.amazon.com/sagemaker/latest/dg/jumpstart-foundation-models-fine-tuning.html"
LORA_PAPER = "Hu et al. 2021, LoRA, arXiv:2106.09685"
PEFT_DOCS = "https://huggingface.co/docs/peft/package_reference/lora"


@dataclass(frozen=True)
class Explanation:
    """Plain words for one hyperparameter. `group` orders the form; `options` are choices worth offering."""

    title: str
    group: str
    what: str
    too_low: str
    too_high: str
    unit: str = ""
    source: str = JUMPSTART_DOCS
    options: tuple[tuple[str, str], ...] = ()


GROUPS = ("Learning", "LoRA", "Batches", "Rows", "Format", "Machine", "Other")

ALL_LINEAR = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"

EXPLANATIONS: dict[str, Explanation] = {
    "epoch": Explanation(
        "Epochs",
        "Learning",
        "How many times the model reads the whole training set.",
        "The model has not seen the facts often enough: vague or wrong answers.",
        "It learns the rows by heart: training loss falls on, evaluation loss turns up.",
        "passes over the data",
    ),
    "learning_rate": Explanation(
        "Learning rate",
        "Learning",
        "How far the weights move at each step.",
        "The loss hardly falls; more epochs would be needed.",
        "The loss jumps or grows, and what the model knew before is lost.",
        "per step",
    ),
    "lora_r": Explanation(
        "LoRA rank (r)",
        "LoRA",
        "How much room the adapter has: the inner width of the two small matrices beside each weight matrix.",
        "Not enough room for many new facts.",
        "More to store and an easier way to learn rows by heart; with few rows it seldom helps.",
        "dimensions",
        LORA_PAPER,
    ),
    "lora_alpha": Explanation(
        "LoRA alpha",
        "LoRA",
        "How loudly the adapter speaks: its output is multiplied by alpha / r.",
        "The adapter is barely heard; it acts like a small learning rate.",
        "It drowns out the base model; it acts like a large learning rate.",
        "",
        LORA_PAPER,
    ),
    "lora_dropout": Explanation(
        "LoRA dropout",
        "LoRA",
        "The share of the adapter's inputs that is switched off at random in each training step.",
        "No protection against learning rows by heart.",
        "The adapter learns slowly because too much is switched off.",
        "share from 0 to 1",
        PEFT_DOCS,
    ),
    "target_modules": Explanation(
        "Layers to adapt",
        "LoRA",
        "Which weight matrices get an adapter. All linear layers learn facts far better than q and v alone.",
        "With q and v only, style changes but few facts are learned.",
        "All linear layers train more weights: a little slower, and quicker to overfit.",
        "comma-separated names",
        PEFT_DOCS,
        (
            ("q and v (JumpStart's default)", "q_proj,v_proj"),
            ("all of attention", "q_proj,k_proj,v_proj,o_proj"),
            ("all linear layers", ALL_LINEAR),
        ),
    ),
    "per_device_train_batch_size": Explanation(
        "Training batch size",
        "Batches",
        "How many rows are read before each step.",
        "Many jumpy steps.",
        "Few steps per epoch, more memory; small data sets get too few steps to learn.",
        "rows per GPU",
    ),
    "per_device_eval_batch_size": Explanation(
        "Evaluation batch size",
        "Batches",
        "How many rows are evaluated at once; it changes speed only.",
        "Evaluation takes longer.",
        "It may run out of memory.",
        "rows per GPU",
    ),
    "gradient_accumulation_steps": Explanation(
        "Gradient accumulation",
        "Batches",
        "How many batches are added up before one step: a larger batch without more memory.",
        "Nothing: 1 means off.",
        "Few steps per epoch.",
        "batches per step",
    ),
    "max_train_samples": Explanation(
        "Rows to train on",
        "Rows",
        "Use only so many training rows; -1 uses all of them.",
        "The model sees too little.",
        "Nothing: there are no more rows than you have.",
        "rows, -1 for all",
    ),
    "max_val_samples": Explanation(
        "Rows to evaluate on",
        "Rows",
        "Use only so many evaluation rows; -1 uses all of them.",
        "The evaluation loss is mostly noise.",
        "Evaluation takes longer.",
        "rows, -1 for all",
    ),
    "max_input_length": Explanation(
        "Longest row",
        "Rows",
        "Rows are cut after so many tokens; -1 leaves it to the model's own limit.",
        "Answers are cut off, and the model learns to stop in mid-sentence.",
        "More memory and time.",
        "tokens, -1 for automatic",
    ),
    "validation_split_ratio": Explanation(
        "Share held out",
        "Rows",
        "The share of rows kept for evaluation when no validation set is given. The kit gives one, so it is not used.",
        "The evaluation loss is mostly noise.",
        "Too little is left to train on.",
        "share from 0 to 1",
    ),
    "train_data_split_seed": Explanation(
        "Seed of the split",
        "Rows",
        "Which rows are held out; the same seed holds out the same rows.",
        "Nothing: any number is as good.",
        "Nothing: any number is as good.",
    ),
    "seed": Explanation(
        "Seed of training",
        "Learning",
        "Where chance starts from: the order of rows, dropout, the adapter's first values.",
        "Nothing: any number is as good.",
        "Nothing: any number is as good.",
    ),
    "instruction_tuned": Explanation(
        "Instruction rows",
        "Format",
        "The rows are instructions and responses, put together by template.json. The kit's rows are.",
        "",
        "",
    ),
    "chat_dataset": Explanation(
        "Chat rows",
        "Format",
        "The rows are dialogs. Not together with instruction rows.",
        "",
        "",
    ),
    "add_input_output_demarcation_key": Explanation(
        "Mark question and answer",
        "Format",
        "Writes '### Response:' before every answer in training. The kit's chat prompt marks the answer itself, its "
        "endpoint and league prompts don't have that line: leave it off.",
        "",
        "",
    ),
    "int8_quantization": Explanation(
        "8-bit weights",
        "Machine",
        "Keeps the base model in 8 bits to save memory. Not together with FSDP.",
        "",
        "",
    ),
    "enable_fsdp": Explanation(
        "Share over GPUs (FSDP)",
        "Machine",
        "Spreads the model over several GPUs. Not together with 8-bit weights.",
        "",
        "",
    ),
    "preprocessing_num_workers": Explanation(
        "Preprocessing workers",
        "Machine",
        "How many processes prepare the rows.",
        "Preparation takes longer.",
        "No gain beyond the number of cores.",
        "processes",
    ),
}


def explain(name: str) -> Explanation:
    """The explanation of `name`; one that says so when we have none."""
    known = EXPLANATIONS.get(name)
    return known or Explanation(
        name, "Other", "The hub lists this setting; the kit has no explanation for it. Leave the default.", "", ""
    )
